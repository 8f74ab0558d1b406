"""What stands at a moment: directions, sounds, clefs, chord symbols; read and written. Knows no notes and no bars.

Source: https://www.w3.org/2021/06/musicxml40/musicxml-reference/elements/direction/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from xml.sax.saxutils import quoteattr

from lxml.etree import _Element

from chordllama.codec.elements.barlines import write_inner_barline
from chordllama.codec.elements.content import child_text, dynamic_name, glyph, line_number, number, write_glyph
from chordllama.codec.elements.keys import write_key
from chordllama.codec.elements.staff_details import write_staff
from chordllama.codec.whitelist import (
    DIRECTION_SIGNS,
    DYNAMICS,
    HARMONY_KINDS,
    PEDAL_FORMS,
    SOUND_ATTRIBUTES,
    DirectionSign,
)
from chordllama.codec.words.durations import TYPE_BY_CODE, TYPE_CODES
from chordllama.codec.words.key_words import parse_key
from chordllama.codec.words.texts import format_text, parse_text, xml_text
from chordllama.codec.words.values import CLEF, EQUAL_BEATS, LINES, TEMPO, bare_tempo
from chordllama.score.model import NOTE_TYPES, Degree, Direction, Harmony, Tone, Transposition, duration

# ----------------------------------------------------------------------------------------------------------- directions


def read_direction(element: _Element) -> Iterator[Direction]:
    """Yield what a `<direction>` says, one sign after the other; offsets are the caller's."""
    tempo: Fraction | None = None
    for child in element:
        if child.tag == "direction-type":
            for sign in child:
                for direction in _read_sign(sign):
                    tempo = _sounding_tempo(direction) or tempo
                    yield direction
        elif child.tag == "sound":
            yield from read_sound(child, tempo)


def _read_sign(element: _Element) -> Iterator[Direction]:
    tag = element.tag
    sign = DIRECTION_SIGNS.get(tag) if isinstance(tag, str) else None
    if sign is None or sign.name in _NO_SIGNS:
        return
    if sign.name == "dynamics":
        for child in element:
            if isinstance(child.tag, str) and dynamic_name(child):
                yield Direction("dynamics", dynamic_name(child))
        return
    value = _read_value(sign, element)
    if value or sign.shape not in ("name", "glyph"):
        yield Direction(sign.name, value)


def _read_value(sign: DirectionSign, element: _Element) -> str:
    """The value as the table's shape wants it; whether it is one is asked where the direction gets its place."""
    type = element.get("type", "")
    if sign.shape == "name":
        return (element.text or "").strip()
    if sign.shape == "glyph":
        return glyph(element)
    if sign.shape == "pedal":
        return type + _pedal_form(element) + _line(element)
    if sign.shape in ("wedge", "spanner"):
        return type + _line(element)
    if sign.shape == "octave-shift":
        return type + element.get("size", "8") + _line(element)
    if sign.shape == "switch":
        return type
    if sign.shape == "metronome":
        tempo = _read_metronome(element)
        return f"({tempo})" if element.get("parentheses") == "yes" else tempo
    return ""


def _line(element: _Element) -> str:
    number = line_number(element)
    return "" if number == "1" else f" {number}"


def _pedal_form(element: _Element) -> str:
    """How a pedal mark is seen, as its value says it; its sign is seen if its line isn't."""
    line, sign = element.get("line", ""), element.get("sign", "")
    seen = (line, sign or {"yes": "no", "no": "yes"}.get(line, ""))
    return next((f"-{form}" for form, attributes in PEDAL_FORMS.items() if seen == attributes), "")


def _read_metronome(element: _Element) -> str:
    units = [child for child in element if child.tag in ("beat-unit", "beat-unit-dot", "per-minute")]
    codes: list[str] = []
    for child in units:
        text = (child.text or "").strip()
        if child.tag == "beat-unit" and text in NOTE_TYPES:
            codes.append(TYPE_CODES[text])
        elif child.tag == "beat-unit-dot" and codes:
            codes[-1] += "."
        elif child.tag == "per-minute" and len(codes) == 1:
            speed = text if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,6})?", text) else format_text(text)
            return speed if codes[0] == "4" and speed == text else f"{codes[0]}={speed}"
    return "~".join(codes) if len(codes) == 2 else ""


