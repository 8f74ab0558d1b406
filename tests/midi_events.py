"""Which channels and programs a standard MIDI file uses, for tests. Knows just as much of the format."""

from __future__ import annotations


def channels_of(data: bytes) -> list[tuple[set[int], set[int]]]:
    """Return for each track the channels (from 1) of its notes, and its programs (from 0)."""
    found = []
    at = 14
    while at < len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        found.append(_track(data[at + 8 : at + 8 + size]))
        at += 8 + size
    return found


def _track(data: bytes) -> tuple[set[int], set[int]]:
    notes: set[int] = set()
    programs: set[int] = set()
    at = status = 0
    while at < len(data):
        _, at = _number(data, at)
        if data[at] & 0x80:
            status, at = data[at], at + 1
        if status >= 0xF0:
            at += status == 0xFF
            size, at = _number(data, at)
            at += size
            continue
        if status >> 4 == 9:
            notes.add((status & 15) + 1)
        if status >> 4 == 0xC:
            programs.add(data[at])
        at += 1 if status >> 4 in (0xC, 0xD) else 2
    return notes, programs


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if data[at - 1] < 0x80:
            return value, at
