"""A check as tables: every fact is in one, and long lists are cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chordllama.checking.contents import Check, check
from chordllama.codec.musicxml import read_with_origin
from chordllama.commands.check_tables import MOST_ROWS, print_check, sections

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def uneven() -> Check:
    return check(read_with_origin((DATA / "check" / "uneven.musicxml").read_bytes()))


def test_every_fact_has_its_table(uneven: Check) -> None:
    found = {section.heading.partition(":")[0].partition(" (")[0]: section.rows for section in sections(uneven)}
    assert all(found.values())
    assert found["Parts"][0] == ("Flute", "1", "1", "16", "0", "F4 – A5", "Flute")
    assert found["Keys"] == [("1", "all", "Bb major")]
    assert found["Bars that don't have the length of their metre"][0] == ("2", "5/4", "4/4", "longer")
    assert found["Staves that don't fill their bar"][2] == ("5 (printed: X1)", "Piano", "2", "2/4", "4/4")
    assert ("dynamics", "dynamics (1)") in found["Kept in the text"]
    assert ("catalogue data, not music", "rights (1)") in found["Left out of the text"]
    assert found["Left out"][0][:2] == ("glitter", "2")
    assert found["Put right"] == [("a time signature that makes no bar is left out", "1")]


def test_every_row_has_a_cell_for_each_column(uneven: Check) -> None:
    for section in sections(uneven):
        assert {len(row) for row in section.rows} == {len(section.columns)}


def test_a_long_list_is_cut_and_says_so(uneven: Check, capsys: pytest.CaptureFixture[str]) -> None:
    bars = tuple(replace(uneven.irregular_bars[0], bar=bar, number=str(bar)) for bar in range(1, 31))
    print_check(replace(uneven, irregular_bars=bars), "many.xml")
    text = capsys.readouterr().out
    assert text.count("longer") == MOST_ROWS
    assert "and 10 more: --json lists all" in text
    assert text.startswith("many.xml\nToo much and too little (Nobody)\n2 parts, ")


def test_names_are_printed_as_they_are(uneven: Check, capsys: pytest.CaptureFixture[str]) -> None:
    odd = replace(uneven, title="[bold]not markup[/bold]", parts=(replace(uneven.parts[0], name="[red]Flute :smile:"),))
    print_check(replace(odd, keys=(), times=(), uneven_staves=()), "x.xml")
    text = capsys.readouterr().out
    assert "[bold]not markup[/bold]" in text
    assert "[red]Flute :smile:" in text
