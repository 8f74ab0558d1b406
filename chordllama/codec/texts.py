"""Texts inside the compact text: quoted or bare, and parted by spaces. Knows which characters XML can hold; knows no music."""

from __future__ import annotations

import json
import re

# -------------------------------------------------------------------------------------------------------- what XML holds

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def has_forbidden(text: str) -> bool:
    """Whether a text holds a character that no XML file may hold."""
    return _NOT_IN_XML.search(text) is not None


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def xml_text(text: str) -> str:
    """A text as the content of an element; a bare carriage return would be read as a line feed."""
    return text.translate(_ESCAPES)


# ---------------------------------------------------------------------------------------------------------------- quoted


def format_text(text: str) -> str:
    """A text in double quotes, with every sign escaped that isn't seen on paper."""
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else _escape(text)


def _escape(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in text) + '"'


def parse_text(quoted: str) -> str:
    """The text of a word in double quotes."""
    try:
        text = json.loads(quoted, strict=True)
    except ValueError:
        text = None
    if not isinstance(text, str) or has_forbidden(text):
        raise ValueError(f"{quoted} is not a text in double quotes")
    return text


_BARE_VALUE = re.compile(r"[^\W_][\w.:/+~-]*")


def format_value(value: str) -> str:
    """The value of a {name=value}: bare where it is one plain word."""
    return value if _BARE_VALUE.fullmatch(value) and value.isprintable() else format_text(value)


def parse_value(value: str) -> str:
    """The value of a {name=value}."""
    return parse_text(value) if value.startswith('"') else value


# ----------------------------------------------------------------------------------------------------------------- words

_WORD = re.compile(r'(?:[^ "]|"(?:[^"\\]|\\.)*")+')


def split_words(row: str) -> list[str]:
    """The words of a row; spaces within double quotes don't part them."""
    return row.split(" ") if '"' not in row else _WORD.findall(row)
