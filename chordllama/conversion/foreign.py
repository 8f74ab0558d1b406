"""Scores in other formats -> MusicXML, through music21. Knows the formats by name and first bytes; knows no music.

music21 runs in a process of its own with a limit of time and memory: a file that makes it hang or crash ends there.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from chordllama.errors import ScoreError

SECONDS = 60
MEMORY_BYTES = 4_000_000_000
_RANDOM_ID = re.compile(rb'(?<=\bid=")([PI])[0-9a-f]{32}(?=")')
_UNREADABLE = 65  # "the input data was incorrect", as in sysexits.h
_MANY = "--many"
_FRAME = struct.Struct(">II")
_HINT = "convert it to MusicXML in a score editor"


@dataclass(frozen=True, slots=True)
class Format:
    """A format beside MusicXML: music21's name for it, the suffixes of its files, and how its first bytes look."""

    name: str
    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    is_text: bool = True


FORMATS = (
    Format("midi", (".mid", ".midi"), lambda data: data.startswith(b"MThd"), is_text=False),
    Format("abc", (".abc",), lambda data: data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"X:")),
    Format("humdrum", (".krn",), lambda data: data.lstrip().startswith((b"**kern", b"!!!"))),
    Format("mei", (".mei",), lambda data: b"<mei" in data[:4000]),
)
_BY_NAME = {format_.name: format_ for format_ in FORMATS}


def foreign_format(data: bytes, name: str) -> str | None:
    """Which of the FORMATS a file has, by its first bytes or else its suffix; None for MusicXML and all else."""
    suffix = PurePath(name).suffix.lower()
    by_content = (format_.name for format_ in FORMATS if format_.begins(data))
    by_suffix = (format_.name for format_ in FORMATS if suffix in format_.suffixes)
    return next(by_content, None) or next(by_suffix, None)


def to_musicxml(data: bytes, name: str, *, seconds: float = SECONDS) -> bytes:
    """The MusicXML bytes of a file in one of the FORMATS. Raises ScoreError where that can't be done in `seconds`."""
    format_name = _known_format(data, name)
    try:
        child = subprocess.run(
            _command(format_name), input=data, capture_output=True, timeout=seconds, env=_environment()
        )
    except subprocess.TimeoutExpired as fault:
        raise _too_slow(name, format_name, seconds) from fault
    if child.returncode != 0:
        raise _failure(child, name, format_name)
    return child.stdout


class Converter:
    """`to_musicxml` for many files: the process that has loaded music21 stays, until a file makes it hang or crash.

    A context manager; `close` ends the process.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Converter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def to_musicxml(self, data: bytes, name: str) -> bytes:
        """The MusicXML bytes of a file in one of the FORMATS. Raises ScoreError where that can't be done in time."""
        format_name = _known_format(data, name)
        child = self._child = self._child or _start()
        slow = threading.Event()
        timer = threading.Timer(self.seconds, _end, (child, slow))
        timer.start()
        try:
            xml, reason = _ask(child, data, format_name)
        except (OSError, EOFError) as fault:
            self.close()
            if slow.is_set():
                raise _too_slow(name, format_name, self.seconds) from fault
            raise _refusal(name, format_name, f"music21 ended with status {child.returncode}") from fault
        finally:
            timer.cancel()
        if reason:
            raise _refusal(name, format_name, reason)
        return xml

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what the dead process was not given
                pipe.close()


def _end(child: subprocess.Popen[bytes], slow: threading.Event) -> None:
    slow.set()
    child.kill()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _command(_MANY), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
    )


