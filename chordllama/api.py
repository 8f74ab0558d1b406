"""The library's front door, as `import chordllama` offers it: scores, their text, and new bars. Each function says what it raises.

Bars, parts, staves and candidates are counted from 1 here, as on paper. Durations inside a `Score` are ticks (`chordllama.score.model`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from chordllama.checking.contents import Check
from chordllama.checking.contents import check as check_reading
from chordllama.codec import musicxml
from chordllama.codec.compact import dumps, loads
from chordllama.codec.container import write_container
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.report import Report
from chordllama.conversion.convert import musicxml_in, read_anything, refuse_unknown
from chordllama.errors import ChordLlamaError, EndpointError, ModelError, ScoreError
from chordllama.generate.backend import Backend
from chordllama.generate.continuation import Assignment, BarProgress, Progress, assign
from chordllama.generate.continuation import write as write_bars
from chordllama.generate.models import open_backend
from chordllama.generate.ranking import best_first
from chordllama.score.editing import Bars
from chordllama.score.model import Score
from chordllama.system.files import read_bounded, write_atomically
from chordllama.tasks.continue_task import USUAL_BARS
from chordllama.tasks.ensembles import with_ensemble
from chordllama.tasks.music_tasks import MUSIC_TASKS
from chordllama.tasks.plan import RequestError
from chordllama.tasks.task import MusicTask, request_for

__all__ = [
    "Backend",
    "BarProgress",
    "Check",
    "ChordLlamaError",
    "EndpointError",
    "ModelError",
    "RequestError",
    "Score",
    "ScoreError",
    "Suggestion",
    "WritingOptions",
    "check",
    "continue_score",
    "decode",
    "encode",
    "harmonise",
    "infill",
    "open_model",
    "read",
    "vary",
    "write",
]

FilePath = str | PathLike[str]
Source = FilePath | bytes | Score
"""A score: a file's path, a file's bytes, or what `read` returned. Only of a file can the composer's own bytes be kept."""


# ------------------------------------------------------------------------------------------------------ scores and their text


def read(source: FilePath | bytes) -> Score:
    """Read a score from a file's path or bytes.

    The file is MusicXML (.musicxml, .xml, .mxl), compact text (.yaml), or MIDI, ABC, Humdrum or MEI, which music21 converts first.

    Raises:
        ScoreError: the file isn't a score that can be kept; the message says where.
        OSError: the file can't be opened.
    """
    return _reading(source).score


def write(score: Score, path: FilePath | None = None) -> bytes:
    """Return a score as MusicXML in UTF-8, and with a path write it there, too, in the format of its suffix (see `Suggestion.save`).

    Raises:
        ScoreError: no format has that suffix, or the score can't be engraved.
        OSError: the file can't be written; what was there stays.
    """
    xml = musicxml.write(score)
    if path is not None:
        _save(xml, path)
    return xml


def encode(source: Source, *, without: Iterable[str] = (), bars_per_line: int = 1) -> str:
    """Return a score as compact text (docs/format.md), without some kinds of signs, such as "lyrics".

    Raises:
        ScoreError: the file isn't a score that can be kept.
        ValueError: there is no such kind of signs.
    """
    return dumps(_reading(source).score, tuple(without), bars_per_line)


def decode(text: str) -> Score:
    """Return the score that compact text holds.

    Raises:
        ScoreError: a line breaks the format; the message begins with its number.
    """
    return loads(text)


def check(source: Source) -> Check:
    """Return what a score holds: parts, keys, time signatures, signs, bars that don't fill their metre, what is left out.

    Raises:
        ScoreError: the file isn't a score that can be kept.
    """
    return check_reading(_reading(source))


def _reading(source: Source) -> Reading:
    if isinstance(source, Score):
        return Reading(source, (), Report())
    return read_anything(*_file(source))


def _file(source: Source) -> tuple[bytes, str]:
    """A source as a file's bytes, with the name that messages call it by."""
    if isinstance(source, Score):
        return musicxml.write(source), "the score"
    if isinstance(source, bytes):
        return source, "the score"
    return read_bounded(Path(source)), fspath(source)


