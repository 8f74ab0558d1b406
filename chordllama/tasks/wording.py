"""How a training pair becomes one prompt and one answer, whatever the task. Knows no score and no model.

The wording of fine-tuning stands here once.
"""

from __future__ import annotations


def wording(instruction: str, given: str) -> str:
    """The prompt of a pair: the instruction on lines of its own, then what is given, then a line break."""
    opening = f"{instruction.rstrip()}\n" if instruction.strip() else ""
    return f"{opening}{given.removesuffix(chr(10))}\n"
