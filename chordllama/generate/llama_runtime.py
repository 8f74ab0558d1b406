"""llama.cpp behind a small door: loading, tokens, evaluation. Knows GGUF files and the KV cache; knows no guard and no sampling.

Its low-level interface is used throughout: `llama_cpp.Llama` can neither switch off the extra buffer types nor decode several
sequences in one batch.
"""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chordllama.errors import ModelError
from chordllama.generate.backend import Stopped

Logits = NDArray[np.float32]  # of shape (vocabulary,) after one position, or (positions, vocabulary)

MAGIC = b"GGUF"
BATCH = 512  # tokens that one call of llama.cpp takes
CHUNK = 64  # tokens of a prompt that are read at a time, and kept or read again as a whole
ROOM = 256  # llama.cpp rounds the KV cache's cells up to this
ABORTED = 2  # what llama_decode gives when its abort callback said so
ERROR_LEVEL = 4  # GGML_LOG_LEVEL_ERROR

_complaints: deque[str] = deque(maxlen=4)  # llama.cpp says in its log, not in its answer, why something failed
_callbacks: list[Any] = []  # what llama.cpp calls must not be collected


@cache
def library() -> Any:
    """llama_cpp, with its log turned to `_complaints`; the callback lives as long as the library."""
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        hint = "install it: pip install llama-cpp-python (a C++ compiler is needed), or use an endpoint"
        raise ModelError("llama.cpp can't be loaded", cause=str(error), hint=hint) from error

    _callbacks.append(llama_cpp.llama_log_callback(_listen))
    llama_cpp.llama_log_set(_callbacks[-1], ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


def _listen(level: int, text: bytes, _: object) -> None:
    if level == ERROR_LEVEL:
        _complaints.append(text.decode("utf-8", "replace").strip())


def model_parameters() -> Any:
    """llama.cpp's parameters for loading, its extra buffer types switched off.

    These repack quantised weights for instructions like AMX. Built with an older gcc, that code crashes the process on processors
    that have AMX, and at our sizes it wins nothing.
    """
    parameters = library().llama_model_default_params()
    parameters.use_extra_bufts = False
    return parameters


def check_file(path: Path) -> None:
    """Raise ModelError unless `path` begins as a GGUF file does."""
    hint = "name a .gguf file, or fetch one as models/README.md says"
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        raise ModelError(f"the model {path} can't be read", cause=error.strerror, hint=hint) from error
    if magic != MAGIC:
        raise ModelError(f"{path} is no GGUF file", cause=f"it begins with {magic!r}, not {MAGIC!r}", hint=hint)


def load(path: Path) -> Any:
    """llama.cpp's model from a GGUF file. Raises ModelError with llama.cpp's own words."""
    check_file(path)
    llama = library()
    _complaints.clear()
    model = llama.llama_model_load_from_file(str(path).encode(), model_parameters())
    if not model:
        hint = "the file may be cut off or damaged (fetch it again), or made for another version of llama.cpp"
        raise ModelError(f"llama.cpp can't load the model {path}", cause="; ".join(_complaints) or None, hint=hint)
    if not llama.llama_model_has_decoder(model) or llama.llama_model_has_encoder(model):
        llama.llama_model_free(model)
        raise ModelError(
            f"the model {path} is none that continues text", hint="take a decoder-only model, such as a Llama"
        )
    return model


def default_threads() -> int:
    """Half of the processors, which are often the same cores twice, or of few all but one.

    One is always left to other programs: the threads wait for each other at every step, and with one of them on a busy core
    writing is ten times slower.
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count - 1, max(3, count // 2)))


class Vocabulary:
    """Text to tokens and back."""

    def __init__(self, model: Any) -> None:
        self._llama = library()
        self._vocabulary = self._llama.llama_model_get_vocab(model)
        self.size: int = self._llama.llama_vocab_n_tokens(self._vocabulary)
        self.ends = frozenset(t for t in range(self.size) if self._llama.llama_vocab_is_eog(self._vocabulary, t))
        self.raw = [self._bytes(token) for token in range(self.size)]
        self.pieces = [self._piece(token) for token in range(self.size)]
        self._spelling = self._by_bytes()
        self._longest = max(map(len, self._spelling), default=0)

    def _bytes(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(64)
        length = self._llama.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, False)
        if length < 0:
            buffer = ctypes.create_string_buffer(-length)
            length = self._llama.llama_token_to_piece(self._vocabulary, token, buffer, len(buffer), 0, False)
        return buffer.raw[:length]

    def _piece(self, token: int) -> str | None:
        """What a guard is asked. None, which no guard has to be asked: no text at all, or part of a character."""
        if token in self.ends:
            return None
        try:
            return self.raw[token].decode("utf-8") or None
        except UnicodeDecodeError:
            return None

    def _by_bytes(self) -> dict[bytes, int]:
        """The token that spells some bytes; a byte token only where no other does."""
        byte = self._llama.LLAMA_TOKEN_ATTR_BYTE
        spelling: dict[bytes, int] = {}
        for token, raw in enumerate(self.raw):
            is_byte = self._llama.llama_vocab_get_attr(self._vocabulary, token) & byte
            if raw and token not in self.ends and not (is_byte and raw in spelling):
                spelling[raw] = token
        return spelling

    def tokens(self, text: str) -> list[int]:
        """Return the model's own tokens of `text`; the names of special tokens stand for these, as they do at endpoints."""
        raw = text.encode("utf-8")
        room = len(raw) + 8
        while True:
            buffer = (ctypes.c_int32 * room)()
            count = self._llama.llama_tokenize(self._vocabulary, raw, len(raw), buffer, room, False, True)
            if count >= 0:
                return list(buffer[:count])
            room = -count

    def prompt(self, text: str) -> list[int]:
        """Return `text`'s tokens, after the beginning that the model was trained to see."""
        tokens = self.tokens(text)
        beginning = self._llama.llama_vocab_bos(self._vocabulary)
        if self._llama.llama_vocab_get_add_bos(self._vocabulary) and tokens[:1] != [beginning]:
            tokens.insert(0, beginning)
        if not tokens:
            raise ModelError("there is nothing to continue", cause="the prompt is empty")
        return tokens

    def ends_of(self, tokens: list[int]) -> list[int]:
        """Return how many characters there are after each of `tokens`; part of a character counts as it whole."""
        raw, ends = b"", []
        for token in tokens:
            raw += self.raw[token]
            ends.append(len(raw.decode("utf-8", "replace")))
        return ends

    def spell(self, text: str) -> list[int]:
        """Return `text` from the longest pieces that fit: for the part of a token that a rewind keeps."""
        rest, tokens = text.encode("utf-8"), []
        while rest:
            ends = range(min(self._longest, len(rest)), 0, -1)
            raw = next((rest[:end] for end in ends if rest[:end] in self._spelling), None)
            if raw is None:
                raise ModelError(f"the model's vocabulary can't spell {text!r}")
            tokens.append(self._spelling[raw])
            rest = rest[len(raw) :]
        return tokens


class Evaluator:
    """A llama.cpp context: KV cache, one batch, the last logits. Sequence 0 holds the prompt, each candidate has one of its own.

    `cells` are the tokens there is room for in all, `sequences` how many texts there can be, the prompt's one included. `stopped` is
    asked before each evaluation, and by llama.cpp in the midst of a prompt's; a yes ends that with `Stopped`. Asked within the short
    evaluations that follow it would cost a tenth of the speed or more.
    """

    def __init__(
        self,
        model: Any,
        vocabulary_size: int,
        cells: int,
        sequences: int,
        threads: int,
        stopped: Callable[[], bool] | None = None,
    ) -> None:
        self._llama = library()
        self._vocabulary_size = vocabulary_size
        self.cells, self.sequences = -(-cells // ROOM) * ROOM, sequences
        self._logits: tuple[int, Logits] | None = None
        self._stopped = stopped or (lambda: False)
        self._asked = self._llama.ggml_abort_callback(lambda _: self._stopped()) if stopped else None
        self._context = self._open(model, threads)
        self._memory = self._llama.llama_get_memory(self._context)
        if not self._memory:
            self.close()
            raise ModelError("this model can't continue text", hint="take a decoder-only model, such as a Llama")
        self._prompt: list[int] = []
        self._token, self._position, self._sequence = (np.zeros(BATCH, np.int32) for _ in range(3))
        self._count, self._wanted = np.ones(BATCH, np.int32), np.zeros(BATCH, np.int8)
        self._pointers = self._sequence.ctypes.data + 4 * np.arange(BATCH, dtype=np.uint64)
        self._batch = self._make_batch()

    def _open(self, model: Any, threads: int) -> Any:
        llama = self._llama
        parameters = llama.llama_context_default_params()
        parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = self.cells, BATCH, BATCH
        parameters.n_seq_max = parameters.n_outputs_max = self.sequences
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.kv_unified = True  # the candidates share the prompt's cells
        if not llama.llama_supports_gpu_offload():  # on a CPU flash attention is slower by far
            parameters.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        _complaints.clear()
        context = llama.llama_init_from_model(model, parameters)
        if not context:
            cause = "; ".join(_complaints) or f"there may be no memory for {self.cells} tokens"
            raise ModelError("llama.cpp can't make room to write", cause=cause, hint="take a smaller context")
        return context

    def _make_batch(self) -> Any:
        """llama.cpp's batch over our arrays, which are filled anew each step."""
        arrays: dict[str, NDArray[Any]] = {"token": self._token, "pos": self._position, "logits": self._wanted}
        arrays |= {"n_seq_id": self._count, "seq_id": self._pointers}
        batch = self._llama.llama_batch(0)
        kinds = dict(batch._fields_)
        for name, array in arrays.items():
            setattr(batch, name, ctypes.cast(array.ctypes.data, kinds[name]))
        return batch

    def read(self, tokens: list[int]) -> tuple[Logits, int]:
        """Bring `tokens`, the prompt, into sequence 0.

        Returns the logits after it, and how many of its tokens were still there from the prompt before.
        """
        # Whole chunks only: a token's logits depend on what it is evaluated with, and the same request shall give the same bars.
        known = _common(self._prompt, tokens[:-1]) // CHUNK * CHUNK
        if not self._llama.llama_memory_seq_rm(self._memory, 0, known, -1):
            self._llama.llama_memory_clear(self._memory, False)
            known = 0
        self._prompt = []
        with self._interruptible():
            for start in range(known, len(tokens), CHUNK):
                chunk = tokens[start : start + CHUNK]
                self._evaluate([(0, start, chunk)], wanted=start + CHUNK >= len(tokens))
        self._prompt = tokens
        return self._rows()[0], known

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Let llama.cpp ask whether it shall stop."""
        if self._asked is None:
            yield
            return
        self._llama.llama_set_abort_callback(self._context, self._asked, None)
        try:
            yield
        finally:
            self._llama.llama_set_abort_callback(self._context, self._llama.ggml_abort_callback(), None)

    def decode(self, parts: Sequence[tuple[int, int, list[int]]]) -> Logits:
        """Evaluate parts of (sequence, first position, tokens) in one batch; logits of shape (parts, vocabulary) after each."""
        self._evaluate(parts, wanted=True)
        return self._rows()[: len(parts)]

    def _evaluate(self, parts: Sequence[tuple[int, int, list[int]]], wanted: bool) -> None:
        """With `wanted` there are logits after the last token of each part."""
        if self._context is None:
            raise ModelError("the model was closed while it wrote")
        if self._stopped():
            raise Stopped
        end = 0
        for sequence, position, tokens in parts:
            for offset, token in enumerate(tokens):
                self._token[end], self._position[end], self._sequence[end] = token, position + offset, sequence
                self._wanted[end] = 0
                end += 1
            self._wanted[end - 1] = wanted
        self._batch.n_tokens = end
        state = self._llama.llama_decode(self._context, self._batch)
        if state == ABORTED:
            raise Stopped
        if state != 0:
            raise ModelError("llama.cpp can't go on", cause="; ".join(_complaints) or f"llama_decode gave {state}")

    def _rows(self) -> Logits:
        """A view of llama.cpp's logits, good until the next `decode`; remade only when llama.cpp moves them."""
        pointer = self._llama.llama_get_logits(self._context)
        address = ctypes.addressof(pointer.contents)
        if self._logits is None or self._logits[0] != address:
            memory = ((ctypes.c_float * self._vocabulary_size) * self.sequences).from_address(address)
            self._logits = address, np.ctypeslib.as_array(memory)
        return self._logits[1]

    def fork(self, sequence: int) -> None:
        """Let `sequence`, which is empty, begin with the prompt."""
        self._llama.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)

    def cut(self, sequence: int, length: int) -> None:
        """Forget all but the first `length` tokens of `sequence`."""
        if self._context is None:
            return
        if not self._llama.llama_memory_seq_rm(self._memory, sequence, length, -1):
            raise ModelError("this model can't take back what it wrote", hint="take a model with plain attention")

    def close(self) -> None:
        self._llama.llama_free(self._context)
        self._context = self._logits = None


def _common(first: list[int], second: list[int]) -> int:
    """How many tokens two lists have in common from their start."""
    pairs = zip(first, second, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))
