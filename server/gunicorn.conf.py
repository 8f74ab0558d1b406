"""gunicorn's settings for a host: `gunicorn --config server/gunicorn.conf.py`. Settings come from the environment.

One process, for the queue and the jobs live in it; threads serve the requests, and children of it write.
"""

import os

bind = os.environ.get("CHORDLLAMA_BIND", "0.0.0.0:8765")
workers = 1
worker_class = "gthread"
threads = 32
timeout = 0  # event streams last as long as their jobs
graceful_timeout = 10
keepalive = 5  # how many connections one address may hold, is for the proxy before it to say
control_socket_disable = True
accesslog = None  # who asked for what is nobody's business
wsgi_app = "chordllama_server.wsgi:from_environment()"
