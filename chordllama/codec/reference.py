"""The table as Markdown, for docs/format.md: `python -m chordllama.codec.reference docs/format.md` writes its tables anew.

Knows how a table looks on a page; whitelist.py knows what is in it.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from chordllama.codec.whitelist import (
    ATTRIBUTES,
    BAR_STYLES,
    DIRECTION_CODES,
    DIRECTION_SIGNS,
    DYNAMICS,
    ELEMENTS,
    HARMONY_KINDS,
    KINDS,
    SIGNS,
    WEDGES,
    DirectionSign,
    NotationRule,
    Sign,
    Treatment,
)
from chordllama.codec.words.values import wanted
from chordllama.system.files import write_atomically

_OWN_SPELLINGS = {
    "dynamics": "`=p`, `={dynamics=più p}`",
    "words": '`="dolce"`',
    "metronome": '`=t120`, `=t4.=60`, `=t4="c. 60"`, `=t8~4.`',
    "wedge": f"{' '.join(f'`={code}`' for code in WEDGES.values())}, `={WEDGES['crescendo']}2` a second one",
    "clef": "`=F4`, `=G2_8`",
}
"""Directions whose words are not {name=value}."""


def marks() -> str:
    """Return every mark: its spelling, its element, what its value is, the kind that `--without` leaves out."""
    rows = (
        (_spelling(sign), _path(sign), wanted(sign.shape) if sign.shape != "none" else "", sign.kind) for sign in SIGNS
    )
    return _table(("after a note", "MusicXML", "value", "kind"), rows)


def _spelling(sign: Sign) -> str:
    if sign.code:
        return f"`` {sign.code} ``" if sign.code == "`" else f"`{sign.code}`"
    return f"`{{{sign.name}}}`" if sign.shape == "none" else f"`{{{sign.name}=…}}`"


def _path(sign: Sign) -> str:
    type = f'[type="{sign.type}"]' if sign.type else ""
    return f"`{sign.parent}/{sign.element}{type}`" if sign.parent else f"`notations/{sign.element}{type}`"


def directions() -> str:
    """Return every direction: its spelling, what its value is, its kind."""
    rows = (
        (sign.name, _direction_spelling(sign), _direction_value(sign), sign.kind) for sign in DIRECTION_SIGNS.values()
    )
    return _table(("direction", "word", "value", "kind"), rows)


def _direction_spelling(sign: DirectionSign) -> str:
    if sign.name in _OWN_SPELLINGS:
        return _OWN_SPELLINGS[sign.name]
    short = [f"`={code}` {value}" for (name, value), code in DIRECTION_CODES.items() if name == sign.name]
    full = f"`={{{sign.name}}}`" if sign.shape == "none" else f"`={{{sign.name}=…}}`"
    return ", ".join([full, *short])


def _direction_value(sign: DirectionSign) -> str:
    return "" if sign.shape in ("none", "metronome") else wanted(sign.shape)


def dynamics() -> str:
    """Return the dynamics that are a word."""
    return ", ".join(f"`{name}`" for name in sorted(DYNAMICS, key=lambda name: (name.strip("pf"), name)))


def bar_styles() -> str:
    """Return the styles of bar lines."""
    return ", ".join(f"`{style}`" for style in BAR_STYLES)


def chord_symbols() -> str:
    """Return the kinds of chord symbols and how they are spelled after C."""
    return _table(("word", "kind"), ((f"`C{code}`", kind) for kind, code in HARMONY_KINDS.items()))


def kinds() -> str:
    """Return what `--without` takes."""
    return ", ".join(f"`{kind}`" for kind in KINDS)


def elements() -> str:
    """Return every element of MusicXML, by treatment and reason."""
    return _treatments(ELEMENTS)


def attributes() -> str:
    """Return every attribute of MusicXML, by treatment and reason."""
    return _treatments(ATTRIBUTES)


def _treatments(rules: Mapping[str, NotationRule]) -> str:
    names: dict[tuple[Treatment, str], list[str]] = defaultdict(list)
    for name, rule in rules.items():
        names[rule.treatment, rule.reason].append(name)
    order = list(Treatment)
    rows = (
        (treatment.value, reason, " ".join(f"`{name}`" for name in sorted(found)))
        for (treatment, reason), found in sorted(names.items(), key=lambda pair: order.index(pair[0][0]))
    )
    return _table(("treatment", "where, from what, or why", "names"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "marks": marks,
    "directions": directions,
    "dynamics": dynamics,
    "bar styles": bar_styles,
    "chord symbols": chord_symbols,
    "kinds": kinds,
    "elements": elements,
    "attributes": attributes,
}
_PLACE = re.compile(r"<!-- table: ([a-z ]+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(page: str) -> str:
    """Return a page with the tables that its `<!-- table: NAME --> … <!-- end -->` ask for.

    Raises:
        KeyError: it asks for one that isn't among `TABLES`.
    """
    return _PLACE.sub(lambda match: f"<!-- table: {match[1]} -->\n{TABLES[match[1]]()}\n<!-- end -->", page)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        write_atomically(path, filled(path.read_text(encoding="utf-8")).encode())
