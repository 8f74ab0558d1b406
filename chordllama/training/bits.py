"""What held-out answers cost a trained model, in bits a note and a bar. Knows rows and one model; draws no conclusions.

The cost is the sum of -log2 p over all tokens of an answer, its bar numbers and its end too, given its prompt, so that models with
different tokenizers can be compared.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from chordllama.codec.compact import parse_word
from chordllama.codec.grammar import END
from chordllama.codec.words.events import Sticky
from chordllama.codec.words.frames import is_end, is_frame
from chordllama.codec.words.places import is_place
from chordllama.codec.words.texts import split_words
from chordllama.score.model import Chord, duration
from chordllama.training.row_folders import StoredRow
from chordllama.training.tokenizer import BOS, EOS, encode, load_tokenizer, token_id

BATCH_TOKENS = 16_384


@dataclass(frozen=True, slots=True)
class Cost:
    """What one answer costs: its task and work, notes and bars (of music), tokens, bits, and characters."""

    task: str
    work: str
    notes: int
    bars: int
    tokens: int
    bits: float
    characters: int = 0


def costs(folder: Path, rows: Iterable[StoredRow], device: str = "cpu") -> list[Cost]:
    """Return the costs of the answers of some rows under the model in a Hugging Face folder; rows longer than its context are left out."""
    import torch
    from transformers import LlamaForCausalLM

    model: Any = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model.eval().to(device)
    tokenizer = load_tokenizer(folder)
    bos, eos = token_id(tokenizer, BOS), token_id(tokenizer, EOS)
    found: list[tuple[StoredRow, list[int], int]] = []
    for row in rows:
        prompt = [bos, *encode(tokenizer, row.instruction + row.input)]
        ids = [*prompt, *encode(tokenizer, row.output), eos]
        if len(ids) <= model.config.max_position_embeddings:
            found.append((row, ids, len(prompt)))
    found.sort(key=lambda item: len(item[1]))
    return [cost for batch in _batches(found) for cost in _batch_costs(model, batch, device)]


def _batches(found: list[tuple[StoredRow, list[int], int]]) -> Iterator[list[tuple[StoredRow, list[int], int]]]:
    batch: list[tuple[StoredRow, list[int], int]] = []
    for item in found:
        if batch and (len(batch) + 1) * len(item[1]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _batch_costs(model: Any, batch: list[tuple[StoredRow, list[int], int]], device: str) -> Iterator[Cost]:
    import torch

    longest = max(len(ids) for _, ids, _ in batch)
    padded = torch.tensor([ids + [0] * (longest - len(ids)) for _, ids, _ in batch], device=device)
    with torch.inference_mode():
        logits = model(input_ids=padded[:, :-1], use_cache=False).logits.float()
    losses = torch.nn.functional.cross_entropy(logits.transpose(1, 2), padded[:, 1:], reduction="none").cpu()
    for (row, ids, prompt), own in zip(batch, losses, strict=True):
        bits = float(own[prompt - 1 : len(ids) - 1].double().sum()) / math.log(2)
        notes, bars = (notes_in(row.output), row.output.count("\n") - 1) if row.task == "music" else (0, 0)
        yield Cost(task_of(row), row.work, notes, bars, len(ids) - prompt, bits, len(row.output))


def task_of(row: StoredRow) -> str:
    """Return the first word of a row's instruction: continue, infill, harmonise, vary."""
    return row.instruction.partition(":")[0]


def notes_in(answer: str) -> int:
    """Return the notes that an answer writes, each of a chord by itself."""
    lines = (line.partition(":")[2].strip() for line in answer.splitlines() if line + "\n" != END)
    return sum(_notes(word) for line in lines for word in split_words(line.strip("'")))


@lru_cache(maxsize=1 << 18)
def _notes(word: str) -> int:
    if is_place(word) or is_frame(word) or is_end(word) or word[0] in "rs=":
        return 0
    sticky = Sticky()
    sticky.octave, sticky.duration = 4, duration("quarter")
    item = parse_word(word, sticky)
    return len(item.notes) if isinstance(item, Chord) else 0


def bits_a_note(found: Sequence[Cost]) -> float:
    """Return the bits a note over some answers together."""
    return sum(cost.bits for cost in found) / sum(cost.notes for cost in found)


def bits_a_bar(found: Sequence[Cost]) -> float:
    """Return the bits a bar over some answers together."""
    return sum(cost.bits for cost in found) / sum(cost.bars for cost in found)


def bits_a_character(found: Sequence[Cost]) -> float:
    """Return the bits a character over some answers together: for texts, and whatever the tokenizer."""
    return sum(cost.bits for cost in found) / sum(cost.characters for cost in found)


def interval(
    found: Sequence[Cost], figure: Callable[[Sequence[Cost]], float] = bits_a_note, rounds: int = 500
) -> tuple[float, float]:
    """Return the middle 95 % of a figure when works are drawn again by chance."""
    works: dict[str, list[Cost]] = {}
    for cost in found:
        works.setdefault(cost.work, []).append(cost)
    chance, drawn = random.Random(0), sorted(works)
    values = sorted(
        figure([cost for work in chance.choices(drawn, k=len(drawn)) for cost in works[work]]) for _ in range(rounds)
    )
    return values[round(0.025 * rounds)], values[round(0.975 * rounds) - 1]
