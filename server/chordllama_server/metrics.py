"""Counters for Prometheus. Knows numbers; knows nothing of scores."""

from __future__ import annotations

from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from chordllama_server.engine import Engine

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def measure(app: Flask, engine: Engine) -> None:
    """Count the app's requests and the engine's work, and show them at /metrics."""
    registry = CollectorRegistry()
    requests = Counter("chordllama_requests", "Requests", ["endpoint", "status"], registry=registry)
    seconds = Histogram(
        "chordllama_request_seconds", "Until an answer begins", ["endpoint"], buckets=_SECONDS, registry=registry
    )
    _measure_engine(engine, registry)

    @app.before_request
    def _begin() -> None:
        g.started = perf_counter()

    @app.after_request
    def _count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        requests.labels(endpoint, response.status_code).inc()
        seconds.labels(endpoint).observe(perf_counter() - g.get("started", perf_counter()))
        return response

    @app.get("/metrics", endpoint="metrics")
    def _metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _measure_engine(engine: Engine, registry: CollectorRegistry) -> None:
    jobs = Counter("chordllama_jobs", "Jobs that ended", ["status"], registry=registry)
    bars = Counter("chordllama_bars", "New bars", registry=registry)
    children = Counter("chordllama_children", "Processes that were started to write", registry=registry)
    first = Histogram(
        "chordllama_first_bar_seconds", "From asking to the first bar", buckets=_SECONDS, registry=registry
    )
    Gauge("chordllama_jobs_running", "Jobs being written", registry=registry).set_function(lambda: engine.running)
    Gauge("chordllama_jobs_waiting", "Jobs in the queue", registry=registry).set_function(lambda: engine.waiting)
    statuses = {f"jobs_{status}": jobs.labels(status).inc for status in ("done", "failed", "cancelled")}
    observers = {"bars": bars.inc, "children": children.inc, "first_bar_seconds": first.observe, **statuses}
    engine.observe = lambda kind, value: observers[kind](value)
