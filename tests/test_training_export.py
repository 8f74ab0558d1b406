"""Export: the GGUF file says what it is, writes what transformers writes, loses little with fewer bits, and is there whole or not at all."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_run import song, write_tiny_run

from chordllama.errors import ModelError
from chordllama.generate.llama_scoring import mean_cost
from chordllama.generate.models import BUNDLED
from chordllama.system.resources import resource
from chordllama.tasks.prompt_templates import CHAT_TEMPLATE
from chordllama.training import gguf_tensors, gguf_tokenizer, quantisation
from chordllama.training.export import Exported, export
from chordllama.training.export_checks import Agreement, check_perplexity, greedy_agreement, held_out_texts
from chordllama.training.trained import trained

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_run(tmp_path_factory.mktemp("export"))


@pytest.fixture(scope="module")
def files(run: Path) -> list[Exported]:
    return export(run, run.parent / "gguf", ["q8_0", "q4_k_m"])


def fields_of(path: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    fields = GGUFReader(path).fields
    return {key: fields[key].contents() for key in fields}


def test_a_sixteen_bit_file_writes_what_transformers_writes(run: Path, files: list[Exported]) -> None:
    agreement = greedy_agreement(trained(run), files[0].path, ["", "title: Lied\nparts:\n", "1: c4"], tokens=200)
    assert agreement.tokens == 200
    assert agreement.holds
    assert agreement.equal >= 195


def test_files_with_fewer_bits_are_smaller_and_write_nearly_the_same(run: Path, files: list[Exported]) -> None:
    assert [file.path.name for file in files] == ["tiny-f16.gguf", "tiny-q8_0.gguf", "tiny-q4_k_m.gguf"]
    sizes = [file.path.stat().st_size for file in files]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < sizes[0] / 2
    assert greedy_agreement(trained(run), files[2].path, [""], tokens=200).equal > 150


def test_the_perplexity_of_a_file_is_that_of_transformers(run: Path, files: list[Exported]) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model: Any = AutoModelForCausalLM.from_pretrained(run / "best", local_files_only=True, dtype=torch.float32)
    tokenizer: Any = AutoTokenizer.from_pretrained(run / "best", local_files_only=True)
    texts = held_out_texts(run / "best" / "held-out.jsonl")[:3]
    losses: list[float] = []
    for text in texts:
        ids = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode(text, add_special_tokens=False)]])
        with torch.inference_mode():
            logits = model(input_ids=ids[:, :-1]).logits[0]
        losses += torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").tolist()
    assert mean_cost(files[0].path, texts, 10_000) == pytest.approx(float(np.mean(losses)), rel=1e-3)


def test_what_fewer_bits_cost_is_told_and_lies_within_the_bounds(files: list[Exported]) -> None:
    for file in files[1:]:
        assert 0.9 < file.perplexity / files[0].perplexity <= 1 + quantisation.BOUNDS[file.kind]


def test_what_costs_more_than_its_bound_is_refused(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(quantisation.BOUNDS, "q4_0", -0.5)
    with pytest.raises(ModelError, match="tiny: q4_0 loses too much") as caught:
        export(run, tmp_path, ["q4_0"])
    assert "allowed are -50.0%" in (caught.value.cause or "")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny-f16.gguf"]


def test_a_perplexity_that_is_no_number_is_refused() -> None:
    check_perplexity(10.4, 10.0, "q4_k_m", "tiny")
    for found in (10.6, math.nan, math.inf):
        with pytest.raises(ModelError, match="loses too much"):
            check_perplexity(found, 10.0, "q4_k_m", "tiny")


def test_a_file_says_what_it_was_made_of(run: Path, files: list[Exported]) -> None:
    about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for file in files:
        found = fields_of(file.path)
        assert found["general.name"] == "tiny"
        assert found["general.license"] == "CC0-1.0"
        assert (found["general.dataset.count"], found["general.dataset.0.name"]) == (1, "made up")
        assert json.loads(found["chordllama.sources"]) == [{"name": "made up", "licence": "CC0-1.0", "rows": 108}]
        assert json.loads(found["chordllama.recipe"]) == about["recipe"]
        assert found["chordllama.data_sha256"] == about["data_sha256"]
        assert found["tokenizer.ggml.pre"] == "sarvam-moe"
        assert found["tokenizer.ggml.add_bos_token"] is True
        assert found["tokenizer.chat_template"] == CHAT_TEMPLATE
        assert found["llama.rope.freq_base"] == 500_000
        assert found["llama.context_length"] == 256


def test_the_model_that_comes_along_says_what_it_was_made_of() -> None:
    found = fields_of(resource(BUNDLED))
    assert (found["general.name"], found["general.license"]) == ("chordllama-mini", "CC0-1.0")
    assert sum(source["rows"] for source in json.loads(found["chordllama.sources"])) == 44_684
    assert all(source["licence"] for source in json.loads(found["chordllama.sources"]))
    assert json.loads(found["chordllama.recipe"])["name"] == "chordllama-mini"
    assert found["tokenizer.chat_template"] == CHAT_TEMPLATE


def test_of_a_model_from_elsewhere_nothing_is_claimed(run: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(run / "best", tmp_path / "elsewhere")
    (elsewhere / "run.json").unlink()
    (whole,) = export(elsewhere, tmp_path / "out", [])
    found = fields_of(whole.path)
    assert "general.license" not in found
    assert not [key for key in found if key.startswith("chordllama.")]


def test_a_file_that_writes_something_else_gets_no_name(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def turned(source: str, values: Any, config: dict[str, Any]) -> Any:
        return -values if "down_proj" in source else values

    monkeypatch.setattr(gguf_tensors, "_permuted", turned)
    with pytest.raises(ModelError, match="writes other tokens"):
        export(run, tmp_path)
    assert not list(tmp_path.iterdir())


FULL_DISK = """\
import resource, sys
from pathlib import Path
from chordllama.cli import run
from chordllama.training import export as exporting

