"""What the grammar lets pass: random walks that must decode, real answers that must pass, and no place from which nothing goes on."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from small_scores import TEXTS, music_pieces, shared_scores, small_score

from chordllama.codec.compact import dumps, loads, row_length
from chordllama.codec.excerpt import excerpt
from chordllama.codec.grammar import Rules, Writer, height, rules_for
from chordllama.codec.grammar.grammar_rules import (
    FEWEST_STEADY_BARS,
    ChordSpan,
    part_rules,
    steady_rows,
    steady_staves,
    unheard_part_rules,
)
from chordllama.codec.musicxml import read
from chordllama.errors import ScoreError
from chordllama.generate.continuation import read_answer
from chordllama.score.model import QUARTER, WHOLE, Bar, Chord, Place, Row, Score
from chordllama.tasks.music_prompts import answer, lean
from chordllama.tasks.plan import length_after

CHORALE = Path(__file__).parent / "data" / "chorale.musicxml"
LETTERS = sorted(set(string.printable))
NAMES = sorted(TEXTS)


PIECES = music_pieces()


def rules_of(score: Score, bars: int = 4, closes: bool = False) -> Rules:
    return rules_for(score, bars, length_after(score), closes)


def walk(writer: Writer, chance: random.Random) -> str:
    """A text that the writer takes to the end, of random pieces; fails where nothing goes on."""
    text = ""
    while not writer.done:
        letters = [letter for letter in LETTERS if writer.accepts(letter)]
        assert letters, f"a dead end after {text[-60:]!r}"
        piece = next((piece for piece in chance.choices(PIECES, k=10) if writer.accepts(piece)), chance.choice(letters))
        writer.feed(piece)
        text += piece
    return text


# ------------------------------------------------------------------------------------------------------------- soundness


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("closes", [False, True])
def test_what_a_random_walk_writes_decodes_and_fills_its_bars(name: str, closes: bool) -> None:
    score = lean(small_score(name))
    length = length_after(score)
    chance = random.Random(f"{name} {closes}")
    for _ in range(3):
        text = walk(Writer(rules_of(score, closes=closes)), chance)
        bars = read_answer(text, score, length)
        again = answer((replace(bar, length=None) for bar in bars), score.parts)
        assert read_answer(again, score, length) == bars
        assert len(again) <= len(text)
        assert len(bars) == 4
        assert (bars[-1].end.style == "light-heavy") is closes
        assert all(any(_sounds(row) for row in bar.rows) for bar in bars)
        assert {row_length(row.items, length) for bar in bars for row in bar.rows} == {length}


def _sounds(row: Row) -> bool:
    return any(isinstance(item, Chord) and not item.grace for item in row.items)


def test_notes_stay_in_the_range_the_chords_and_the_rows_of_their_part() -> None:
    score = lean(small_score("piano"))
    rules = rules_of(score)
    bars = read_answer(walk(Writer(rules), random.Random(5)), score, rules.bars[0].length)
    for row in (row for bar in bars for row in bar.rows):
        own = rules.parts[row.part]
        assert row.voice <= own.voices[row.staff - 1]
        for chord in (item for item in row.items if isinstance(item, Chord)):
            assert len(chord.notes) <= own.notes
            assert all(own.lowest <= height(note) <= own.highest for note in chord.notes)
            assert len({note.pitch for note in chord.notes}) == len(chord.notes)


def _widest(bars: tuple[Bar, ...]) -> int:
    chords = [item.notes for bar in bars for row in bar.rows for item in row.items if isinstance(item, Chord)]
    return max(max(map(height, notes)) - min(map(height, notes)) for notes in chords)


@pytest.mark.parametrize(("chord", "span"), [("c34_e_g", 16), ("c34_g4_e5", 28)])
def test_chords_are_no_wider_than_a_tenth_or_the_parts_own(chord: str, span: int) -> None:
    score = loads(f"parts:\n 1: clef=G2 midi=1 Piano\n1: time=4/4 c34 {chord} g5 c6\n")
    chance = random.Random(7)
    walks = [walk(Writer(rules_of(score)), chance) for _ in range(8)]
    assert 0 < max(_widest(read_answer(text, score)) for text in walks) <= span


def test_chords_of_a_part_without_notes_are_within_an_octave() -> None:
    score = loads("parts:\n 1: clef=G2 Flute\n 2: clef=G2,F4 Piano\n1: time=4/4 c54 d e f\n")
    rules = Rules((*part_rules(score)[:1], unheard_part_rules(score.parts[1])), rules_of(score).bars)
    chance = random.Random(7)
    walks = [walk(Writer(rules), chance) for _ in range(8)]
    assert 0 < max(_widest(read_answer(text, score)) for text in walks) <= 12


def test_parts_and_staves_that_are_silent_stay_so() -> None:
    rules = rules_of(lean(small_score("one part silent")))
    assert [part.voices for part in rules.parts] == [(1,), (0, 1, 0), (0,)]
    writer = Writer(rules)
    assert not writer.accepts("-4: c44 d /2 ")
    assert not writer.accepts("-4: c44 d c")
    assert not writer.accepts("-4: c44 d /3")
    assert writer.accepts("-4: c44 d /2.2 c32")


def test_a_staff_that_sounds_in_every_bar_goes_on_sounding() -> None:
    score = lean(read(CHORALE.read_bytes()))
    steady = steady_staves(score)
    assert steady == {(part, 1) for part in range(4)}
    rules = replace(rules_of(score), steady=steady)
    for seed in range(3):
        bars = read_answer(walk(Writer(rules), random.Random(seed)), score, rules.bars[0].length)
        assert all({row.place[:2] for row in bar.rows} == steady for bar in bars)
    passing = Writer(rules)
    passing.feed("-4: ")
    assert not passing.accepts("/3 ")
    assert Writer(rules_of(score)).accepts("-4: /3 ")


def test_a_score_of_few_bars_does_not_tell_which_staves_are_steady() -> None:
    score = lean(read(CHORALE.read_bytes()))
    assert not steady_staves(replace(score, bars=score.bars[: FEWEST_STEADY_BARS - 1]))


@pytest.mark.parametrize("sign", ["=p xg54", "=< xg54", "xg54*", "r4*"])
def test_percussion_has_only_the_signs_that_it_has_had(sign: str) -> None:
    plain = "parts:\n 1: clef=percussion Drums\n1: time=4/4 xg54 xg xg r\n2: xg54 xg xg r\n"
    signed = plain.replace("xg54 xg xg r\n2", "=p xg54* =< xg =! xg r\n2")
    assert not Writer(rules_of(loads(plain))).accepts(f"-4: {sign} ")
    assert Writer(rules_of(loads(signed))).accepts(f"-4: {sign} ")


def test_percussion_keeps_to_its_places() -> None:
    writer = Writer(rules_of(lean(small_score("percussion"))))
    assert writer.accepts("-4: xf44_xg5")
    assert not writer.accepts("-4: xf5")
    assert not writer.accepts("-4: f")
    assert not writer.accepts("-4: /2 x")


def test_chord_symbols_stand_only_where_the_part_has_had_some() -> None:
    assert Writer(rules_of(lean(small_score("chord symbols")))).accepts("-4: Bbmaj7/D d44 Gm7 d")
    assert not Writer(rules_of(lean(small_score("six eight")))).accepts("-4: C")
    assert not Writer(rules_of(lean(small_score("chord symbols")))).accepts("-4: G#m7b5 "), "far from F major"
    twice = Writer(rules_of(lean(small_score("chord symbols"))))
    assert not twice.accepts("-4: C D")


@pytest.mark.parametrize(
    ("bars", "is_taken"),
    [
        ("-4: F c44 f a c5\n", True),
        ("-4: F d44", False),  # on a beat
        ("-4: F c48 d f44", True),  # between beats
        ("-4: F c44 G d", True),
        ("-4: F c44 G c ", False),
        ("-4: F c44 f a c5\n-3: d44", False),  # the last symbol holds on
        ("-4: F c44 f a c5\n-3: G d44", True),
        ("-4: d44", True),
    ],
)
def test_notes_on_beats_lie_in_the_chord_that_is_written_above_them(bars: str, is_taken: bool) -> None:
    assert Writer(rules_of(lean(small_score("chord symbols")))).accepts(bars) == is_taken


HELD = ChordSpan(QUARTER * 2, QUARTER * 4, frozenset({0, 4, 7}), frozenset({0}))


@pytest.mark.parametrize(
    ("row", "is_bass", "is_taken"),
    [
        ("d54 d c c\n", True, True),
        ("d54 d e", True, False),  # no bass
        ("d54 d e", False, True),
        ("d54 d f", False, False),
        ("d54 d c c58 d ", False, False),  # in the last beat all notes have to
        ("d54 d58 d c d", False, True),
    ],
)
def test_notes_keep_to_a_harmony_that_is_asked_for(row: str, is_bass: bool, is_taken: bool) -> None:
    rules = rules_of(loads("parts:\n 1: clef=G2\n1: time=4/4 c54 d e58 f g54\n2: g54 a b c6\n"))
    bars = (replace(rules.bars[0], harmony=(HELD,)), *rules.bars[1:])
    rules = replace(rules, bars=bars, bass=Place(0, 1, 1) if is_bass else None)
    assert Writer(rules).accepts(f"-4: {row}") == is_taken


@pytest.mark.parametrize("name", ["e44##", "c44bb", "f44b"])
def test_notes_are_spelled_near_the_key(name: str) -> None:
    step, sign = name[0], name[3:].replace("#", "s")
    near, far = (
        "parts:\n 1: clef=G2\n1: key=-1 time=4/4 " + own for own in ("c44 d e f\n", f"c44 {step}{sign}4 e4 f\n")
    )
    assert not Writer(rules_of(loads(near))).accepts(f"-4: {step}{sign}44")
    assert Writer(rules_of(loads(far))).accepts(f"-4: {step}{sign}44"), "the piece has had it"


@pytest.mark.parametrize(
    "row",
    [
        "r4 r r r\n",  # rests alone
        "r1\n",
        "r\n",  # goes without saying: there is no other voice
        "s4 s",  # two spacers are one
        "s1 ",
        "s4",  # a first voice has no gaps
        "a48.t",
        "a48t b c516t d e54",  # not a tuplet of so many of its shortest notes
        "a48g",  # the part has had no grace notes
        "a44~ a128",  # too short
        "a48t b a44 ",  # a tuplet that isn't complete
        "a44 b c5 d e",  # over the bar line
        "a44_a",  # more notes than the part has had
        "a44''",
        "a44>'",  # not the order of marks
        "a44)",
        "a44(2",
        "a44@",
        "=p =f",
        "=p =p",
        "=p\n",
        "=! a",
        "=< =!",
        "=G2 ",  # has it already
        "=F4",
        "=&",
        "a44 =p\n",
        "c14 ",
        "a44  ",
        " a",
        "a44:",
        "a44t7",
        "a44...",
    ],
)
def test_what_is_left_out_on_purpose_is_refused(row: str) -> None:
    writer = Writer(rules_of(lean(small_score("chorale"))))
    assert not writer.accepts(f"-4: {row}")


@pytest.mark.parametrize(
    "row",
    [
        "a44 b c5 d",
        "a44~ a48 b =< c5( d e) f* =!\n",
        "a48t b c5 d54 b48t a g f44\n",
        "a44t b48t ",
        "=p =< a41 =!\n",
        "=ff a4",
        "r4 a4 =f b r\n",
        "a44( b)( c5(2 d))2",
        "a44( b)(2 c5)2",
        "r2* a44 b\n",
    ],
)
def test_what_music_needs_is_taken(row: str) -> None:
    writer = Writer(rules_of(lean(loads(TEXTS["chorale"].replace("2: b44", "2: =p b44")))))
    assert writer.accepts(f"-4: {row}")


def test_ornaments_and_tremolos_come_only_where_the_part_has_had_them() -> None:
    plain = loads("parts:\n 1: clef=G2\n1: time=2/4 c54 b4\n")
    ornate = loads("parts:\n 1: clef=G2\n1: time=2/4 c54'{turn} b4=2\n")
    for score, taken in ((plain, False), (ornate, True)):
        writer = Writer(rules_of(lean(score)))
        assert writer.accepts("-4: a44'{turn} b\n") is taken
        assert writer.accepts("-4: a44=3 b\n") is taken
        assert not writer.accepts("-4: a44{trill-mark} b\n")


@pytest.mark.parametrize("row", ["c54'", "c54*", "c54(", "=p c54", "=< c54", "c54>"])
def test_signs_come_only_where_there_have_been_some(row: str) -> None:
    plain = loads("parts:\n 1: clef=G2\n1: time=2/4 c54 b4\n")
    marked = loads("parts:\n 1: clef=G2\n1: time=2/4 =p =< c54'( b4>*) =!\n")
    assert not Writer(rules_of(lean(plain))).accepts(f"-4: {row}")
    assert Writer(rules_of(lean(marked))).accepts(f"-4: {row}")


def test_a_voice_that_has_sounded_in_each_of_the_latest_bars_goes_on() -> None:
    bars = "".join(f"{n}: c54 d & e44 f\n" for n in range(2, 6))
    score = loads(f"parts:\n 1: clef=G2\n1: time=2/4 c54 d & e44 f\n{bars}")
    rules = replace(rules_of(score), steady_rows=steady_rows(score.bars))
    assert steady_rows(score.bars) == {Place(0, 1, 1), Place(0, 1, 2)}
    assert Writer(rules).accepts("-4: c54 d & e44 f\n")
    assert not Writer(rules).accepts("-4: c54 d\n")
    assert not Writer(rules).accepts("-4: c54 d & r\n")
    assert steady_rows(score.bars[:3]) == frozenset(), "too few to tell"


def test_grace_notes_are_few_and_belong_to_a_note() -> None:
    writer = Writer(rules_of(lean(small_score("piano"))))
    for row in ("eb48g( d48g/ c42.)\n", "c48g d48g c48g d48g eb44"):
        assert writer.accepts(f"-4: {row}")
    for row in ("c48g d48g c48g d48g eb48g", "c48g r", "c48g~", "c48t d48g", "c42. d48g", "c42g", "c48g =p"):
        assert not writer.accepts(f"-4: {row}")


def test_what_goes_without_saying_may_be_said() -> None:
    writer = Writer(rules_of(lean(small_score("chorale"))))
    assert writer.accepts("-4: a44 a44 a4 r4\n")


def test_a_bar_rest_has_a_row_only_beside_another_voice_or_under_a_sign() -> None:
    writer = Writer(rules_of(lean(small_score("two voices"))))
    assert writer.accepts("-4: r & c34 d\n")
    assert not writer.accepts("-4: r\n")
    assert writer.accepts("-4: =p r & r & c34 d\n-3: ")
    assert not writer.accepts("-4: =p r & r & r\n")
    assert not writer.accepts("-4: c44 r s")
    assert not writer.accepts("-4: \n")


def test_signs_stand_in_the_first_row_of_their_staff_that_has_an_event_there() -> None:
    writer = Writer(rules_of(lean(small_score("two voices"))))
    assert not writer.accepts("-4: e44 d & =p")
    assert writer.accepts("-4: e42 & c34 =p g\n")
    assert not writer.accepts("-4: e42 & =< ")
    assert not writer.accepts("-4: e42 & c34 =< g =")
    assert writer.accepts("-4: =< e42 =!\n")


def test_a_slur_ends_after_it_begins() -> None:
    writer = Writer(rules_of(lean(small_score("two voices"))))
    assert not writer.accepts("-4: e44 d( & c34)")
    assert writer.accepts("-4: e44( d & c34 g)\n")
    chord = Writer(rules_of(lean(small_score("piano"))))
    assert chord.accepts("-4: c58g( eb54) d( c\n-3: c54)")
    assert not chord.accepts("-4: e44(_g)")


def test_slurs_of_two_staves_do_not_cross() -> None:
    writer = Writer(rules_of(lean(small_score("piano"))))
    assert writer.accepts("-4: c54( d c / c34 d eb)\n")
    assert not writer.accepts("-4: c54( d c / c34(2 d eb)\n")
    assert writer.accepts("-4: c54( d c / c34(2 d eb)2)\n")
    assert not writer.accepts("-4: c54( d c / c34(2 d eb\n-3: c54)2")


def test_cross_staff_notes_name_the_other_staff() -> None:
    writer = Writer(rules_of(lean(small_score("piano"))))
    assert writer.accepts("-4: e44@2")
    assert not writer.accepts("-4: e44@1")
    assert not writer.accepts("-4: e44@3")


def test_notes_cross_to_another_staff_only_in_parts_that_have_had_some() -> None:
    score = lean(small_score("piano"))
    plain = loads(re.sub(r"@\d", "", dumps(score)))
    assert plain != score
    assert not Writer(rules_of(plain)).accepts("-4: e44@2")


def test_one_note_of_a_chord_has_its_fermata_and_breath_mark() -> None:
    writer = Writer(rules_of(lean(loads("parts:\n 1: clef=G2\n1: time=3/4 e44^,*_g e_g e_g\n"))))
    assert writer.accepts("-4: e44^,*_g ")
    assert writer.accepts("-4: e44^_g^ ")
    assert not writer.accepts("-4: e44_g,")
    assert not writer.accepts("-4: e44_g*")


def test_the_shortest_value_is_at_most_a_step_shorter_than_the_shortest_there_is() -> None:
    def shortest(name: str) -> int:
        return WHOLE // int(rules_of(lean(small_score(name))).bars[0].grid.shortest)

    assert shortest("chorale") == 16
    assert shortest("transposing") == 8  # quarters and halves
    assert shortest("piano") == 32
    assert (
        rules_for(lean(small_score("transposing")), 1, QUARTER // 4 * 3, closes=False).bars[0].grid.shortest
        == QUARTER // 4
    )


def test_tuplets_other_than_triplets_only_where_the_score_has_them() -> None:
    assert Writer(rules_of(lean(small_score("tuplets")))).accepts("-4: c416t5 d")
    assert Writer(rules_of(lean(small_score("six eight")))).accepts("-4: c58t2 d c54.\n")
    assert not Writer(rules_of(lean(small_score("chorale")))).accepts("-4: a48t5")


def test_a_bar_that_no_note_values_fill_is_an_error_for_people() -> None:
    with pytest.raises(ScoreError, match="1/3"):
        rules_for(lean(small_score("chorale")), 1, WHOLE // 3, closes=False)


# ---------------------------------------------------------------------------------------------------------- completeness


def _continuations(score: Score, window: int) -> Iterator[tuple[Score, tuple[Bar, ...]]]:
    """What has been shown, and the next `window` bars; only where bars are alike in length and frame."""
    for first in range(4, min(60, len(score.bars) - window), 4):
        new = score.bars[first : first + window]
        if not any(bar.length or bar.keys or bar.times or bar.start or bar.end for bar in new):
            yield excerpt(score, 0, first), new


def _accepted(data: bytes, name: str) -> tuple[int, int]:
    """How many real continuations are taken, of how many."""
    score = lean(read(data, name))
    taken = total = 0
    for shown, new in _continuations(score, 2):
        taken += Writer(rules_of(shown, bars=2)).accepts(answer(new, shown.parts))
        total += 1
    return taken, total


@pytest.mark.parametrize(
    ("pattern", "least"), [("openscore-lieder/scores/**/*.mxl", 0.4), ("openscore-quartets/scores/**/*.mxl", 0.55)]
)
def test_many_continuations_of_real_music_are_taken(pattern: str, least: float) -> None:
    paths = shared_scores(pattern, 4)
    if not paths:
        pytest.skip("the large scores are not here")
    counts = [_accepted(path.read_bytes(), path.name) for path in paths]
    assert sum(taken for taken, _ in counts) / sum(total for _, total in counts) > least


@pytest.mark.parametrize("name", NAMES)
def test_the_bars_of_a_score_may_be_written_again(name: str) -> None:
    score = lean(small_score(name))
    length = length_after(score)
    whole = [bar for bar, its_length in zip(score.bars, score.bar_lengths, strict=True) if its_length == length]
    bars = tuple(replace(bar, keys=(), times=(), length=None) for bar in whole)
    writer = Writer(rules_of(score, bars=len(bars)))
    text = answer(bars, score.parts)
    assert bars
    refused = next((end for end in range(len(text)) if not writer.accepts(text[: end + 1])), None)
    assert refused is None, text[: refused + 1]


# ------------------------------------------------------------------------------------------------------- pieces, rewinding


@pytest.mark.parametrize("name", ["chorale", "piano", "two voices"])
def test_the_verdict_does_not_depend_on_how_a_text_is_cut(name: str) -> None:
    rules = rules_of(lean(small_score(name)))
    chance = random.Random(name)
    text = walk(Writer(rules), chance)
    for _ in range(60):
        place, wrong = chance.randrange(len(text)), chance.choice(LETTERS)
        tried = text[:place] + wrong + text[place + 1 :]
        assert _letters_taken(rules, tried) == _pieces_taken(rules, tried, chance)


def _letters_taken(rules: Rules, text: str) -> int:
    writer = Writer(rules)
    for place, letter in enumerate(text):
        if writer.done or not writer.accepts(letter):
            return place
        writer.feed(letter)
    return len(text)


def _pieces_taken(rules: Rules, text: str, chance: random.Random) -> int:
    """The same by random pieces: where one is refused, its beginnings are tried."""
    writer, place = Writer(rules), 0
    while place < len(text) and not writer.done:
        size = min(chance.randint(1, 30), len(text) - place)
        while size and not writer.accepts(text[place : place + size]):
            size -= 1
        if not size:
            return place
        writer.feed(text[place : place + size])
        place += size
    return place


def test_asking_changes_nothing() -> None:
    writer = Writer(rules_of(lean(small_score("piano"))))
    writer.feed("-4: =< c54(")
    for piece in (" d", ")", "_e5 f\n", " d e", "\n", " / ", ""):
        before = [letter for letter in LETTERS if writer.accepts(letter)]
        writer.accepts(piece)
        assert [letter for letter in LETTERS if writer.accepts(letter)] == before
    writer.feed(" d e)")
    assert not writer.accepts(")")


def test_an_empty_piece_is_no_step() -> None:
    assert not Writer(rules_of(lean(small_score("piano")))).accepts("")


def test_rewinding_goes_back_to_the_end_of_the_last_finished_bar() -> None:
    rules = rules_of(lean(small_score("chorale")))
    writer = Writer(rules)
    first, second = "-4: a44( b c5 d /4 d31\n", "-3: d54) c b4 a\n"
    writer.feed(first[:-1])
    assert (writer.kept, writer.bars) == (0, 0)
    writer.feed("\n-3: d5")
    assert (writer.kept, writer.bars) == (len(first), 1)
    for _ in range(2):
        writer.rewind()
        assert (writer.kept, writer.bars) == (len(first), 1)
        assert not writer.accepts(" & "), "the bar is finished, with no row more"
        writer.feed(second[:9])
    writer.rewind()
    writer.feed(second + "-2: a")
    assert (writer.kept, writer.bars) == (len(first) + len(second), 2)
    assert not writer.accepts("41)"), "the slur has been ended before the place that was gone back to"


def test_rewinding_before_the_first_bar_begins_anew() -> None:
    writer = Writer(rules_of(lean(small_score("chorale"))))
    writer.feed("-4: a4")
    writer.rewind()
    assert (writer.kept, writer.bars) == (0, 0)
    assert writer.accepts("-4: ")


def test_the_last_bar_ends_with_a_final_bar_line_when_the_music_closes() -> None:
    score = lean(small_score("tuplets"))
    row = "-1: c44 d e\n"
    closing = Writer(rules_of(score, bars=1, closes=True))
    assert not closing.accepts(row)
    assert closing.accepts("-1: c44 d e end=final\n0:\n")
    assert not Writer(rules_of(score, bars=1)).accepts("-1: c44 d e end")


def test_nothing_comes_after_the_end() -> None:
    writer = Writer(rules_of(lean(small_score("tuplets")), bars=1))
    writer.feed("-1: c44 d e\n0:\n")
    assert writer.done
    assert not any(writer.accepts(letter) for letter in LETTERS)
    assert (writer.kept, writer.bars) == (len("-1: c44 d e\n"), 1)


def test_a_hairpin_and_a_slur_that_the_shown_bars_opened_may_be_ended() -> None:
    text = TEXTS["six eight"].replace("g48\n", "g48(\n").replace("b44.", "=< b44.")
    writer = Writer(rules_of(lean(loads(text))))
    assert writer.accepts("-4: =! a44.) b")
    assert not writer.accepts("-4: =< ")


def test_a_spacer_never_parts_a_tuplet() -> None:
    writer = Writer(rules_of(lean(small_score("two voices"))))
    assert not writer.accepts("-4: e42 & c38t d s")
    assert writer.accepts("-4: e42 & c38t d e s4\n")
