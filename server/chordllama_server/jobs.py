"""Jobs and their events. Knows states and events; knows no process and no HTTP."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Literal, NamedTuple

from chordllama_server.problems import Problem
from chordllama_server.scores import UploadedScore
from chordllama_server.writer_process import Order

Status = Literal["queued", "running", "done", "failed", "cancelled"]


class Event(NamedTuple):
    """Something that happened; `id` counts from 1."""

    id: int
    event: str
    data: dict[str, Any]


@dataclass(slots=True, eq=False)
class Job:
    """One order on its way. Its engine's lock is held while it changes."""

    order: Order
    client: str
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    status: Status = "queued"
    place: int | None = None
    events: list[Event] = field(default_factory=list)
    files: dict[int, bytes] = field(default_factory=dict)
    problem: Problem | None = None
    listeners: int = 0
    bytes: int = 0  # of its candidates
    created: float = field(default_factory=monotonic)
    seen: float = field(default_factory=monotonic)
    cancelled_at: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status not in ("queued", "running")

    def add(self, event: str, data: dict[str, Any]) -> None:
        """Something happened. The file of a candidate is kept beside its text."""
        if "file" in data:
            self.files[data["candidate"]] = data.pop("file")
            self.bytes += len(self.files[data["candidate"]]) + len(data["musicxml"])
        self.events.append(Event(len(self.events) + 1, event, data))

    def move(self, place: int) -> None:
        """Set the job's place in the queue."""
        if self.place != place:
            self.place = place
            self.add("queued", {"place": place})

    def end(self, problem: Problem | None) -> None:
        """End the job: nothing more will happen."""
        if self.ended:
            return
        self.place = None
        self.order = replace(self.order, source=UploadedScore(b""))  # what came isn't needed any more
        self.problem = problem
        self.status = "done" if problem is None else "cancelled" if problem.type == "cancelled" else "failed"
        if problem is not None:
            self.add("error", {"error": problem.as_json()})

    def as_json(self, after: int = 0) -> dict[str, Any]:
        """Return the `Job` of the OpenAPI document, with the events after the one with that number."""
        return {
            "id": self.id,
            "task": self.order.request.task,
            "status": self.status,
            "place": self.place,
            "bars": self.order.request.bars,
            "candidates": self.order.request.candidates,
            "events": [event._asdict() for event in self.events[after:]],
            "error": self.problem.as_json() if self.problem else None,
        }
