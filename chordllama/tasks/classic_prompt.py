"""Prompts for the models of 2024, and the measures in their answers. Knows their wording; knows no model.

The system message holds the part's attributes, the user's its measures, and the answer goes on with the list. The models were trained on
Llama 3's own chat template.
"""

from __future__ import annotations

import re
from itertools import pairwise

from chordllama.codec.classic import ClassicPart, attributes_after, dump_instruction, dump_measures

LONGEST = 3_500
"""Tokens that instruction, question and answer had together in training, by Llama 3's tokenizer."""
STOPS = ("<|eot_id|>", "<|end_of_text|>")
"""Texts that end an answer, where a server writes them out."""
_TURN = "<|start_header_id|>{}<|end_header_id|>\n\n{}"
_TURN_END = "<|eot_id|>"


def prompt(part: ClassicPart, first: int) -> str:
    """Return the prompt that asks for the measures after a part's last one, of which those from `first` (from 0) on are shown."""
    system = dump_instruction(attributes_after(part, first)).strip()
    user = dump_measures(part.measures[first:]).strip()
    turns = (_TURN.format("system", system), _TURN.format("user", user), _TURN.format("assistant", ""))
    return _TURN_END.join(turns)


_MEASURE = re.compile(r"^(?:[ \t]*-[ \t]+(?:a0+_|attributes\b)|-[ \t]+null\b)", re.MULTILINE)


def measures_in(answer: str) -> list[str]:
    """Return the text of each measure in an answer; what stands before the first one is left out."""
    places = [*(found.start() for found in _MEASURE.finditer(answer)), len(answer)]
    return [answer[start:end] for start, end in pairwise(places)]
