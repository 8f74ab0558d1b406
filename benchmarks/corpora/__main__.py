"""`python -m benchmarks.corpora speed|memory|twins [OPTIONS]`: what a build of music costs, and which held-out works a model knows.

speed: scores a second of OpenScore Lieder and Quartets, from file to rows in one process, and what takes the time.
memory: the peak of the build's own process and of its largest worker, for 1, 4 and 16 times the songs.
twins: bits a note of a trained model on held-out works, with and without those that it has learnt from under another name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks.corpora import memory, speed, twins

COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "speed": speed.main,
    "memory": memory.main,
    "twins": twins.main,
}


def main(arguments: list[str]) -> int:
    """Run one of the benchmarks."""
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 2
    return COMMANDS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
