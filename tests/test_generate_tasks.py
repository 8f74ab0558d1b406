"""Gaps, harmonies and variations: which bars are written, what stays byte for byte, and what each new bar keeps to. Any model will do."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from small_scores import TEXTS, music_pieces, small_score
from test_grammar import walk
from tiny_gguf import write_random_llama

from chordllama.codec.compact import format_line, loads
from chordllama.codec.grammar import Writer
from chordllama.codec.musicxml import read, write
from chordllama.codec.notation.line_spans import spans
from chordllama.errors import ChordLlamaError, ModelError, ScoreError
from chordllama.generate.classic_continuation import write_classic
from chordllama.generate.continuation import BarProgress, Continuation, continue_score, prepare, read_answer
from chordllama.generate.llama import LlamaBackend
from chordllama.placing.joining import varied
from chordllama.sampling import Sampling
from chordllama.score.editing import timed
from chordllama.score.model import Bar, Chord, Direction, Harmony, Item, Mark, Rest, Row, Score, Spacer
from chordllama.tasks import music_tasks
from chordllama.tasks.music_prompts import lean
from chordllama.tasks.music_tasks import MUSIC_TASKS, parse_instruction, pose
from chordllama.tasks.plan import Request, RequestError
from chordllama.tasks.rounds import OVERLAP, Context

HOT = Sampling(temperature=1.0, seed=3)
DATA = Path(__file__).parent / "data"
CHORALE = (DATA / "chorale.musicxml").read_bytes()
MEASURE = re.compile(rb"[ \t]*<measure .*?</measure>", re.DOTALL)
DUET = """parts:
 1: clef=G2 Voice
 2: clef=G2,F4 Piano
1: key=-1 time=2/4 ="Allegro" f44 a ; La la
2: c54 a4 ; la la
3: time=3/8 g48 a bb
4: a44. ="dolce"
5: time=2/4 bb42
6: a44 g
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaBackend]:
    """A model of random weights that has the usual pieces of music."""
    path = tmp_path_factory.mktemp("models") / "random.gguf"
    with LlamaBackend(write_random_llama(path, pieces=music_pieces(), layers=1), threads=1) as backend:
        yield backend


def asked(task: str, **options: int | tuple[int | str, ...] | None) -> Request:
    return Request(task=task, sampling=HOT, **options)  # type: ignore[arg-type]


def context_of(model: LlamaBackend) -> Context:
    return Context(model.context, model.count)


def written(xml: bytes, model: LlamaBackend, request: Request) -> Continuation:
    (found,) = continue_score(xml, "score", model, request)
    assert found.failure is None
    return found


def measures(xml: bytes) -> list[list[bytes]]:
    """Each part's measures as they are in the file."""
    return [MEASURE.findall(part) for part in xml.split(b"<part id=")[1:]]


