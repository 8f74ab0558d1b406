"""Recipes: what is read, and what is refused in words that help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chordllama.errors import ModelError
from chordllama.training.recipe import HEAD_SIZE, Recipe, load_recipe

RECIPES = Path(__file__).parents[1] / "models" / "recipes"
PRETRAINING = sorted([RECIPES / "mini.yaml", *(RECIPES / "scaling").glob("*.yaml")])

SMALLEST = """\
name: small
data:
  corpora: [music]
training:
  steps: 10
"""


def recipe_file(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def parameters(recipe: Recipe) -> int:
    shape = recipe.model
    queries = shape.hidden_size * shape.heads * HEAD_SIZE
    keys = shape.hidden_size * shape.key_value_heads * HEAD_SIZE
    layer = 2 * queries + 2 * keys + 3 * shape.hidden_size * shape.feed_forward
    return recipe.tokenizer.vocabulary * shape.hidden_size + shape.layers * layer


def test_the_recipe_of_the_embedded_model_has_ten_to_thirty_million_parameters() -> None:
    assert 10e6 < parameters(load_recipe(RECIPES / "mini.yaml")) < 30e6


def test_the_recipes_for_scaling_spend_the_same_compute_on_three_sizes() -> None:
    recipes = [load_recipe(path) for path in PRETRAINING if path.parent.name == "scaling"]
    sizes = [parameters(recipe) for recipe in recipes]
    compute = [6 * size * r.training.steps * r.training.batch_tokens for size, r in zip(sizes, recipes, strict=True)]
    assert len(recipes) == 3
    assert max(sizes) > 5 * min(sizes)
    assert max(compute) < 1.1 * min(compute)


def test_what_a_recipe_leaves_out_has_a_default(tmp_path: Path) -> None:
    recipe = load_recipe(recipe_file(tmp_path, SMALLEST))
    assert recipe.data.corpora == ("music",)
    assert recipe.tokenizer.across_spaces is False
    assert recipe.training.minutes is None


def test_a_whole_number_is_a_number(tmp_path: Path) -> None:
    recipe = load_recipe(recipe_file(tmp_path, SMALLEST + "  minutes: 60\n  learning_rate: 3e-4\n"))
    assert recipe.training.minutes == 60.0
    assert recipe.training.learning_rate == 3e-4


def test_a_recipe_survives_json(tmp_path: Path) -> None:
    values = load_recipe(recipe_file(tmp_path, SMALLEST)).as_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["training"]["steps"] == 10


@pytest.mark.parametrize(
    ("text", "place", "key", "allowed"),
    [
        (SMALLEST + "epochs: 3\n", "recipe.yaml", "epochs", "training"),
        (SMALLEST + "  stepz: 3\n", "recipe.yaml: training", "stepz", "steps"),
        (SMALLEST.replace("data:", "data:\n  folder: x"), "recipe.yaml: data", "folder", "corpora"),
    ],
)
def test_an_unknown_key_is_named_beside_the_allowed_ones(
    tmp_path: Path, text: str, place: str, key: str, allowed: str
) -> None:
    with pytest.raises(ModelError) as caught:
        load_recipe(recipe_file(tmp_path, text))
    assert f'{place}: unknown key "{key}"' in caught.value.message
    assert allowed in (caught.value.hint or "").split(": ")[1].split(", ")


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match='training: the key "steps" is missing'):
        load_recipe(recipe_file(tmp_path, SMALLEST.replace("steps: 10", "warmup: 10")))


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("steps: ten", 'training.steps: found "ten", wanted a whole number'),
        ("steps: 1.5", "training.steps: found 1.5, wanted a whole number"),
        ("steps: true", "training.steps: found True, wanted a whole number"),
        ("steps:", "training.steps: found nothing, wanted a whole number"),
        ("steps: 10\n  minutes: soon", 'training.minutes: found "soon", wanted a number or null'),
        ("steps: 10\n  compile: 1", "training.compile: found 1, wanted true or false"),
        ("steps: 10\n  precision: fp8", 'training.precision: found "fp8", wanted bf16 or float32'),
        ("steps: 10\n  gradient_clip: [1]", "training.gradient_clip: found [1], wanted a number"),
    ],
)
def test_a_value_of_the_wrong_type_is_shown_beside_the_wanted_one(tmp_path: Path, found: str, wanted: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_recipe(recipe_file(tmp_path, SMALLEST.replace("steps: 10", found)))
    assert wanted in caught.value.message


@pytest.mark.parametrize("corpora", ["scores", "[]", "[1]", "{a: b}"])
def test_corpora_are_a_list_of_words(tmp_path: Path, corpora: str) -> None:
    with pytest.raises(ModelError, match=r"data.corpora: .* wanted a list of words"):
        load_recipe(recipe_file(tmp_path, SMALLEST.replace("[music]", corpora)))


@pytest.mark.parametrize(
    ("addition", "rule"),
    [
        ("model: {hidden_size: 300}", "model.hidden_size must be a multiple of 256"),
        ("model: {feed_forward: 1000}", "model.feed_forward must be a multiple of 256"),
        ("model: {heads: 3}", "model.heads × 128 must be a multiple of 256"),
        ("model: {heads: 4, key_value_heads: 3}", "model.heads must be a multiple of model.key_value_heads"),
        ("model: {context: 512}", "training.sequence_length must be from 16 to model.context"),
        ("tokenizer: {vocabulary: 70000}", "tokenizer.vocabulary must be from 512 to 65536"),
        ("seed: -1", "seed must be from 0"),
        ("  batch_tokens: 5000", "training.batch_tokens must be a multiple of training.micro_batch_tokens"),
        ("  minutes: 0", "training.minutes must be above 0"),
    ],
)
def test_a_broken_rule_is_said(tmp_path: Path, addition: str, rule: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_recipe(recipe_file(tmp_path, SMALLEST + addition + "\n"))
    assert rule in (caught.value.cause or "")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "words"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelError, match="wanted keys and values"):
        load_recipe(recipe_file(tmp_path, text))


@pytest.mark.parametrize("text", ["name: [", "name: a\nname: b\n", "name: !!python/object:os.system x\n"])
def test_a_file_that_is_no_plain_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ModelError, match="not valid YAML"):
        load_recipe(recipe_file(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read"):
        load_recipe(tmp_path / "none.yaml")
