"""The command line: it parses, calls and prints. Knows options, files and exit codes; knows nothing of music or models.

Exit codes: 0 done, 1 the system refused (disk full), 2 wrong usage, 3 score rejected, 4 model, 5 endpoint, 6 corpus,
130 interrupted.
What a command needs is imported inside it, so that `chordllama --help` starts at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from chordllama_server.commands import serve

from chordllama.commands.corpus import corpus
from chordllama.commands.corpus_build import build
from chordllama.commands.corpus_datasets import clean, push, stats
from chordllama.commands.delivery import EXIT_INTERRUPTED, EXIT_SYSTEM, EXIT_USAGE, tell
from chordllama.commands.evaluating import evaluate
from chordllama.commands.plugin import plugin
from chordllama.commands.score import check, decode, encode
from chordllama.commands.training import export, publish, train
from chordllama.commands.writing import COMMANDS as WRITING
from chordllama.errors import ChordLlamaError
from chordllama.system.terminal import say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chordllama", message="%(prog)s %(version)s")
def cli() -> None:
    """Continue a score on your own laptop. IN and OUT may be "-" for standard input and output."""


cli.add_command(encode)
cli.add_command(decode)
cli.add_command(check)
for _command in WRITING:
    cli.add_command(_command)
cli.add_command(train)
cli.add_command(export)
cli.add_command(publish)
cli.add_command(evaluate)
for _command in (build, stats, clean, push):
    corpus.add_command(_command)
cli.add_command(corpus)
cli.add_command(serve)
cli.add_command(plugin)


def _fail(error: str, cause: str | None, hint: str | None, code: int, as_json: bool) -> int:
    for kind, text in (("error", error), ("cause", cause), ("hint", hint)):
        if text:
            say(kind, text)
    tell({"error": {"message": error, "cause": cause, "hint": hint, "exit_code": code}}, as_json)
    return code


def _fail_usage(fault: click.ClickException, as_json: bool) -> int:
    context = fault.ctx if isinstance(fault, click.UsageError) else None
    path = context.command_path if context else "chordllama"
    return _fail(fault.format_message(), None, f"{path} --help", EXIT_USAGE, as_json)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; the one place where errors become words."""
    as_json = "--json" in arguments
    try:
        result = cli.main(list(arguments), prog_name="chordllama", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as fault:
        click.echo(fault.ctx.get_help() if fault.ctx else "", err=True)
        return EXIT_USAGE
    except click.ClickException as fault:
        return _fail_usage(fault, as_json)
    except click.Abort:
        return EXIT_INTERRUPTED
    except ChordLlamaError as fault:
        return _fail(fault.message, fault.cause, fault.hint, fault.exit_code, as_json)
    except OSError as fault:
        place = f"{fault.filename}: " if fault.filename else ""
        return _fail(f"{place}{fault.strerror or fault}", None, None, EXIT_SYSTEM, as_json)
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run the `chordllama` script."""
    sys.exit(run(sys.argv[1:]))
