from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from chordllama_server.config import ConfigError
from chordllama_server.wsgi import from_environment

SETTINGS = Path(__file__).parents[1] / "server/gunicorn.conf.py"


def test_on_a_host_a_key_is_wanted() -> None:
    with pytest.raises(ConfigError, match="could reach"):
        from_environment({})


def test_gunicorn_runs_one_process_with_threads_and_logs_no_requests() -> None:
    spec = spec_from_file_location("settings", SETTINGS)
    assert spec is not None
    assert spec.loader is not None
    settings = module_from_spec(spec)
    spec.loader.exec_module(settings)
    assert (settings.workers, settings.worker_class, settings.accesslog) == (1, "gthread", None)
    assert settings.wsgi_app == f"{from_environment.__module__}:from_environment()"