def _sounding_tempo(direction: Direction) -> Fraction | None:
    """Quarters a minute, where a metronome mark says them in figures."""
    match = TEMPO.fullmatch(bare_tempo(direction.value)) if direction.name == "metronome" else None
    if not match or match[3]:
        return None
    unit = duration(TYPE_BY_CODE[match[1] or "4"], len(match[2] or "")).ticks
    return Fraction(match[4]) * Fraction(unit) / duration("quarter").ticks


def read_sound(element: _Element, tempo: Fraction | None = None) -> Iterator[Direction]:
    """Yield what a `<sound>` says that its direction (with the metronome's `tempo`) doesn't."""
    for name in SOUND_ATTRIBUTES:
        value = (element.get(name) or "").strip()
        if value and not (name == "tempo" and tempo is not None and _near(value, tempo)):
            yield Direction("sound", f"{name}={value}")


def _near(text: str, tempo: Fraction) -> bool:
    try:
        return abs(float(text) - float(tempo)) <= 0.01 * float(tempo)
    except ValueError:
        return False


def write_directions(directions: list[Direction], staff: int, offset: str = "") -> Iterator[str]:
    """Yield the lines of directions that form one (see `together`); `staff` is 0 in a part with one staff, `offset` in divisions."""
    signs = [direction for direction in directions if direction.name != "sound"]
    sounds = [direction.value.partition("=") for direction in directions if direction.name == "sound"]
    heard = "".join(f" {name}={quoteattr(value)}" for name, _, value in sounds)
    offset_line = [f"  <offset>{offset}</offset>"] if offset else []
    if not signs:
        yield from [f"<sound{heard}>", *offset_line, "</sound>"] if offset else [f"<sound{heard}/>"]
        return
    yield "<direction>"
    for direction in signs:
        yield "  <direction-type>"
        yield from (f"    {line}" for line in _write_sign(direction.name, direction.value))
        yield "  </direction-type>"
    yield from offset_line
    if staff:
        yield f"  <staff>{staff}</staff>"
    heard += "".join(f' tempo="{float(tempo):g}"' for tempo in filter(None, map(_sounding_tempo, signs)))
    if heard:
        yield f"  <sound{heard}/>"
    yield "</direction>"


def together(directions: list[Direction]) -> Iterator[list[Direction]]:
    """Yield directions of one place, in groups that are written as one: a tempo in words and figures, a sign and what it sounds like."""
    group: list[Direction] = []
    for direction in directions:
        if group and _joins(group, direction):
            group.append(direction)
            continue
        if group:
            yield group
        group = [direction]
    if group:
        yield group


def _joins(group: list[Direction], direction: Direction) -> bool:
    last, name = group[-1], direction.name
    if name == "sound":
        attribute = direction.value.partition("=")[0]
        if last.name == "sound":
            return _SOUND_RANK[attribute] > _SOUND_RANK[last.value.partition("=")[0]]
        return not (attribute == "tempo" and any(map(_sounding_tempo, group)))
    if last.name == "words" and len(group) == 1:
        return name == "metronome"
    return last.name == "metronome" and name == "words" and direction.value.startswith((")", "]"))


_SOUND_RANK = {name: rank for rank, name in enumerate(SOUND_ATTRIBUTES)}


def write_change(direction: Direction, staff: int) -> Iterator[str]:
    """Yield the lines of a change of what holds from here on: a clef, a key (on the first staff it is for all), a bar line."""
    name, value = direction.name, direction.value
    if name == "barline":
        yield from write_inner_barline(value)
        return
    yield "<attributes>"
    yield from (f"  {line}" for line in _write_attribute(name, value, staff))
    yield "</attributes>"


_CHANGES = ("clef", "key", "transpose", "staff-lines", "barline")
_NO_SIGNS = ("sound", "figured-bass", *_CHANGES)
"""What stands at a moment, but in no `<direction-type>`."""