def check_bytes(before: bytes, after: bytes, places: Sequence[int], parts: Sequence[int]) -> None:
    """All but the measures at these places in these parts is the same."""
    for part, (old, new) in enumerate(zip(measures(before), measures(after), strict=True)):
        assert len(old) == len(new)
        changed = [place for place, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
        assert changed == (list(places) if part in parts else [])
    assert MEASURE.sub(b"", before) == MEASURE.sub(b"", after)


# ----------------------------------------------------------------------------------------------------------------- bytes


def test_a_gap_is_filled_in_place_and_all_around_it_stays_byte_for_byte(model: LlamaBackend) -> None:
    found = written(CHORALE, model, asked("infill", first=5, bars=2))
    check_bytes(CHORALE, found.xml, [4, 5], range(4))
    after = read(found.xml)
    assert after.bars[4:6] == found.bars
    assert after.bar_lengths == read(CHORALE).bar_lengths


def test_the_longest_silence_is_the_gap_where_none_is_named(model: LlamaBackend) -> None:
    score = read(CHORALE)
    silent = [replace(bar, rows=()) if 6 <= n < 9 or n == 2 else bar for n, bar in enumerate(score.bars)]
    xml = write(replace(score, bars=tuple(silent)))
    found = written(xml, model, asked("infill"))
    check_bytes(xml, found.xml, [6, 7, 8], range(4))


def test_a_given_part_stays_byte_for_byte_and_all_others_are_written(model: LlamaBackend) -> None:
    found = written(CHORALE, model, asked("harmonise", first=3, bars=4, given=(1, 4)))
    check_bytes(CHORALE, found.xml, range(2, 6), [1, 2])
    for bar in read(found.xml).bars[2:6]:
        assert {row.part for row in bar.rows} == {0, 1, 2, 3}


def test_a_variation_has_the_old_rhythm_and_keeps_words_and_syllables(model: LlamaBackend) -> None:
    xml = (DATA / "sibelius_song.musicxml").read_bytes()
    before = read(xml)
    found = written(xml, model, asked("vary", first=1, bars=min(4, len(before.bars))))
    after = read(found.xml)
    assert after.bars[: len(found.bars)] == found.bars != before.bars[: len(found.bars)]
    for old, new in zip(before.bars, after.bars, strict=True):
        assert rhythm_of(new) == rhythm_of(old)
        assert syllables(new) == syllables(old)


SIGNED = """parts:
 1: clef=G2
1: time=4/4 =mf D7 c58'> =< c( d{trill-mark}{wavy-line-stop}{wavy-line-start} e), =! e44*_g_c5> a48{fingering=3} b
2: ="dolce" c54- G7 b44 d58( g58g/) e44.`^{up-bow}
3: r4 c54 r2*
"""


def test_a_variation_keeps_each_sign_at_its_moment(model: LlamaBackend) -> None:
    score = loads(SIGNED)
    for seed in range(8):
        request = replace(asked("vary"), sampling=replace(HOT, seed=seed))
        found = read(written(write(score), model, request).xml)
        for old, new in zip(score.bars, found.bars, strict=True):
            assert rhythm_of(new) == rhythm_of(old)
            assert signs_of(new) == signs_of(old)


def signs_of(bar: Bar) -> list[tuple[object, ...]]:
    """Directions, chord symbols, and the signs of each chord and rest that aren't about its pitches."""
    of_pitches = re.compile("tie|stem|fingering|accidental|courtesy|parenthesised|cross|arpeggiate")
    return [
        (onset, item)
        if isinstance(item, Direction | Harmony)
        else (onset, {mark for mark in marks_of(item) if not of_pitches.match(mark.name)})
        for row in bar.rows
        for onset, item in timed(row)
    ]


def marks_of(item: Item) -> list[Mark]:
    if isinstance(item, Chord):
        return [mark for note in item.notes for mark in note.marks]
    return list(item.marks) if isinstance(item, Rest) else []


def test_what_stood_at_each_note_of_a_chord_stands_at_each() -> None:
    def varied_to(text: str) -> Row:
        head = "parts:\n 1: clef=G2\n1: time=2/4 "
        old, new = (loads(f"{head}{row}\n").bars[0] for row in ("c54{arpeggiate}>_e{arpeggiate}* d4{cue}", text))
        return varied(old, new, frozenset([0])).rows[0]

    first, second = varied_to("d54_f_a' g44_b(").items
    assert isinstance(first, Chord)
    assert isinstance(second, Chord)
    assert [[mark.name for mark in note.marks] for note in first.notes] == [
        ["accent", "fermata", "arpeggiate"],
        ["arpeggiate"],
        ["arpeggiate"],
    ]
    assert [[mark.name for mark in note.marks] for note in second.notes] == [["cue"], ["cue"]]
    single = varied_to("d54 g44").items[0]
    assert [mark.name for mark in marks_of(single)] == ["accent", "fermata"]


def test_a_variation_has_the_old_brackets_at_its_tuplets(model: LlamaBackend) -> None:
    """Six triplets have one bracket in the first bar, and two in the second, as is implied where nothing is told."""
    xml = write(loads("parts:\n 1: clef=G2\n1: time=2/4 c58t[ d e f g a]\n2: c58t d e f g a\n"))
    found = written(xml, model, asked("vary"))
    assert read(found.xml) != read(xml)
    assert brackets(read(found.xml)) == brackets(read(xml))
    assert [sum(map(len, marks)) for marks in (brackets(read(xml))[:6], brackets(read(xml))[6:])] == [2, 4]


def brackets(score: Score) -> list[tuple[str, ...]]:
    chords = [item for bar in score.bars for row in bar.rows for item in row.items if isinstance(item, Chord)]
    return [tuple(mark.name for mark in chord.notes[0].marks if mark.name.startswith("tuplet")) for chord in chords]


def rhythm_of(bar: Bar) -> list[tuple[object, ...]]:
    events = (Chord, Rest, Spacer)
    return [
        (row.place, *((type(item), item.duration) for item in row.items if isinstance(item, events)))
        for row in bar.rows
    ]


def syllables(bar: Bar) -> list[object]:
    return [item.lyrics for row in bar.rows for item in row.items if isinstance(item, Chord)]


# ------------------------------------------------------------------------------------------------------------ any score


@pytest.mark.parametrize("task", ["infill", "harmonise", "vary"])
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_each_task_works_on_each_kind_of_score_or_says_why_not(task: str, name: str, model: LlamaBackend) -> None:
    score = small_score(name)
    xml = write(score)
    request = asked(task, first=2 if task == "infill" else 1, bars=1)
    if (task == "infill" and len(score.bars) < 3) or (task == "harmonise" and len(score.parts) == 1):
        with pytest.raises(RequestError):
            written(xml, model, request)
        return
    found = written(xml, model, request)
    assert read(found.xml).bar_lengths == score.bar_lengths
    place = 1 if task == "infill" else 0
    for old, new in zip(measures(xml), measures(found.xml), strict=True):
        assert [n for n, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]] in ([], [place])


