"""A score as text in every variant: the header and the order of bars, staves and voices. Knows no notes; there is no way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import ascii_lowercase

from benchmarks.notation.pitches import Voice, key_alters
from benchmarks.notation.variant import BAR_LINES, Variant
from chordllama.codec.compact import NEXT_BAR, format_line
from chordllama.codec.words.frames import dump_end, dump_frame
from chordllama.codec.words.header_words import dump_header
from chordllama.codec.words.places import Place, format_place, format_staff
from chordllama.codec.words.yaml_subset import format_scalar
from chordllama.score.model import Bar, Barline, Group, Part, Row, Score, apply_keys

SILENT = "r"
REPEATS = {"forward": "|>", "backward": "<|"}
"""Not `|:`, for a colon before a space would put the line in quotes."""
STYLES = {"light-heavy": "|]", "light-light": "||"}
VOLTAS = {"start": "[", "stop": "]", "discontinue": "]-"}


def write(score: Score, variant: Variant) -> str:
    """The score as text."""
    header = dump_header(score) if variant.header == "lines" else list(_header(score, variant.header == "short"))
    return "\n".join([*header, *_Writer(score, variant).lines()]) + "\n"


def _header(score: Score, short: bool) -> Iterator[str]:
    """A line for each title and creator, and one for all groups; and one for all parts, where it's to be short."""
    titles = {"title": score.title, "movement": score.movement}
    yield from (f"{key}: {format_scalar(value)}" for key, value in titles.items() if value)
    yield from (f"{kind or 'by'}: {format_scalar(name)}" for kind, name in score.creators)
    if score.groups:
        yield "groups: " + " | ".join(map(_group, score.groups))
    if short:
        yield "parts: " + " | ".join(" ".join(_part(part)) for part in score.parts)
    else:
        yield from dump_header(replace(score, title="", movement="", creators=(), groups=()))


def _group(group: Group) -> str:
    name = f'"{group.name}"' if group.name else ""
    return " ".join(filter(None, (f"{group.first}-{group.last}", group.symbol, group.barline, name)))


def _part(part: Part) -> Iterator[str]:
    yield from (clef or "?" for clef in part.clefs)
    for name in (part.name, part.abbreviation):
        if name:
            yield name if name.isalpha() else f'"{name}"'
    for lines in part.lines:
        yield f"lines={lines}"
    for instrument in part.instruments:
        channel = f"c{instrument.channel}" if instrument.channel else ""
        yield f"midi={instrument.program}{channel}"
        if instrument.name and instrument.name != part.name:
            yield f'"{instrument.name}"'
    if (moved := part.transposition) is not None:
        yield f"transpose={moved.chromatic}/{moved.diatonic}/{moved.octave}"


