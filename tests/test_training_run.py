"""A whole training run, small: trained, killed, resumed, exported to GGUF and compared with transformers."""

from __future__ import annotations

import gzip
import json
import math
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chordllama.errors import ModelError
from chordllama.training import export as exporting
from chordllama.training.export import Agreement, export, greedy_agreement
from chordllama.training.packing import cut_at_lines, pack_rows
from chordllama.training.pretrain import StepReport, batch_rows, learning_rate, pretrain
from chordllama.training.recipe import Recipe, load_recipe

STEPS = 30
KILLED_AT = 17

RECIPE = f"""\
name: tiny
licence: CC0-1.0
seed: 7
data:
  corpora: [songs]
tokenizer:
  vocabulary: 512
model:
  layers: 2
  feed_forward: 256
  context: 256
training:
  steps: {STEPS}
  batch_tokens: 512
  micro_batch_tokens: 256
  sequence_length: 64
  learning_rate: 0.01
  warmup: 3
  threads: 1
  validate_every: 10
  validation_tokens: 512
  checkpoint_every: 5
"""

TRAIN = """\
import os, signal, sys
from pathlib import Path
from chordllama.training import pretrain
from chordllama.training.recipe import load_recipe

folder, out, place = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def kill():
    os.kill(os.getpid(), signal.SIGKILL)

def watch(report):
    if place == "step" and report.step == {killed_at}:
        kill()
    if place == "checkpoint" and report.step == {killed_at} - 3:
        import torch
        save = torch.save
        def half(state, path):
            save(state, path)
            path.write_bytes(path.read_bytes()[:1000])
            kill()
        torch.save = half

pretrain.pretrain(load_recipe(folder / "recipe.yaml"), [folder / "songs"], out, progress=watch)
"""


def song(dice: random.Random) -> str:
    """A scale that turns back, in lines: enough of a rule to be learnt in thirty steps."""
    start, text = dice.randrange(7), ["title: Lied", "parts:", " 1: clef=G2 Voice"]
    for bar in range(dice.randrange(4, 20)):
        text += [f"{bar + 1}: " + " ".join("abcdefg"[(start + bar + step) % 7] + "4" for step in range(4))]
    return "\n".join(text) + "\n"


def row(text: str) -> dict[str, str]:
    """A row of a corpus; half of the text is the answer."""
    lines = text.splitlines(keepends=True)
    place = len(lines) // 2
    return {"task": "songs", "instruction": "", "input": "".join(lines[:place]), "output": "".join(lines[place:])}


def write_corpus(corpus: Path) -> None:
    dice = random.Random(3)
    songs = [song(dice) for _ in range(120)]
    (corpus / "data").mkdir(parents=True)
    for split, first in (("train", 1), ("validation", 0)):
        rows = [row(text) for index, text in enumerate(songs) if bool(index % 10) == bool(first)]
        path = corpus / "data" / f"{split}-00000-of-00001.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    write_corpus(folder / "songs")
    return folder


@pytest.fixture(scope="module")
def recipe(folder: Path) -> Recipe:
    return load_recipe(folder / "recipe.yaml")


@pytest.fixture(scope="module")
def run(folder: Path, recipe: Recipe) -> Path:
    """The run that nothing disturbed."""
    pretrain(recipe, [folder / "songs"], folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def files(run: Path) -> list[Path]:
    return export(run, run.parent / "gguf", ["q4_k_m"])


def log(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def curve(run: Path) -> list[tuple[int, float | None, float | None]]:
    return [(row["step"], row["loss"], row["validation_loss"]) for row in log(run)]


def half_written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".tmp")]


