"""The wording of prompts: how a training pair becomes one text, and how facts and beats are told. Knows no score and no model.

Training rows, generation and evaluation all take it from here. (The instruction of music, which a
program reads back, is written and read in tasks/music_prompts.py.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Prompt(NamedTuple):
    """The instruction, and the input that is given. Both end with a line break, so that `wording` only joins them."""

    instruction: str
    input: str


class PromptPair(NamedTuple):
    """A prompt with its answer: three texts, joined with nothing between them."""

    instruction: str
    input: str
    output: str


BEAT = "- {}\n"
BEATS_SYSTEM = "You list the beats of a scene: what happens, in its order, each in one short sentence."
BEATS_QUESTION = (
    "List the {number} most important beats of this scene in {language}. Write one beat a line, with nothing before or "
    "after them, and quote nothing.\n\n{scene}"
)
"""The question to a model at an endpoint, where scenes have no beats yet."""
LANGUAGES: Mapping[str, str] = {
    "ca": "Catalan",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "ga": "Irish",
    "hu": "Hungarian",
    "it": "Italian",
    "la": "Latin",
    "nb": "Norwegian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
}
"""ISO 639-1 code -> name in prompts, of the languages that are told apart."""


def wording(instruction: str, given: str) -> str:
    """Return the prompt of a pair: the instruction on lines of its own, then what is given, then a line break."""
    opening = f"{instruction.rstrip()}\n" if instruction.strip() else ""
    return f"{opening}{given.removesuffix(chr(10))}\n"


OLLAMA_TEMPLATE = "{{ if .System }}{{ .System }}\n{{ end }}{{ .Prompt }}\n{{ .Response }}"
"""`wording` for Ollama, as a template of Go: it gets what `ollama_values` gives."""

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ message['content'] }}{% if message['content'] and not message['content'].endswith('\n') %}{{ '\n' }}{% endif %}"
    "{% endfor %}"
)
"""`wording` for programs that speak in messages (system: the instruction; user: what is given, if anything), as a template of Jinja,
after the beginning token, which those programs leave to the template.

It says nothing of tools, and is like none of the templates that Ollama knows: Ollama would otherwise take its own in place of the
Modelfile's.
"""


def ollama_values(instruction: str, given: str) -> Mapping[str, str]:
    """Return what is put into `OLLAMA_TEMPLATE`, whose line breaks come from the template."""
    return {"System": instruction.rstrip(), "Prompt": given.removesuffix("\n"), "Response": ""}


def described(facts: Mapping[str, str]) -> str:
    """Return facts, one a line, and a blank line after them; for no facts the blank line alone."""
    lines = [f"{name}: {' '.join(value.split())}\n" for name, value in facts.items() if value.strip()]
    return "".join([*lines, "\n"]) if lines else "\n"


def language_name(code: str) -> str:
    """Return what prompts call a language: its English name, or the code itself where it isn't known."""
    return LANGUAGES.get(code, code)
