"""Texts in the 2024 format that a stranger may send to do harm, or that say what no music says. Knows no tests."""

from __future__ import annotations

from hostile_texts import LAUGHS
from hostile_xml import Maker

TEXT = """divisions: '1'
---
- a00_note:
    pitch:
      step: C
      octave: '4'
    duration: '1'
"""
_MEASURE = TEXT.partition("---\n")[2]


def spoilt(old: str, new: str) -> Maker:
    """The text of a small score, in which something is put in the place of something else."""
    assert TEXT.count(old) == 1, (old, TEXT)
    return lambda: TEXT.replace(old, new).encode()


def _before(text: str) -> Maker:
    return lambda: (text + TEXT).encode()


_DURATION = "    duration: '1'\n"
_BACKUPS = "".join(
    f"  a{2 * n:02}_note:\n    pitch:\n      step: C\n      octave: '4'\n    duration: '1'\n"
    f"  a{2 * n + 1:02}_backup:\n    duration: '1'\n"
    for n in range(200)
)

CLASSIC: dict[str, tuple[Maker, str]] = {
    "billion_laughs.classic": (_before(LAUGHS), "an anchor"),
    "alias.classic": (spoilt("step: C", "step: *a"), "an alias"),
    "tag_that_runs_a_program.classic": (spoilt("step: C", "step: !!python/object/apply:os.system [id]"), "a tag"),
    "merge_key.classic": (_before("<<: {divisions: '1'}\n"), "no name of an element"),
    "deep_lists.classic": (spoilt("step: C", "step: " + "[" * 50_000), "in one another"),
    "deep_maps.classic": (spoilt("step: C", "step: " + "{a: " * 20_000), "in one another"),
    "nul_byte.classic": (spoilt("step: C", "step: \0"), "x0000"),
    "escaped_nul_byte.classic": (spoilt("step: C", 'step: "\\0"'), "no MusicXML may hold"),
    "divisions_0.classic": (spoilt("divisions: '1'", "divisions: '0'"), "divisions"),
    "divisions_beyond_all.classic": (spoilt("divisions: '1'", "divisions: '9" + "9" * 30 + "'"), "divisions"),
    "duration_beyond_all.classic": (spoilt(_DURATION, "    duration: '9" + "9" * 30 + "'\n"), "duration"),
    "duration_1e999.classic": (spoilt(_DURATION, "    duration: '1e999'\n"), "duration"),
    "endless_backup.classic": (lambda: (TEXT.partition("- ")[0] + "- " + _BACKUPS[2:]).encode(), "voices"),
    "a_billion_staves.classic": (_before("staves: '1000000000'\n"), "1000000000"),
    "many_measures.classic": (lambda: (TEXT + _MEASURE * 60_000).encode(), "too long"),
    "empty.classic": (lambda: b"", "there is no part"),
}