def kill_in_the_middle(folder: Path, out: Path, place: str) -> None:
    command = [sys.executable, "-c", TRAIN.format(killed_at=KILLED_AT), str(folder), str(out), place]
    ended = subprocess.run(command, cwd=Path(__file__).parents[1], check=False, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def test_a_run_learns(run: Path) -> None:
    rows = log(run)
    assert [row["step"] for row in rows] == list(range(STEPS + 1))
    assert rows[0]["validation_loss"] > 1.5 * rows[-1]["validation_loss"]
    assert all(row["tokens_per_second"] > 0 and row["learning_rate"] > 0 for row in rows[1:])


def test_bits_per_byte_are_the_loss_spread_over_the_text(run: Path) -> None:
    counts = json.loads((run / "data" / "validation.json").read_text(encoding="utf-8"))
    last = log(run)[-1]
    bits = last["validation_loss"] * counts["tokens"] / math.log(2)
    assert math.isclose(last["bits_per_byte"], bits / counts["bytes"])


def test_a_run_tells_what_it_was_made_from(run: Path, recipe: Recipe, folder: Path) -> None:
    about = json.loads((run / "best" / "run.json").read_text(encoding="utf-8"))
    assert about == json.loads((run / "run.json").read_text(encoding="utf-8"))
    assert about["recipe"] == recipe.as_dict()
    assert about["seed"] == 7
    assert len(about["data_sha256"]) == 64
    assert str(folder) not in json.dumps(about)


def test_the_best_weights_can_be_loaded_and_have_the_lowest_validation_loss(run: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(run / "best", local_files_only=True)
    shape = (json.loads((run / "data" / "validation.json").read_text(encoding="utf-8"))["rows"], 65)
    ids = torch.from_numpy(np.fromfile(run / "data" / "validation.bin", np.uint16).reshape(shape).astype("int64"))
    wanted = [index * len(ids) // 8 for index in range(8)]
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        logits = model(ids[wanted, :-1]).logits.float()
    pad = model.config.pad_token_id
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[wanted, 1:].flatten(), ignore_index=pad)
    lowest = min(row["validation_loss"] for row in log(run) if row["validation_loss"])
    assert math.isclose(loss.item(), lowest, rel_tol=1e-3)


def test_two_checkpoints_are_kept_and_nothing_half_written(run: Path) -> None:
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-000025", "step-000030"]
    assert not half_written(run)


@pytest.mark.parametrize("place", ["step", "checkpoint"])
def test_a_killed_run_ends_as_if_nothing_had_happened(folder: Path, recipe: Recipe, run: Path, place: str) -> None:
    out = folder / f"killed at a {place}"
    kill_in_the_middle(folder, out, place)
    assert log(out)[-1]["step"] in (KILLED_AT - 2, KILLED_AT)
    assert bool(half_written(out)) == (place == "checkpoint")
    pretrain(recipe, [folder / "songs"], out, resume=True)
    assert curve(out) == curve(run)
    assert not half_written(out)
    assert (out / "best" / "model.safetensors").read_bytes() == (run / "best" / "model.safetensors").read_bytes()


def test_a_complete_run_is_left_as_it_is(folder: Path, recipe: Recipe, run: Path) -> None:
    reports: list[StepReport] = []
    before = (run / "log.jsonl").read_bytes()
    assert pretrain(recipe, [folder / "songs"], run, resume=True, progress=reports.append) == run / "best"
    assert not reports
    assert (run / "log.jsonl").read_bytes() == before


def test_a_run_is_not_overwritten(folder: Path, recipe: Recipe, run: Path) -> None:
    with pytest.raises(ModelError, match="holds a run already"):
        pretrain(recipe, [folder / "songs"], run)


def test_a_run_is_resumed_with_the_same_recipe_and_texts_only(
    folder: Path, recipe: Recipe, run: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="the recipe has changed"):
        pretrain(replace(recipe, seed=8), [folder / "songs"], run, resume=True)
    other = tmp_path / "songs"
    shutil.copytree(folder / "songs", other)
    with next(other.glob("data/train-*")).open("a") as file:
        file.write(json.dumps(row("more\nand more\n")) + "\n")
    with pytest.raises(ModelError, match="the rows have changed"):
        pretrain(recipe, [other], run, resume=True)


def test_a_run_without_progress_stops_after_its_patience_and_keeps_the_best(
    folder: Path, recipe: Recipe, tmp_path: Path
) -> None:
    training = replace(recipe.training, steps=1000, learning_rate=0.5, patience=2, validate_every=2, gradient_clip=1e6)
    reports: list[StepReport] = []
    pretrain(replace(recipe, training=training), [folder / "songs"], tmp_path, progress=reports.append)
    losses = [report.validation_loss for report in reports if report.validation_loss is not None]
    assert reports[-1].step < 1000
    assert reports[-1].progress == 1
    assert min(losses[-2:]) >= min(losses[:-2])
    again: list[StepReport] = []
    pretrain(replace(recipe, training=training), [folder / "songs"], tmp_path, resume=True, progress=again.append)
    assert not again


def test_a_run_ends_when_its_minutes_are_used_up(folder: Path, recipe: Recipe, tmp_path: Path) -> None:
    reports: list[StepReport] = []
    training = replace(recipe.training, steps=100_000, minutes=1 / 60)
    pretrain(replace(recipe, training=training), [folder / "songs"], tmp_path, progress=reports.append)
    assert 1 <= reports[-1].seconds < 10
    assert reports[-1].progress == 1
    assert reports[-1].validation_loss is not None
    assert reports[-1].learning_rate < 0.5 * recipe.training.learning_rate


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 1: not JSON"),
        ("[]", "line 1: wanted instruction, input, output"),
        ('{"instruction": "", "input": 3, "output": ""}', "line 1: wanted instruction, input, output"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(recipe: Recipe, tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "songs" / "data").mkdir(parents=True)
    for split in ("train", "validation"):
        (tmp_path / "songs" / "data" / f"{split}-0.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=words):
        pretrain(recipe, [tmp_path / "songs"], tmp_path / "run")


def test_a_packed_shard_that_is_cut_off_is_named(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "songs" / "data").mkdir(parents=True)
    for split in ("train", "validation"):
        whole = gzip.compress(json.dumps(row("a\nb\n")).encode())
        (tmp_path / "songs" / "data" / f"{split}-0.jsonl.gz").write_bytes(whole[:-9])
    with pytest.raises(ModelError, match=r"train-0\.jsonl\.gz: the rows can't be read"):
        pretrain(recipe, [tmp_path / "songs"], tmp_path / "run")


def test_a_missing_corpus_is_refused_before_anything_is_written(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no rows"):
        pretrain(recipe, [tmp_path / "none"], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_learning_rate_rises_then_falls_to_its_floor(recipe: Recipe) -> None:
    training = replace(recipe.training, steps=100, warmup=10)
    rates = [learning_rate(training, step, (step - 1) / 100) for step in range(1, 101)]
    assert rates[:10] == sorted(rates[:10])
    assert math.isclose(max(rates), training.learning_rate)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert math.isclose(learning_rate(training, 101, 1.0), training.learning_rate * training.final_learning_rate_share)


def test_every_epoch_goes_through_all_rows_in_another_order() -> None:
    drawn = [row for step in range(1, 7) for row in batch_rows(10, 5, step, seed=1)]
    epochs = [drawn[start : start + 10] for start in (0, 10, 20)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len(batch_rows(3, 8, 1, seed=1)) == 8


def test_a_long_document_is_cut_where_a_line_begins() -> None:
    newline = 0
    ids = [1, 5, 5, newline, 6, 6, 6, newline, 7, 7, 7, 7, 7, 7, 7, 7, newline, 2]
    pieces = cut_at_lines(ids, newline, 6)
    assert pieces == [[1, 5, 5, newline], [6, 6, 6, newline], [7] * 6, [7, 7, newline, 2]]


def runs(row: list[int]) -> list[int]:
    """The numbers of a row, each once where it stands several times in a row."""
    return [row[0], *(right for left, right in pairwise(row) if left != right)]


def test_rows_hold_whole_pieces_and_lose_none() -> None:
    dice = random.Random(4)
    pieces = [[number] * dice.randrange(1, 33) for number in range(1, 1000)]
    rows = list(pack_rows(iter(pieces), 0, 32))
    assert max(map(len, rows)) <= 32
    assert sorted(number for row in rows for number in row) == sorted(number for piece in pieces for number in piece)
    assert sorted(number for row in rows for number in runs(row)) == list(range(1, 1000))
    assert sum(map(len, rows)) > 0.97 * 32 * len(rows)


def test_pieces_that_fit_together_badly_are_cut_at_lines() -> None:
    newline = 0
    pieces = [[number, number, newline] * 7 for number in range(1, 1000)]
    rows = list(pack_rows(iter(pieces), newline, 32))
    assert max(map(len, rows)) <= 32
    assert sum(map(len, rows)) == sum(map(len, pieces))
    assert all(row[-1] == newline and len(row) % 3 == 0 for row in rows)
    assert sum(map(len, rows)) > 0.9 * 32 * len(rows)


def test_a_sixteen_bit_file_writes_what_transformers_writes(run: Path, files: list[Path]) -> None:
    agreement = greedy_agreement(run, files[0], ["", "title: Lied\nparts:\n", "1: c4"], tokens=200)
    assert agreement.tokens == 200
    assert agreement.holds
    assert agreement.equal >= 195


def test_a_four_bit_file_writes_nearly_the_same(run: Path, files: list[Path]) -> None:
    assert [path.name for path in files] == ["tiny-f16.gguf", "tiny-q4_k_m.gguf"]
    assert files[1].stat().st_size < files[0].stat().st_size / 2
    assert greedy_agreement(run, files[1], [""], tokens=200).equal > 150


def test_of_a_model_from_elsewhere_no_licence_is_claimed(run: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader

    elsewhere = shutil.copytree(run / "best", tmp_path / "elsewhere")
    (elsewhere / "run.json").unlink()
    (whole,) = export(elsewhere, tmp_path / "out", [])
    assert "general.license" not in GGUFReader(whole).fields


def test_a_file_names_its_model_tokenizer_and_licence(run: Path, files: list[Path]) -> None:
    from gguf import GGUFReader

    for path in files:
        fields = GGUFReader(path).fields
        found = {key: fields[key].contents() for key in fields}
        assert found["general.name"] == "tiny"
        assert found["general.license"] == "CC0-1.0"
        assert found["tokenizer.ggml.pre"] == "sarvam-moe"
        assert found["tokenizer.ggml.add_bos_token"] is True
        assert found["llama.rope.freq_base"] == 500_000
        assert found["llama.context_length"] == 256


def test_a_file_that_writes_something_else_gets_no_name(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned(source: str, values: Any, config: dict[str, Any]) -> Any:
        return -values if "down_proj" in source else values

    monkeypatch.setattr(exporting, "_permuted", turned)
    with pytest.raises(ModelError, match="writes other tokens"):
        export(run, tmp_path)
    assert not list(tmp_path.iterdir())


def test_agreement_holds_only_if_every_token_is_equal_or_nearly_tied() -> None:
    assert Agreement(tokens=200, equal=199, near_ties=1).holds
    assert not Agreement(tokens=200, equal=199, near_ties=0).holds


def test_llama_3_stretches_slow_rotations_as_transformers_does() -> None:
    from transformers import LlamaConfig
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    rope = {
        "rope_type": "llama3",
        "rope_theta": 500_000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    config = LlamaConfig(hidden_size=256, num_attention_heads=4, head_dim=64, rope_parameters=rope)
    stretched = LlamaRotaryEmbedding(config).inv_freq.numpy()
    factors = exporting._rope_factors(rope, 64)
    assert factors is not None
    assert factors.dtype == np.float32
    np.testing.assert_allclose(500_000.0 ** -(np.arange(0, 64, 2) / 64) / factors, stretched, rtol=1e-5)
    assert exporting._rope_factors({"rope_type": "default", "rope_theta": 1e4}, 64) is None
    with pytest.raises(ModelError, match="yarn"):
        exporting._rope_factors({"rope_type": "yarn"}, 64)


LLAMA_3_SPLITS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def random_llama_3(folder: Path) -> Any:
    """A random model of Llama 3's kind: byte-level tokenizer, stretched rotations, untied embeddings, a chat template."""
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    split = pre_tokenizers.Split(Regex(LLAMA_3_SPLITS), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    special = ["<|begin_of_text|>", "<|end_of_text|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([song(random.Random(5)) for _ in range(50)], trainer)
    rope = {"rope_type": "llama3", "rope_theta": 10_000.0, "factor": 8.0, "low_freq_factor": 1.0}
    rope |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 32}
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size() + 3,
        hidden_size=256,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        rope_parameters=rope,
        max_position_embeddings=256,
        initializer_range=0.2,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=[1, 0],
    )
    model: Any = LlamaForCausalLM(config)
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
    return tokenizer


def test_a_model_of_llama_3s_kind_is_exported_whole(tmp_path: Path) -> None:
    from gguf import GGUFReader

    from chordllama.generate.llama_runtime import Vocabulary, library, load

    tokenizer = random_llama_3(tmp_path / "model")
    path = export(tmp_path / "model", tmp_path / "gguf", [])[0]
    assert path.name == "model-f16.gguf"
    reader = GGUFReader(path)
    assert {"rope_freqs.weight", "output.weight"} <= {tensor.name for tensor in reader.tensors}
    assert reader.fields["tokenizer.chat_template"].contents() == "{{ messages[0].content }}"
    assert reader.fields["tokenizer.ggml.tokens"].contents()[-1] == f"[PAD{tokenizer.get_vocab_size() + 2}]"
    model = load(path)
    text = song(random.Random(6)) + "1234 it's ünïcode\n\n  "
    assert Vocabulary(model).tokens(text) == tokenizer.encode(text).ids
    library().llama_model_free(model)


def test_only_a_llama_with_a_known_tokenizer_is_exported(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no trained model"):
        export(tmp_path, tmp_path / "gguf")
    with pytest.raises(ModelError, match='unknown quantisation "q9"'):
        export(run, tmp_path / "gguf", ["q9"])
    with pytest.raises(ModelError, match="can't be written to GGUF"):
        exporting._pre_tokenizer(run, {"model": {}, "normalizer": None, "pre_tokenizer": {"type": "Whitespace"}})
    config = json.loads((run / "best" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "model_type": "gpt2"}), encoding="utf-8")
    with pytest.raises(ModelError, match="found a gpt2 model, wanted a llama"):
        exporting._config(tmp_path)


def test_weights_that_ran_away_are_refused() -> None:
    for value in (1e6, math.inf, math.nan):
        with pytest.raises(ModelError, match="does not fit"):
            exporting._stored_type("w", np.array([[value]], np.float32))
