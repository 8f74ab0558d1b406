"""A score as text in every variant: the header and the order of bars, staves and voices. Knows no notes; there is no way back."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from benchmarks.notation.pitches import Voice, key_alters
from benchmarks.notation.variant import BAR_LINES, Variant
from chordllama.codec.compact_header import dump_header
from chordllama.codec.durations import format_whole
from chordllama.codec.frames import dump_barline, dump_change
from chordllama.codec.yaml_subset import format_scalar
from chordllama.score import Bar, Barline, Group, Part, Row, Score, apply_keys

Place = tuple[int, int, int]
"""Part, staff and voice."""
SILENT = "r"
REPEATS = {"forward": "|:", "backward": ":|"}
STYLES = {"light-heavy": "|]", "light-light": "||:"}
VOLTAS = {"start": "[", "stop": "]", "discontinue": "]-"}


def write(score: Score, variant: Variant) -> str:
    """The score as text."""
    header = dump_header(score) if variant.header == "map" else _short_header(score)
    return "\n".join([*header, *_Writer(score, variant).lines()]) + "\n"


def _short_header(score: Score) -> list[str]:
    """The header with a line for each thing: titles, creators by their type, all groups, all parts."""
    titles = {"title": score.title, "movement": score.movement}
    lines = [f"{key}: {format_scalar(value)}" for key, value in titles.items() if value]
    lines += [f"{kind or 'by'}: {format_scalar(name)}" for kind, name in score.creators]
    if score.groups:
        lines.append("groups: " + " | ".join(map(_group, score.groups)))
    return [*lines, "parts: " + " | ".join(" ".join(_part(part)) for part in score.parts)]


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
        layouts = {"lines": self._voice_lines, "bars": self._bar_lines, "voices": self._bar_lines, "parts": self._parts}
        return list(layouts[self.variant.layout]())

    # ------------------------------------------------------------------------------------------------- words of a voice

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

    def _name(self, place: Place) -> str:
        part, staff, voice = place
        rank = f"_{voice}" if voice > 1 else ""
        if self.variant.keys == "letters":
            index = self.staves.index((part, staff))
            letters = ascii_lowercase[index % 26] * (index // 26 + 1)
            return f"{letters}{voice}" if voice > 1 else letters
        number = f"{part:02d}" if self.variant.keys == "long" else str(part)
        return f"{ascii_lowercase[staff - 1]}{number}{rank}"

    def _start(self, bar: Bar) -> str:
        words = [f"{name}={value.replace(' ', ';')}" for name, value in _frame(bar) if name != "start"]
        return " ".join([*words, self._barline("start", bar.start)]).strip()

    def _end(self, bar: Bar) -> str:
        return self._barline("end", bar.end)

    def _barline(self, name: str, barline: Barline) -> str:
        if BAR_LINES in self.variant.terse:
            return _terse_barline(barline)
        return f"{name}={dump_barline(barline).replace(' ', ';')}" if barline else ""

    # --------------------------------------------------------------------------------------------- a line for each voice

    def _voice_lines(self) -> Iterator[str]:
        for number, bar in enumerate(self.score.bars, 1):
            self._begin(bar)
            yield f"{number}:"
            yield from (f" {name}: {value}" for name, value in _frame(bar))
            yield from (f" {self._name(row.place)}: {format_scalar(self._music(row))}" for row in bar.rows)
            if bar.end:
                yield f" end: {dump_barline(bar.end)}"

    # ----------------------------------------------------------------------------------------------------- a bar a line

    def _bar_lines(self) -> Iterator[str]:
        for start in range(0, len(self.score.bars), self.variant.bars):
            bars = self.score.bars[start : start + self.variant.bars]
            if self.variant.sticks == "line":
                self._forget()
            yield (f"{start + 1}: " if self.variant.numbers else "- ") + format_scalar(self._line(bars))

    def _line(self, bars: tuple[Bar, ...]) -> str:
        if self.variant.layout == "voices" and len(bars) > 1:
            return self._by_voices(bars)
        return " || ".join([self._bar(bar) for bar in bars])

    def _bar(self, bar: Bar) -> str:
        self._begin(bar)
        cells = self._cells([(row.place, self._music(row)) for row in bar.rows])
        return " ".join(filter(None, (self._start(bar), *cells, self._end(bar))))

    def _by_voices(self, bars: tuple[Bar, ...]) -> str:
        """Each voice's bars next to each other."""
        places = sorted({row.place for bar in bars for row in bar.rows})
        cells: dict[Place, list[str]] = {place: [] for place in places}
        for bar in bars:
            self._begin(bar)
            rows = {row.place: self._music(row) for row in bar.rows}
            for place in places:
                cells[place].append(rows.get(place, SILENT))
            first = cells[places[0]] if places else []
            first[-1:] = [" ".join(filter(None, (self._start(bar), *first[-1:], self._end(bar))))]
        return " ".join(self._cells([(place, " || ".join(music)) for place, music in cells.items()]))

    def _cells(self, found: list[tuple[Place, str]]) -> Iterator[str]:
        """The voices of a bar with what stands between them."""
        expected = 0
        for number, (place, music) in enumerate(self._with_rests(found)):
            index = self.staves.index(place[:2])
            follows = place[2] == 1 and index == expected
            overlays = self.variant.second == "overlay" and place[2] == 2
            if number:
                yield "&" if overlays else "|"
            if self.variant.named == "always" or not (follows or overlays):
                yield f"{self._name(place)}="  # a colon would force the whole line into quotes
            yield music
            expected = index + 1

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
            yield f"{self._name((part, staff, 1))}: |"
            for start in range(0, len(self.score.bars), self.variant.bars):
                if self.variant.sticks == "line":
                    self._forget()
                bars = self.score.bars[start : start + self.variant.bars]
                first = (part, staff) == self.staves[0]
                yield " " + " | ".join([self._bar_of(bar, part, staff, first) for bar in bars])

    def _bar_of(self, bar: Bar, part: int, staff: int, first: bool) -> str:
        self._begin(bar)
        rows = [row for row in bar.rows if (row.part, row.staff) == (part, staff)]
        music = " & ".join([self._music(row) for row in rows]) or SILENT
        return " ".join(filter(None, (self._start(bar), music, self._end(bar)))) if first else music


def _frame(bar: Bar) -> Iterator[tuple[str, str]]:
    """What belongs to a bar and stands before its music."""
    if bar.number is not None:
        yield "number", format_scalar(bar.number)
    if bar.implicit:
        yield "implicit", "true"
    if bar.length is not None:
        yield "length", format_whole(bar.length)
    if bar.keys:
        yield "key", " ".join(map(dump_change, bar.keys))
    if bar.times:
        yield "time", " ".join(map(dump_change, bar.times))
    if bar.start:
        yield "start", dump_barline(bar.start)


def _terse_barline(barline: Barline) -> str:
    """A bar line by its look: `|:`, `:|2`, `|]`, and voltas as `[1`, `]1`."""
    usual = {"forward": ("", "heavy-light"), "backward": ("", "light-heavy")}
    words = [REPEATS[barline.repeat] + (str(barline.times) if barline.times else "")] if barline.repeat else []
    if barline.style not in usual.get(barline.repeat, ("", "regular")):
        words.append(STYLES.get(barline.style, barline.style))
    if barline.ending_type:
        words.append(VOLTAS[barline.ending_type] + barline.ending)
    return " ".join([*words, *barline.signs])