def _save(xml: bytes, path: FilePath) -> None:
    from chordllama.conversion.render import PICTURE_SUFFIXES, apart

    suffix = Path(path).suffix.lower()
    if suffix in (".mid", ".midi"):
        data = apart("midi", xml)
    elif suffix in PICTURE_SUFFIXES:
        data = apart(suffix, xml)
    else:
        data = write_container(xml, suffix)
    write_atomically(Path(path), data)


# ------------------------------------------------------------------------------------------------------------------ new bars


@dataclass(frozen=True)
class Suggestion:
    """New bars for a score: one of the answers to a request.

    `bars` are the new ones, of all parts; the first of them is bar `first`, counted from 1. `musicxml` is the composer's whole file with
    them: every other byte is as it was, but for a plain final bar line that moves. `surprisal` is what the bars cost the model, in bits a
    note; the less, the more probable (None where an endpoint doesn't tell). `failure` says why there are fewer bars than were asked for,
    `warnings` say what of the file was left out, `report` what the critic finds in the bars, in a musician's words.
    """

    bars: Bars
    musicxml: bytes
    first: int
    surprisal: float | None = None
    failure: ChordLlamaError | None = None
    warnings: tuple[str, ...] = ()
    report: tuple[str, ...] = ()

    @cached_property
    def score(self) -> Score:
        """The whole score, read from `musicxml`."""
        return musicxml.read(self.musicxml)

    def save(self, path: FilePath) -> None:
        """Write the score to a file, whole or not at all: MusicXML (.musicxml, .xml, .mxl), MIDI (.mid) or a picture (.svg, .png).

        Raises:
            ScoreError: no format has that suffix, or the score can't be engraved.
            OSError: the file can't be written; what was there stays.
        """
        _save(self.musicxml, path)


class WritingOptions(TypedDict, total=False):
    """What can be asked of every task.

    `candidates` (1 to 16) is how many versions to write. The same `seed` gives the same bars. `temperature` (0 to 5) is boldness, 0 taking
    the likeliest token each time; `top_p` (above 0, to 1) keeps the likeliest tokens up to that sum, `min_p` (0 to 1) drops those below
    that share of the likeliest. `density` (1 to 128) is about how many notes a bar has, all parts together. `care` is how often bars may be
    written again for what the critic finds. `model` is an open one, or a GGUF file's path or an endpoint's address, opened for this
    call alone; without it the bundled model is. `progress` is called after each new bar.
    """

    candidates: int
    seed: int
    temperature: float
    top_p: float
    min_p: float
    density: int | None
    care: Literal["fast", "usual", "patient"]
    model: Backend | FilePath | None
    progress: Progress


def open_model(
    model: FilePath | None = None, *, threads: int | None = None, name: str | None = None, api_key: str | None = None
) -> Backend:
    """Open a model once for several calls: the bundled one, a GGUF file's path, or an endpoint's address (http, https, ollama+http).

    It is a context manager, and writes for one caller at a time. `threads` are the processors that a file's model may use; by default
    half of them, of few all but one. `name` and `api_key` are what an endpoint calls the model, and the key that it wants.

    Raises:
        ModelError: there is no such file, or it isn't a model.
        EndpointError: the address can't be one.
    """
    return open_backend(None if model is None else fspath(model), threads, name=name, api_key=api_key)


def continue_score(
    source: Source,
    *,
    bars: int = USUAL_BARS,
    ending: Literal["auto", "open", "close"] = "auto",
    chords: str | None = None,
    **options: Unpack[WritingOptions],
) -> list[Suggestion]:
    """Write new bars after a score's last one, and return the suggestions, the best one first.

    `bars` (1 to 256) is how many. `ending` says whether the music ends with them; "auto": where the score had a final bar line.
    `chords` are what the notes keep to, bar by bar: "C | Am7 | F G7 | C".

    Raises:
        ScoreError: the file isn't a score that can be kept, or has no notes.
        RequestError: an option lies outside its range.
        ModelError, EndpointError: the model can't be opened, or wrote no bar at all.
    """
    return _write("continue", source, {"bars": bars, "ending": ending, "chords": chords}, options)


