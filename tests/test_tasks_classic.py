"""The wording of the models of 2024: Llama 3's template around the two documents, and where an answer's measures begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from classic_scores import EXAMPLE

from chordllama.codec.classic import encode, load_measures, loads
from chordllama.tasks.classic_prompt import STOPS, measures_in, prompt

DATA = Path(__file__).parent / "data"
(PART,) = loads(EXAMPLE)
INSTRUCTION, MEASURES = EXAMPLE.split("---\n")


def test_the_system_says_the_attributes_and_the_user_the_measures() -> None:
    assert prompt(PART, 0) == (
        f"<|start_header_id|>system<|end_header_id|>\n\n{INSTRUCTION.strip()}<|eot_id|>"
        f"<|start_header_id|>user<|end_header_id|>\n\n{MEASURES.strip()}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    )
    assert STOPS[0] == "<|eot_id|>"


def test_a_prompt_may_show_the_last_measures_only() -> None:
    text = prompt(PART, 1)
    assert "divisions: '2'" in text
    assert text.count("- a00_") == 1
    assert "a00_harmony" not in text


def test_the_system_says_what_is_in_force_where_the_shown_measures_begin() -> None:
    (part, *_) = encode((DATA / "changes.musicxml").read_bytes())
    change = next(n for n, measure in enumerate(part.measures) if measure.first("attributes"))
    before, after = prompt(part, change), prompt(part, change + 1)
    assert before.partition("<|eot_id|>")[0] == prompt(part, 0).partition("<|eot_id|>")[0]
    assert "\n  attributes:" in before or "- attributes:" in before
    assert after.partition("<|eot_id|>")[0] != before.partition("<|eot_id|>")[0]


@pytest.mark.parametrize("around", ["", "Sure!\n", "```yaml\n"])
def test_an_answer_is_taken_apart_at_its_measures(around: str) -> None:
    texts = measures_in(around + MEASURES)
    assert [load_measures(text) for text in texts] == [(measure,) for measure in PART.measures]


def test_measures_that_begin_with_attributes_or_hold_nothing_are_found() -> None:
    texts = measures_in("- attributes:\n    divisions: '2'\n  a00_note:\n    dot:\n    - null\n- null\n  - a00_note")
    assert [text.splitlines()[0] for text in texts] == ["- attributes:", "- null", "  - a00_note"]
