"""How much memory a build takes as its corpus grows: the peak of the process that leads it, and of the largest one that works for it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

TIMES = (1, 4, 16)
PROGRAM = """
import json, resource, sys
from chordllama.cli import run
status = run(sys.argv[1:])
peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
sys.stderr.write(json.dumps(peaks))
sys.exit(status)
"""


def main(arguments: list[str]) -> int:
    """Measure and print."""
    parser = ArgumentParser(prog="python -m benchmarks.corpora memory")
    parser.add_argument("--from", dest="folder", type=Path, default=Path("../shared/data"), help="[%(default)s]")
    parser.add_argument("--source", default="openscore-lieder", help="[%(default)s]")
    parser.add_argument("--documents", type=int, default=80, metavar="N", help="once [%(default)s]")
    options = parser.parse_args(arguments)
    print(
        "| documents | rows | tokens | the build's own process, MB | its largest worker, MB |\n| --- | --- | --- | --- | --- |"
    )
    for times in TIMES:
        told, own, worker = build(options.folder, options.source, times * options.documents)
        print(
            f"| {told['documents']:,} | {told['rows']:,} | {told['tokens']:,} | {own:.0f} | {worker:.0f} |", flush=True
        )
    return 0


def build(folder: Path, source: str, documents: int) -> tuple[dict[str, int], float, float]:
    """What is built of so many documents of a source, and the two peaks in megabytes."""
    with tempfile.TemporaryDirectory() as out:
        asked = ["corpus", "build", "music", "--from", str(folder), "--source", source, "-o", out, "--json"]
        child = subprocess.run(
            [sys.executable, "-c", PROGRAM, *asked, "--limit", str(documents)], capture_output=True, text=True
        )
    if child.returncode:
        raise SystemExit(child.stderr)
    own, worker = json.loads(child.stderr.splitlines()[-1])
    return json.loads(child.stdout.splitlines()[-1])["music"], own / 1024, worker / 1024
