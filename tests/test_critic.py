"""The critic: what each rule finds, and what it leaves in peace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chordllama.cli import run
from chordllama.codec.compact import loads
from chordllama.codec.musicxml import write
from chordllama.codec.words.moments import parse_harmony
from chordllama.critic.closing import closes_fully, ends_on_tonic, lowest_row
from chordllama.critic.critic import Critic, remarks_on
from chordllama.critic.harmony import TEMPLATES, Tonality, chord_of, tonality_of
from chordllama.critic.heard_passage import Finding
from chordllama.critic.listening import heard_bars
from chordllama.critic.rules import RULES
from chordllama.evaluate.critic_measure import OF_RULES, faulty_bars
from chordllama.evaluate.intervals import Ratio
from chordllama.evaluate.passage import Passage
from chordllama.generate.continuation import continue_score, prepare, read_answer
from chordllama.generate.llama import LlamaBackend
from chordllama.generate.models import BUNDLED
from chordllama.generate.ranking import best_first
from chordllama.score.chord_symbols import tones_of
from chordllama.score.model import Key, Place, Score
from chordllama.system.resources import resource
from chordllama.tasks.harmony_asked import parse_chords
from chordllama.tasks.plan import Request, RequestError

TUNE = """parts:
 1: clef=G2 Tune
 2: clef=F4 Bass