def test_bars_keep_their_metre_their_key_and_the_signs_that_the_model_does_not_see(model: LlamaBackend) -> None:
    xml = write(loads(DUET))
    found = written(xml, model, asked("infill", first=2, bars=4))
    before, after = read(xml), read(found.xml)
    assert after.bar_lengths == before.bar_lengths
    assert [bar.times for bar in after.bars] == [bar.times for bar in before.bars]
    signs = [item for row in after.bars[3].rows for item in row.items if isinstance(item, Direction)]
    assert any(sign.value == "dolce" for sign in signs if sign.name == "words")


@pytest.mark.parametrize(("after", "clefs"), [("c54 d", 1), ("=F4 c34 d", 0)])
def test_a_clef_comes_back_at_the_end_of_a_gap_unless_the_bar_after_has_its_own(
    after: str, clefs: int, model: LlamaBackend
) -> None:
    xml = write(loads(f"parts:\n 1: clef=F4\n1: time=2/4 c34 d\n2: =G2 c54 d\n3: {after}\n4: c34 d\n"))
    for seed in range(3):
        request = replace(asked("infill", first=2, bars=1), sampling=replace(HOT, seed=seed))
        (row,) = read(written(xml, model, request).xml).bars[1].rows
        assert sum(isinstance(item, Direction) and item.name == "clef" for item in row.items[-1:]) == clefs


def test_slurs_and_hairpins_over_the_borders_keep_both_ends(model: LlamaBackend) -> None:
    bars = ["=< c54( d", "e44) =! f( ", "g44 => a", "b44) c5 =!"]
    xml = write(
        loads(
            "parts:\n 1: clef=G2\n1: time=2/4 "
            + "\n".join(f"{n}: {bar.strip()}" for n, bar in enumerate(bars, 1))[3:]
            + "\n"
        )
    )
    before = open_at(read(xml), 3)
    for seed in range(4):
        request = replace(asked("infill", first=2, bars=2), sampling=replace(HOT, seed=seed))
        after = read(written(xml, model, request).xml)
        assert before == open_at(after, 3) == {("slur", ""), ("wedge", "")}
        assert all(span.ended for span in spans(after.bars, [0])[0])


