"""llama.cpp in this process, with small real models: guards, masking, rewinding, and what goes wrong."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from streams import texts, told
from tiny_gguf import CHARACTERS, WORDS, quantise, write_random_llama, write_table_llama

from chordllama.errors import ChordLlamaError, ModelError
from chordllama.generate.backend import Stopped, Stopwatch, TextPiece
from chordllama.generate.llama import LlamaBackend
from chordllama.generate.llama_runtime import (
    CHUNK,
    Evaluator,
    Vocabulary,
    default_threads,
    library,
    load,
    model_parameters,
)
from chordllama.generate.llama_sampling import DRAWS, Draw, TokenTable
from chordllama.generate.models import BUNDLED
from chordllama.sampling import Sampling
from chordllama.system.resources import resource

ALMOST_GREEDY = Sampling(temperature=1.0, top_p=1e-6)  # a die whose every face is the most probable token


class TriedTooOftenError(ChordLlamaError):
    """What the guards below raise."""


@dataclass
class Only:
    """Wants `size` characters, all of them in `characters`."""

    characters: str
    size: int
    text: str = ""

    def accepts(self, piece: str) -> bool:
        return len(self.text + piece) <= self.size and set(piece) <= set(self.characters)

    def feed(self, piece: str) -> None:
        assert self.accepts(piece), "only what was accepted may be fed"
        self.text += piece

    @property
    def done(self) -> bool:
        return len(self.text) == self.size

    @property
    def kept(self) -> int:
        return 0

    def rewind(self) -> None:
        raise AssertionError("there is always a character that may follow")


@dataclass
class DeadEnds:
    """Wants `size` characters, but lets nothing follow a text that a test calls dead; keeps whole bars of `bar` characters that aren't."""

    size: int
    dead: Iterable[str] = ()
    bar: int = 1
    tries: int = 20
    text: str = ""
    rewinds: int = 0
    refused: set[str] = field(default_factory=set)

    def accepts(self, piece: str) -> bool:
        return not self._is_dead(len(self.text)) and len(self.text + piece) <= self.size and piece not in self.refused

    def _is_dead(self, end: int) -> bool:
        return any(self.text[:end].endswith(dead) for dead in self.dead)

    def feed(self, piece: str) -> None:
        self.text += piece

    @property
    def done(self) -> bool:
        return len(self.text) == self.size

    @property
    def kept(self) -> int:
        bars = range(len(self.text) // self.bar * self.bar, 0, -self.bar)
        return next((end for end in bars if not self._is_dead(end)), 0)

    def rewind(self) -> None:
        self.rewinds += 1
        if self.rewinds > self.tries:
            raise TriedTooOftenError("there is no way on")
        self.text = self.text[: self.kept]


@dataclass
class DeadOnce(DeadEnds):
    """Comes to a dead end once, after `after` characters, and keeps `keeps` of them."""

    after: int = 10
    keeps: int = 0

    def accepts(self, piece: str) -> bool:
        return super().accepts(piece) and not (self.rewinds == 0 and len(self.text) >= self.after)

    @property
    def kept(self) -> int:
        return min(self.keeps, len(self.text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def random_model(folder: Path) -> Path:
    return write_random_llama(folder / "random.gguf")


@pytest.fixture(scope="module")
def backend(random_model: Path) -> Iterator[LlamaBackend]:
    with LlamaBackend(random_model, threads=1) as opened:
        yield opened


def table_backend(
    folder: Path, name: str, table: dict[str, dict[str, float]], pieces: Iterable[str] = CHARACTERS
) -> LlamaBackend:
    return LlamaBackend(write_table_llama(folder / f"{name}.gguf", table, pieces=tuple(pieces)), threads=1)


# --- guards


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(temperature=0), Sampling(top_p=1.0, repetition_penalty=1.2)])
def test_every_candidate_satisfies_its_guard(backend: LlamaBackend, sampling: Sampling) -> None:
    guards = [Only("0123456789", size) for size in (20, 1, 7, 33)]
    all_told = told(backend.stream("the note c4", sampling, guards))
    assert [all_told.texts[n] for n in range(4)] == [guard.text for guard in guards]
    assert all(guard.done and guard.text.isdigit() for guard in guards)
    assert not all_told.failures


def test_the_same_seed_gives_the_same_text_and_another_seed_another(backend: LlamaBackend) -> None:
    first, again, other = (
        texts(backend.stream("the note", Sampling(seed=seed), [Only("abcdefgh \n", 40) for _ in range(3)]))
        for seed in (5, 5, 6)
    )
    assert first == again
    assert first[0] != other[0]
    assert len(set(first.values())) == 3, "candidates differ"


def test_candidates_decoded_together_are_those_decoded_alone(backend: LlamaBackend) -> None:
    together = texts(backend.stream("the note", ALMOST_GREEDY, [Only("abcdefgh", 30) for _ in range(4)]))
    alone = texts(backend.stream("the note", ALMOST_GREEDY, [Only("abcdefgh", 30)]))
    assert set(together.values()) == {alone[0]}


def test_a_guard_that_is_done_at_once_gets_no_text(backend: LlamaBackend) -> None:
    assert texts(backend.stream("a", Sampling(), [Only("a", 0), Only("b", 3)])) == {1: "bbb"}


def test_the_end_of_the_text_is_masked_until_the_guard_is_done(folder: Path) -> None:
    table = {piece: {"</s>": 0.98, "a": 0.02} for piece in ("a", "<s>")}
    with table_backend(folder, "ends", table) as backend:
        assert texts(backend.stream("a", Sampling(), [Only("a", 30)])) == {0: "a" * 30}
        assert len(texts(backend.stream("a", Sampling(temperature=0))).get(0, "")) == 0


def test_a_guard_never_sees_part_of_a_character(folder: Path) -> None:
    table = {
        "a": {"<0xC3>": 0.9, "b": 0.1},
        "<0xC3>": {"<0xA4>": 1.0},
        "<0xA4>": {"</s>": 1.0},
        "b": {"a": 1.0},
    }
    with table_backend(folder, "bytes", table, "ab") as backend:
        assert texts(backend.stream("a", Sampling(temperature=0))) == {0: "ä"}
        assert texts(backend.stream("a", Sampling(temperature=0), [Only("abä", 4)])) == {0: "baba"}


# --- the distribution

SHARES = {"a": 0.4, "b": 0.25, "c": 0.15, "d": 0.1, "e": 0.06, "f": 0.04}


def chi_square(counts: Counter[str], shares: dict[str, float]) -> float:
    total = counts.total()
    return sum((counts[piece] - total * share) ** 2 / (total * share) for piece, share in shares.items())


def renormalised(shares: dict[str, float], kept: str) -> dict[str, float]:
    mass = sum(shares[piece] for piece in kept)
    return {piece: shares[piece] / mass for piece in kept}


@pytest.fixture(scope="module")
def fixed(folder: Path) -> Iterator[LlamaBackend]:
    """Each token has the probabilities of SHARES, whatever stands before it."""
    with table_backend(folder, "fixed", dict.fromkeys(("<s>", *SHARES), SHARES)) as opened:
        yield opened


@pytest.mark.parametrize("kept", ["abcdef", "bcdef", "bdf", "ef"])
def test_masked_drawing_has_the_renormalised_distribution(fixed: LlamaBackend, kept: str) -> None:
    guards = [Only(kept, 400) for _ in range(8)]
    texts(fixed.stream("a", Sampling(temperature=1, top_p=1, seed=3), guards))
    counts = Counter("".join(guard.text for guard in guards))
    assert set(counts) <= set(kept)
    assert counts.total() == 3200
    assert chi_square(counts, renormalised(SHARES, kept)) < 22, counts  # 5 degrees of freedom: 1 in 2,000 is above


def test_asking_the_whole_vocabulary_has_the_renormalised_distribution() -> None:
    """The acceptable tokens are so improbable that lazy masking gives up on them each time."""
    size, kept = 500, (490, 491, 492)
    logits = np.linspace(0, -6, size, dtype=np.float32)
    logits[list(kept)] = -9.0, -9.5, -10.5
    draw = Draw(TokenTable(size), size, Sampling(temperature=1, top_p=1), 1, Stopwatch())
    asked: Counter[int] = Counter()

    def acceptable(token: int) -> bool:
        asked[token] += 1
        return token in kept

    counts = Counter(str(draw.token(logits, acceptable)) for _ in range(600))
    draw.close()
    weights = {str(token): float(np.exp(logits[token])) for token in kept}
    assert asked.total() > 600 * DRAWS
    assert chi_square(counts, renormalised(weights, list(weights))) < 15, counts  # type: ignore[arg-type]


def test_with_truncation_only_what_can_be_drawn_is_asked_for() -> None:
    """Draws are refused until the vocabulary is asked, then half of it is accepted: 32 draws, and what has the probability."""
    size, asked = 500, {0.25: 0, 0.5: 0, 1.0: 0}
    for top_p in asked:
        draw = Draw(TokenTable(size), size, Sampling(top_p=top_p), 1, Stopwatch())

        def acceptable(token: int, top_p: float = top_p) -> bool:
            asked[top_p] += 1
            return asked[top_p] > DRAWS and token % 2 == 0

        assert draw.token(np.zeros(size, np.float32), acceptable) is not None
        draw.close()
    # of n tokens asked, n / 2 are accepted: enough when n / 2 = top_p (n / 2 + 468 - n)
    assert asked == pytest.approx({0.25: 32 + 187, 0.5: 32 + 312, 1.0: 32 + 468}, abs=15)


def test_truncation_applies_to_what_the_mask_leaves(fixed: LlamaBackend) -> None:
    guards = [Only("bcdef", 200) for _ in range(4)]
    texts(fixed.stream("a", Sampling(temperature=1, top_p=0.5), guards))
    counts = Counter("".join(guard.text for guard in guards))
    assert set(counts) == {"b", "c"}, "b and c have half of what b to f have"


def test_nothing_acceptable_is_found_out() -> None:
    draw = Draw(TokenTable(100), 100, Sampling(), 1, Stopwatch())
    assert draw.token(np.zeros(100, np.float32), lambda token: False) is None
    draw.close()


def test_a_presence_penalty_keeps_what_was_written_from_coming_again(fixed: LlamaBackend) -> None:
    sampling = Sampling(temperature=0, presence_penalty=10, repetition_window=5)
    written = texts(fixed.stream("a", sampling, [Only("abcdef", 12)]))[0]
    assert written == "bcdefabcdefa", "each time the most probable one that is not among the last five"


# --- rewinding


@pytest.mark.parametrize("keeps", [0, 1, 5, 9, 10])
def test_writing_on_after_a_rewind_is_writing_from_that_text(backend: LlamaBackend, keeps: int) -> None:
    single = set(WORDS)
    fresh = DeadEnds(40, refused=single)
    rewound = DeadOnce(40, after=10, keeps=keeps, refused=single)
    all_told = told(backend.stream("the note", ALMOST_GREEDY, [rewound, fresh]))
    assert rewound.rewinds == 1
    assert [piece.rewound_to for piece in all_told.pieces if piece.rewound_to is not None] == [keeps]
    assert all_told.texts == {0: fresh.text, 1: fresh.text}
    assert all_told.timing.rewinds == 1


def test_a_rewind_into_a_token_spells_its_first_part_anew(folder: Path) -> None:
    table = {"<s>": {"ab": 1.0}, "a": {"y": 1.0}, "ab": {"x": 1.0}, "y": {"ab": 1.0}}
    with table_backend(folder, "parts", {**table, "z": {"ab": 1.0}}, ("a", "b", "x", "y", "z", "ab")) as backend:
        guard = DeadOnce(4, after=2, keeps=1)
        all_told = told(backend.stream("z", ALMOST_GREEDY, [guard]))
        assert all_told.pieces[:2] == (TextPiece(0, "ab"), TextPiece(0, "", 1))
        assert all_told.texts == {0: "ayab"} == {0: guard.text}, "after a alone comes y"


@dataclass
class Begins(DeadEnds):
    """Wants the text to begin with these pieces, then characters; comes to a dead end after them if it `keeps` fewer."""

    pieces: tuple[str, ...] = ()
    keeps: int = 3

    def accepts(self, piece: str) -> bool:
        begun = "".join(self.pieces)
        if not begun.startswith(self.text) or (self.text == begun and not self.rewinds):
            return len(piece) == 1 and (self.rewinds > 0 or self.keeps == len(begun)) and super().accepts(piece)
        return len(piece) == 1 if self.rewinds else piece in self.pieces and begun.startswith(self.text + piece)

    @property
    def kept(self) -> int:
        return self.keeps


def test_the_first_part_of_a_token_is_evaluated_as_it_is_spelled(backend: LlamaBackend) -> None:
    """After "the" is cut to "th" the model has read "t" and "h", as if they were the prompt's end."""
    cut, plain = Begins(30, pieces=("the",), keeps=2), Begins(28, keeps=0)
    written = texts(backend.stream("note", ALMOST_GREEDY, [cut]))[0]
    assert cut.rewinds == 1
    assert backend.count("noteth") == backend.count("note") + 2
    assert written == "th" + texts(backend.stream("noteth", ALMOST_GREEDY, [plain]))[0]


def test_text_that_waits_for_a_stop_text_survives_a_rewind(folder: Path) -> None:
    with table_backend(folder, "waits", {"a": {"b": 1.0}, "b": {"c": 1.0}, "c": {"a": 1.0}}) as backend:
        guard = DeadOnce(7, after=2, keeps=1)
        sampling = replace(ALMOST_GREEDY, stop=("bcx",))
        assert texts(backend.stream("a", sampling, [guard])) == {0: "bcabcab"} == {0: guard.text}


def test_after_a_rewind_other_tokens_are_drawn(folder: Path) -> None:
    table = {piece: {"a": 0.5, "b": 0.5} for piece in ("<s>", "a", "b")}
    with table_backend(folder, "halves", table) as backend:
        for temperature in (0.0, 1.0):
            guard = DeadEnds(60, dead=["aa", "bb"], bar=3, tries=1000)
            all_told = told(backend.stream("a", Sampling(temperature=temperature), [guard]))
            assert all_told.texts == {0: guard.text}
            assert guard.text[:-1] in {("ab" * 30)[:-1], ("ba" * 30)[:-1]}
            assert guard.rewinds > 10
            assert all_told.bits == {0: pytest.approx(60, rel=0.01)}, (
                "a bit a letter, without those that were taken back"
            )


def test_surprisal_is_the_model_s_own_whatever_the_guards_let_pass(folder: Path) -> None:
    """Each second letter is told by the one before it; of the others `b` costs log2(4/3) bits and `c` costs 2."""
    with table_backend(folder, "quarters", {"a": {"b": 0.75, "c": 0.25}, "b": {"a": 1.0}, "c": {"a": 1.0}}) as backend:
        all_told = told(backend.stream("a", Sampling(), [Only("ab", 4), Only("ac", 4)]))
        assert all_told.texts == {0: "baba", 1: "caca"}
        assert all_told.bits == pytest.approx({0: 2 * math.log2(4 / 3), 1: 4}, rel=0.01)


def test_a_guard_that_gives_up_ends_its_candidate_alone(fixed: LlamaBackend) -> None:
    stuck, free = DeadEnds(10, dead=["a", "b", "c", "d", "e", "f"], tries=3), Only("abc", 50)
    all_told = told(fixed.stream("a", Sampling(), [stuck, free]))
    written = all_told.texts
    assert list(all_told.failures) == [0]
    assert isinstance(all_told.failures[0], TriedTooOftenError)
    assert written[1] == free.text
    assert free.done
    assert len(written[0]) == 1


def test_a_guard_that_never_gives_up_is_ended_by_the_number_of_tokens(fixed: LlamaBackend) -> None:
    stuck = DeadEnds(10, dead=[""], tries=10**9)
    assert texts(fixed.stream("a", Sampling(maximum_tokens=20), [stuck])) == {0: ""}
    assert stuck.rewinds == 20


def test_penalties_forget_what_a_rewind_took_back(fixed: LlamaBackend) -> None:
    sampling = replace(ALMOST_GREEDY, presence_penalty=10)
    guard = DeadOnce(5, after=4, keeps=2)
    texts(fixed.stream("a", sampling, [guard]))
    assert guard.text == "bcdef", "d and e may come again"


# --- where a text ends


def test_a_free_text_ends_where_the_model_ends_it(folder: Path) -> None:
    table = {"a": {"b": 1.0}, "b": {"c": 1.0}, "c": {"</s>": 1.0}}
    with table_backend(folder, "chain", table) as backend:
        assert texts(backend.stream("a", Sampling())) == {0: "bc"}


@pytest.mark.parametrize(
    ("stop", "expected"),
    [(("c",), "ab"), (("bc", "cb"), "a"), (("bca",), "a"), (("xyz",), "abcabcab"), (("bcx",), "abcabcab")],
)
def test_a_stop_text_ends_the_text_and_is_never_shown(folder: Path, stop: tuple[str, ...], expected: str) -> None:
    with table_backend(folder, "circle", {"a": {"b": 1.0}, "b": {"c": 1.0}, "c": {"a": 1.0}}) as backend:
        assert texts(backend.stream("c", Sampling(stop=stop, maximum_tokens=8))) == {0: expected}


def test_a_text_ends_after_the_greatest_number_of_tokens(fixed: LlamaBackend) -> None:
    guards = [Only("abcdef", 1000) for _ in range(2)]
    all_told = told(fixed.stream("a", Sampling(maximum_tokens=17), guards))
    assert [len(guard.text) for guard in guards] == [17, 17]
    assert not any(guard.done for guard in guards)
    assert all_told.timing.written_tokens == 34


def test_a_text_ends_where_the_context_is_full(random_model: Path) -> None:
    with LlamaBackend(random_model, threads=1, context=64) as backend:
        guards = [Only("abc", 1000) for _ in range(3)]
        prompt = told(backend.stream("abc", Sampling(), guards)).timing.prompt_tokens
        assert prompt == 4
        assert [len(guard.text) for guard in guards] == [60, 60, 60]
        with pytest.raises(ModelError, match="the prompt is too long") as caught:
            list(backend.stream("abc" * 50, Sampling()))
        assert "151 tokens" in str(caught.value.cause)


# --- the prompt and the cache


def test_tokens_are_counted_without_the_beginning_token(backend: LlamaBackend) -> None:
    assert backend.count("") == 0
    assert backend.count("xyz") == 3
    assert backend.count("c4") == 1
    assert backend.count("日") == 3, "bytes, where there is no token"
    assert backend.context == 2048


def test_what_two_prompts_have_in_common_is_evaluated_once(random_model: Path) -> None:
    longer = "xyzxyzxyz" * 70
    with LlamaBackend(random_model, threads=1) as backend:
        first = told(backend.stream(longer + "uvw", ALMOST_GREEDY, [Only("abcdef", 20)]))
        assert first.timing.reused_tokens == 0
        for changed in (longer + "wvu", longer + "uvw", longer + "uvw"):
            again = told(backend.stream(changed, ALMOST_GREEDY, [Only("abcdef", 20)]))
            assert (again.timing.prompt_tokens, again.timing.reused_tokens) == (634, 9 * CHUNK)
        assert again.texts == first.texts, "what is kept is what a first evaluation gives"


def test_what_the_cache_held_before_changes_no_bit_of_what_comes_next() -> None:
    """Bit for bit, with the bundled model: a last bit that differs makes the same seed write other bars now and then."""
    model = load(resource(BUNDLED))
    vocabulary = Vocabulary(model)
    evaluator = Evaluator(model, vocabulary.size, 1024, 2, 1)
    prompt = vocabulary.prompt("\n".join(f"{bar}: c54 d8 e f2 / e42 g4 a / c34 c b2 a" for bar in range(20)))
    assert len(prompt) > 3 * CHUNK
    first = evaluator.read(prompt)[0].copy()
    evaluator.read(prompt[: CHUNK + 40] + prompt[-60:])
    evaluator.fork(1)
    evaluator.decode([(1, CHUNK + 100, prompt[:1])])
    evaluator.cut(1, 0)
    again, known = evaluator.read(prompt)
    assert known == CHUNK
    assert np.array_equal(first, again)
    evaluator.close()
    library().llama_model_free(model)


def test_room_grows_with_what_is_asked_for(random_model: Path) -> None:
    with LlamaBackend(random_model, threads=1) as backend:
        for count, size in ((1, 10), (2, 300), (6, 5), (1, 1500)):
            guards = [Only("abc", size) for _ in range(count)]
            texts(backend.stream("abc", Sampling(maximum_tokens=size), guards))
            assert all(guard.done for guard in guards)


def test_a_stream_left_alone_makes_way_for_the_next(backend: LlamaBackend) -> None:
    left = backend.stream("abc", Sampling(), [Only("abc", 100)])
    assert isinstance(next(left), TextPiece)
    with pytest.raises(ModelError, match="writing already"):
        next(backend.stream("abc", Sampling()))
    left.close()  # type: ignore[attr-defined]
    assert len(texts(backend.stream("abc", Sampling(), [Only("abc", 100)]))[0]) == 100


def test_a_closed_model_says_so(random_model: Path) -> None:
    backend = LlamaBackend(random_model, threads=1)
    left = backend.stream("abc", Sampling(), [Only("abc", 100)])
    next(left)
    backend.close()
    backend.close()
    with pytest.raises(ModelError, match="closed while it wrote"):
        list(left)
    with pytest.raises(ModelError, match="the model is closed"):
        next(backend.stream("abc", Sampling()))


def test_timing_accounts_for_the_whole_stream(backend: LlamaBackend) -> None:
    timing = told(backend.stream("a new prompt", Sampling(), [Only("abc", 50)])).timing
    parts = (timing.prompt_seconds, timing.decode_seconds, timing.sampling_seconds, timing.outside_seconds)
    assert min(parts) > 0
    assert sum(parts) == pytest.approx(timing.total_seconds)
    assert timing.written_tokens == 50


@pytest.mark.parametrize(("processors", "threads"), [(1, 1), (2, 1), (4, 3), (6, 3), (8, 4), (32, 16)])
def test_a_processor_is_left_to_other_programs(monkeypatch: pytest.MonkeyPatch, processors: int, threads: int) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(processors)), raising=False)
    assert default_threads() == threads


