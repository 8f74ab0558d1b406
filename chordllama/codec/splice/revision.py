"""An edited score into the composer's own file: what it says otherwise, while the bytes of everything else stay. Knows the file's text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from chordllama.codec.musicxml import Reading, read, read_with_origin, write
from chordllama.codec.splice.locator import HeadingPlace, Locator, source_text
from chordllama.codec.splice.splicing import Edit, edited, refilled, splice, white_space_before
from chordllama.codec.words.texts import xml_text
from chordllama.errors import ScoreError
from chordllama.score.model import FINAL, Bar, Barline, Row, Score

_MOST_ROUNDS = 4
Measures = frozenset[tuple[int, int]]
"""Measures of parts: part and bar, both from 0."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A file after an edit. `bars` are the places (from 0) of those that were written anew or added."""

    xml: bytes
    bars: tuple[int, ...]


def revise(xml: bytes, reading: Reading, score: Score) -> Revision:
    """Return the source's XML with what an edited score says otherwise.

    `reading` is what `read_with_origin` made of the same bytes. Measures in which the edit changes nothing keep their bytes, and so does
    all that stands outside of measures, but for titles and names that were changed. Bars are added or removed at the end alone.

    Raises:
        ScoreError: the edit asks for what can't be put into the file: other parts, or bars within the others.
        MusicXMLError: the file's encoding can't be written back byte for byte.
    """
    old = reading.score
    _check_parts(old, score)
    score = read(write(score))  # a chord's notes in order, and no mark that only says what notation's rules say anyway
    _check_length(old.bars, score.bars)
    _check_numbers(old.bars, score.bars)
    score, wanted = _with_closing_moved(old, score)
    measures = _differing(reading, old, score)
    for _ in range(_MOST_ROUNDS):
        result = _put_in(xml, reading, score, measures)
        again = read_with_origin(result)
        # What an edit changes may be seen in measures that it leaves: a key changes their accidentals, a tie its other end.
        further = _differing(reading, again.score, wanted) - measures
        if not further:
            _check_result(again.score, wanted)
            added = range(len(old.bars), len(score.bars))
            return Revision(result, tuple(sorted({bar for _, bar in measures}.union(added))))
        measures |= further
    raise _impossible(f"bar {1 + min(bar for _, bar in further)}")


def _check_parts(old: Score, new: Score) -> None:
    if (old.parts, old.groups, old.unwritten) != (new.parts, new.groups, new.unwritten):
        raise ScoreError(
            "the parts can't be changed in the text",
            cause="its lines of parts and groups are no longer those of the score",
            hint="change instruments, clefs and groups in your notation program; in the text, bars, titles and names can be changed",
        )
    if [type for type, _ in old.creators] != [type for type, _ in new.creators]:
        raise ScoreError("creators can't be added or removed in the text", hint="their names can be changed")


def _check_numbers(old: tuple[Bar, ...], new: tuple[Bar, ...]) -> None:
    for place, (before, after) in enumerate(zip(old, new, strict=False), 1):
        if (before.number, before.implicit) != (after.number, after.implicit):
            raise ScoreError(
                f"bar {place}: its number can't be changed in the text", hint="do that in your notation program"
            )


def _check_length(old: tuple[Bar, ...], new: tuple[Bar, ...]) -> None:
    """Refuse bars that were put in or taken out before others, which would all move."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    if len(old) != len(new) and same < min(len(old), len(new)) and old[-1] == new[-1]:
        what = "put in" if len(new) > len(old) else "taken out"
        raise ScoreError(
            f"bars can't be {what} before others in the text",
            cause=f"it has {len(new)} bars, the score {len(old)}, and they differ from bar {same + 1} on",
            hint="do that in your notation program; in the text, bars can be changed, and added or removed at the end",
        )


def _with_closing_moved(old: Score, new: Score) -> tuple[Score, Score]:
    """An edited score whose old last bar is as it was, and the score that is wanted: a closing bar line moves to the last of added bars."""
    count = len(old.bars)
    if len(new.bars) <= count or not old.bars[-1].end == new.bars[-1].end == FINAL:
        return new, new
    opened = replace(old.bars[-1], end=Barline())
    if new.bars[count - 1] not in (opened, old.bars[-1]):
        return new, new
    before, after = new.bars[: count - 1], new.bars[count:]
    return replace(new, bars=(*before, old.bars[-1], *after)), replace(new, bars=(*before, opened, *after))


def _differing(reading: Reading, old: Score, new: Score) -> Measures:
    """The measures that two scores don't share, of those that the source has; what holds for all parts makes all of them differ."""
    found = set()
    for bar, (before, after) in enumerate(zip(old.bars, new.bars, strict=False)):
        if before == after:
            continue
        is_framed_alike = replace(before, rows=()) == replace(after, rows=())
        for part, origin in enumerate(reading.origins):
            is_there = bar < len(origin.divisions_after)
            if is_there and not (is_framed_alike and _rows(before, part) == _rows(after, part)):
                found.add((part, bar))
    return frozenset(found)


