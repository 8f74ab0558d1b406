"""Texts inside the compact text: quoted or bare, and parted by spaces. Knows which characters XML can hold; knows no music."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

# -------------------------------------------------------------------------------------------------------- what XML holds

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def has_forbidden(text: str) -> bool:
    """Tell whether a text holds a character that no XML file may hold."""
    return _NOT_IN_XML.search(text) is not None


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def xml_text(text: str) -> str:
    """Return a text as the content of an element; a bare carriage return would be read as a line feed."""
    return text.translate(_ESCAPES)


# ---------------------------------------------------------------------------------------------------------------- quoted


def format_text(text: str) -> str:
    """Return a text in double quotes, with every sign escaped that isn't seen on paper."""
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else _escape(text)


def _escape(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else json.dumps(c)[1:-1] for c in text) + '"'


def parse_text(quoted: str) -> str:
    """Return the text of a word in double quotes."""
    try:
        text = json.loads(quoted, strict=True)
    except ValueError:
        text = None
    if not isinstance(text, str) or has_forbidden(text):
        raise ValueError(f"{quoted} is not a text in double quotes")
    return text


def is_trimmed(text: str) -> bool:
    """Tell whether a text is one, and neither begins nor ends with a space."""
    return text == text.strip() != ""


_BARE_VALUE = re.compile(r"[^\W_][\w.:/+~-]*")


def format_value(value: str) -> str:
    """Return the value of a {name=value}: bare where it is one plain word."""
    return value if _BARE_VALUE.fullmatch(value) and value.isprintable() else format_text(value)


def parse_value(value: str) -> str:
    """Return the value of a {name=value}."""
    return parse_text(value) if value.startswith('"') else value


# ----------------------------------------------------------------------------------------------------------------- words

_QUOTED = r'"(?:[^"\\]|\\(?:.|\Z))*(?:"|\Z)'  # one that nobody ends goes on to the end, where no word's pattern fits it
_WORD = re.compile(rf'(?:[^ "]|{_QUOTED})+', re.DOTALL)


def split_words(row: str) -> list[str]:
    """Return the words of a row; spaces within double quotes don't part them."""
    if '"' in row:
        return _WORD.findall(row)
    return row.split(" ") if row else []


_COMMA_PART = re.compile(rf'(?:[^,"]|{_QUOTED})+', re.DOTALL)


def split_commas(word: str) -> list[str]:
    """Return what stands between the commas of a word; those within double quotes don't count."""
    return _COMMA_PART.findall(word)


_FIELD = re.compile(r"([a-z]+[0-9]*)=(.+)", re.DOTALL)


def is_field(word: str) -> bool:
    """Tell whether a word is a `name=value`."""
    return _FIELD.fullmatch(word) is not None


def format_fields(fields: Mapping[str, str]) -> list[str]:
    """Return fields as `name=value` words; fields without a value are left out."""
    return [f"{key}={value}" for key, value in fields.items() if value]


def parse_fields(found: Iterable[str], allowed: Iterable[str], also: str = "(?!)") -> dict[str, str]:
    """Return the values of `name=value` words by their names, which must be among `allowed` or match `also`, each once."""
    fields: dict[str, str] = {}
    for word in found:
        match = _FIELD.fullmatch(word)
        if not match or (match[1] not in allowed and not re.fullmatch(also, match[1])):
            raise ValueError(f'"{word}" is none of {", ".join(f"{name}=…" for name in allowed)}')
        if match[1] in fields:
            raise ValueError(f"{match[1]} stands here a second time")
        fields[match[1]] = match[2]
    return fields
