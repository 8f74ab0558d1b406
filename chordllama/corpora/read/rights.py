"""What an encoder says in the file about its use: the remarks, and what follows from them. Knows formats' fields, no music.

MusicXML says it in <rights> and in printed credits, Humdrum in the reference records !!!YEC, !!!YEM and the like
(https://www.humdrum.org/reference-records/), ABC in Z: and comments, and a folder in a licence file of its own.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

FORBIDDEN = re.compile(
    r"non-?\s?commercial|(?:not|no)\b[^.]{0,30}\bcommercial|\b(?:by|cc)[- ]nc\b|rights\b[^.]{0,60}\breserved"
    r"|licensing agreement|(?:personal|private|educational) use|permission (?:is )?required",
    re.IGNORECASE,
)
"""Words that bind the use of an encoding. What only the PDF of an edition claims is no matter of the encoding."""
LICENCES = (
    (r"\bcc[- ]?0\b|creative ?commons zero|publicdomain/zero", "CC0-1.0"),
    (r"cc[- ]?by[- ]sa[- ]?(\d\.\d)", "CC-BY-SA-{}"),
    (r"cc[- ]?by[- ]sa|cc[- ]sa[- ]by", "CC-BY-SA"),
    (r"cc[- ]?by[- ]?(\d\.\d)", "CC-BY-{}"),
    (r"cc[- ]?by\b", "CC-BY"),
    (r"gnu general public license(?=[\s\S]{0,200}any\W+later version)", "GPL-2.0-or-later"),
    (r"gnu general public license", "GPL"),
    (r"public domain|\bp\.\s?d\.", "public domain"),
)
"""Patterns -> the licence's SPDX name, the first that fits; a version is the pattern's group."""
_CLAIM = re.compile(r"©|\(c\)|copyright|edizioni|verlag|\bpublish", re.IGNORECASE)
_EMPTY_CLAIM = re.compile(r"^\W*(?:©|\(c\)|copyright|\d{4}|\W)*$", re.IGNORECASE)

_RIGHTS = re.compile(r"<rights\b[^>]*>([^<]+)</rights>")
_CREDIT = re.compile(r"<credit-words\b[^>]*>([^<]+)</credit-words>")
_RECORD = re.compile(r"^!!!(YE[A-Z]|YOE|YOY|PTL-RIGHTS)[^:\n]*:\s*(.+)$", re.MULTILINE)
_ABC = re.compile(r"^(?:Z:|%(?!%))\s*(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Remarks:
    """What was found. `rights` are claims on the file itself; `others` are printed or said beside it."""

    rights: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageRights:
    """Whether a document may be used, the licence that it names itself, and the remark that forbids the use."""

    licence: str | None = None
    forbidden: str | None = None


def remarks_of(text: str, format_name: str) -> Remarks:
    """Return the remarks of a file in `musicxml`, `humdrum` or `abc`, or of a licence `file`."""
    if format_name == "musicxml":
        return Remarks(_found(_RIGHTS, text), _found(_CREDIT, text))
    if format_name == "humdrum":
        return Remarks(tuple(f"{found[2]}".strip() for found in _RECORD.finditer(text) if found[1] != "YEN"))
    return Remarks((), tuple(_found(_ABC, text)) if format_name == "abc" else (text,))


def judge(remarks: Remarks) -> UsageRights:
    """Return what follows: a remark that forbids, or a claim on the file that grants nothing, leaves the document out."""
    said = "\n".join((*remarks.rights, *remarks.others))
    licence = _licence(said)
    for remark in (*remarks.rights, *remarks.others):
        if FORBIDDEN.search(remark):
            return UsageRights(licence, forbidden=_short(remark))
    claim = " ".join(remarks.rights)
    if licence is None and _CLAIM.search(claim) and not _EMPTY_CLAIM.match(claim):
        return UsageRights(forbidden=_short(claim))
    return UsageRights(licence)


def _licence(said: str) -> str | None:
    for pattern, name in LICENCES:
        if found := re.search(pattern, said, re.IGNORECASE):
            return name.format(*found.groups())
    return None


def _found(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(html.unescape(found).strip() for found in pattern.findall(text) if found.strip())


def _short(remark: str) -> str:
    words = " ".join(remark.split())
    return words if len(words) <= 100 else words[:99] + "…"
