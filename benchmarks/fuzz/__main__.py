"""`python -m benchmarks.fuzz musicxml|compact|classic|editor [--seconds 600]`: a reader under bytes that atheris makes.

atheris is libFuzzer for Python: it keeps what reaches new lines and changes it further. It ends at the first exception that is none
of ours, at ten seconds or a gigabyte for one input, and leaves that input in build/fuzz. Needs the extra "fuzz".
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["chordllama"], enable_loader_override=False):
    from benchmarks.fuzz.targets import TARGETS, Target, seeds
    from chordllama.errors import ScoreError

FOLDER = Path("build") / "fuzz"
MOST_SECONDS, MOST_MEGABYTES, MOST_BYTES = 60, 1024, 20_000
"""Of one input."""


def main() -> None:
    """Fuzz one reader for some seconds."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=600)
    asked = parser.parse_args()
    target, folder = TARGETS[asked.target], FOLDER / asked.target
    _prepare(target, folder)
    options = [
        f"-max_total_time={asked.seconds}",
        f"-timeout={MOST_SECONDS}",
        f"-rss_limit_mb={MOST_MEGABYTES}",
        f"-max_len={MOST_BYTES}",
        f"-dict={folder / 'words'}",
        f"-artifact_prefix={folder}/",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder / "found"), str(folder / "seeds")], _attempt(target))
    atheris.Fuzz()


def _attempt(target: Target) -> Callable[[bytes], None]:
    def attempt(data: bytes) -> None:
        try:
            target.read(data)
        except ScoreError:
            return

    return attempt


def _prepare(target: Target, folder: Path) -> None:
    for name in ("found", "seeds"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in seeds(target).items():
        (folder / "seeds" / name).write_bytes(data)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in target.words))


if __name__ == "__main__":
    main()
