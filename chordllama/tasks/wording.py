"""How a training pair becomes one prompt and one answer, whatever the task. Knows no score and no model.

The wording stands here once: training, evaluation and the Modelfile (`training/ollama.py`) all ask for it.
"""

from __future__ import annotations

SYSTEM_THEN_PROMPT = "{{ if .System }}{{ .System }}\n{{ end }}{{ .Prompt }}\n"
"""The same wording as an Ollama template: the instruction is the system's text, the input the prompt's."""


def wording(instruction: str, given: str) -> str:
    """The prompt of a pair: the instruction on lines of its own, then what is given, then a line break."""
    opening = f"{instruction.rstrip()}\n" if instruction.strip() else ""
    return f"{opening}{given.removesuffix(chr(10))}\n"
