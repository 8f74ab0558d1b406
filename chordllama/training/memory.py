"""Whether a machine's memory holds what is about to begin, and what is said when it doesn't. Knows sizes; knows no model.

The needs are lower bounds: what is refused can't work, and what isn't may still run out, which is explained too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chordllama.errors import ModelError

GIB = 1 << 30
FLOAT = 4
"""Bytes of a number in 32 bits."""
OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad allocation")
"""How torch's allocators say it where they have no exception of their own."""


def weights_in_memory(folder: Path) -> int:
    """Return the bytes that the weights of a Hugging Face folder have in 32 bits."""
    from safetensors import safe_open

    numbers = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118  it is no mapping
                size = 1
                for length in file.get_slice(name).get_shape():
                    size *= length
                numbers += size
    return numbers * FLOAT


def check_memory(needed: int, purpose: str, hint: str | None = None) -> None:
    """Raise ModelError where fewer than `needed` bytes are free."""
    import psutil

    free = psutil.virtual_memory().available
    if needed > free:
        raise ModelError(
            f"too little memory for {purpose}",
            cause=f"it needs {needed / GIB:.1f} GiB at least, and {free / GIB:.1f} GiB are free",
            hint=hint,
        )


@contextmanager
def explained(purpose: str, hint: str) -> Iterator[None]:
    """Running out of memory on the way as the same error."""
    import torch

    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        plain = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not plain and not any(words in str(error).lower() for words in OUT_OF_MEMORY):
            raise
        cause = " ".join(str(error).split())[:300] or None
        raise ModelError(f"too little memory for {purpose}", cause=cause, hint=hint) from error