# --- files


@pytest.mark.parametrize("kind", ["Q4_K_M", "Q8_0", "Q4_0"])
def test_a_quantised_model_writes(folder: Path, random_model: Path, kind: str) -> None:
    with LlamaBackend(quantise(random_model, folder / f"{kind}.gguf", kind), threads=1) as backend:
        assert len(texts(backend.stream("the note", Sampling(), [Only("abc", 30)]))[0]) == 30


def test_the_extra_buffer_types_are_off(folder: Path, random_model: Path) -> None:
    assert library().llama_model_default_params().use_extra_bufts, "else this test shows nothing"
    assert not model_parameters().use_extra_bufts
    quantised = quantise(random_model, folder / "extra.gguf", "Q4_0")
    lines: list[str] = []
    listen = library().llama_log_callback(lambda level, text, _: lines.append(text.decode()))
    before = library().llama_log_callback(), ctypes.c_void_p()
    library().llama_log_get(*map(ctypes.byref, before))
    library().llama_log_set(listen, ctypes.c_void_p(0))
    try:
        library().llama_model_free(load(quantised))
    finally:
        library().llama_log_set(before[0], before[1])
    buffers = [line.split()[1] for line in lines if "model buffer size" in line]
    assert buffers
    assert {name.removesuffix("_Mapped") for name in buffers} == {"CPU"}


