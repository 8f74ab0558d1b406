"""The front door for Python: read and write scores, turn them into compact text and back, check them, and have new bars written.

    import chordllama

    for suggestion in chordllama.continue_score("song.musicxml", bars=8, candidates=3):
        print(suggestion.surprisal, len(suggestion.bars))
        suggestion.save("longer.musicxml")

Everything raises `ChordLlamaError`, whose `message`, `cause` and `hint` are meant for people. What a function needs is imported inside
it, so that `import chordllama` costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chordllama.errors import ChordLlamaError

if TYPE_CHECKING:
    from chordllama.checking.contents import Check
    from chordllama.generate.backend import Backend
    from chordllama.generate.continuation import BarProgress, Continuation
    from chordllama.score.model import Bar, Score

__all__ = [
    "ChordLlamaError",
    "Suggestion",
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

Source = str | Path | bytes
"""A score: the path of a file (.musicxml, .xml, .mxl; .mid, .abc, .krn and .mei are converted first), or the bytes of one."""


# ------------------------------------------------------------------------------------------------------------------- scores


def read(source: Source) -> Score:
    """Read a score.

    Raises:
        ScoreError: the file isn't a score that can be read; its words say where.
        OSError: the file can't be opened.
    """
    from chordllama.codec.musicxml import read as read_musicxml

    return read_musicxml(*_musicxml(source))


def write(score: Score, path: str | Path | None = None) -> bytes:
    """Write a score as MusicXML; return its bytes, and with a path (.musicxml, .xml, or .mxl, which is packed) save them, too."""
    from chordllama.codec.musicxml import write as write_musicxml

    xml = write_musicxml(score)
    if path is not None:
        _save(xml, path)
    return xml


def encode(score: Score, *, without: Sequence[str] = (), bars_per_line: int = 1) -> str:
    """Return a score as compact text (docs/format.md).

    Args:
        without: kinds of signs to leave out, such as "lyrics", "dynamics", "slurs".
        bars_per_line: how many bars share a line, 1 to 16.
    """
    from chordllama.codec.compact import dumps

    return dumps(score, tuple(sorted(without)), bars_per_line)


def decode(text: str) -> Score:
    """Return the score that a compact text says.

    Raises:
        CompactError: the text isn't one; its words say in which line.
    """
    from chordllama.codec.compact import loads

    return loads(text)


def check(source: Source) -> Check:
    """Count what a score holds: parts, bars, signs, what its compact text leaves out, and bars that don't fill their time signature."""
    from chordllama.checking.contents import check as check_reading
    from chordllama.codec.musicxml import read_with_origin

    return check_reading(read_with_origin(*_musicxml(source)))


# ----------------------------------------------------------------------------------------------------------------- new bars


@dataclass(frozen=True)
class Suggestion:
    """New bars for a score. `musicxml` is the composer's whole file with them: every other byte is as it was.

    `surprisal` is what the bars cost the model, in bits a note (None where the model doesn't tell); `failure` says why there are fewer
    bars than were asked for.
    """

    bars: tuple[Bar, ...]
    musicxml: bytes
    surprisal: float | None = None
    failure: ChordLlamaError | None = None

    @cached_property
    def score(self) -> Score:
        """The whole score, new bars included."""
        return read(self.musicxml)

    def save(self, path: str | Path) -> None:
        """Write the whole score to a file: .musicxml, .xml, or .mxl, which is packed."""
        _save(self.musicxml, path)


def open_model(
    place: str | Path | None = None, *, threads: int | None = None, name: str | None = None, api_key: str | None = None
) -> Backend:
    """Open a model, to be used for many scores: `with chordllama.open_model() as model: ...`.

    Args:
        place: a GGUF file, or the address of an OpenAI-compatible server, or `ollama+http://…`; the bundled model without one.
        threads: processors to use; without it half of them, of few all but one.
        name, api_key: what a server calls the model, and its key.

    Raises:
        ModelError: the file is missing, damaged, or no model that continues text.
        EndpointError: the address is none.
    """
    from chordllama.generate.models import open_backend

    return open_backend(None if place is None else str(place), threads, name=name, api_key=api_key)


