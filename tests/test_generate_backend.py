"""The values that go into a backend and come out of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator

import pytest

from chordllama.errors import ChordLlamaError
from chordllama.generate.backend import Stopwatch, TextPiece, Timing, timed
from chordllama.sampling import RANGES, Sampling, SamplingError


def test_sampling_without_arguments_is_allowed() -> None:
    assert Sampling() == Sampling(temperature=0.9, top_p=1.0, min_p=0.05, seed=1)


@pytest.mark.parametrize("field", RANGES)
def test_every_limit_is_kept_from_both_sides(field: str) -> None:
    least, greatest, closed = RANGES[field]
    kind = type(getattr(Sampling(), field))
    Sampling(**{field: kind(greatest)})
    if closed:
        Sampling(**{field: kind(least)})
    for wrong in (least - 1, greatest + 1) if closed else (least, greatest + 1):
        with pytest.raises(SamplingError, match=f"{field} is"):
            Sampling(**{field: kind(wrong)})


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("temperature", float("nan")),
        ("temperature", float("inf")),
        ("temperature", "warm"),
        ("seed", 1.5),
        ("seed", True),
        ("maximum_tokens", None),
    ],
)
def test_what_is_no_number_is_named_in_the_error(field: str, wrong: object) -> None:
    with pytest.raises(SamplingError, match=f"{field} has to be a .*number, not {wrong!r}"):
        Sampling(**{field: wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("stop", ["end", ("end", ""), ["end"]])
def test_stop_is_a_tuple_of_texts(stop: object) -> None:
    with pytest.raises(SamplingError, match="stop has to be a tuple"):
        Sampling(stop=stop)  # type: ignore[arg-type]


def test_a_sampling_error_is_one_of_ours_and_a_value_error() -> None:
    assert issubclass(SamplingError, ChordLlamaError)
    assert issubclass(SamplingError, ValueError)


def test_timing_counts_what_is_neither_prompt_nor_decoding_nor_sampling() -> None:
    timing = Timing(prompt_seconds=1, decode_seconds=2, sampling_seconds=1, total_seconds=5)
    assert timing.outside_seconds == 1
    assert timing.outside_share == 0.2
    assert Timing().outside_share == 0


def test_timed_closes_the_writer_when_its_reader_stops() -> None:
    closed = []

    def pieces() -> Generator[TextPiece, None, None]:
        try:
            yield TextPiece(0, "a")
            yield TextPiece(0, "b")
        finally:
            closed.append(True)

    watch = Stopwatch()
    reader = timed(pieces(), watch)
    assert next(reader) == TextPiece(0, "a")
    reader.close()
    assert closed == [True]
    assert watch.timing.total_seconds > 0


def test_importing_the_backends_loads_no_heavy_package() -> None:
    program = (
        "import sys, chordllama.generate.llama, chordllama.generate.endpoint\n"
        "sys.exit(', '.join({'llama_cpp', 'httpx', 'httpx_sse', 'torch'} & set(sys.modules)) or None)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
