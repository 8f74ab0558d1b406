"""A check as tables for people: with lines on a terminal, plain where it is piped. Knows rich and no scores."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chordllama.checking.bars import IrregularBar, UnevenStaff
from chordllama.checking.contents import Check, Counts, PartCheck, SignatureChange

MOST_ROWS = 20
"""Rows that are shown of a table; the JSON object has all of them."""
_ENDLESS = 100_000
_NUMBERS = ("staves", "voices", "notes", "rests", "times")
_IN_WORDS = {
    "barline": "bar line within a bar",
    "courtesy": "courtesy accidental",
    "cross": "on another staff",
    "cue": "cue note",
    "dashes": "dashed line",
    "hidden": "hidden note",
    "instrument": "change of instrument",
    "metronome": "tempo",
    "no-accidental": "accidental not shown",
    "no-tie-stop": "tie without an end",
    "parenthesised": "accidental in brackets",
    "position": "moved rest",
    "sound": "playback",
    "type": "other value than played",
    "wedge": "hairpin",
    "words": "text",
}
"""Names for people of signs whose names in the table say too little."""


class Section(NamedTuple):
    """A table as data: heading, names of the columns, and cells. Without rows it isn't shown."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def print_check(check: Check, name: str) -> None:
    """Print what a file holds on standard output."""
    plain = not sys.stdout.isatty()
    console = Console(highlight=False, markup=False, width=_ENDLESS if plain else None)
    with console.capture() as captured:
        console.print("\n".join(_headline(check, name)), style="bold")
        for section in sections(check):
            if section.rows:
                _print_section(console, section, plain)
    text = captured.get()
    click.echo("\n".join(line.rstrip() for line in text.splitlines()) if plain else text)


def _print_section(console: Console, section: Section, plain: bool) -> None:
    console.print(f"\n{section.heading}", style="bold cyan")
    console.print(_table(section, plain))
    if len(section.rows) > MOST_ROWS:
        console.print(f"and {len(section.rows) - MOST_ROWS} more: --json lists all")


def _table(section: Section, plain: bool) -> Table:
    table = Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=not plain)
    for column in section.columns:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", no_wrap=plain)
    for row in section.rows[:MOST_ROWS]:
        table.add_row(*map(Text, row))
    return table


def _headline(check: Check, name: str) -> Iterable[str]:
    notes, rests = sum(part.notes for part in check.parts), sum(part.rests for part in check.parts)
    counts = ((len(check.parts), "part"), (check.bars, "bar"), (notes, "note"), (rests, "rest"))
    yield name
    if check.title:
        yield f"{check.title} ({', '.join(check.creators)})" if check.creators else check.title
    yield ", ".join(f"{count:,} {what}{'s' * (count != 1)}" for count, what in counts)


def sections(check: Check) -> list[Section]:
    """Return the tables of a check, in the order in which they are shown."""
    names = [part.name for part in check.parts]
    return [
        Section("Parts", ("part", "staves", "voices", "notes", "rests", "range", "instrument"), _parts(check.parts)),
        Section("Keys", ("bar", "part", "key"), [_signature(key, names) for key in check.keys]),
        Section("Time signatures", ("bar", "part", "time"), [_signature(time, names) for time in check.times]),
        Section(
            "Bars that don't have the length of their metre",
            ("bar", "length", "metre", "what it is"),
            [_irregular(bar) for bar in check.irregular_bars],
        ),
        Section(
            "Staves that don't fill their bar (notes are missing or hidden there, or too many)",
            ("bar", "part", "staff", "filled", "wanted"),
            [_uneven(staff, names) for staff in check.uneven_staves],
        ),
        Section("Kept in the text", ("kind", "what"), _counts(check.kept)),
        Section("Left out of the text", ("why", "elements"), _counts(check.dropped)),
        Section(
            "Left out: no elements of MusicXML",
            ("element", "times", "the first"),
            [(unknown.element, str(unknown.count), unknown.first) for unknown in check.unknown],
        ),
        Section("Put right", ("what", "times"), [(what, str(count)) for what, count in check.mended.items()]),
    ]


def _parts(parts: Iterable[PartCheck]) -> list[Sequence[str]]:
    return [
        (
            part.name,
            *map(str, (part.staves, part.voices, part.notes, part.rests)),
            f"{part.lowest} – {part.highest}" if part.lowest else "",
            ", ".join(part.instruments),
        )
        for part in parts
    ]


def _signature(signature: SignatureChange, names: list[str]) -> Sequence[str]:
    part = "all" if signature.part is None else names[signature.part - 1]
    return (_bar(signature), part, signature.value)


def _irregular(bar: IrregularBar) -> Sequence[str]:
    return (_bar(bar), bar.length, bar.metre, bar.kind)


def _uneven(staff: UnevenStaff, names: list[str]) -> Sequence[str]:
    return (_bar(staff), names[staff.part - 1], str(staff.staff), staff.filled, staff.wanted)


def _bar(place: SignatureChange | IrregularBar | UnevenStaff) -> str:
    """Return a bar's place, and its printed number where that differs."""
    return str(place.bar) if place.number == str(place.bar) else f"{place.bar} (printed: {place.number or 'nothing'})"


def _counts(counts: Counts) -> list[Sequence[str]]:
    return [
        (group, ", ".join(f"{_IN_WORDS.get(name, name)} ({count:,})" for name, count in found.items()))
        for group, found in counts.items()
    ]