def continue_score(
    source: Source,
    *,
    bars: int = 8,
    ending: Literal["auto", "open", "close"] = "auto",
    candidates: int = 1,
    seed: int | None = None,
    temperature: float | None = None,
    model: Backend | None = None,
    progress: Callable[[BarProgress], None] | None = None,
) -> list[Suggestion]:
    """Write new bars after a score's last one.

    Args:
        source: the score.
        bars: how many, 1 to 256.
        ending: whether the music closes with them; "auto" where the score had a final bar line.
        candidates: how many suggestions, 1 to 16.
        seed: another one gives other bars; the same one the same.
        temperature: 0 to 5; higher is bolder, 0 takes the likeliest.
        model: from `open_model`; the bundled model without one.
        progress: called after each bar with the candidate, the bar and the number of bars.

    Returns:
        The suggestions, the one that the model finds most probable first.

    Raises:
        ScoreError: the file is rejected, or holds no notes.
        ModelError, EndpointError: the model fails before there is a bar.
    """
    settings = {"bars": bars, "ending": ending, "candidates": candidates, "seed": seed, "temperature": temperature}
    return _suggest("continue", source, settings, model, progress)


def infill(
    source: Source,
    *,
    first: int | None = None,
    bars: int | None = None,
    candidates: int = 1,
    seed: int | None = None,
    temperature: float | None = None,
    model: Backend | None = None,
    progress: Callable[[BarProgress], None] | None = None,
) -> list[Suggestion]:
    """Write the bars that are missing in the middle of a score: `bars` from bar `first` (counted from 1) on.

    Without `first` they are the longest run of silent bars. Everything else is as in `continue_score`.

    Raises:
        RequestError: no bars are missing, or there is no bar before and after them.
    """
    settings = {"first": first, "bars": bars, "candidates": candidates, "seed": seed, "temperature": temperature}
    return _suggest("infill", source, settings, model, progress)


def harmonise(
    source: Source,
    *,
    keep: Sequence[int | str] = (1,),
    first: int | None = None,
    bars: int | None = None,
    candidates: int = 1,
    seed: int | None = None,
    temperature: float | None = None,
    model: Backend | None = None,
    progress: Callable[[BarProgress], None] | None = None,
) -> list[Suggestion]:
    """Write other parts to those of `keep` (numbers from 1, or names), which stay as they are.

    All bars, or `bars` of them from bar `first` (counted from 1) on. Everything else is as in `continue_score`.

    Raises:
        RequestError: the score hasn't got these bars or parts, or no part is left to write.
    """
    given = ",".join(map(str, keep))
    settings = {"first": first, "bars": bars, "candidates": candidates, "seed": seed, "temperature": temperature}
    return _suggest("harmonise", source, {**settings, "given": given}, model, progress)


def vary(
    source: Source,
    *,
    first: int | None = None,
    bars: int | None = None,
    candidates: int = 1,
    seed: int | None = None,
    temperature: float | None = None,
    model: Backend | None = None,
    progress: Callable[[BarProgress], None] | None = None,
) -> list[Suggestion]:
    """Give bars other notes in the same rhythm: all of them, or `bars` from bar `first` (counted from 1) on.

    Everything else is as in `continue_score`.

    Raises:
        RequestError: the score hasn't got these bars.
    """
    settings = {"first": first, "bars": bars, "candidates": candidates, "seed": seed, "temperature": temperature}
    return _suggest("vary", source, settings, model, progress)


def _suggest(
    task: str,
    source: Source,
    settings: Mapping[str, object],
    model: Backend | None,
    progress: Callable[[BarProgress], None] | None,
) -> list[Suggestion]:
    from chordllama.generate.continuation import prepare, write
    from chordllama.generate.ranking import best_first
    from chordllama.tasks.music_tasks import MUSIC_TASKS
    from chordllama.tasks.task import request_for

    assignment = prepare(*_musicxml(source), request_for(MUSIC_TASKS[task], settings))
    with nullcontext(model) if model is not None else open_model() as backend:
        written = write(assignment, backend, progress or (lambda _: None)).candidates
    return [_suggestion(written[number]) for number in best_first(written)]


def _suggestion(written: Continuation) -> Suggestion:
    return Suggestion(written.bars, written.xml, written.surprisal, written.failure)


def _musicxml(source: Source) -> tuple[bytes, str]:
    """The bytes of a score as MusicXML (.mxl as it is), and its name for messages."""
    from chordllama.conversion.foreign import foreign_format, to_musicxml
    from chordllama.system.files import read_bounded

    data, name = (source, "score") if isinstance(source, bytes) else (read_bounded(Path(source)), str(source))
    return (to_musicxml(data, name) if foreign_format(data, name) else data), name


def _save(xml: bytes, path: str | Path) -> None:
    from chordllama.codec.container import write_container
    from chordllama.system.files import write_atomically

    write_atomically(Path(path), write_container(xml, Path(path).suffix.lower()))
