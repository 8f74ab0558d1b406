"""Beats of scenes: the sentences that say most, or what an endpoint answers, which is asked once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from small_corpus import folder_of, mine, rows_of, settings
from small_texts import chapter, novel

from chordllama.corpora.build.beats import LONGEST_BEAT, BeatSource, beats_in, beats_of, extracted
from chordllama.corpora.build.build_engines import Local
from chordllama.corpora.build.building import build
from chordllama.corpora.build.settings import BuildSettings
from chordllama.corpora.build.shards import BuildFolder
from chordllama.errors import CorpusError
from chordllama.system import endpoints

ANSWER = (
    "Here are the beats:\n1. The miller wakes.\n2) He crosses the bridge.\n- The letter burns.\n\n* Nobody asks why.\n"
)
BEATS = ["The miller wakes.", "He crosses the bridge.", "The letter burns.", "Nobody asks why."]


class Answers:
    """What a stand-in for a server answers; before `begins` requests and after `lasts` it has only errors."""

    def __init__(self, text: str = ANSWER, lasts: int = 1 << 30, status: int = 400, begins: int = 0) -> None:
        self.text, self.lasts, self.status, self.begins = text, lasts, status, begins
        self.asked: list[dict[str, Any]] = []


@contextmanager
def served(answers: Answers) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answers.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            good = answers.begins < len(answers.asked) <= answers.lasts
            message = {"role": "assistant", "content": answers.text}
            body = (
                {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
                if good
                else {"error": "no more"}
            )
            data = json.dumps(body | {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}).encode()
            self.send_response(200 if good else answers.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_sentences_that_say_most_come_in_their_order() -> None:
    scene = chapter(1, 4)
    found = extracted(scene, 5, "en")
    places = [scene.index(beat) for beat in found]
    assert len(found) == 5
    assert places == sorted(places)
    assert found == extracted(scene, 5, "en")


def test_what_is_told_comes_before_what_is_spoken() -> None:
    spoken = "\n\n".join(f'"The miller has the lantern number {number}," he said.' for number in range(9))
    found = extracted(f"{chapter(1, 3)}\n\n{spoken}", 5, "en")
    assert len(found) == 5
    assert not any('"' in beat for beat in found)
    assert len(extracted(spoken, 5, "en")) == 5


@pytest.mark.parametrize("language", ["de", "en", "la", "xx", ""])
def test_a_language_without_stems_has_beats_too(language: str) -> None:
    assert len(extracted(chapter(1, 2), 3, language)) == 3


def test_a_long_sentence_is_cut_at_a_word() -> None:
    (beat,) = extracted("word " * 200 + ".", 1, "en")
    assert len(beat) <= LONGEST_BEAT
    assert beat.endswith("word …")


def test_lists_of_all_kinds_are_read() -> None:
    assert beats_in(ANSWER) == BEATS
    assert beats_in("\n\n") == []


def test_an_endpoint_is_asked_once_for_each_scene(tmp_path: Path) -> None:
    answers = Answers()
    with served(answers) as address:
        beats = beats_of(BeatSource(address, "tiny", str(tmp_path / "cache")))
        assert beats("A scene.", 3, "en") == BEATS[:3]
        assert beats("A scene.", 3, "en") == BEATS[:3]
        assert beats("Another scene.", 4, "de") == BEATS
    assert len(answers.asked) == 2
    asked = answers.asked[1]
    assert (asked["model"], asked["temperature"]) == ("tiny", 0)
    assert "4 most important beats of this scene in German" in asked["messages"][1]["content"]
    assert beats("A scene.", 3, "en") == BEATS[:3]  # with no server at all


def test_an_endpoint_that_answers_no_beats_is_named(tmp_path: Path) -> None:
    with served(Answers("\n")) as address, pytest.raises(CorpusError, match="answers no beats") as fault:
        beats_of(BeatSource(address, "tiny", str(tmp_path / "cache")))("A scene.", 3, "en")
    assert address in fault.value.message


def test_a_busy_endpoint_is_asked_again_and_one_that_refuses_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "FIRST_WAIT", 0.01)
    busy = Answers(begins=2, status=503)
    with served(busy) as address:
        assert beats_of(BeatSource(address, "tiny", str(tmp_path / "busy")))("A scene.", 3, "en") == BEATS[:3]
    assert len(busy.asked) == 3
    refusing = Answers(lasts=0)
    with served(refusing) as address, pytest.raises(CorpusError) as fault:
        beats_of(BeatSource(address, "tiny", str(tmp_path / "refusing")))("A scene.", 3, "en")
    assert len(refusing.asked) == 1
    assert "400 Bad Request: no more" in str(fault.value.cause)


def test_a_build_that_its_endpoint_leaves_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mine", {"a.txt": novel(1)})
    answers = Answers(lasts=3)
    with served(answers) as address:
        wanted = BuildSettings(
            "prose",
            settings(tmp_path / "tokenizer").tokenizer,
            endpoint=BeatSource(address, "tiny", str(tmp_path / "cache")),
        )
        with pytest.raises(CorpusError, match="no beats can be had from tiny") as fault:
            build(BuildFolder(tmp_path / "out", "prose"), wanted, [(mine(task="prose"), folder)], Local(1))
        assert address in fault.value.message
        answers.lasts = 1 << 30
        first = len(answers.asked)
        build(BuildFolder(tmp_path / "out", "prose"), wanted, [(mine(task="prose"), folder)], Local(1))
    questions = [str(asked["messages"]) for asked in answers.asked]
    assert first == 4
    assert len(set(questions)) == len(questions) - 1  # only the one that was refused is asked again
    scenes = [row for row in rows_of(tmp_path / "out" / "prose") if row["instruction"].startswith("Write prose")]
    assert len(scenes) == len(set(questions))
    assert all("- The miller wakes.\n" in row["input"] for row in scenes)
    assert "127.0.0.1" not in (tmp_path / "out" / "prose" / "manifest.json").read_text()