def test_llama_cpp_is_silent(random_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with LlamaBackend(random_model, threads=1) as backend:
        texts(backend.stream("abc", Sampling(), [Only("abc", 10)]))
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent\.gguf can't be read") as caught:
        LlamaBackend(tmp_path / "absent.gguf")
    assert caught.value.cause == "No such file or directory"
    assert caught.value.hint


def test_a_folder_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read"):
        LlamaBackend(tmp_path)


@pytest.mark.parametrize("content", [b"", b"GG", b"<html>not found</html>"])
def test_a_file_that_is_no_gguf_is_a_model_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.gguf").write_bytes(content)
    with pytest.raises(ModelError, match="is no GGUF file"):
        LlamaBackend(tmp_path / "page.gguf")


@pytest.mark.parametrize("share", [0.00001, 0.0005, 0.01, 0.5, 0.999])
def test_a_file_that_is_cut_off_is_a_model_error(tmp_path: Path, random_model: Path, share: float) -> None:
    content = random_model.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(content[: max(4, int(len(content) * share))])
    with pytest.raises(ModelError, match=r"llama\.cpp can't load the model") as caught:
        LlamaBackend(tmp_path / "cut.gguf")
    assert caught.value.cause
    assert "cut off" in str(caught.value.hint)


def test_a_context_longer_than_the_model_was_trained_with_is_refused(random_model: Path) -> None:
    with pytest.raises(ModelError, match="a context of 4096 tokens") as caught:
        LlamaBackend(random_model, context=4096)
    assert "2048" in str(caught.value.cause)


def test_a_prompt_that_is_being_read_can_be_stopped_in_its_midst(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "slow.gguf", hidden=512, layers=8)
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return 20 < asked < 1000

    with LlamaBackend(path, threads=1, stopped=stopped) as backend:
        prompt = "note " * 100
        with pytest.raises(Stopped):
            list(backend.stream(prompt, Sampling(maximum_tokens=4)))
        assert asked == 21, "llama.cpp has asked in the midst of the first batch, and stopped at once"
        asked = 1000
        all_told = told(backend.stream(prompt, Sampling(maximum_tokens=4)))
        assert all_told.pieces, "what was broken off leaves nothing behind"
        assert all_told.timing.reused_tokens == 0


def test_writing_stops_before_the_next_token(tmp_path: Path) -> None:
    going = True
    with LlamaBackend(write_random_llama(tmp_path / "m.gguf"), threads=1, stopped=lambda: not going) as backend:
        pieces = backend.stream("note", Sampling(maximum_tokens=200))
        next(pieces)
        going = False
        with pytest.raises(Stopped):
            list(pieces)
        going = True
        assert list(backend.stream("note", Sampling(maximum_tokens=3)))