def test_a_part_to_or_from_which_a_slur_leads_does_not_fall_silent(model: LlamaBackend) -> None:
    """Both voices are silent in some bars, so that the model may leave them out in others."""
    bars = ["c54 d /2 r2", "c54 d", "e44 f /2 c52(", "e44 f /2 d44) e(", "c54 d /2 e42)", "r2 /2 c54 d"]
    told = "".join(f"{n}: {bar}\n" for n, bar in enumerate(bars, 1))
    xml = write(loads(f"parts:\n 1: clef=G2\n 2: clef=G2\n1: time=2/4 {told[3:]}"))
    for task, seed in product(("infill", "harmonise"), range(6)):
        request = replace(asked(task, first=4, bars=1), sampling=replace(HOT, seed=seed))
        after = read(written(xml, model, request).xml)
        sounding = {row.part for row in after.bars[3].rows if any(isinstance(item, Chord) for item in row.items)}
        assert 1 in sounding
        assert all(span.ended for span in spans(after.bars, [1])[1])


def open_at(score: Score, bar: int) -> set[tuple[str, str]]:
    """The lines of the first part that are open where a bar (from 0) begins."""
    return {span.line for span in spans(score.bars, [0])[0] if span.crosses(bar)}


def test_hairpins_that_are_told_in_another_order_than_they_sound_stay_as_they_are(model: LlamaBackend) -> None:
    """The second voice, which is written later, begins the hairpin that the first one ends; another one goes on meanwhile."""
    bars = ["c52", "d52", "e44 =! f & =< g42", "g44 => a", "a44 =! b", "c52"]
    told = "".join(f"{n}: {bar}\n" for n, bar in enumerate(bars, 1))
    xml = write(loads(f"parts:\n 1: clef=G2\n1: time=2/4 {told[3:]}"))
    after = read(written(xml, model, asked("infill", first=2, bars=2)).xml)
    assert all(span.ended for span in spans(after.bars, [0])[0])


@pytest.mark.parametrize("sign", ['={figured-bass="6 #4"}', '={dynamics="sf: p"}', '={rehearsal="a #b: c it"}'])
@pytest.mark.parametrize("task", ["harmonise", "vary", "infill"])
def test_no_text_within_a_given_row_breaks_an_answer(task: str, sign: str, model: LlamaBackend) -> None:
    text = """parts:
 1: clef=G2 "Flute"
 2: clef=F4 "Bass"
"""
    bars = ["key=0 time=4/4 g44 b a d5 / c31", f"f44 a g c5 / {sign} f21", "e44 g f b / g21", "g44 b a d5 / c31"]
    text += "".join(f"{format_line(str(number), bar)}\n" for number, bar in enumerate(bars, 1))
    request = asked("harmonise", given=(2,)) if task == "harmonise" else asked(task, first=2, bars=2)
    assert written(write(loads(text)), model, request).bars


def test_an_empty_part_gets_music_in_the_range_of_its_clefs(model: LlamaBackend) -> None:
    found = written(write(loads(DUET)), model, asked("harmonise"))
    for bar in read(found.xml).bars:
        piano = [row for row in bar.rows if row.part == 1]
        assert {row.staff for row in piano} == {1, 2}
        notes = [note for row in piano for item in row.items if isinstance(item, Chord) for note in item.notes]
        assert {note.octave for note in notes} <= {1, 2, 3, 4, 5, 6}


# ---------------------------------------------------------------------------------------------------------- the mechanism


@pytest.mark.parametrize("task", ["harmonise", "vary"])
@pytest.mark.parametrize("name", ["chorale", "piano", "tuplets", "percussion"])
def test_a_random_walk_writes_what_is_given(task: str, name: str, model: LlamaBackend) -> None:
    score = small_score(name)
    if task == "harmonise" and len(score.parts) == 1:
        score = replace(score, parts=(*score.parts, score.parts[0]))
    plan = music_tasks.plan(score, asked(task))
    round_ = pose(plan, (), context_of(model))
    bars = read_answer(walk(Writer(round_.rules), random.Random(name)), round_.before)
    assert len(bars) == len(score.bars)
    for old, new in zip(plan.score.bars, bars, strict=True):
        if task == "vary":
            assert rhythm_of(new) == rhythm_of(old)
        else:
            assert [row for row in new.rows if row.part == 0] == [row for row in old.rows if row.part == 0]


