"""`python -m benchmarks.serve [overload] [leaving] [killing] [--seconds N] [--requests N]`: prints one JSON object for each.

Everything stays on loopback, and ends after a bounded number of requests and a bounded time.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from time import monotonic, sleep
from typing import Any

import httpx

from benchmarks.serve.clients import ask, ask_health, client, follow, order
from benchmarks.serve.server import Served

MOST_SECONDS = 900.0
CAPACITY = 9
"""Jobs that run or wait."""


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of all lies, in milliseconds."""
    return round(1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))], 1) if values else 0.0


def overload(served: Served, seconds: float) -> dict[str, Any]:
    """Ten times as many clients as the server takes, for a minute; /health is asked all the while."""
    count = 10 * CAPACITY
    refusals: list[float] = []
    endings: Counter[str] = Counter()
    all_there = threading.Barrier(count)

    def ask_again(number: int) -> None:
        asked = order(4, number)
        with client(number) as session:
            all_there.wait()
            until = monotonic() + seconds
            sleep(random.uniform(0, 1))  # they come within a second, and not in one instant
            while monotonic() < until:
                started = monotonic()
                answer = ask(session, served.address, asked)
                if answer.status_code == 202:
                    endings[follow(session, served.address, answer.json()["id"])] += 1
                else:
                    refusals.append(monotonic() - started)
                    endings[f"refused {answer.status_code}"] += 1
                    sleep(random.uniform(0.5, 1.5))

    with get_context("spawn").Pool(1) as prober:  # a process of its own, which the clients don't delay
        asked = prober.apply_async(ask_health, (served.address, seconds))
        run_together([lambda n=n: ask_again(n) for n in range(count)])
        healths = asked.get(MOST_SECONDS)
    return {
        "clients": count,
        "seconds": seconds,
        "endings": dict(endings),
        "refusal_ms": {
            "p50": percentile(refusals, 0.5),
            "p99": percentile(refusals, 0.99),
            "most": percentile(refusals, 1),
        },
        "health_ms": {
            "p50": percentile(healths, 0.5),
            "p99": percentile(healths, 0.99),
            "most": percentile(healths, 1),
        },
        "answered_within_50_ms": served.answered_within("jobs.continue", "0.05"),
        "stuck": stuck(served),
    }


def leaving(served: Served, requests: int) -> dict[str, Any]:
    """Requests of which 30 % leave in the midst; nothing may stay, and the memory may not grow."""
    endings: Counter[str] = Counter()
    generator = random.Random(1)
    plans = [generator.random() < 0.3 for _ in range(requests)]
    memory = {0: 0.0}

    def one(number: int) -> None:
        with client(number % 4) as session:
            asked = order(2, number)
            answer = ask(session, served.address, asked)
            while answer.status_code in (429, 503):
                sleep(0.05)
                answer = ask(session, served.address, asked)
            endings[follow(session, served.address, answer.json()["id"], 1 if plans[number] else None)] += 1
        if number == requests // 5:  # after a fifth, everything is loaded and the kept jobs are as many as they get
            memory[0] = served.megabytes()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(requests)))
    before, after = memory[0], served.megabytes()
    return {
        "requests": requests,
        "planned_to_leave": sum(plans),
        "endings": dict(endings),
        "stuck": stuck(served),
        "megabytes": {"after_a_fifth": round(before, 1), "at_the_end": round(after, 1)},
        "growth_percent": round(100 * (after / before - 1), 2),
    }


def killing(served: Served, times: int) -> dict[str, Any]:
    """The process that writes is killed in mid-job; the server stays, and each job gets an answer."""
    endings: Counter[str] = Counter()
    after: Counter[str] = Counter()
    with client(1) as session:
        for number in range(times):
            id = ask(session, served.address, order(200, number)).json()["id"]
            threading.Timer(0.3, served.kill_writer).start()
            endings[follow(session, served.address, id)] += 1
            id = ask(session, served.address, order(1, number)).json()["id"]
            after[follow(session, served.address, id)] += 1
        alive = session.get(f"{served.address}/health").json()["status"]
    return {
        "killed": times,
        "their_jobs": dict(endings),
        "next_jobs": dict(after),
        "health": alive,
        "stuck": stuck(served),
    }


def stuck(served: Served) -> int:
    """Jobs that still wait or run a second after all clients have gone."""
    sleep(1)
    found = httpx.get(f"{served.address}/health").json()
    return int(found["running"] + found["waiting"])


def run_together(tasks: list[Callable[[], None]]) -> None:
    """Run each in a thread, and wait for all."""
    threads = [threading.Thread(target=task, daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST_SECONDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["overload", "leaving", "killing"])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    runs: dict[str, Callable[[Served], dict[str, Any]]] = {
        "overload": lambda served: overload(served, min(options.seconds, 120)),
        "leaving": lambda served: leaving(served, min(options.requests, 2000)),
        "killing": lambda served: killing(served, min(options.times, 50)),
    }
    for what in options.what:
        with Served() as served:
            print(json.dumps({"run": what, **runs[what](served)}), flush=True)


if __name__ == "__main__":
    main()
