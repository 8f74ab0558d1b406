"""The rows of new bars, character by character: how notes, rests and signs are spelled, and whether they fit. Knows no lines and bars.

A function stands for what a row is in the middle of; it takes one character, changes the state, and says which function is next.
Each takes a character only if the word can still be ended, and the row be filled.
"""

from __future__ import annotations

from collections.abc import Iterator

from chordllama.codec.grammar.filling import GRACES, after, fitting, paced, plain_fitting
from chordllama.codec.grammar.given import NO_VALUES, GivenWord
from chordllama.codec.grammar.grammar_rules import Moment
from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.grammar.signs import (
    DYNAMIC_WORDS,
    FERMATA,
    MARKS,
    MARKS_BEGINNING,
    ORNAMENTS,
    PAUSES,
    SLUR_NUMBERS,
    SLURS,
    WEDGE_STARTS,
    WEDGE_STOP,
    MarkRule,
    within,
)
from chordllama.codec.grammar.state import RowState, Take, TextRefused, WriterState
from chordllama.score.model import Duration, Ticks

MOST_GRACES = 4


# ------------------------------------------------------------------------------------------------ rows: between the words


def may_end(row: RowState) -> bool:
    """Tell whether what comes next may belong to another row: the bar is full, and a space came after the last word."""
    return row.full and row.take is take_first_letter


def take_first_letter(state: WriterState, row: RowState, character: str) -> None:
    """Begin a word."""
    begin = _BEGINNINGS.get(character)
    row.text, row.mark = "", ""
    if row.given is not None:
        _need_room(row)
        begin = _given_word if row.given[row.word].text else begin if begin is _begin_note else None
    if begin is None:
        raise TextRefused
    begin(state, row, character)


