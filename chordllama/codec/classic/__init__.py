"""The 2024 Chord Llama format: MusicXML <-> documents (`encode`, `decode`) <-> text (`dumps`, `loads`)."""

from chordllama.codec.classic.classic_documents import (
    ClassicPart,
    Element,
    attributes_after,
    decode,
    encode,
    to_musicxml,
)
from chordllama.codec.classic.text import dump_instruction, dump_measures, dumps, load_measures, loads

__all__ = [
    "ClassicPart",
    "Element",
    "attributes_after",
    "decode",
    "dump_instruction",
    "dump_measures",
    "dumps",
    "encode",
    "load_measures",
    "loads",
    "to_musicxml",
]
