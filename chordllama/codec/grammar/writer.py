"""What may be written next: new bars of a compact text, character by character. Knows words, rows and bars; grammar_rules.py knows the score.

A `Writer` is a state machine over the text of an answer (see tasks/music_prompts.py). It takes one character after the other, so it makes
no difference how the text comes in pieces, and it takes one only if the text can still become right with it: each row fills its
bar to the tick, stays within its part's staves, voices and range, and is spelled as words/ spells it. So what it has taken can
always be gone on with, and when it is done the text can be decoded; written again it is the same text, but for octaves and values
that went without saying.

Left out on purpose, although the compact text has it, since a model that writes it goes wrong more often than it does right:

- bars: a bar in which nothing sounds; changes of key and time, bars of another length, bar lines, repeats
- rows: silence of a staff that has sounded in every bar, or of a voice that has in each of the latest, or to or from which a slur leads; parts, staves and voices that have been silent, voices after the third of a staff, a further voice without the staff's first
  one; a row of rests or spacers alone, but for a bar's rest beside another voice or under a sign; spacers in a first voice, two in a
  row; spacers or rests between a grace note and its note
- values: shorter than half the shortest in the score (or than a 64th), more than two dots (none in tuplets), free lengths; tuplets that
  the score hasn't got, triplets excepted, and tuplets that aren't complete with just as many of their shortest notes as they need
- notes: outside of the part's range by more than a fourth, more notes in a chord than the part has had, chords wider than a tenth or the part's own widest, spellings far from the key, notes outside of a given harmony, other places of percussion
- graces: in parts without any, more than four in a row, within a tuplet, other values than eighth, 16th and 32nd, ties from them
- marks: those not in `MARKS`; slurs, articulations, fermatas, ornaments, tremolos and notes on another staff in a part that hasn't had any; fermatas and breath marks at further notes of a chord; slurs beyond the second that is open, ends of slurs that aren't open, numbers other than the free one
- signs: dynamics of more than a name, a second hairpin at once, hairpins and clefs away from the places of notes, clefs that the part
  hasn't had, dynamics and hairpins where the score, or percussion itself, hasn't had any, the same kind of sign twice at one moment; all that tasks/music_prompts.py leaves out
"""

from __future__ import annotations

from collections.abc import Iterator

from chordllama.codec.grammar.grammar_rules import BarRules, Rules
from chordllama.codec.grammar.lexicon import Lexicon
from chordllama.codec.grammar.row_grammar import end_row, may_end, may_stop_wedge, take_first_letter, take_nothing
from chordllama.codec.grammar.state import RowState, TextRefused, WriterState
from chordllama.codec.words.places import FIRST, format_place
from chordllama.score.model import Place

Staves = frozenset[tuple[int, int]]


