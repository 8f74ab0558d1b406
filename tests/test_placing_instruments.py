"""New notes stay on the instrument that their voice has changed to."""

from __future__ import annotations

import pytest

from chordllama.codec.compact import dump_bar, loads
from chordllama.generate.continuation import read_answer
from chordllama.placing.passes import place
from chordllama.tasks import music_tasks
from chordllama.tasks.plan import Request

CHANGED = loads(
    """parts:
 1: clef=G2 midi=74,73 instrument1=Flute instrument2=Piccolo Flutes
1: time=4/4 c54 d e f
2: g54 f e d
3: c54{instrument=2} d{instrument=2} e{instrument=2} f{instrument=2}
4: g54{instrument=2} f{instrument=2} e{instrument=2} d{instrument=2}
"""
)


@pytest.mark.parametrize(
    ("request_", "instruments"),
    [
        (Request(bars=1), ["2"]),
        (Request(task="infill", first=3), ["2"]),
        (Request(task="infill", first=2), ["1"]),
        (Request(task="vary"), ["1", "1", "2", "2"]),
    ],
)
def test_a_player_who_has_changed_instruments_stays_with_the_new_one(request_: Request, instruments: list[str]) -> None:
    plan = music_tasks.plan(CHANGED, request_)
    written = "".join(f"{n - plan.bars}: c54 e d f\n" for n in range(plan.bars))
    bars = place(plan.placement, read_answer(written, plan.score))
    told = ["2" if "instrument=2" in dump_bar(bar, CHANGED.parts) else "1" for bar in bars]
    assert told == instruments
    assert all(dump_bar(bar, CHANGED.parts).count("instrument=2") in (0, 4) for bar in bars)
