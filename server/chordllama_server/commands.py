"""`chordllama serve`. Knows options and the environment."""

from __future__ import annotations

import errno
from typing import Any

import click

from chordllama.errors import ChordLlamaError
from chordllama.system.extras import need


@click.command()
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; any but loopback asks for a key."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes a free one.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@click.option(
    "--model",
    metavar="PATH|URL",
    envvar="CHORDLLAMA_MODEL",
    show_envvar=True,
    help="A .gguf file, an endpoint such as http://127.0.0.1:8080, or ollama+http://127.0.0.1:11434. [default: the bundled model]",
)
@click.option(
    "--model-name",
    envvar="CHORDLLAMA_MODEL_NAME",
    show_envvar=True,
    help="What an endpoint calls the model; Ollama has to be told.",
)
@click.option("--model-key", envvar="CHORDLLAMA_MODEL_KEY", show_envvar=True, help="An endpoint's key.")
@click.option(
    "--threads", type=click.IntRange(1, 64), help="Processors that write. [default: half of them, of few all but one]"
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Jobs that run at once.")
@click.option("--queue", type=click.IntRange(0, 1000), default=8, show_default=True, help="Most jobs that may wait.")
@click.option("--api-key", envvar="CHORDLLAMA_API_KEY", show_envvar=True, help="Ask clients for this key.")
@click.option(
    "--rate", type=click.IntRange(1), default=240, show_default=True, help="Most requests of one client in a minute."
)
@click.option("--allow-host", multiple=True, help="A further name by which the server may be called.")
def serve(
    host: str, port: int, open_page: bool, api_key: str | None, allow_host: tuple[str, ...], rate: int, **engine: Any
) -> None:
    """Serve the page, and new bars for editors, on this computer."""
    need("server")
    from chordllama.generate.models import check_model
    from chordllama_server.config import Config
    from chordllama_server.engine import Engine
    from chordllama_server.serving import serve as serve_app
    from chordllama_server.writer_process import Model

    check_model(engine["model"])
    config = Config(host=host, port=port, api_key=api_key, hosts=allow_host, rate=rate)
    model = Model(engine["model"], engine["threads"], engine["model_name"], engine["model_key"])

    def opened(address: str) -> None:
        click.echo(f"ChordLlama is at {address} (Ctrl-C ends it)", err=True)
        if open_page:
            click.launch(address)

    try:
        serve_app(config, Engine(model, workers=engine["workers"], most_waiting=engine["queue"]), opened)
    except OSError as fault:
        if fault.errno != errno.EADDRINUSE:
            raise
        hint = "ChordLlama may be running there already; another port is chosen with --port"
        raise ChordLlamaError(f"port {port} is taken", cause=fault.strerror, hint=hint) from fault
