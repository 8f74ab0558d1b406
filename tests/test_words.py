"""Words and back: every sign of the table, durations, chord symbols and syllables."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_strategies import DIRECTION_VALUES, MARK_VALUES, directions, harmonies, letters, texts

from chordllama.codec.compact import parse_word
from chordllama.codec.whitelist import DIRECTION_SIGNS, DYNAMICS, HARMONY_KINDS, SIGNS
from chordllama.codec.words.durations import (
    TYPE_CODES,
    format_duration,
    format_whole,
    parse_duration,
    parse_offset,
    parse_whole,
)
from chordllama.codec.words.events import (
    Sticky,
    format_chord,
    format_mark,
    format_rest,
    format_syllable,
    parse_chord,
    parse_marks,
    parse_rest,
    parse_syllable,
)
from chordllama.codec.words.moments import format_direction, format_harmony, parse_direction, parse_harmony
from chordllama.codec.words.texts import (
    format_text,
    format_value,
    has_forbidden,
    parse_text,
    parse_value,
    split_words,
    xml_text,
)
from chordllama.codec.words.values import direction_fault, mark_fault
from chordllama.score.model import (
    QUARTER,
    Chord,
    Direction,
    Duration,
    Harmony,
    Mark,
    Note,
    Rest,
    Spacer,
    Syllable,
    Tone,
    duration,
)

QUICK = settings(max_examples=60, deadline=None)


def test_every_shape_of_the_table_is_tested() -> None:
    assert {sign.shape for sign in SIGNS} == set(MARK_VALUES)
    assert {sign.shape for sign in DIRECTION_SIGNS.values()} == set(DIRECTION_VALUES)


@pytest.mark.parametrize("name", [sign.name for sign in SIGNS])
def test_every_mark_comes_back_from_its_word(name: str) -> None:
    @QUICK
    @given(st.sampled_from(MARK_VALUES[next(sign.shape for sign in SIGNS if sign.name == name)]))
    def comes_back(value: str) -> None:
        mark = Mark(name, value)
        assert mark_fault(mark) == ""
        assert parse_marks(format_mark(mark)) == (mark,)

    comes_back()


@QUICK
@given(directions)
def test_every_direction_comes_back_from_its_word(direction: Direction) -> None:
    assert direction_fault(direction.name, direction.value) == ""
    assert parse_direction(format_direction(direction)) == direction
    assert " " not in "".join(split_words(format_direction(direction))) or '"' in format_direction(direction)


@QUICK
@given(harmonies)
def test_every_chord_symbol_comes_back_from_its_word(harmony: Harmony) -> None:
    assert parse_harmony(format_harmony(harmony)) == harmony


@pytest.mark.parametrize("kind", HARMONY_KINDS)
def test_every_kind_of_chord_has_a_word_of_its_own(kind: str) -> None:
    harmony = Harmony(Tone("B", -1), kind)
    assert parse_harmony(format_harmony(harmony)) == harmony


@pytest.mark.parametrize("dynamic", sorted(DYNAMICS))
def test_a_dynamic_is_a_bare_word(dynamic: str) -> None:
    assert parse_word(f"={dynamic}", Sticky()) == Direction("dynamics", dynamic)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("4", duration("quarter")),
        ("2.", duration("half", 1)),
        ("0", duration("breve")),
        ("8t", duration("eighth", 0, 3, 2)),
        ("16t5", duration("16th", 0, 5, 4)),
        ("16t7:8", duration("16th", 0, 7, 8)),
        (":5/16", Duration(free=Fraction(5, 16))),
    ],
)
def test_a_duration_has_one_word(word: str, value: Duration) -> None:
    assert parse_duration(word) == value
    assert format_duration(value) == word


def test_a_free_length_that_is_a_note_value_is_that_value() -> None:
    assert parse_duration(":1/4") == duration("quarter")


@pytest.mark.parametrize("word", ["", "3", "4t1", "4t3:3", ":0/4", ":1/0", "4.....", "t", "-4", "9" * 50])
def test_what_is_no_duration_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r"not a|no length"):
        parse_duration(word)


@QUICK
@given(st.sampled_from(sorted(TYPE_CODES)), st.integers(0, 4), st.integers(2, 99), st.integers(1, 99))
def test_any_note_value_comes_back(type: str, dots: int, actual: int, normal: int) -> None:
    value = duration(type, dots, actual, normal) if actual != normal else duration(type, dots)
    assert parse_duration(format_duration(value)) == value


def test_offsets_and_lengths_come_back() -> None:
    assert parse_offset("&8") == QUARTER // 2
    assert parse_offset(None) == 0
    assert parse_whole(format_whole(3 * QUARTER)) == 3 * QUARTER


def test_a_chord_says_only_what_changes() -> None:
    sticky = Sticky()
    first = Chord(duration("quarter"), (Note("C", 4), Note("E", 4), Note("C", 5, 1)))
    second = Chord(duration("quarter"), (Note("D", 4, -1),))
    assert [format_chord(chord, sticky) for chord in (first, second)] == ["c44_e_cs5", "db"]
    sticky = Sticky()
    assert [parse_chord(word, sticky) for word in ("c44_e_cs5", "db")] == [first, second]


def test_a_grace_note_says_all_and_changes_nothing() -> None:
    sticky = Sticky()
    parse_chord("c44", sticky)
    assert parse_chord("f516g/", sticky).grace == "slash"
    assert parse_chord("d", sticky) == Chord(duration("quarter"), (Note("D", 4),))
    with pytest.raises(ValueError, match="a grace note has both"):
        parse_chord("fg", sticky)


@pytest.mark.parametrize("alter", [Fraction(1, 2), Fraction(-3, 2), 3, -7])
def test_an_unusual_alteration_is_spelled_out(alter: int | Fraction) -> None:
    chord = Chord(duration("half"), (Note("A", 3, alter, marks=(Mark("tie"),)),))
    word = format_chord(chord, Sticky())
    assert word == f"a32{{alter={alter}}}~"
    assert parse_chord(word, Sticky()) == chord


@pytest.mark.parametrize(
    "word", ["c44{alter=1/3}", "c44{alter=}", "c44{alter=1000}", "xcs44", "c44_", "c44_h", "c44((x"]
)
def test_what_is_no_note_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match=r'"|not'):
        parse_chord(word, Sticky())


def test_a_rest_may_last_as_long_as_what_came_before() -> None:
    sticky = Sticky()
    assert format_rest(Rest(), sticky) == "r"
    assert format_rest(Rest(duration("eighth"), (Mark("fermata"),)), sticky) == "r8*"
    assert format_rest(Rest(duration("eighth")), sticky) == "r"
    sticky = Sticky()
    assert [parse_rest(word, sticky) for word in ("r", "r8*", "r")] == [
        Rest(),
        Rest(duration("eighth"), (Mark("fermata"),)),
        Rest(duration("eighth")),
    ]


def test_the_first_letter_tells_what_a_word_is() -> None:
    kinds = [type(parse_word(word, Sticky())) for word in ("r4", "s4", "=p", "Am7", "a44", "xa44")]
    assert kinds == [Rest, Spacer, Direction, Harmony, Chord, Chord]


@QUICK
@given(st.builds(Syllable, st.just(1), texts.filter(bool), st.booleans(), st.booleans()))
def test_any_syllable_comes_back(syllable: Syllable) -> None:
    assert parse_syllable(format_syllable(syllable), 1) == syllable


@pytest.mark.parametrize("text", ["_", "-", "=", "a-", "a_", 'say "a"', "\\", "a b", "\u00a0"])
def test_a_syllable_that_looks_like_something_else_is_quoted(text: str) -> None:
    syllable = Syllable(2, text, hyphen=True, extend=True)
    assert parse_syllable(format_syllable(syllable), 2) == syllable
    assert parse_syllable("_", 1) is None


@QUICK
@given(st.text(letters))
def test_any_text_comes_back_from_its_quotes(text: str) -> None:
    assert parse_text(format_text(text)) == text
    assert parse_value(format_value(text)) == text
    assert split_words(f"a {format_text(text)} b")[1:-1] == [format_text(text)]


@pytest.mark.parametrize("text", ["\x00", "\x08", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_no_xml_may_hold_is_no_text(text: str) -> None:
    assert has_forbidden(text)
    with pytest.raises(ValueError, match="not a text"):
        parse_text(f'"\\u{ord(text):04x}"')


def test_a_carriage_return_is_written_so_that_it_stays_one() -> None:
    assert xml_text("a\r\n<&>") == "a&#13;\n&lt;&amp;&gt;"