1: key=0 time=4/4 c54 d e g / c32 g2
2: f54 e d a4 / f32 d
3: g54 f e d / e32 c
4: d54 b4 c52 / g22 c3
5: e54 f g a / a22 f
6: g54 e f d / e32 d
7: c54 d e c / a22 c3
8: d54 c b4 g / g22 g
"""
MUSIC = loads(TUNE)


def findings(answer: str, *, closes: bool = False, density: float | None = None, score: Score = MUSIC) -> list[Finding]:
    bars = read_answer(answer, score)
    lengths = tuple(score.bar_lengths[-1] for _ in bars)
    return list(Critic(score, len(bars), closes=closes, density=density).judge(bars, lengths).findings)


def found(rule: str, answer: str, **options: object) -> list[tuple[int, bool]]:
    """The bars in which a rule finds something, and whether that is a fault."""
    told = findings(answer, **options)  # type: ignore[arg-type]
    return [(finding.bar, finding.weight > 0) for finding in told if finding.rule == rule]


# ---------------------------------------------------------------------------------------------------------- harmony


@pytest.mark.parametrize("quality", TEMPLATES)
@pytest.mark.parametrize("root", range(12))
def test_every_chord_is_found_over_its_root(root: int, quality: str) -> None:
    weights = tuple(float((pitch - root) % 12 in TEMPLATES[quality]) for pitch in range(12))
    chord = chord_of(weights, root)
    assert chord is not None
    assert (chord.root, chord.quality, chord.share) == (root, quality, 1.0)


def test_a_tonic_is_found_by_key_and_mode() -> None:
    minor = [0.0] * 12
    for pitch in (9, 0, 4, 8, 9, 11):
        minor[pitch] += 1
    assert tonality_of(minor, Key(0)).tonic == 9
    assert tonality_of(minor, Key(0, "major")).tonic == 0
    assert tonality_of([1.0, 0, 0.5, 0, 1, 0.5, 0, 1, 0, 0.2, 0, 0.2], Key(0)) == Tonality(0, False, 0)


@pytest.mark.parametrize(
    ("fifths", "pitch", "name"),
    [
        (0, 0, "C"),
        (0, 8, "A flat"),
        (0, 6, "F sharp"),
        (3, 1, "C sharp"),
        (-5, 6, "G flat"),
        (-1, 10, "B flat"),
        (5, 3, "D sharp"),
        (-7, 9, "A"),
        (7, 5, "E sharp"),
    ],
)
def test_notes_are_called_by_the_key(fifths: int, pitch: int, name: str) -> None:
    assert Tonality(0, False, fifths).name_of(pitch) == name


@pytest.mark.parametrize("fifths", range(-7, 8))
def test_every_note_has_a_name_in_every_key(fifths: int) -> None:
    assert len({Tonality(0, False, fifths).name_of(pitch) for pitch in range(12)}) == 12


@pytest.mark.parametrize(
    ("symbol", "tones"),
    [
        ("C", {0, 4, 7}),
        ("Am7", {9, 0, 4, 7}),
        ("Bb7", {10, 2, 5, 8}),
        ("Dm7b5", {2, 5, 8, 0}),
        ("Fmaj7", {5, 9, 0, 4}),
        ("Gsus4", {7, 0, 2}),
        ("C/D", {0, 4, 7, 2}),
        ("E+", {4, 8, 0}),
        ("Bdim7", {11, 2, 5, 8}),
        ("G9", {7, 11, 2, 5, 9}),
        ("C6", {0, 4, 7, 9}),
    ],
)
def test_a_chord_symbol_means_its_notes(symbol: str, tones: set[int]) -> None:
    assert tones_of(parse_harmony(symbol)) == tones


# ------------------------------------------------------------------------------------------------------------ closes

C_MAJOR = Tonality(0, False, 0)


@pytest.mark.parametrize(
    ("bars", "on_tonic", "fully"),
    [
        ("d54 b4 g42 / g22 g\n9: c51 / c31\n", True, True),
        ("f54 a d c / f32 d\n9: c51 / c31\n", True, False),
        ("d54 b4 g42 / g22 g\n9: a41 / a21\n", False, False),
        ("d54 b4 g42 / g22 g\n9: e51 / g21\n", False, False),
        ("d54 b4 g42 / g22 g\n9: d54 c52. / c31\n", True, True),
    ],
)
def test_a_close_is_the_dominant_before_the_tonic(bars: str, on_tonic: bool, fully: bool) -> None:
    heard = heard_bars(loads(TUNE.rsplit("8:", 1)[0] + "8: " + bars))
    assert ends_on_tonic(heard[-1], C_MAJOR) == on_tonic
    assert closes_fully(heard, C_MAJOR) == fully


def test_the_lowest_row_is_the_bass() -> None:
    assert lowest_row(heard_bars(MUSIC)) == Place(1, 1, 1)


GOOD = "-2: f54 d b4 g / d32 g2\n-1: c51 / c31\n"


def test_a_close_that_is_asked_for_is_praised_or_missed() -> None:
    assert found("close", GOOD, closes=True) == [(1, False)]
    assert found("close", GOOD.replace("c51 / c31", "a41 / f31"), closes=True) == [(1, True)]
    assert found("close", GOOD.replace("d32 g2", "f32 a"), closes=True)[0] == (0, True)
    assert found("close", GOOD.replace("c51 / c31", "a41 / f31")) == []


# ------------------------------------------------------------------------------------------------------------- rules

SAME = "c54 e g e / c32 c"


@pytest.mark.parametrize(
    ("rule", "answer", "bars"),
    [
        ("repeats", f"-3: {SAME}\n-2: f54 d b4 g / d32 g2\n-1: {SAME}\n", [2]),
        ("repeats", "-2: c54 e g e / c32 c\n-1: f54 d b4 g / d32 g2\n", []),
        ("harmony stays", "-3: c54 e g e / c32 c\n-2: e54 g c e / c32 e\n-1: g54 e c g4 / c32 g2\n", [1, 2]),
        ("bass stays", "-3: c54 e g e / c32 c\n-2: a44 f c5 a4 / c32 f\n-1: e54 g c e / c32 e\n", [1, 2]),
        ("out of key", "-1: cs54 eb fs g / c32 c\n", [0]),
        ("thin or thick", "-1: c51\n", [0]),
        ("thin or thick", "-1: " + "c516 d e f g a g f e d c d e f g e / c32 c\n", [0]),
        ("new values", "-1: c516 d e f g54 a58 b c54 / c32 c\n", [0]),
        ("leaps", "-1: c54 c6 c5 b6 / c32 c\n", [0]),
    ],
)
def test_each_rule_finds_its_fault(rule: str, answer: str, bars: list[int]) -> None:
    try:
        told = found(rule, answer)
    except Exception as fault:
        raise AssertionError(f"{answer}: {fault}") from fault
    assert [bar for bar, _ in told] == bars


def test_what_people_write_is_left_in_peace() -> None:
    before, after = replace(MUSIC, bars=MUSIC.bars[:4]), MUSIC.bars[4:]
    critic = Critic(before, len(after))
    assert critic.judge(after, MUSIC.bar_lengths[4:]).cost == 0


def test_notes_against_a_written_chord_are_found() -> None:
    lead = loads(
        "parts:\n 1: clef=G2 Tune\n1: key=0 time=4/4 C c54 d e g\n2: G7 d54 f b4 g\n3: C c54 e g e\n4: F a44 c5 f a\n"
    )
    assert found("against the chord", "-1: C d54 f a b\n", score=lead) == [(0, True)]
    assert found("against the chord", "-1: C c54 f g c\n", score=lead) == []
    still = "-3: c54 e g e\n-2: c54 e g c\n-1: e54 c e g\n"
    assert found("chord symbols", still, score=lead) == [(1, True), (2, True)]
    moving = "-3: F c54 a f c\n-2: G d54 b g d\n-1: C e54 c e g\n"
    assert found("chord symbols", moving, score=lead) == []


def test_a_density_that_is_asked_for_is_counted() -> None:
    assert found("density", "-1: c54 d e f / c32 c\n", density=6) == []
    assert found("density", "-1: c54 d e f / c32 c\n", density=12) == [(0, True)]


# ---------------------------------------------------------------------------------------------------- from end to end


@pytest.fixture(scope="module")
def model() -> LlamaBackend:
    return LlamaBackend(resource(BUNDLED), threads=1)


def test_a_report_says_in_words_what_is_heard_at_which_bar(model: LlamaBackend) -> None:
    (candidate,) = continue_score(write(MUSIC), "tune", model, Request(bars=4, ending="close"))
    assert any(remark.bar == "12" and "C" in remark.words for remark in candidate.report)
    assert candidate.faults == sum(remark.weight for remark in candidate.report)


def test_care_costs_draws_and_mends_faults(model: LlamaBackend) -> None:
    faults = {
        care: sum(
            continue_score(
                write(MUSIC),
                "tune",
                model,
                replace(Request(bars=8, ending="close", care=care), sampling=replace(Request().sampling, seed=seed)),
            )[0].faults
            for seed in range(4)
        )
        for care in ("fast", "usual", "patient")
    }
    assert faults["patient"] <= faults["usual"] < faults["fast"]


def test_the_best_candidate_comes_first(model: LlamaBackend) -> None:
    found = continue_score(write(MUSIC), "tune", model, Request(bars=4, ending="close", candidates=4, care="fast"))
    faults = [found[number].faults for number in best_first(found)]
    assert faults == sorted(faults)


@pytest.mark.parametrize("text", ["C | Am7 | F G7 | C", "| C | % | Dm7b5/Ab | G7 |", "Bb"])
def test_chords_are_read_bar_by_bar(text: str) -> None:
    chart = parse_chords(text)
    assert len(chart) == len(text.strip("| ").split("|"))
    assert chart[0]


@pytest.mark.parametrize("text", ["", "|", "C | H", "C || X7", "%"])
def test_what_is_no_chord_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(RequestError, match="chords") as fault:
        parse_chords(text)
    assert fault.value.hint


def test_chords_that_are_asked_for_are_kept_to(model: LlamaBackend) -> None:
    chart = parse_chords("C | Am | F G | C")
    request = Request(bars=4, chords=chart)
    (candidate,) = continue_score(write(MUSIC), "tune", model, request)
    assert candidate.failure is None
    score = replace(MUSIC, bars=(*MUSIC.bars, *candidate.bars))
    for bar, symbols in zip(heard_bars(score)[8:], chart, strict=True):
        half = bar.length / len(symbols)
        for note in bar.notes:
            if note.start % bar.beat == 0:
                assert note.pitch % 12 in tones_of(symbols[int(note.start // half)])
    assert prepare(write(MUSIC), "tune", request).plan.placement.symbols == (), "no symbols where the piece has none"


def test_a_whole_score_is_judged_by_its_own_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loops = loads(TUNE + "".join(f"{n}: {SAME}\n" for n in range(9, 14)))
    told = remarks_on(loops)
    assert {remark.bar for remark in told if "repeats" in remark.words} == {"10", "11", "12", "13"}
    path = tmp_path / "loops.musicxml"
    path.write_bytes(write(loops))
    assert run(["check", "--critic", str(path)]) == 0
    assert "bar 10: repeats the bar before" in capsys.readouterr().out
    assert run(["check", "--critic", "--json", str(path)]) == 0
    assert [remark["bar"] for remark in json.loads(capsys.readouterr().out)["critic"]] == [
        remark.bar for remark in told
    ]
    path.write_bytes(write(MUSIC))
    assert run(["check", "--critic", str(path)]) == 0
    assert "The critic finds nothing." in capsys.readouterr().out


def test_evaluation_counts_the_bars_in_which_a_rule_finds_a_fault() -> None:
    loops = loads(TUNE + "".join(f"{n}: {SAME}\n" for n in range(9, 14)))
    assert faulty_bars(Passage(loops, 8), "repeats") == Ratio(4, 5)
    assert faulty_bars(Passage(MUSIC, 4), "repeats") == Ratio(0, 4)
    assert faulty_bars(Passage(MUSIC, 8), "repeats") is None
    assert len(OF_RULES) == len(RULES) - 1
