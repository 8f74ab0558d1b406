"""How many tokens a text is, by Llama 3's tokenizer or any of the Hugging Face hub. Knows tokenizers, no rows.

Llama 3's is taken out of the package `llama-models`, whose file is Meta's own (Llama 3 Community License); it is not passed on.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from chordllama.errors import CorpusError
from chordllama.system.files import write_atomically

LLAMA_3 = "llama-3"
PACKAGE = "llama-models==0.3.0"
MEMBER = "llama_models/llama3/tokenizer.model"
SHA256 = "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"
PATTERN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""How Llama 3 cuts a text before it looks for tokens, from llama_models/llama3/tokenizer.py."""
REMEMBERED = 1 << 16


class Counter(Protocol):
    """Counts tokens; special tokens at a text's edges don't count."""

    def count(self, text: str) -> int:
        """Return the tokens of one text."""

    def count_all(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each of many texts, quickly."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A tokenizer by name; `path` is where its files lie, and `sha256` theirs, so that another process loads the same."""

    name: str
    path: str
    sha256: str


def find_tokenizer(name: str, cache: Path) -> Tokenizer:
    """Return the tokenizer of that name: `llama-3`, a folder or file, or a name on the Hugging Face hub.

    Raises CorpusError where it can't be had.
    """
    if name == LLAMA_3:
        path = _llama_3(cache)
    elif Path(name).exists():
        path = Path(name) / "tokenizer.json" if Path(name).is_dir() else Path(name)
    else:
        path = _from_hub(name)
    if not path.is_file():
        raise CorpusError(f"{path}: there is no tokenizer", hint="name a folder that holds a tokenizer.json")
    return Tokenizer(name, str(path), hashlib.sha256(path.read_bytes()).hexdigest())


@lru_cache(maxsize=2)
def load_counter(tokenizer: Tokenizer) -> Counter:
    """Return what counts by it. Raises CorpusError where its file is not what it was, or none."""
    data = Path(tokenizer.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != tokenizer.sha256:
        raise CorpusError(f"{tokenizer.path}: the tokenizer has changed since the build began")
    return _Llama3(tokenizer.path) if tokenizer.name == LLAMA_3 else _HuggingFace(tokenizer.path)


class _Llama3:
    def __init__(self, path: str) -> None:
        import tiktoken
        from tiktoken.load import load_tiktoken_bpe

        self._encoding = tiktoken.Encoding(
            LLAMA_3, pat_str=PATTERN, mergeable_ranks=load_tiktoken_bpe(path), special_tokens={}
        )
        self.count = lru_cache(REMEMBERED)(self._count)

    def _count(self, text: str) -> int:
        return len(self._encoding.encode_ordinary(text))

    def count_all(self, texts: Sequence[str]) -> list[int]:
        return [len(ids) for ids in self._encoding.encode_ordinary_batch(list(texts), num_threads=1)]


class _HuggingFace:
    def __init__(self, path: str) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # each process has its own work
        from tokenizers import Tokenizer as Loaded

        try:
            self._loaded: Any = Loaded.from_file(path)
        except Exception as fault:  # the library raises no class of its own
            raise CorpusError(f"{path}: no tokenizer can be read from it", cause=str(fault)) from fault
        self.count = lru_cache(REMEMBERED)(self._count)

    def _count(self, text: str) -> int:
        return len(self._loaded.encode(text, add_special_tokens=False).ids)

    def count_all(self, texts: Sequence[str]) -> list[int]:
        return [len(found.ids) for found in self._loaded.encode_batch_fast(list(texts), add_special_tokens=False)]


def _llama_3(cache: Path) -> Path:
    path = cache / "llama-3.tokenizer.model"
    if not path.exists():
        data = _from_package()
        if hashlib.sha256(data).hexdigest() != SHA256:
            raise CorpusError(f"{MEMBER} in {PACKAGE} is not the file that was meant", cause="its checksum differs")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    return path


def _from_package() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        child = subprocess.run(pip, capture_output=True, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if child.returncode or not wheels:
            raise CorpusError(
                "Llama 3's tokenizer can't be fetched",
                cause=child.stderr.strip().rpartition("\n")[2],
                hint="without a network name another one with --tokenizer, e.g. a folder that holds a tokenizer.json",
            )
        return zipfile.ZipFile(wheels[0]).read(MEMBER)


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(name, "tokenizer.json"))
    except Exception as fault:  # hub, network and name: the library has a class for each
        raise CorpusError(
            f"{name}: the tokenizer can't be had from the Hugging Face hub",
            cause=" ".join(str(fault).split())[:300],
            hint="name a folder that holds a tokenizer.json",
        ) from fault
