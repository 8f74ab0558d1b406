"""A small corpus of tunes made by chance, and a small tokenizer, for tests that build data sets. Knows no tests."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping
from pathlib import Path

from chordllama.codec.compact import loads
from chordllama.codec.container import write_container
from chordllama.codec.musicxml import write
from chordllama.corpora.build.settings import BuildSettings
from chordllama.corpora.build.tokens import Tokenizer, find_tokenizer
from chordllama.corpora.documents import Task
from chordllama.corpora.sources import CorpusSource, own_source
from chordllama.placing.transpose import transpose
from chordllama.score.model import Score

SCALE = "cdefgab"
LENGTHS = (("4", "4", "4", "4"), ("2", "4", "4"), ("4", "8", "8", "2"), ("4.", "8", "4", "4"))


def tune(seed: int, bars: int = 24, bass: int = 0, fifths: int = 0) -> Score:
    """A melody that `seed` decides, over a bass that `bass` does, in the key that is asked for."""
    melody, below = random.Random(f"melody {seed}"), random.Random(f"bass {seed} {bass}")
    place = 14
    lines = ["parts:", " 1: clef=G2 Voice", " 2: clef=F4 Bass"]
    for number in range(1, bars + 1):
        words = []
        for length in melody.choice(LENGTHS):
            place = min(20, max(8, place + melody.choice((-3, -2, -1, -1, 1, 1, 2, 3))))
            words.append(f"{SCALE[place % 7]}{2 + place // 7}{length}")
        low = " ".join(f"{below.choice(SCALE)}32" for _ in range(2))
        frame = "key=0 time=4/4 " if number == 1 else ""
        lines.append(f"{number}: {frame}{' '.join(words)} / {low}")
    return transpose(loads("\n".join(lines) + "\n"), fifths)


def musicxml(score: Score) -> bytes:
    """The score in an archive."""
    return write_container(write(score), ".mxl")


def folder_of(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """The folder with these files in it."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def tunes(folder: Path, seeds: range) -> Path:
    """A folder with a tune for each seed."""
    return folder_of(folder, {f"{seed:03}.mxl": musicxml(tune(seed)) for seed in seeds})


def mine(name: str = "mine", task: Task = "music") -> CorpusSource:
    """A source of the user's own."""
    return own_source(name, task, "my own")


def tokenizer(folder: Path) -> Tokenizer:
    """A tokenizer in which each byte is a token."""
    from tokenizers import Tokenizer as Loaded
    from tokenizers import decoders, models, pre_tokenizers

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    loaded = Loaded(models.BPE({letter: place for place, letter in enumerate(alphabet)}, []))
    loaded.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    loaded.decoder = decoders.ByteLevel()
    folder.mkdir(parents=True, exist_ok=True)
    loaded.save(str(folder / "tokenizer.json"))
    return find_tokenizer(str(folder), folder)


def settings(folder: Path, task: Task = "music", maximum_tokens: int = 2000) -> BuildSettings:
    """What a small build asks for."""
    return BuildSettings(task, tokenizer(folder), maximum_tokens)


def bytes_of(folder: Path) -> dict[str, str]:
    """The checksum of every file below a folder, by its path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows_of(dataset: Path) -> list[dict[str, str]]:
    """All rows of a data set."""
    files = sorted((dataset / "data").glob("*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