def infill(
    source: Source,
    *,
    first: int | None = None,
    bars: int | None = None,
    chords: str | None = None,
    **options: Unpack[WritingOptions],
) -> list[Suggestion]:
    """Write the bars of a gap from what is around it, and return the suggestions, the best one first.

    The gap is `bars` bars (1) from bar `first` on, which are written anew; by default the longest run of silent bars. `chords` as in
    `continue_score`; symbols that stand in the gap are kept to.

    Raises:
        RequestError: the gap has no bar before or after it, or nothing is missing.
        ScoreError, ModelError, EndpointError: as with `continue_score`.
    """
    return _write("infill", source, {"first": first, "bars": bars, "chords": chords}, options)


def harmonise(
    source: Source,
    *,
    keep: Sequence[int | str] = (),
    add: Literal["piano", "organ", "choir", "strings"] | None = None,
    first: int | None = None,
    bars: int | None = None,
    chords: str | None = None,
    **options: Unpack[WritingOptions],
) -> list[Suggestion]:
    """Write other parts to those that are given, and return the suggestions, the best one first.

    The parts of `keep`, by number or name, stay (the first one), and so does percussion; all others are written anew in `bars` bars (all
    to the end) from bar `first` (1) on. `add` puts an ensemble's empty parts below the others, which then all stay, and writes those. `chords`
    as in `continue_score`; symbols that stand there are kept to.

    Raises:
        RequestError: there are no such parts or bars, or no part is left to write.
        ScoreError, ModelError, EndpointError: as with `continue_score`.
    """
    own = {"given": tuple(keep), "ensemble": add, "first": first, "bars": bars, "chords": chords}
    return _write("harmonise", source, own, options)


def vary(
    source: Source, *, first: int | None = None, bars: int | None = None, **options: Unpack[WritingOptions]
) -> list[Suggestion]:
    """Give bars other notes in the same rhythm: `bars` bars (all to the end) from bar `first` (1) on.

    Return the suggestions, the best one first.

    Raises:
        RequestError: the score hasn't got these bars.
        ScoreError, ModelError, EndpointError: as with `continue_score`.
    """
    return _write("vary", source, {"first": first, "bars": bars}, options)


def _write(task: str, source: Source, own: Mapping[str, Any], options: WritingOptions) -> list[Suggestion]:
    if unknown := sorted(options.keys() - WritingOptions.__annotations__.keys()):
        raise TypeError(f"{task} has no option {unknown[0]!r}")
    assignment = assignment_for(MUSIC_TASKS[task], *_file(source), {**own, **options})
    with _opened(options.get("model")) as backend:
        written = write_bars(assignment, backend, options.get("progress") or (lambda _: None)).candidates
    ranked = [written[number] for number in best_first(written)]
    if not ranked[0].bars and ranked[0].failure:
        raise ranked[0].failure
    first, warnings = assignment.plan.first + 1, tuple(assignment.reading.report.warnings())
    return [
        Suggestion(
            found.bars, found.xml, first, found.surprisal, found.failure, warnings, tuple(map(str, found.report))
        )
        for found in ranked
        if found.bars
    ]


def _opened(model: Backend | FilePath | None) -> AbstractContextManager[Backend]:
    """A model that was opened before stays open; another one is opened and closed."""
    return open_model(model) if model is None or isinstance(model, str | PathLike) else nullcontext(model)


def assignment_for(
    task: MusicTask, data: bytes, name: str, settings: Mapping[str, Any], *, strict: bool = False
) -> Assignment:
    """Read a file of any format once, add the parts that are wanted, and find the bars that a task's settings mean.

    `strict` refuses elements that MusicXML doesn't know.

    Raises:
        ScoreError: the file is rejected, or holds nothing to go on from.
        RequestError: it hasn't got the bars or parts that are asked for, or a setting lies outside its range.
    """
    request = request_for(task, settings)
    xml = musicxml_in(data, name)
    reading = read_with_origin(xml, name)
    if strict:
        refuse_unknown(reading.report, name)
    if ensemble := settings.get("ensemble"):
        xml, own = with_ensemble(xml, reading, ensemble)
        reading = read_with_origin(xml, name)
        request = request if settings.get("given") else replace(request, given=own)
    return assign(xml, name, reading, request)
