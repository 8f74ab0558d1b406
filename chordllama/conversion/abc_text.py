"""A tune in ABC -> the same tune in the plainest ABC, which music21 reads right. Knows ABC's lines and fields; knows no notes.

music21 passes over fields in brackets and takes each return to a voice for another part. So each field gets a line of its own here,
and each voice stands in one piece. Source: the ABC standard 2.1, 3.2 (fields within a line) and 7 (voices).
"""

from __future__ import annotations

import re

from chordllama.errors import ScoreError

_FIELD_IN_LINE = re.compile(r"\[([A-Za-z]:[^\]\n]*)\]")
_QUOTED = re.compile(r'("[^"\n]*")')
_VOICE = re.compile(r"V:\s*(\S+)[ \t]*(.*)")


def plain_abc(text: str) -> str:
    """Return the tune with a line for each field, and voice after voice. Raises ScoreError where there are several tunes."""
    lines = [line for given in text.splitlines() for line in _fields_apart(given)]
    if (tunes := sum(line.startswith("X:") for line in lines)) > 1:
        raise ScoreError(f"there are {tunes} tunes in it: keep one of them in the file")
    body = next((number for number, line in enumerate(lines, 1) if line.startswith("K:")), len(lines))
    told: dict[str, str] = {}
    voices: dict[str, list[str]] = {}
    head, current = [], ""
    for number, line in enumerate(lines):
        if voice := _VOICE.fullmatch(line):
            current = voice[1]
            told[current] = told.get(current) or voice[2]
            voices.setdefault(current, [])
        elif number < body:
            head.append(line)
        else:
            voices.setdefault(current, []).append(line)
    if not told:
        return "\n".join(lines)
    voices[next(iter(told))][:0] = voices.pop("", [])  # music before a voice is named is the first one's
    grouped = [[f"V:{name} {told[name]}".rstrip(), *own] for name, own in voices.items() if own]
    return "\n".join([*head, *(line for group in grouped for line in group)])


def _fields_apart(line: str) -> list[str]:
    """A line's fields in brackets, and the music between them, each as a line; what stands in quotes is text."""
    if re.match(r"[A-Za-z]:|%", line):
        return [line]
    pieces = _QUOTED.split(line)
    pieces[::2] = [_FIELD_IN_LINE.sub(r"\n\1\n", piece) for piece in pieces[::2]]
    return [apart for apart in "".join(pieces).split("\n") if apart.strip()] or [line]