def _ask(child: subprocess.Popen[bytes], data: bytes, format_name: str) -> tuple[bytes, str]:
    """MusicXML, or else a reason. Raises OSError or EOFError where the process ends."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(_FRAME.pack(len(format_name), len(data)) + format_name.encode() + data)
    child.stdin.flush()
    frame = child.stdout.read(_FRAME.size)
    if len(frame) < _FRAME.size:
        raise EOFError
    reason_length, length = _FRAME.unpack(frame)
    answer = child.stdout.read(reason_length + length)
    if len(answer) < reason_length + length:
        raise EOFError
    return answer[reason_length:], answer[:reason_length].decode()


def _known_format(data: bytes, name: str) -> str:
    format_name = foreign_format(data, name)
    if format_name is None:
        known = ", ".join(suffix for format_ in FORMATS for suffix in format_.suffixes)
        raise ScoreError(f"{name}: the format is unknown", hint=f"MusicXML and {known} can be read")
    return format_name


def _command(argument: str) -> list[str]:
    # -P: a file called music21.py in the working directory must not be taken for the library.
    return [sys.executable, "-P", "-m", "chordllama.conversion.foreign", argument]


def _environment() -> dict[str, str]:
    return os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _too_slow(name: str, format_name: str, seconds: float) -> ScoreError:
    return ScoreError(f"{name}: reading it as {format_name} took more than {seconds:g} seconds", hint=_HINT)


def _refusal(name: str, format_name: str, cause: str) -> ScoreError:
    return ScoreError(f"{name}: can't be read as {format_name}", cause=cause, hint=_HINT)


def _failure(child: subprocess.CompletedProcess[bytes], name: str, format_name: str) -> ScoreError:
    last_line = child.stderr.decode("utf-8", errors="replace").strip().rpartition("\n")[2]
    crash = f"music21 ended with status {child.returncode}: {last_line or 'no message'}"
    return _refusal(name, format_name, last_line if child.returncode == _UNREADABLE else crash)


def _convert(data: bytes, format_name: str) -> bytes:
    """What the child does. Raises whatever music21 raises, and ScoreError where it finds no notes."""
    from music21 import converter, defaults
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    defaults.title = defaults.author = ""  # else a tune without a name is called "Music21 Fragment"
    source: Any = data.decode("utf-8-sig", errors="replace") if _BY_NAME[format_name].is_text else data
    score = converter.parseData(source, format=format_name)
    if not score.recurse().notesAndRests:
        raise ScoreError("there are no notes in it")
    return _number_ids(GeneralObjectExporter(score).parse())


def _number_ids(xml: bytes) -> bytes:
    """P1, I2, ... for music21's random ids, so that the same file gives the same score."""
    numbered: dict[bytes, bytes] = {}
    return _RANDOM_ID.sub(lambda found: numbered.setdefault(found[0], found[1] + b"%d" % (len(numbered) + 1)), xml)


def _limit_memory() -> None:
    """Bound this process where the system can: on Windows there is no such limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _answer(data: bytes, format_name: str) -> tuple[bytes, str]:
    """The MusicXML, or else the reason why there is none."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # stdout is for the score alone
            return _convert(data, format_name), ""
    except Exception as fault:
        # Whatever music21 raises means that it can't read the file; its class says more than its words often do.
        reason = str(fault) if isinstance(fault, ScoreError) else f"{type(fault).__name__}: {fault}"
        return b"", " ".join(reason.split())


def _main(format_name: str) -> int:
    _limit_memory()
    if format_name == _MANY:
        return _serve()
    xml, reason = _answer(sys.stdin.buffer.read(), format_name)
    if reason:
        sys.stderr.write(f"\n{reason}\n")
        return _UNREADABLE
    sys.stdout.buffer.write(xml)
    return 0


def _serve() -> int:
    """One file after the other, until the parent closes the pipe."""
    while frame := sys.stdin.buffer.read(_FRAME.size):
        format_length, length = _FRAME.unpack(frame)
        format_name = sys.stdin.buffer.read(format_length).decode()
        xml, reason = _answer(sys.stdin.buffer.read(length), format_name)
        answer = reason.encode()
        sys.stdout.buffer.write(_FRAME.pack(len(answer), len(xml)) + answer + xml)
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1]))