def is_change(direction: Direction) -> bool:
    """Tell whether it is no `<direction>`, but a change of what holds from here on."""
    return direction.name in _CHANGES


def is_figures(item: Direction | Harmony) -> bool:
    """Tell whether it is a figured bass, which stands right before its note, after everything else."""
    return isinstance(item, Direction) and item.name == "figured-bass"


def ends_line(direction: Direction) -> bool:
    """Tell whether it is the end of a hairpin or another line, or either end of a shift, which is of whole notes."""
    if direction.name == "octave-shift":
        return True
    return DIRECTION_SIGNS[direction.name].shape in LINES and direction.value.startswith(("stop", "discontinue"))


def _write_sign(name: str, value: str) -> list[str]:
    shape = DIRECTION_SIGNS[name].shape
    if name == "dynamics":
        inner = f"<{value}/>" if value in DYNAMICS else f"<other-dynamics>{xml_text(value)}</other-dynamics>"
        return ["<dynamics>", f"  {inner}", "</dynamics>"]
    if shape == "name":
        return [f"<{name}>{xml_text(value)}</{name}>"]
    if shape == "glyph":
        return [write_glyph(name, value)]
    if shape == "metronome":
        return _write_metronome(value)
    if shape == "none":
        return [f"<{name}/>"]
    if shape == "switch":
        return [f'<{name} type="{value}"/>']
    type, _, line = value.partition(" ")
    attributes = f' number="{line or 1}"'
    if shape == "octave-shift":
        letters = type.rstrip("0123456789")
        type, attributes = letters, f' size="{type[len(letters) :]}"{attributes}'
    elif shape == "pedal":
        type, _, form = type.partition("-")
        seen = zip(("line", "sign"), PEDAL_FORMS[form] if form else ("no", "yes"), strict=True)
        attributes += "".join(f' {attribute}="{value}"' for attribute, value in seen if value)
    elif name == "bracket":
        attributes += ' line-end="none" line-type="solid"'  # MuseScore 3 wants to be told the type, too
    return [f'<{name} type="{type}"{attributes}/>']


def _write_metronome(value: str) -> list[str]:
    tempo = bare_tempo(value)
    opening = "<metronome>" if tempo == value else '<metronome parentheses="yes">'
    if beats := EQUAL_BEATS.fullmatch(tempo):
        return [opening, *_write_unit(beats[1], beats[2]), *_write_unit(beats[3], beats[4]), "</metronome>"]
    match = TEMPO.fullmatch(tempo)
    assert match is not None
    speed = parse_text(match[3]) if match[3] else match[4]
    unit = _write_unit(match[1] or "4", match[2] or "")
    return [opening, *unit, f"  <per-minute>{xml_text(speed)}</per-minute>", "</metronome>"]


def _write_unit(code: str, dots: str) -> list[str]:
    return [f"  <beat-unit>{TYPE_BY_CODE[code]}</beat-unit>", *["  <beat-unit-dot/>" for _ in dots]]


# --------------------------------------------------------------------------------------------- clefs, keys, transpositions


def read_clef(element: _Element) -> str:
    """Return a clef as its code: `G2`, `F4`, `G2_8` an octave lower, `G2^8` higher, `percussion`, `TAB`, `none`."""
    sign = child_text(element, "sign")
    if sign not in ("G", "F", "C"):
        return sign if sign in ("percussion", "TAB", "jianpu", "none") else "none"
    line = number(element.findtext("line"), 1, 5) or {"G": 2, "F": 4, "C": 3}[sign]
    octaves = number(element.findtext("clef-octave-change"), -3, 3) or 0
    shift = f"{'_' if octaves < 0 else '^'}{7 * abs(octaves) + 1}" if octaves else ""
    return f"{sign}{line}{shift}"


def write_clef(code: str, staff: int) -> list[str]:
    """Return the lines of a `<clef>`."""
    match = CLEF.fullmatch(code)
    assert match is not None
    sign, line, direction, size = match.groups()
    lines = [f'<clef number="{staff}">' if staff else "<clef>", f"  <sign>{sign or code}</sign>"]
    if line or code == "TAB":
        lines.append(f"  <line>{line or 5}</line>")
    if size:
        octaves = (int(size) - 1) // 7
        lines.append(f"  <clef-octave-change>{-octaves if direction == '_' else octaves}</clef-octave-change>")
    return [*lines, "</clef>"]


