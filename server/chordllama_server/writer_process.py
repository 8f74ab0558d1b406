"""The engine's child process: it holds the model and writes one order after another. Knows generation; knows no HTTP and no queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any

from chordllama.codec import editor
from chordllama.codec.compact import dump_bar
from chordllama.codec.musicxml import Reading, read_with_origin
from chordllama.codec.splice import new_measures
from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import Backend, Stopped
from chordllama.generate.continuation import BarProgress, Continuation, assign, write
from chordllama.generate.ranking import best_first
from chordllama.placing.passes import place
from chordllama.score.model import Bar
from chordllama.tasks.plan import Plan, Request
from chordllama_server.problems import Problem, problem_of
from chordllama_server.scores import UploadedScore, in_utf8, musicxml_of


@dataclass(frozen=True, slots=True)
class Model:
    """Which model a child opens: a file, an endpoint's address, or (None) the bundled one."""

    place: str | None = None
    threads: int | None = None
    name: str | None = None
    api_key: str | None = None

    @property
    def shown(self) -> str:
        """The name that clients see; an address never shows its path or password."""
        if self.name:
            return self.name
        return (self.place or "chordllama-mini").rpartition("/")[2].removesuffix(".gguf") or "endpoint"

    @property
    def backend(self) -> str:
        """Which kind of backend runs it."""
        if self.place is None or "://" not in self.place:
            return "llama.cpp"
        return "ollama" if self.place.startswith("ollama+") else "openai"


@dataclass(frozen=True, slots=True)
class Order:
    """What a job is to write; `editor` asks for an editor's events instead of MusicXML."""

    source: UploadedScore
    request: Request
    editor: bool = False


BEGUN = "begun"
"""A child's first word on an order: from here on it has it."""
Say = Callable[[str, dict[str, Any]], None]


def work(pipe: Connection, stop: Any, model: Model) -> None:
    """Write orders in the child. Send ("ready", None) or a Problem once, then for each order BEGUN, events, and at last ("end", Problem | None)."""
    from chordllama.generate.models import open_backend

    try:
        backend = open_backend(
            model.place, model.threads, stopped=lambda: bool(stop.value), name=model.name, api_key=model.api_key
        )
    except ChordLlamaError as error:
        pipe.send(("failed", problem_of(error)))
        return
    with backend:
        pipe.send(("ready", None))
        while True:
            order: Order = pipe.recv()
            pipe.send((BEGUN, None))
            pipe.send(("end", _write(order, backend, stop, lambda event, data: pipe.send((event, data)))))


def _write(order: Order, backend: Backend, stop: Any, say: Say) -> Problem | None:
    try:
        continue_order(order, backend, stop, say)
    except Stopped:
        return CANCELLED
    except ChordLlamaError as error:
        return problem_of(error)
    except RecursionError:
        return Problem(422, "score_error", "score_rejected", "the score is nested too deeply")
    return None


CANCELLED = Problem(409, "cancelled", "cancelled", "the job was cancelled")


def continue_order(order: Order, backend: Backend, stop: Any, say: Say) -> None:
    """Write what is ordered, and say each bar, each candidate, and `done`."""
    started = perf_counter()
    xml, name = musicxml_of(order.source), order.source.name
    assignment = assign(xml, name, read_with_origin(xml, name), order.request)
    reading, plan = assignment.reading, assignment.plan

    def tell(step: BarProgress) -> None:
        if stop.value:
            raise Stopped
        say("bar", _bar(step, reading, plan, order.editor))

    written = write(assignment, backend, tell)
    ranks = {number: rank for rank, number in enumerate(best_first(written.candidates), 1)}
    for number, continuation in enumerate(written.candidates):
        say("candidate", _candidate(number, continuation, reading, plan, order.editor) | {"rank": ranks[number]})
    names = ("prompt_tokens", "reused_tokens", "written_tokens")
    usage = {name: getattr(written.timing, name) for name in names} | {"seconds": round(perf_counter() - started, 3)}
    good = sum(bool(continuation.bars) for continuation in written.candidates)
    say("done", {"candidates": good, "warnings": list(reading.report.warnings()), "usage": usage})


def _bar(step: BarProgress, reading: Reading, plan: Plan, for_editor: bool) -> dict[str, Any]:
    bars = place(plan.placement, step.written, complete=step.bar == step.bars)
    found: dict[str, Any] = {"candidate": step.candidate, "bar": step.bar, "bars": step.bars}
    found |= {"place": plan.first + step.bar, "compact": dump_bar(bars[-1], reading.score.parts)}
    if for_editor:
        return found | {"editor": _events(bars[-1:], bars[:-1], reading, plan)}
    return found | {"musicxml": new_measures(reading, bars, len(bars) - 1, plan.first)}


def _candidate(
    number: int, continuation: Continuation, reading: Reading, plan: Plan, for_editor: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {"candidate": number, "place": plan.first + 1, "bars": len(continuation.bars)}
    if for_editor:
        found["editor"] = _events(continuation.bars, (), reading, plan)
    else:
        found["musicxml"] = in_utf8(continuation.xml)
        found["file"] = continuation.xml
    found["report"] = [asdict(remark) for remark in continuation.report]
    if continuation.failure:
        found["failure"] = problem_of(continuation.failure).as_json()
    return found


def _events(bars: tuple[Bar, ...], before: tuple[Bar, ...], reading: Reading, plan: Plan) -> dict[str, Any]:
    """Return new bars as an editor's events, after those of `before`: of the parts that the model writes, in the metre of their place."""
    score = reading.score
    return editor.write(replace(score, bars=score.bars[: plan.first] + before), bars, plan.parts)