def _rows(bar: Bar, part: int) -> list[Row]:
    return [row for row in bar.rows if row.part == part]


def _put_in(xml: bytes, reading: Reading, score: Score, measures: Measures) -> bytes:
    """The source with a score's titles, with these measures of it, and as many bars as it has."""
    text = source_text(xml)
    places = Locator(text.utf8).run()
    count = len(reading.score.bars)
    there = replace(score, bars=score.bars[:count])
    edits = list(_headings(text.utf8, places, reading.score, score))
    for part, origin in enumerate(reading.origins):
        for first, last in _runs(bar for other, bar in measures if other == part):
            edits += refilled(text.utf8, places, there, part, origin, first, last)
    edits += _removed(text.utf8, places, len(score.bars))
    result = text.bytes(edited(text.utf8, edits))
    return splice(result, read_with_origin(result), score.bars[count:]) if len(score.bars) > count else result


def _runs(bars: Iterator[int]) -> Iterator[tuple[int, int]]:
    """Bars that follow each other: the first of them, and the one behind the last."""
    found = sorted(bars)
    firsts = [bar for bar in found if bar - 1 not in found]
    lasts = [bar + 1 for bar in found if bar + 1 not in found]
    return zip(firsts, lasts, strict=True)


def _removed(text: bytes, places: Locator, bars: int) -> Iterator[Edit]:
    """What takes away the measures behind the first `bars`."""
    for part in places.parts.values():
        if part.measures > bars and places.timewise:
            raise ScoreError(
                "bars can't be removed from a score whose parts stand within its measures (score-timewise)"
            )
        for place in part.places[bars:]:
            yield len(text[: place.start].rstrip(b" \t\r\n")), place.end, b""


def _headings(text: bytes, places: Locator, old: Score, new: Score) -> Iterator[Edit]:
    """What puts in other titles and names, wherever the file says the old ones, and titles that it lacks."""
    names = {before: after for (_, before), (_, after) in zip(old.creators, new.creators, strict=True)}
    words = {"work-title": {old.title: new.title}, "movement-title": {old.movement: new.movement}, "creator": names}
    words["credit-words"] = {**names, **words["movement-title"], **words["work-title"]}
    words["credit-words"].pop("", None)
    for place in places.headings:
        after = words[place.tag].get(place.words, place.words)
        if after != place.words:
            yield _worded(text, place, after)
    there = {place.tag for place in places.headings}.union(tag for tag, _ in places.outline)
    missing: dict[int, bytes] = {}
    for tag, title, inside, before in (
        ("work-title", new.title, "work", ()),
        ("movement-title", new.movement, "", ("work", "movement-number")),
    ):
        if title and not {tag, inside} & there:
            at = next(start for other, start in places.outline if other not in before)
            element = f"<{tag}>{xml_text(title)}</{tag}>"
            element = f"<{inside}>{element}</{inside}>" if inside else element
            missing[at] = missing.get(at, b"") + element.encode() + white_space_before(text, at)
    yield from ((at, at, elements) for at, elements in missing.items())


def _worded(text: bytes, place: HeadingPlace, words: str) -> Edit:
    tag = text[place.start : place.inside].removesuffix(b">").removesuffix(b"/").rstrip()
    return place.start, place.end, tag + b">" + xml_text(words).encode() + f"</{place.tag}>".encode()


def _check_result(result: Score, wanted: Score) -> None:
    """Refuse what the file can't say."""
    if (result.title, result.movement, result.creators) != (wanted.title, wanted.movement, wanted.creators):
        raise _impossible("a title or a name that the score doesn't have yet, or has no more,")
    different = next(
        (n for n, pair in enumerate(zip(result.bars, wanted.bars, strict=False), 1) if pair[0] != pair[1]), None
    )
    if different or len(result.bars) != len(wanted.bars):
        raise _impossible(f"bar {different or len(wanted.bars)}")


def _impossible(what: str) -> ScoreError:
    return ScoreError(
        f"{what} can't be put into the score as the text has it",
        cause="the score, read again, says something else",
        hint="change it in your notation program",
    )