def full(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))

model, out, whole, size = sys.argv[1:]
if whole:
    exporting._whole = lambda *_: exporting.Exported("f16", Path(whole), 1.0)
full(size)
sys.exit(run(["export", model, "--quant", "q8_0", "-o", out]))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files, which stands in for a full disk")
@pytest.mark.parametrize(("kind", "code", "words"), [("f16", 1, "can't be written"), ("q8_0", 4, "can't be quantised")])
def test_on_a_full_disk_no_file_gets_its_name(
    run: Path, files: list[Exported], tmp_path: Path, kind: str, code: int, words: str
) -> None:
    """Once the disk is full while we write, once while llama.cpp does."""
    whole = "" if kind == "f16" else str(shutil.copy(files[0].path, tmp_path))
    before = sorted(tmp_path.iterdir())
    size = next(file.path.stat().st_size for file in files if file.kind == kind) // 2
    command = [sys.executable, "-c", FULL_DISK, str(run), str(tmp_path), whole, str(size)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert ended.returncode == code, ended.stderr
    assert words in ended.stderr
    assert sorted(tmp_path.iterdir()) == before


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
    factors = gguf_tensors._rope_factors(rope, 64)
    assert factors is not None
    assert factors.dtype == np.float32
    np.testing.assert_allclose(500_000.0 ** -(np.arange(0, 64, 2) / 64) / factors, stretched, rtol=1e-5)
    assert gguf_tensors._rope_factors({"rope_type": "default", "rope_theta": 1e4}, 64) is None
    with pytest.raises(ModelError, match="yarn"):
        gguf_tensors._rope_factors({"rope_type": "yarn"}, 64)


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


def test_a_model_of_llama_3s_kind_is_exported_whole_and_without_its_chat_template(tmp_path: Path) -> None:
    from gguf import GGUFReader

    from chordllama.generate.llama_scoring import opened

    tokenizer = random_llama_3(tmp_path / "model")
    path = export(tmp_path / "model", tmp_path / "gguf", [])[0].path
    assert path.name == "model-f16.gguf"
    assert {"rope_freqs.weight", "output.weight"} <= {tensor.name for tensor in GGUFReader(path).tensors}
    found = fields_of(path)
    assert found["tokenizer.chat_template"] == CHAT_TEMPLATE
    assert "tool" not in CHAT_TEMPLATE
    assert found["tokenizer.ggml.tokens"][-1] == f"[PAD{tokenizer.get_vocab_size() + 2}]"
    text = song(random.Random(6)) + "1234 it's ünïcode\n\n  "
    with opened(path) as (_, vocabulary):
        assert vocabulary.tokens(text) == tokenizer.encode(text).ids


def test_only_a_llama_with_a_known_tokenizer_is_exported(run: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no trained model"):
        export(tmp_path, tmp_path / "gguf")
    with pytest.raises(ModelError, match='unknown quantisation "q9"'):
        export(run, tmp_path / "gguf", ["q9"])
    with pytest.raises(ModelError, match="can't be written to GGUF"):
        gguf_tokenizer._pre_tokenizer(run, {"model": {}, "normalizer": None, "pre_tokenizer": {"type": "Whitespace"}})
    shutil.copytree(run / "best", tmp_path / "other")
    config = json.loads((run / "best" / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "other" / "config.json").write_text(json.dumps({**config, "model_type": "gpt2"}), encoding="utf-8")
    with pytest.raises(ModelError, match="found a gpt2 model, wanted a llama"):
        trained(tmp_path / "other")


def test_a_model_that_is_too_large_for_the_memory_is_refused(run: Path, files: list[Exported]) -> None:
    from chordllama.training.memory import check_memory, weights_in_memory

    assert weights_in_memory(run / "best") == 4 * sum(
        math.prod(tensor.shape) for tensor in read_tensors(run / "best" / "model.safetensors")
    )
    with pytest.raises(ModelError, match="too little memory for a try"):
        check_memory(1 << 60, "a try")


def read_tensors(path: Path) -> list[Any]:
    from safetensors.numpy import load_file

    return list(load_file(path).values())


def test_weights_that_ran_away_are_refused() -> None:
    for value in (1e6, math.inf, math.nan):
        with pytest.raises(ModelError, match="does not fit"):
            gguf_tensors._stored_type("w", np.array([[value]], np.float32))