def read_transposition(element: _Element) -> Transposition:
    """Return a `<transpose>`."""
    chromatic, diatonic, octave = (
        number(element.findtext(tag), -99, 99) or 0 for tag in ("chromatic", "diatonic", "octave-change")
    )
    return Transposition(chromatic, diatonic, octave)


def write_transposition(transposition: Transposition) -> list[str]:
    """Return the lines of a `<transpose>`."""
    octave = [f"  <octave-change>{transposition.octave}</octave-change>"] if transposition.octave else []
    return [
        "<transpose>",
        f"  <diatonic>{transposition.diatonic}</diatonic>",
        f"  <chromatic>{transposition.chromatic}</chromatic>",
        *octave,
        "</transpose>",
    ]


def _write_attribute(name: str, value: str, staff: int) -> Iterable[str]:
    if name == "clef":
        return write_clef(value, staff)
    if name == "staff-lines":
        return write_staff(int(value), None, staff)
    if name == "key":
        return write_key(parse_key(value), staff if staff > 1 else 0)
    return write_transposition(Transposition(*map(int, value.split("/"))))


# -------------------------------------------------------------------------------------------------------- chord symbols


def read_harmony(element: _Element) -> Iterator[Harmony]:
    """Yield the chord symbols of a `<harmony>`; one that has no root (a function or numeral) is left out."""
    roots = element.findall("root")
    kinds = element.findall("kind")
    for root, kind in zip(roots, kinds, strict=False):
        tone = _read_tone(root, "root")
        name = (kind.text or "").strip()
        if tone is None:
            continue
        yield Harmony(
            tone,
            name if name in HARMONY_KINDS else "other",
            _read_tone(element.find("bass"), "bass") if element.find("bass") is not None else None,
            tuple(filter(None, map(_read_degree, element.findall("degree")))),
            kind.get("text"),
        )


def _read_tone(element: _Element | None, prefix: str) -> Tone | None:
    step = child_text(element, f"{prefix}-step").upper() if element is not None else ""
    if element is None or step not in set("ABCDEFG"):
        return None
    return Tone(step, number(element.findtext(f"{prefix}-alter"), -2, 2) or 0)


def _read_degree(element: _Element) -> Degree | None:
    value = number(element.findtext("degree-value"), 1, 99)
    type = child_text(element, "degree-type")
    if value is None or type not in ("add", "alter", "subtract"):
        return None
    return Degree(value, number(element.findtext("degree-alter"), -2, 2) or 0, type)


def write_harmony(harmony: Harmony, staff: int, offset: str = "") -> Iterator[str]:
    """Yield the lines of a `<harmony>`; `offset` in divisions."""
    yield "<harmony>"
    yield from _write_tone(harmony.root, "root")
    text = f" text={quoteattr(harmony.text)}" if harmony.text is not None else ""
    yield f"  <kind{text}>{harmony.kind}</kind>"
    if harmony.bass:
        yield from _write_tone(harmony.bass, "bass")
    for degree in harmony.degrees:
        yield "  <degree>"
        yield f"    <degree-value>{degree.value}</degree-value>"
        yield f"    <degree-alter>{degree.alter}</degree-alter>"
        yield f"    <degree-type>{degree.type}</degree-type>"
        yield "  </degree>"
    if offset:
        yield f"  <offset>{offset}</offset>"
    if staff > 1:
        yield f"  <staff>{staff}</staff>"
    yield "</harmony>"


def _write_tone(tone: Tone, prefix: str) -> Iterator[str]:
    yield f"  <{prefix}>"
    yield f"    <{prefix}-step>{tone.step}</{prefix}-step>"
    if tone.alter:
        yield f"    <{prefix}-alter>{tone.alter}</{prefix}-alter>"
    yield f"  </{prefix}>"
