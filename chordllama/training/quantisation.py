"""Fewer bits a weight: which kinds there are, what each may cost, and llama.cpp doing it. Knows files; knows no text and no tokens."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from chordllama.errors import ModelError
from chordllama.generate.llama_runtime import library

BOUNDS: Mapping[str, float] = {"q8_0": 0.005, "q6_k": 0.01, "q5_k_m": 0.02, "q4_k_m": 0.05, "q4_0": 0.08}
"""By which share the perplexity of a quantisation may lie above that of the 16-bit file; what costs more is refused."""
WHOLE = "f16"


def check_quantisations(quantisations: Sequence[str]) -> None:
    """Raise ModelError for one that isn't known."""
    for quantisation in quantisations:
        if quantisation not in BOUNDS:
            raise ModelError(f'unknown quantisation "{quantisation}"', hint="Known: " + ", ".join([WHOLE, *BOUNDS]))


def file_type(quantisation: str) -> int:
    """llama.cpp's number for a kind of file."""
    from gguf import LlamaFileType

    return int(LlamaFileType[f"MOSTLY_{quantisation.upper()}"])


def quantise(source: Path, target: Path, quantisation: str) -> None:
    """Write the 16-bit file `source` with fewer bits as `target`. Raises ModelError."""
    llama = library()
    settings = llama.llama_model_quantize_default_params()
    settings.ftype = file_type(quantisation)
    settings.nthread = 1
    status = llama.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(settings))
    if status != 0:
        raise ModelError(
            f"{source}: can't be quantised to {quantisation}",
            cause=f"llama.cpp answered {status}",
            hint="is the disk full?",
        )
