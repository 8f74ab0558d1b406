"""Another sign in the table is another sign everywhere: for the writer, the reader, the grammar of new bars, and the documentation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITH_ANOTHER_TABLE = """
import sys
from pathlib import Path
from types import ModuleType

import chordllama.codec

name = "chordllama.codec.whitelist"
path = Path(chordllama.codec.__file__).with_name("whitelist.py")
source = path.read_text()
assert source.count({old!r}) == 1
table = ModuleType(name)
table.__file__ = str(path)
sys.modules[name] = chordllama.codec.whitelist = table
exec(compile(source.replace({old!r}, {new!r}), str(path), "exec"), table.__dict__)

from chordllama.codec import reference
from chordllama.codec.compact import dumps, loads
from chordllama.codec.grammar import Writer, rules_for

def written(bar):
    score = loads("parts:\\n 1: clef=G2\\n1: time=2/4 " + bar + "\\n")
    return dumps(score).splitlines()[-1].removeprefix("1: time=2/4 ")

def readable(bar):
    try:
        return written(bar) is not None
    except ValueError:
        return False

def may_be_new(bar):
    had = {bars!r}[1] if {bars!r}[1][0] != "=" else "c54 d"  # signs come only where there have been some
    score = loads("parts:\\n 1: clef=G2\\n1: time=2/4 " + had + "\\n2: =f c54 d\\n")
    return Writer(rules_for(score, 1, score.bar_lengths[0], closes=False)).accepts("-1: " + bar + "\\n")

print(*(f(bar) for bar in {bars!r} for f in (readable, may_be_new)), *(text in reference.{table}() for text in {texts!r}))
print(written({bars!r}[1]))
"""


@pytest.mark.parametrize(
    ("old", "new", "bars", "table", "texts"),
    [
        ('Sign("staccato", "\'",', 'Sign("staccato", "$",', ("c54' d", "c54$ d"), "marks", ("`'`", "`$`")),
        ('"<", "diminuendo"', '"++", "diminuendo"', ("=< c54 d", "=++ c54 d"), "directions", ("`=<`", "`=++`")),
        ('        "sfzp",\n', '        "ffp",\n', ("=sfzp c54 d", "=ffp c54 d"), "dynamics", ("`sfzp`", "`ffp`")),
    ],
    ids=["a mark", "a hairpin", "a dynamic"],
)
def test_writer_reader_grammar_and_documentation_follow_the_table(
    old: str, new: str, bars: tuple[str, str], table: str, texts: tuple[str, str]
) -> None:
    code = WITH_ANOTHER_TABLE.format(old=old, new=new, bars=bars, table=table, texts=texts)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.stdout.splitlines() == ["False False True True False True", bars[1]], done.stderr