def _given_word(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of a word that is given."""
    assert row.given is not None
    word = row.given[row.word]
    row.text += character
    row.take = _given_word
    if not word.text.startswith(row.text):
        raise TextRefused
    if row.text == word.text:
        row.sounds = row.sounds or word.sounds
        row.value = word.value or row.value
        _end_given(state, row, word)


def _end_given(state: WriterState, row: RowState, word: GivenWord) -> None:
    if word.is_event:
        _event(state, row, word.ticks)
    else:
        row.word, row.take = row.word + 1, _end_of_word


def _moment(state: WriterState, row: RowState) -> Moment:
    return Moment(state.bar, row.position, row.place, row.events)


def _need_room(row: RowState) -> None:
    if row.full:
        raise TextRefused


def _end_word(_state: WriterState, row: RowState, character: str) -> None:
    """Take the space or line break after a word which has been counted."""
    if character == " ":
        row.take = take_first_letter
    elif character == "\n" and row.full:
        row.take = take_nothing
    else:
        raise TextRefused


def take_nothing(_state: WriterState, _row: RowState, _character: str) -> None:
    """Refuse all: the line break after the row was taken."""
    raise TextRefused


def end_row(state: WriterState, row: RowState) -> None:
    """Go on behind a row that is full."""
    state.last, state.row = row.place, None
    state.sounded = state.sounded or row.sounds
    state.owed = row.place if row.rests and row.leads and not row.says else None


def _event(state: WriterState, row: RowState, length: Ticks) -> None:
    """Something that lasts so long is written."""
    state.onsets |= {row.position}
    row.events += 1
    row.word += 1
    row.position += length
    row.left -= length
    row.signs = ()
    row.take = _end_of_word


def _end_of_word(state: WriterState, row: RowState, character: str) -> None:
    _end_word(state, row, character)


# ------------------------------------------------------------------------------------------------------------ rows: notes


def _begin_note(state: WriterState, row: RowState, character: str) -> None:
    _need_room(row)
    if row.harmony or state.symbols:
        _keep_to_harmony(state, row)
    if not row.spellings.leads(character):
        raise TextRefused
    if row.given is not None:
        row.values, row.grace_values = row.given[row.word].values, row.given[row.word].graces
    else:
        row.values, row.grace_values = _values(row), GRACES if _may_be_grace(row) else NO_VALUES
    row.notes, row.grace, row.chosen = (), False, ""
    row.text, row.take = character, _pitch


def _values(row: RowState, *, keeps_room: bool = False) -> Lexicon[Duration]:
    """What the next note or rest may last: all that fits, or where a pace is asked for what keeps it."""
    found = fitting(row.grid, row.left, row.run, keeps_room)
    return paced(found, row.left, row.pace - row.events) if row.pace and row.run is None else found


def _keep_to_harmony(state: WriterState, row: RowState) -> None:
    """Choose from which notes the next chord is built: those of a harmony that is asked for, else of the symbol written above it."""
    span = next((span for span in row.harmony if span.holds(row.position)), None)
    written = [tones for position, tones in state.symbols if position <= row.position]
    row.tones = span.tones if span else (written[-1] if written and row.position % row.beat == 0 else None)
    row.spellings = row.part.spelled(span.bass if span and span.bass and row.is_bass else row.tones)


def _pitch(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of the first note's pitch."""
    text = row.text + character
    if text in row.spellings.words:
        row.notes, row.text, row.take = (text,), "", _value
    elif row.spellings.leads(text):
        row.text = text
    else:
        spelling = row.text + row.octave
        if not row.octave or spelling not in row.spellings.words or row.value not in row.values.words:
            raise TextRefused
        row.notes, row.chosen = (spelling,), row.value
        _begin_marks(state, row, character)


def _may_be_grace(row: RowState) -> bool:
    """Whether a grace note may come: where the part has had some, not in the middle of a tuplet, and not too many."""
    return row.part.graces and row.graces < MOST_GRACES and row.run is None


def _value(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of a note's value, which stands only where the octave does."""
    text = row.text + character
    if row.values.leads(text) or row.grace_values.leads(text):
        row.text = text
    elif character == "g" and row.text in row.grace_values.words:
        row.grace, row.take = True, _slash
    else:
        row.chosen = row.text or row.value
        if row.chosen not in row.values.words:
            raise TextRefused
        _begin_marks(state, row, character)


def _slash(state: WriterState, row: RowState, character: str) -> None:
    """Take what comes after the g of a grace note."""
    if character == "/":
        row.rank, row.freed, row.take = -1, (), _marks
    else:
        _begin_marks(state, row, character)


def _begin_marks(state: WriterState, row: RowState, character: str) -> None:
    row.rank, row.freed, row.take = -1, (), _marks
    _marks(state, row, character)


def _marks(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of a mark, the sign before the next note of a chord, or the note's end."""
    if _leads_to_mark(state, row, row.mark + character):
        row.mark += character
        return
    if row.mark:
        _take_mark(state, row)
        if _leads_to_mark(state, row, character):
            row.mark = character
            return
    if character == "_":
        if len(row.notes) >= row.part.notes or not row.part.members(row.notes, row.tones).leads("", row.notes):
            raise TextRefused
        row.text, row.take = "", _member
    else:
        _end_chord(state, row)
        _end_word(state, row, character)


def _leads_to_mark(state: WriterState, row: RowState, text: str) -> bool:
    return any(_may_mark(state, row, rule) for rule in MARKS_BEGINNING.get(text, ()))


def _may_mark(state: WriterState, row: RowState, rule: MarkRule) -> bool:
    if rule.rank <= row.rank and (rule.rank < row.rank or rule.name not in SLURS):
        return False
    if rule.name in SLURS:
        return _may_slur(state, row, rule)
    if rule.name in ORNAMENTS and rule.name not in row.part.ornaments:
        return False
    if rule.name in PAUSES and len(row.notes) > 1:
        return False
    if rule.name == "cross":
        return row.place.staff != int(rule.value) <= len(row.part.voices)
    return rule.name != "tie" or not row.grace


def _may_pause(row: RowState) -> bool:
    """Whether the part may have fermatas: only if it has had some."""
    return "fermata" in row.part.ornaments


def _may_slur(state: WriterState, row: RowState, rule: MarkRule) -> bool:
    """A slur ends after its beginning, in time as in the text, and crosses none; it begins with the smallest number that is free."""
    part = row.place.part
    if rule.name == "slur-start":
        return not SLURS.isdisjoint(row.part.ornaments) and rule.value in _free_numbers(state, row)
    opened = state.slurs.get((part, rule.value))
    if opened is None or _crosses(state, row, opened):
        return False
    if opened.place == row.place and opened.bar == state.bar:
        return opened.event < row.events
    return opened.bar < state.bar or opened.position < row.position


def _crosses(state: WriterState, row: RowState, opened: Moment) -> bool:
    """Whether a slur of another staff would end on this one, of which a slur is open."""
    staff = row.place[:2]
    return opened.place[:2] != staff and any(other.place[:2] == staff for other in state.slurs.values())


def _free_numbers(state: WriterState, row: RowState) -> set[str]:
    """What a new slur may be called: the smallest free number, or the smallest that no slur has had which ended at this very note."""
    free = [number for number in SLUR_NUMBERS if (row.place.part, number) not in state.slurs]
    return {*free[:1], *[number for number in free if number not in row.freed][:1]}


def _take_mark(state: WriterState, row: RowState) -> None:
    """A mark is whole."""
    rule = MARKS.get(row.mark)
    if rule is None or not _may_mark(state, row, rule):
        raise TextRefused
    row.rank, row.mark = rule.rank, ""
    key = (row.place.part, rule.value)
    if rule.name == "slur-start":
        state.slurs = {**state.slurs, key: _moment(state, row)}
    elif rule.name == "slur-stop":
        state.slurs = {other: opened for other, opened in state.slurs.items() if other != key}
        row.freed = (*row.freed, rule.value)


def _member(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of the pitch of a chord's further note."""
    text, octave, members = row.text + character, row.notes[-1][-1], row.part.members(row.notes, row.tones)
    if text in members.words:
        if text in row.notes or character == octave:
            raise TextRefused
        row.notes, row.rank, row.freed, row.take = (*row.notes, text), -1, (), _marks
    elif members.leads(text, row.notes):
        row.text = text
    else:
        spelling = row.text + octave
        if spelling not in members.words or spelling in row.notes:
            raise TextRefused
        row.notes = (*row.notes, spelling)
        _begin_marks(state, row, character)


def _end_chord(state: WriterState, row: RowState) -> None:
    if row.grace:
        row.graces += 1
        _event(state, row, 0)
        return
    value = row.values.words[row.chosen]
    row.octave, row.value = row.notes[0][-1], row.chosen
    row.run = after(row.run, value) if row.given is None else None
    row.graces, row.gap, row.sounds = 0, False, True
    _event(state, row, value.ticks)


# ------------------------------------------------------------------------------------------------- rows: rests and spacers


def _begin_rest(_state: WriterState, row: RowState, _character: str) -> None:
    _need_room(row)
    row.values = _values(row, keeps_room=not row.sounds)
    if row.graces or not (row.values.leads("") or _may_rest_for_bar(row)):
        raise TextRefused
    row.take = _rest


def _may_rest_for_bar(row: RowState) -> bool:
    """Whether a bar's rest is worth a row: beside another voice of its staff or under a sign."""
    if row.position or row.value or row.must_sound:
        return False
    return bool(row.signs) or not row.leads or row.part.voices[row.place.staff - 1] > row.place.voice


def _rest(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of a rest's value, or what comes after it."""
    text = row.text + character
    if row.values.leads(text):
        row.text = text
        return
    chosen = row.text or row.value
    if chosen in row.values.words:
        value = row.values.words[chosen]
        row.value, row.run, row.gap = chosen, after(row.run, value), False
        _event(state, row, value.ticks)
    elif not chosen and _may_rest_for_bar(row):
        row.rests, row.says = True, bool(row.signs)
        _event(state, row, row.left)
    else:
        raise TextRefused
    if character == FERMATA and _may_pause(row):
        row.says = True
    else:
        _end_word(state, row, character)


def _begin_spacer(_state: WriterState, row: RowState, _character: str) -> None:
    _need_room(row)
    row.values = plain_fitting(row.grid, row.left, not row.sounds)
    if row.place.voice == 1 or row.graces or row.run or row.gap or not row.values.leads(""):
        raise TextRefused
    row.take = _spacer


def _spacer(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of a spacer's value, or what comes after it."""
    text = row.text + character
    if row.values.leads(text):
        row.text = text
    elif row.text in row.values.words:
        row.gap = True
        _event(state, row, row.values.words[row.text].ticks)
        _end_word(state, row, character)
    else:
        raise TextRefused


# ------------------------------------------------------------------------------------------------------------ rows: signs


def _begin_sign(state: WriterState, row: RowState, character: str) -> None:
    row.text, row.take = character, _sign
    if not _leads_to_sign(state, row):
        raise TextRefused


def _sign(state: WriterState, row: RowState, character: str) -> None:
    """Take a letter of a direction or chord symbol, or the space after it."""
    if character in " \n":
        _end_sign(state, row)
        _end_word(state, row, character)
        return
    row.text += character
    if not _leads_to_sign(state, row):
        raise TextRefused


def _may_have_sign(state: WriterState, row: RowState) -> bool:
    """Whether a sign's place is here: before an event, in the first row of the staff that has one at this moment."""
    return not row.full and not row.graces and (row.leads or row.position not in state.onsets)


def _leads_to_sign(state: WriterState, row: RowState) -> bool:
    text = row.text
    if WEDGE_STOP.startswith(text) and may_stop_wedge(state, row):
        return True
    if not _may_have_sign(state, row):
        return False
    if text[0] != "=":
        return row.part.harmony and "harmony" not in row.signs and _symbols(row).leads(text)
    if _may_have_dynamics(row) and DYNAMIC_WORDS.leads(text):
        return True
    return any(sign.startswith(text) for sign in _other_signs(state, row))


def _symbols(row: RowState) -> Lexicon[frozenset[int]]:
    """The chord symbols that may stand here: where a harmony is asked for, those within it."""
    span = next((span for span in row.harmony if span.holds(row.position)), None)
    return row.part.symbols if span is None else within(row.part.symbols, span.tones)


def _may_have_dynamics(row: RowState) -> bool:
    return row.part.loudness and "dynamics" not in row.signs


def _other_signs(state: WriterState, row: RowState) -> Iterator[str]:
    """Hairpins and clefs."""
    part, staff, _ = row.place
    if row.part.loudness and part not in state.wedges and "wedge" not in row.signs:
        yield from WEDGE_STARTS
    if row.leads and "clef" not in row.signs:
        now = state.clefs.get((part, staff))
        yield from (f"={clef}" for clef in row.part.clefs if clef and clef != now)


def may_stop_wedge(state: WriterState, row: RowState) -> bool:
    """Return whether a hairpin may end here: after its beginning; at the end of a bar, in the first row of its staff."""
    opened = state.wedges.get(row.place.part)
    if opened is None or row.given is not None or row.graces or "stop" in row.signs:
        return False
    if not (row.leads or (not row.full and row.position not in state.onsets)):
        return False
    return opened.bar < state.bar or opened.position < row.position


def _end_sign(state: WriterState, row: RowState) -> None:
    """A sign is whole."""
    text, part = row.text, row.place.part
    if text == WEDGE_STOP and may_stop_wedge(state, row):
        state.wedges = {other: opened for other, opened in state.wedges.items() if other != part}
        kind = "stop"
    elif not _may_have_sign(state, row):
        raise TextRefused
    elif text in DYNAMIC_WORDS.words and _may_have_dynamics(row):
        kind = "dynamics"
    elif text[0] != "=" and text in _symbols(row).words:
        kind = "harmony"
        state.symbols = (*state.symbols, (row.position, row.part.symbols.words[text]))
    elif text in _other_signs(state, row):
        kind = _take_other_sign(state, row, text)
    else:
        raise TextRefused
    row.signs, row.says = (*row.signs, kind), True


def _take_other_sign(state: WriterState, row: RowState, text: str) -> str:
    part, staff, _ = row.place
    if text in WEDGE_STARTS:
        state.wedges = {**state.wedges, part: _moment(state, row)}
        return "wedge"
    state.clefs = {**state.clefs, (part, staff): text[1:]}
    return "clef"


_BEGINNINGS: dict[str, Take] = {
    **dict.fromkeys("xabcdefg", _begin_note),
    **dict.fromkeys("=ABCDEFG", _begin_sign),
    "r": _begin_rest,
    "s": _begin_spacer,
}
