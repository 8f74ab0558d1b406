"""The folder for Ollama, and publishing: the prompt is the training's byte for byte, in Go's own templates, in Jinja and in llama.cpp's server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from stand_in_hub import hub_at_hand
from tiny_run import write_tiny_run

from chordllama.cli import run as command
from chordllama.errors import ModelError
from chordllama.generate.backend import text_of
from chordllama.generate.llama import LlamaBackend
from chordllama.sampling import Sampling
from chordllama.tasks.lyrics_tasks import WRITE
from chordllama.tasks.prompt_templates import CHAT_TEMPLATE, described, ollama_values, wording
from chordllama.training.modelfile import Setup, format_modelfile, parse_modelfile
from chordllama.training.publish import plan

ROOT = Path(__file__).parents[1]
ROWS = ROOT / "models" / "recipes" / "rows" / "quick" / "data" / "train-00000.jsonl"
PAIRS = [
    *((row["instruction"], row["input"]) for row in map(json.loads, ROWS.read_text(encoding="utf-8").splitlines())),
    ("Write a song in the style of Heine.", "Thema: Mai & \"Nacht\" <Ü>\n{{ .Prompt }} 'x' \\n"),
    (WRITE.instruction, described({"title": "Mai", "language": "German"})),
    (WRITE.instruction, described({})),
    ("", "a song"),
]
LARGE = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # how the hub's library sends large files
START = 60.0  # seconds that a server may take to start


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ollama")
    run = write_tiny_run(place)
    assert command(["export", str(run), "--quant", "q8_0", "--ollama", "-o", str(place / "out")]) == 0
    return place / "out" / "tiny-ollama"


@pytest.fixture(scope="module")
def modelfile(folder: Path) -> Mapping[str, list[str]]:
    return parse_modelfile((folder / "Modelfile").read_text(encoding="utf-8"))


def test_the_folder_holds_all_that_ollama_create_needs(folder: Path, modelfile: Mapping[str, list[str]]) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "MODEL_CARD.md",
        "Modelfile",
        "README.md",
        "tiny-q8_0.gguf",
    ]
    assert modelfile["FROM"] == ["./tiny-q8_0.gguf"]
    assert modelfile["PARAMETER num_ctx"] == ["64"]
    assert modelfile["PARAMETER stop"] == ['"<eos>"']
    assert float(modelfile["PARAMETER temperature"][0]) > 0
    assert float(modelfile["PARAMETER repeat_penalty"][0]) == 1
    assert "CC0 1.0" in modelfile["LICENSE"][0]
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1] for line in lines] == ["create", "push", "run"]


def test_the_card_tells_licence_rows_loss_and_files(folder: Path) -> None:
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: cc0-1.0\n")
    assert "made up (108 rows, CC0-1.0)" in card
    assert "nats a token" in card
    assert "| tiny-q8_0.gguf |" in card
    log = [json.loads(line) for line in (folder.parents[1] / "run" / "log.jsonl").read_text().splitlines()]
    lowest = min(row["validation_loss"] for row in log if row["validation_loss"] is not None)
    assert f"{lowest:.4f}" in card


def rendered_by_go(template: str, values: Mapping[str, str], folder: Path) -> str:
    """Through the text/template of Go itself, in a process of its own."""
    pytest.importorskip("go_template", exc_type=ImportError)
    (folder / "template").write_text(template, encoding="utf-8", newline="")
    (folder / "values.json").write_text(json.dumps(values), encoding="utf-8")
    code = "import sys, go_template; go_template.render_template(*sys.argv[1:])"
    names = [str(folder / name) for name in ("template", "values.json", "out")]
    subprocess.run([sys.executable, "-c", code, *names], check=True, timeout=60)
    return (folder / "out").read_bytes().decode("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="the package carries Go's library for Linux only")
def test_what_ollamas_template_renders_is_the_prompt_of_training(
    modelfile: Mapping[str, list[str]], tmp_path: Path
) -> None:
    (template,) = modelfile["TEMPLATE"]
    # All pairs in one go: the template once for each of them.
    whole = "".join(f"{{{{ with .p{number} }}}}{template}{{{{ end }}}}\0" for number in range(len(PAIRS)))
    values = {f"p{number}": ollama_values(*pair) for number, pair in enumerate(PAIRS)}
    found = rendered_by_go(whole, values, tmp_path).split("\0")[:-1]  # type: ignore[arg-type]
    assert found == [wording(*pair) for pair in PAIRS]


def test_what_the_chat_template_renders_is_the_prompt_of_training() -> None:
    from jinja2 import Environment

    template = Environment(autoescape=False, keep_trailing_newline=True).from_string(CHAT_TEMPLATE)
    for instruction, given in PAIRS:
        messages = [{"role": "system", "content": instruction}, {"role": "user", "content": given}]
        assert template.render(messages=messages, bos_token="<bos>") == "<bos>" + wording(instruction, given)


def test_a_text_that_a_modelfile_cannot_hold_is_refused() -> None:
    with pytest.raises(ModelError, match="can't hold this text"):
        format_modelfile(Setup("a.gguf", 'say """', 64, "</s>", ""))
    text = format_modelfile(Setup("a.gguf", "Write.\nIn verses.", 64, "</s>", "none\nat all"))
    assert parse_modelfile(text)["SYSTEM"] == ["Write.\nIn verses."]
    assert parse_modelfile(text)["LICENSE"] == ["none\nat all"]


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """llama.cpp's server in Python, with the file of the Ollama folder."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    options = {"model": folder / "tiny-q8_0.gguf", "port": port, "n_threads": 1, "n_ctx": 256, "n_batch": 64}
    words = [sys.executable, "-m", "llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())]
    with (folder.parent / "log").open("wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
        try:
            yield _answering(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(10)


def _answering(address: str, process: subprocess.Popen[bytes]) -> str:
    import httpx

    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{address}/v1/models", timeout=1)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return address
    raise AssertionError("the server didn't start")


def test_llama_cpps_server_writes_after_the_prompt_what_the_library_writes(server: str, folder: Path) -> None:
    """By completion with the prompt of Ollama's template, and by chat with the template inside the file."""
    given = "title: Lied\nparts:\n 1: clef=G2 Voice\n1: c4 d4 e4 f4\n"
    prompt = wording("", given)
    sampling = Sampling(temperature=0, maximum_tokens=24)
    with LlamaBackend(folder / "tiny-q8_0.gguf", threads=1) as backend:
        wanted = text_of(backend.stream(prompt, sampling))
    assert len(wanted) > 10
    assert _choice(f"{server}/v1/completions", {"prompt": prompt})["text"] == wanted
    messages = [{"role": "user", "content": given}]
    assert _choice(f"{server}/v1/chat/completions", {"messages": messages})["message"]["content"] == wanted