def test_a_note_after_a_given_rest_says_its_value_where_it_is_another_one(model: LlamaBackend) -> None:
    score = loads("parts:\n 1: clef=G2\n1: time=4/4 c44 r8 d54 r8 e44\n2: r8 c54 d r8 e44\n")
    plan = music_tasks.plan(score, asked("vary"))
    round_ = pose(plan, (), context_of(model))
    for seed in range(40):
        bars = read_answer(walk(Writer(round_.rules), random.Random(seed)), round_.before)
        assert list(map(rhythm_of, bars)) == list(map(rhythm_of, score.bars))


@pytest.mark.parametrize("task", [task for task in MUSIC_TASKS if task != "continue"])
def test_what_is_asked_for_is_worded_as_in_the_training_rows(task: str, model: LlamaBackend) -> None:
    score = lean(small_score("chorale"))
    row = MUSIC_TASKS[task].row(score, {}, random.Random(4))
    _, wanted, _, wishes = parse_instruction(row.instruction)
    first = 1 + int(re.findall(r"^(\d+): ", row.input, re.MULTILINE)[-1]) - wanted if task == "infill" else 1
    first = gap_in(row.input) if task == "infill" else first
    given = tuple(part for part in range(1, 5) if task == "harmonise" and shows(row.input, part)) or (1,)
    request = replace(asked(task, first=first, bars=wanted, given=given), wishes=wishes)
    assert pose(music_tasks.plan(score, request), (), context_of(model)).prompt == row.instruction + row.input


def gap_in(text: str) -> int:
    """The number of the first bar that a prompt lacks."""
    shown = list(map(int, re.findall(r"^(\d+): ", text, re.MULTILINE)))
    return next(n for n in range(1, max(shown)) if n not in shown)


def shows(text: str, part: int) -> bool:
    bars = loads(text).bars
    return any(row.part == part - 1 for bar in bars for row in bar.rows)


def long_score(bars: int) -> Score:
    return loads(
        "parts:\n 1: clef=G2 A\n 2: clef=F4 B\n" + "".join(f"{n}: c54 d e f / c34 b2 a g\n" for n in range(1, bars + 1))
    )


@pytest.mark.parametrize("task", ["infill", "harmonise", "vary"])
def test_long_work_goes_in_rounds_that_show_what_is_written(task: str, model: LlamaBackend) -> None:
    xml = write(long_score(80))
    told: list[BarProgress] = []
    request = asked(task, first=3, bars=70)
    (found,) = continue_score(xml, "score", model, request, progress=told.append)
    assert found.failure is None
    assert [(step.bar, step.bars, len(step.written)) for step in told] == [(n, 70, n) for n in range(1, 71)]
    plan = music_tasks.plan(read(xml), request)
    later = pose(plan, told[39].written, context_of(model))
    assert len(later.rules.bars) <= 30
    if task != "infill":
        assert len(later.before.bars) == OVERLAP
        assert later.before.bars[-1].rows == told[39].written[-1].rows


# ----------------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asked("infill"), "no bars are missing"),
        (asked("infill", first=1, bars=2), "before and after"),
        (asked("infill", first=11, bars=2), "before and after"),
        (asked("vary", first=11, bars=3), "have bars 11 to 13 .*it has 12 bars"),
        (asked("vary", first=13), "have bar 13"),
        (asked("vary", first=99), "have bar 99"),
        (asked("harmonise", given=(5,)), "no part 5 .*4 Bass"),
        (asked("harmonise", given=("Flute",)), "no part Flute"),
        (asked("harmonise", given=(1, 2, 3, 4)), "all parts are given"),
    ],
)
def test_what_the_score_has_not_got_is_refused_in_words(request_: Request, words: str, model: LlamaBackend) -> None:
    with pytest.raises(RequestError, match=words):
        continue_score(CHORALE, "chorale", model, request_)


def test_a_silent_part_can_not_be_harmonised(model: LlamaBackend) -> None:
    with pytest.raises(ScoreError, match="no notes"):
        continue_score(write(loads(DUET)), "duet", model, asked("harmonise", given=(2,)))


def test_a_classic_model_only_continues(model: LlamaBackend) -> None:
    with pytest.raises(ModelError, match="nothing else") as refusal:
        write_classic(prepare(CHORALE, "chorale", asked("vary")), model)
    assert isinstance(refusal.value, ChordLlamaError)