class _Writer:
    """A score on its way to text: its voices, and the key of each staff."""

    def __init__(self, score: Score, variant: Variant) -> None:
        self.score, self.variant = score, variant
        self.staves = [(part, staff) for part, item in enumerate(score.parts) for staff in range(1, item.staves + 1)]
        self.voices: dict[Place, Voice] = {}
        self.keys = {part: dict.fromkeys(range(1, item.staves + 1), 0) for part, item in enumerate(score.parts)}

    def lines(self) -> list[str]:
        layouts = {"rows": self._row_lines, "bars": self._bar_lines, "voices": self._bar_lines, "parts": self._parts}
        return list(layouts[self.variant.layout]())

    # ------------------------------------------------------------------------------------------------- words of a voice

    def _begin_line(self) -> None:
        if self.variant.sticks == "line":
            self._forget()

    def _begin(self, bar: Bar) -> None:
        self.keys = {part: apply_keys(fifths, bar, part) for part, fifths in self.keys.items()}
        if self.variant.sticks == "bar":
            self._forget()

    def _forget(self) -> None:
        for voice in self.voices.values():
            voice.forget()

    def _music(self, row: Row) -> str:
        voice = self.voices.setdefault(row.place, Voice(self.variant))
        return " ".join(voice.words(row.items, key_alters(self.keys[row.part][row.staff])))

    def _start(self, bar: Bar) -> list[str]:
        words = dump_frame(bar)
        if bar.start and BAR_LINES in self.variant.terse:
            words[-1] = _terse_barline(bar.start)
        return words

    def _end(self, bar: Bar) -> list[str]:
        return [_terse_barline(bar.end)] if bar.end and BAR_LINES in self.variant.terse else dump_end(bar)

    # ----------------------------------------------------------------------------------------------- a line for each row

    def _row_lines(self) -> Iterator[str]:
        for number, bar in enumerate(self.score.bars, 1):
            self._begin_line()
            self._begin(bar)
            yield f"{number}:"
            yield from (_assignment(word) for word in self._start(bar))
            yield from (f" {self._key(row.place)}: {format_scalar(self._music(row))}" for row in bar.rows)
            yield from (_assignment(word) for word in self._end(bar))

    def _key(self, place: Place) -> str:
        part, staff, voice = place
        if self.variant.keys == "long":
            return f"{ascii_lowercase[staff - 1]}{part:02d}" + (f"_{voice}" if voice > 1 else "")
        index = self.staves.index((part, staff))
        return ascii_lowercase[index % 26] * (index // 26 + 1) + (str(voice) if voice > 1 else "")

    # ----------------------------------------------------------------------------------------------------- a bar a line

    def _bar_lines(self) -> Iterator[str]:
        for start in range(0, len(self.score.bars), self.variant.bars):
            self._begin_line()
            bars = self.score.bars[start : start + self.variant.bars]
            line = self._by_voices(bars) if self.variant.layout == "voices" else _joined(map(self._bar, bars))
            yield format_line(str(start + 1), line) if self.variant.numbers else f"- {format_scalar(line)}"

    def _bar(self, bar: Bar) -> str:
        self._begin(bar)
        rows = self._rows([(row.place, self._music(row)) for row in bar.rows])
        return " ".join([*self._start(bar), *rows, *self._end(bar)])

    def _by_voices(self, bars: tuple[Bar, ...]) -> str:
        """Each voice's bars next to each other; what belongs to a bar stands with the first voice."""
        places = sorted({row.place for bar in bars for row in bar.rows}) or [(0, 1, 1)]
        music: dict[Place, list[str]] = {place: [] for place in places}
        for bar in bars:
            self._begin(bar)
            rows = {row.place: self._music(row) for row in bar.rows}
            for place in places:
                words = [rows.get(place, SILENT)]
                whole = [*self._start(bar), *words, *self._end(bar)] if place == places[0] else words
                music[place].append(" ".join(whole))
        return " ".join(self._rows([(place, " | ".join(found)) for place, found in music.items()]))

    def _rows(self, found: list[tuple[Place, str]]) -> Iterator[str]:
        """The rows of a bar with what stands between them."""
        before: Place | None = None
        for place, music in self._with_rests(found):
            word = (
                self._name(place) if self.variant.places == "names" else format_place(place, before, self.score.parts)
            )
            yield from filter(None, (word, music))
            before = place

    @staticmethod
    def _name(place: Place) -> str:
        return f"/{format_staff(*place[:2])}" + (f"&{place[2]}" if place[2] > 1 else "")

    def _with_rests(self, found: list[tuple[Place, str]]) -> list[tuple[Place, str]]:
        """With a rest for each staff that has no row, where the variant writes one."""
        if self.variant.silent == "skip":
            return found
        silent = set(self.staves) - {place[:2] for place, _ in found}
        return sorted([*found, *(((part, staff, 1), SILENT) for part, staff in silent)])

    # ------------------------------------------------------------------------------------------------- part after part

    def _parts(self) -> Iterator[str]:
        begun = self.keys
        for part, staff in self.staves:
            self.keys = dict(begun)
            yield f"{format_staff(part, staff)}: |"
            for start in range(0, len(self.score.bars), self.variant.bars):
                self._begin_line()
                bars = self.score.bars[start : start + self.variant.bars]
                yield " " + " | ".join([self._bar_of(bar, part, staff) for bar in bars])

    def _bar_of(self, bar: Bar, part: int, staff: int) -> str:
        """One staff's bar; the first one says what belongs to the bar."""
        self._begin(bar)
        rows = [row for row in bar.rows if (row.part, row.staff) == (part, staff)]
        music = " & ".join([self._music(row) for row in rows]) or SILENT
        return " ".join([*self._start(bar), music, *self._end(bar)]) if (part, staff) == self.staves[0] else music


def _joined(bars: Iterable[str]) -> str:
    """The bars of a line; one in which all rest has no words."""
    return " ".join(filter(None, [word for bar in bars for word in (NEXT_BAR, bar)][1:]))


def _assignment(word: str) -> str:
    """`key=-1` as a line of its own."""
    name, _, value = word.partition("=")
    return f" {name}: {value or 'true'}"


def _terse_barline(barline: Barline) -> str:
    """A bar line by its look: `|>`, `<|2`, `|]`, and voltas as `[1`, `]1`."""
    usual = {"forward": ("", "heavy-light"), "backward": ("", "light-heavy")}
    words = [REPEATS[barline.repeat] + (str(barline.times) if barline.times else "")] if barline.repeat else []
    if barline.style not in usual.get(barline.repeat, ("", "regular")):
        words.append(STYLES.get(barline.style, barline.style))
    if barline.ending_type:
        words.append(VOLTAS[barline.ending_type] + barline.ending)
    return " ".join([*words, *barline.signs])