def _choice(address: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The server's likeliest answer of 24 tokens; its own repeat_penalty is 1.1."""
    import httpx

    told = {**asked, "temperature": 0, "repeat_penalty": 1.0, "max_tokens": 24}
    choice: dict[str, Any] = httpx.post(address, json=told, timeout=60).json()["choices"][0]
    return choice


# ---------------------------------------------------------------------------------------------------------- publishing


@pytest.fixture
def by_lfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in takes large files by git LFS; the hub's other way, Xet, is a service of its own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)


def test_publishing_shows_first_what_it_would_do(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with hub_at_hand("token") as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.address)
        assert command(["publish", str(folder), "me/tiny"]) == 0
        assert not hub.files
        assert not hub.repositories
    told = capsys.readouterr().out
    assert f"{hub.address}/me/tiny" in told
    assert "tiny-q8_0.gguf" in told
    assert "nothing was published" in told


@LARGE
@pytest.mark.usefixtures("by_lfs")
def test_publishing_uploads_the_card_as_the_hubs_readme(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with hub_at_hand("token", large=(".gguf",)) as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.address)
        patch.setenv("HF_TOKEN", "token")
        assert command(["publish", str(folder), "me/tiny", "--yes"]) == 0
        assert hub.files["README.md"] == (folder / "MODEL_CARD.md").read_bytes()
        assert hub.files["Modelfile"] == (folder / "Modelfile").read_bytes()
        assert hub.files["tiny-q8_0.gguf"] == (folder / "tiny-q8_0.gguf").read_bytes()
    assert f"published: {hub.address}/me/tiny" in capsys.readouterr().out


def test_a_hub_that_refuses_or_cannot_be_reached_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with hub_at_hand("token") as hub, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.address)
        patch.setenv("HF_TOKEN", "another")
        assert command(["publish", str(folder), "me/tiny", "--yes"]) == 5
        assert not hub.files
    assert "can't be uploaded" in capsys.readouterr().err
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        patch.setenv("HF_TOKEN", "token")
        assert command(["publish", str(folder), "me/tiny", "--yes"]) == 5
    assert "can't be uploaded to http://127.0.0.1:9" in capsys.readouterr().err


def test_a_folder_that_is_none_for_ollama_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no folder for Ollama"):
        plan(tmp_path, "me/tiny")


@LARGE
@pytest.mark.usefixtures("by_lfs")
@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_where_ollama_is_installed_its_commands_are_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script stands in for Ollama, which can't be had here: it notes what it is asked, and refuses to push the second time."""
    program, noted = tmp_path / "ollama", tmp_path / "noted"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {noted}\n[ "$(grep -c push {noted})" -lt 2 ] || {{ echo no >&2; exit 1; }}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HF_TOKEN", "token")
    with hub_at_hand("token", large=(".gguf",)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        assert command(["publish", str(folder), "Me/tiny", "--yes"]) == 0
        assert noted.read_text().splitlines() == [f"create me/tiny -f {folder / 'Modelfile'}", "push me/tiny"]
        assert command(["publish", str(folder), "Me/tiny", "--yes"]) == 4
    assert "`ollama push me/tiny` failed" in capsys.readouterr().err