class Writer:
    """Takes an answer's text piece by piece and refuses what can't become right."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.places = [
            Place(part, staff, voice)
            for part, own in enumerate(rules.parts)
            for staff, voices in enumerate(own.voices, 1)
            for voice in range(1, voices + 1)
        ]
        self._steady_rows = frozenset(
            place for place in rules.steady_rows if place in self.places and place.part not in rules.closed
        )
        self._given = [frozenset(row.place for row in bar.given) for bar in rules.bars]
        self._places_of: dict[frozenset[Place], tuple[Place, ...]] = {}
        self._starts: dict[tuple[frozenset[Place], Staves, Place | None, Place | None], Lexicon[Place]] = {}
        self.state = self._first()
        self._ahead: tuple[str, WriterState] | None = None
        self._begun: dict[
            str, WriterState | None
        ] = {}  # by a first letter: of many pieces that are asked, most end there

    def _first(self) -> WriterState:
        opening = self.rules.opening
        return WriterState(-len(self.rules.bars), slurs=opening.slurs, wedges=opening.wedges, clefs=opening.clefs)

    @property
    def done(self) -> bool:
        """Whether the last bar is finished."""
        return self.state.ended

    @property
    def kept(self) -> int:
        """How many characters reach up to the end of the last finished bar."""
        return self.state.good.written if self.state.good else 0

    @property
    def bars(self) -> int:
        """How many bars are finished."""
        return self.state.finished

    def accepts(self, piece: str) -> bool:
        """Tell whether the text may go on with `piece`. Changes nothing."""
        first = piece[:1]
        if first not in self._begun:
            self._begun[first] = self._after(self.state, first)
        begun = self._begun[first]
        ahead = self._after(begun, piece[1:]) if begun and len(piece) > 1 else begun
        if ahead:
            self._ahead = (piece, ahead)
        return ahead is not None

    def _after(self, state: WriterState, text: str) -> WriterState | None:
        """The state after some text; None where it is refused, or empty and so no step at all."""
        ahead = state.copy()
        try:
            for character in text:
                self._take(ahead, character)
        except TextRefused:
            return None
        return ahead if text else None

    def feed(self, piece: str) -> None:
        """Take over `piece`, which `accepts`."""
        if self._ahead is None or self._ahead[0] != piece:
            assert self.accepts(piece), "only what is accepted can be fed"
        assert self._ahead is not None
        self._go_to(self._ahead[1])

    def _go_to(self, state: WriterState) -> None:
        self.state, self._ahead, self._begun = state, None, {}

    @property
    def last_bar_line(self) -> WriterState | None:
        """The state at the end of the last finished bar, to `go_back_to`; None before there is one."""
        return self.state.good

    def rewind(self) -> None:
        """Go back to the end of the last finished bar."""
        self.go_back_to(self.state.good)

    def go_back_to(self, good: WriterState | None) -> None:
        """Go back to the end of a finished bar, or with None to the beginning."""
        self._go_to(good.copy() if good else self._first())
        self.state.good = good

    def _take(self, state: WriterState, character: str) -> None:
        row = state.row
        if row is None:
            self._take_between(state, character)
        elif may_end(row) and character != "=":
            end_row(state, row)
            self._take_between(state, character)
        else:
            self._take_in_row(state, row, character)
        state.written += 1

    # ------------------------------------------------------------------------------------------------------------- rows

    def _take_in_row(self, state: WriterState, row: RowState, character: str) -> None:
        """Take a character of a row, or the line break after it."""
        row.take(state, row, character)
        if row.take is take_nothing:
            end_row(state, row)
            self._end_bar(state)
        elif may_end(row) and not self._goes_on(state, row):
            raise TextRefused

    def _goes_on(self, state: WriterState, row: RowState) -> bool:
        """Whether anything can come after the space behind a row."""
        after = state.copy()
        end_row(after, row)
        return may_stop_wedge(state, row) or self._row_starts(after).leads("") or self._may_close(after)

    def _bar(self, state: WriterState) -> BarRules:
        """What the bar at hand must keep to; a bar's number counts up to 0."""
        return self.rules.bars[state.bar]

    def _places(self, state: WriterState) -> tuple[Place, ...]:
        """Where the bar at hand may have rows: those that are given, and all of the parts that aren't closed."""
        given = self._given[state.bar]
        if given not in self._places_of:
            free = {place for place in self.places if place.part not in self.rules.closed}
            self._places_of[given] = tuple(sorted(given | free))
        return self._places_of[given]

    def _row_starts(self, state: WriterState) -> Lexicon[Place]:
        """The rows that may come next, by the word that leads to them."""
        if state.closing:
            return _NO_ROWS
        key = (self._given[state.bar], self._bar(state).sounding, state.last, state.owed)
        if key not in self._starts:
            last, owed = state.last, state.owed
            self._starts[key] = Lexicon(
                {
                    f"{word} ": place
                    for place in self._next(state)
                    if (not owed or place[:2] == owed[:2]) and (word := format_place(place, last, self.rules.parts))
                }
            )
        return self._starts[key]

    def _next(self, state: WriterState) -> Iterator[Place]:
        """The places whose rows may come next, up to the first one that may not be passed over."""
        last, given = state.last, self._given[state.bar]
        for place in self._later_places(state):
            if place in given or _follows(last, place):
                yield place
            if self._must_come(place, state):
                return

    def _later_places(self, state: WriterState) -> list[Place]:
        return [place for place in self._places(state) if state.last is None or place > state.last]

    def _must_come(self, place: Place, state: WriterState) -> bool:
        """Whether a row is given, or the first of a staff that sounds, and so has to come."""
        is_new = state.last is None or place[:2] > state.last[:2]
        sounds = place[:2] in self.rules.steady or place[:2] in self._bar(state).sounding
        return place in self._given[state.bar] or place in self._steady_rows or (is_new and sounds)

    def _lacks_row(self, state: WriterState) -> bool:
        return any(self._must_come(place, state) for place in self._later_places(state))

    def _lacks_sound(self, state: WriterState) -> bool:
        """Whether nothing sounds in the bar at hand, though something could."""
        return not state.sounded and any(place not in self._given[state.bar] for place in self._places(state))

    def _begin_row(self, state: WriterState, place: Place) -> None:
        leads = state.last is None or state.last[:2] != place[:2]
        if leads:
            state.onsets = frozenset()
        part, bar = self.rules.parts[place.part], self._bar(state)
        words = next((row.words for row in bar.given if row.place == place), None)
        free = [other for other in self._places(state) if other not in self._given[state.bar]]
        must_sound = (not state.sounded and free[-1:] == [place]) or (leads and place[:2] in bar.sounding)
        must_sound = must_sound or (place in self._steady_rows and words is None)
        state.row = RowState(
            place,
            part,
            part.spellings,
            leads,
            must_sound,
            bar.grid,
            bar.length,
            words,
            take=take_first_letter,
            harmony=bar.harmony,
            beat=bar.beat,
            is_bass=place == self.rules.bass,
            pace=bar.pace.get(place, 0.0),
        )
        state.text = ""

    # ------------------------------------------------------------------------------------------------- between the rows

    def _take_between(self, state: WriterState, character: str) -> None:
        """Take a character of a bar's key, of the word that leads to a row, of the closing bar line, or a line break."""
        text = state.text + character
        if not state.in_bar:
            self._take_key(state, text)
        elif not state.text and state.last is None and character != "/" and FIRST in self._next(state):
            self._begin_row(state, FIRST)
            assert state.row is not None
            self._take_in_row(state, state.row, character)
        elif text in (starts := self._row_starts(state)).words:
            self._begin_row(state, starts.words[text])
        elif starts.leads(text):
            state.text = text
        elif text == "\n":
            self._end_bar(state)
        else:
            self._take_closing(state, text)

    def _take_key(self, state: WriterState, text: str) -> None:
        key = self._key(state) if state.bar else END
        if state.ended or not key.startswith(text):
            raise TextRefused
        state.text = text
        if text == key:
            state.text, state.in_bar, state.ended = "", state.bar < 0, not state.bar
            state.sounded, state.last, state.onsets = False, None, frozenset()
            state.closing = bool(state.bar) and not self._places(state)

    def _key(self, state: WriterState) -> str:
        """What a bar's line begins with; the whole line, where the bar has no rows."""
        bar = self._bar(state)
        if self._places(state):
            return f"{state.bar}: {bar.head} " if bar.head else f"{state.bar}: "
        return " ".join(filter(None, [f"{state.bar}:", bar.head, bar.tail]))

    def _take_closing(self, state: WriterState, text: str) -> None:
        tail = self._bar(state).tail
        if not (tail.startswith(text) and self._may_close(state)):
            raise TextRefused
        state.text = text
        if text == tail:
            state.text, state.closing = "", True

    def _may_close(self, state: WriterState) -> bool:
        """Whether the word after the last row may come, e.g. a closing bar line."""
        if not self._bar(state).tail or state.closing:
            return False
        return not state.owed and not self._lacks_sound(state) and not self._lacks_row(state)

    def _end_bar(self, state: WriterState) -> None:
        """Take the line break after a whole bar, and keep the state as it is before the next bar's key."""
        if not state.in_bar or state.owed or self._may_close(state):
            raise TextRefused
        if self._lacks_row(state) or self._lacks_sound(state):
            raise TextRefused
        state.bar, state.finished = state.bar + 1, state.finished + 1
        state.symbols = tuple((0, tones) for _, tones in state.symbols[-1:])  # the last one holds on
        state.closing, state.in_bar, state.text = False, False, ""
        state.good = None
        state.good = state.copy()
        state.good.written += 1


END = "0:\n"
_NO_ROWS: Lexicon[Place] = Lexicon({})


def _follows(last: Place | None, place: Place) -> bool:
    """Whether a row at `place` may follow the one at `last`: MuseScore fills a staff that has only a second voice with hidden rests."""
    return place.voice == 1 or (last is not None and last[:2] == place[:2])
