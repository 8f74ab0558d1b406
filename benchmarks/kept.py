"""Whether a continuation keeps its source's bytes. Knows XML's tags as text; shares no code with chordllama, which puts the bars in."""

from __future__ import annotations

import re
from collections.abc import Iterator

PART = re.compile(rb"<part\s[^>]*[^/]>.*?</part\s*>", re.DOTALL)
MEASURE = re.compile(rb"<measure(?:\s[^>]*)?(?:/>|(?<!/)>.*?</measure\s*>)", re.DOTALL)
_CLOSING = re.compile(
    rb"\s*<barline(?:\s+location=.right.)?\s*>\s*<bar-style>light-heavy</bar-style>\s*</barline\s*>"
    rb"(?=(?:(?!<note|<barline).)*\Z)",
    re.DOTALL,
)


def byte_faults(old: bytes, new: bytes, bars: int) -> Iterator[str]:
    """Where a score-partwise file with `bars` new bars isn't its source's own bytes with measures put in at each part's end.

    A plain closing bar line may have gone from a part's last old measure, if its last new one has it. A part that ends before the others
    has as many measures more as it lacks.
    """
    if PART.sub(b"<part/>", old) != PART.sub(b"<part/>", new):
        yield "the bytes outside of the parts differ"
    old_parts, new_parts = PART.findall(old), PART.findall(new)
    if not old_parts or len(old_parts) != len(new_parts):
        yield f"it has {len(new_parts)} parts instead of {len(old_parts)}"
        return
    counts = [len(MEASURE.findall(part)) for part in old_parts]
    for number, (before, after, count) in enumerate(zip(old_parts, new_parts, counts, strict=True), 1):
        wanted = bars + max(counts) - count
        if not _is_kept(before, after, wanted):
            yield f"part {number} isn't the source's, with {wanted} measures after it"


def _is_kept(old: bytes, new: bytes, bars: int) -> bool:
    ends = [found.end() for found in MEASURE.finditer(old)]
    body, tail = old[: ends[-1]], old[ends[-1] :]
    for kept in {body, _CLOSING.sub(b"", body)}:
        inserted = new[len(kept) : len(new) - len(tail)]
        moved = kept == body or b"light-heavy" in inserted
        if new.startswith(kept) and new.endswith(tail) and _are_measures(inserted, bars) and moved:
            return True
    return False


def _are_measures(text: bytes, count: int) -> bool:
    return len(MEASURE.findall(text)) == count and not MEASURE.sub(b"", text).strip()
