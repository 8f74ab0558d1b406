"""What a data set is, told twice: manifest.json for programs, README.md (a card of the Hugging Face hub) for people. Knows records only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

from chordllama.corpora.build.formats import FIELDS, FOLDERS, SPLITS, SUFFIXES
from chordllama.corpora.build.settings import BuildSettings, Format, code_version
from chordllama.corpora.build.shards import ShardRecord
from chordllama.corpora.build.works import LIKENESS, SHARES
from chordllama.corpora.clean.cleaning_rules import CleaningRule
from chordllama.corpora.clean.signatures import SHINGLE_WORDS
from chordllama.corpora.documents import Task
from chordllama.corpora.sources import CorpusSource

MANIFEST = "manifest.json"
_SUMMED = ("sizes", "kinds", "licences", "languages", "rows left out")
_SOURCE_KEYS = ("name", "title", "licence", "credit", "address", "revision")
_HUB_LICENCES = {
    "CC0-1.0": "cc0-1.0",
    "CC-BY-SA-3.0": "cc-by-sa-3.0",
    "CC-BY-SA-4.0": "cc-by-sa-4.0",
    "CC-BY-4.0": "cc-by-4.0",
}
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def manifest(
    settings: BuildSettings,
    sources: Sequence[CorpusSource],
    shards: Sequence[tuple[ShardRecord, ShardRecord]],
    found: Mapping[str, int],
) -> dict[str, Any]:
    """Return everything that is known of a build: totals, each source, and each shard with what it was made of and became."""
    by_source = {
        source.name: [pair for pair in shards if pair[1].counts["source"] == source.name] for source in sources
    }
    return {
        "task": settings.task,
        "code": code_version(),
        "settings": settings.facts(),
        "totals": _totals(shards) | dict(found) | {"works": _works(shards)},
        "sources": [
            {key: getattr(source, key) for key in _SOURCE_KEYS} | _totals(by_source[source.name]) for source in sources
        ],
        "shards": [
            {"shard": made.shard, "inputs": cleaned.inputs, "key": made.key, "outputs": made.outputs}
            for cleaned, made in shards
        ],
    }


def _totals(shards: Sequence[tuple[ShardRecord, ShardRecord]]) -> dict[str, Any]:
    cleaned, made = [pair[0].counts for pair in shards], [pair[1].counts for pair in shards]
    splits = {
        split: {"rows": 0, "tokens": 0} | _sum(counts["splits"].get(split, {}) for counts in made) for split in SPLITS
    }
    return {
        "documents read": sum(counts["documents"] for counts in cleaned),
        "documents": sum(counts["documents"] for counts in made),
        "copies": sum(counts["copies"] for counts in made),
        "rows": sum(split.get("rows", 0) for split in splits.values()),
        "tokens": sum(split.get("tokens", 0) for split in splits.values()),
        "splits": splits,
        "rules": _sum(counts["rules"] for counts in cleaned),
        "refused": _sum(counts["refused"] for counts in cleaned),
        **{name: _sum(counts[name] for counts in made) for name in _SUMMED},
    }


def _works(shards: Sequence[tuple[ShardRecord, ShardRecord]]) -> dict[str, int]:
    """How many works each split has."""
    found = {(work, split) for _, made in shards for work, split in made.counts["works"]}
    return {split: sum(own == split for _, own in found) for split in SPLITS}


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))


def dump(found: Mapping[str, Any]) -> bytes:
    """Return the bytes of a manifest."""
    return (json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


# -------------------------------------------------------------------------------------------------------------------- the card


def readme(found: Mapping[str, Any]) -> str:
    """Return the data set's README, with the header that the hub and `datasets` read."""
    from chordllama.corpora.clean.cleaning import rules_of

    header, body = _header(found), _body(found, rules_of(found["task"]))
    return f"---\n{header}---\n\n{body}"


def _header(found: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    totals = found["totals"]
    licences = sorted({_HUB_LICENCES.get(name, "other") for name in totals["licences"]})
    told = {
        "pretty_name": _TITLES[found["task"]],
        "license": licences[0] if len(licences) == 1 else licences,
        **({"license_name": "see-the-field-licence", "license_link": "README.md"} if "other" in licences else {}),
        "language": sorted(name for name in totals["languages"] if name) or ["zxx"],
        "task_categories": ["text-generation"],
        "tags": ["music", "musicxml"] if found["task"] == "music" else [found["task"]],
        "size_categories": [next((name for size, name in _SIZES if totals["rows"] < size), "n>10M")],
        "configs": _configs(found),
    }
    text = StringIO()
    yaml = YAML()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(told, text)
    return text.getvalue()


_TITLES: Mapping[Task, str] = {
    "music": "ChordLlama music: scores to continue, fill in, harmonise and vary",
    "lyrics": "ChordLlama lyrics: poems and songs",
    "prose": "ChordLlama prose: scenes and chapters",
}


def _configs(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `datasets.load_dataset` reads: the rows, and by name the same as chat messages. It reads one file type a data set, so that
    the folder `parquet` is one of its own."""
    names: dict[Format, str] = {"jsonl": "default", "chat": "chat"}
    splits = [split for split in SPLITS if found["totals"]["splits"][split].get("rows")]
    return [
        {
            "config_name": names[name],
            "data_files": [{"split": split, "path": f"{FOLDERS[name]}/{split}-*.{SUFFIXES[name]}"} for split in splits],
        }
        for name in found["settings"]["formats"]
        if name in names
    ]


def _body(found: Mapping[str, Any], rules: Sequence[CleaningRule[Any]]) -> str:
    totals = found["totals"]
    parts = [
        f"# {_TITLES[found['task']]}",
        f"{totals['rows']:,} rows, {totals['tokens']:,} tokens (by `{found['settings']['tokenizer']['name']}`), made of "
        f"{totals['documents']:,} documents by `chordllama corpus build`. Nothing in it was written by hand.",
        "## Splits",
        _table(("split", "works", "rows", "tokens"), [_split_row(found, split) for split in SPLITS]),
        f"A work is in one split only, with all its versions: {_versions(found['task'])}. The split is a hash of the work's name ({_shares()}), so that more sources don't move it.",
        "## Sources and licences",
        _table(("source", "what it is", "licence", "documents", "rows", "tokens", "from"), _source_rows(found)),
        "Each row carries its licence: " + _listed(totals["licences"], "rows") + ".",
        "## Fields",
        _table(("field", "what it says"), [(f"`{name}`", says) for name, says in FIELDS.items()]),
        'The rows are in `data` (JSON Lines), as chat messages in `chat` (`load_dataset(PLACE, "chat")`), and once more in the '
        "folder `parquet`, which is a data set of its own.",
        "## How it was made",
        f"Of {totals['documents read']:,} documents {totals['copies']:,} were left out as copies (alike by {LIKENESS['whole']} or "
        f"more), and these by the rules of cleaning: {_listed(totals['refused'], 'documents') or 'none'}.",
        _table(("rule", "what it does", "times"), _rule_rows(totals, rules)),
        "Of the rows that were made of the others, these were left out:",
        _table(("rule", "what it does", "rows"), _row_rule_rows(totals, found["task"])),
        "## Known limits",
        LIMITS[found["task"]],
    ]
    return "\n\n".join(parts) + "\n"


LIMITS: Mapping[Task, str] = {
    "music": "Texts, names, fingerings and layout are left out of the rows. Most of it is European music of the 18th and 19th "
    "centuries; what is alike in rhythm and harmony, but not in melody, isn't found to be the same work.",
    "lyrics": "Old poems and libretti, with the views of their time. Where a text is sung, repetitions are the composer's. "
    "The language is guessed by `lingua` from each text alone.",
    "prose": "A few novels of the 19th and early 20th centuries, with the views of their time. Without an endpoint the beats are "
    "sentences of the scene itself, and no summary in other words.",
}


def _split_row(found: Mapping[str, Any], split: str) -> tuple[str, ...]:
    own = found["totals"]["splits"][split]
    return (split, f"{found['totals']['works'][split]:,}", f"{own['rows']:,}", f"{own['tokens']:,}")


def _source_rows(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (
            f"`{source['name']}`",
            source["title"],
            source["licence"],
            f"{source['documents']:,}",
            f"{source['rows']:,}",
            f"{source['tokens']:,}",
            source["address"] or source["credit"],
        )
        for source in found["sources"]
    ]


def _rule_rows(totals: Mapping[str, Any], rules: Sequence[CleaningRule[Any]]) -> list[tuple[str, ...]]:
    from chordllama.corpora.clean.cleaning import MENDED, UNREADABLE

    says = {rule.name: rule.says for rule in rules} | {
        UNREADABLE: "Files that can't be kept as a score, or not at all, are left out.",
        MENDED: "What reading a score puts right, e.g. ties without an end.",
    }
    return [(f"`{name}`", text, f"{totals['rules'].get(name, 0):,}") for name, text in says.items()]


def _row_rule_rows(totals: Mapping[str, Any], task: Task) -> list[tuple[str, ...]]:
    from chordllama.corpora.build.task_rows import RULES, TOO_MANY_TOKENS

    says = RULES if task == "music" else {TOO_MANY_TOKENS: RULES[TOO_MANY_TOKENS]}
    return [(f"`{name}`", text, f"{totals['rows left out'].get(name, 0):,}") for name, text in says.items()]


def _versions(task: Task) -> str:
    if task == "music":
        return (
            f"scores with a melody that is alike by {LIKENESS['tune']} or more (Jaccard, by MinHash of runs of intervals, whatever "
            f"the key), or by {LIKENESS['outline']} in its notes on beats"
        )
    return f"texts of which a chapter or the whole is alike by {LIKENESS['words']} or more (Jaccard, by MinHash of runs of {SHINGLE_WORDS} words)"


def _shares() -> str:
    return " / ".join(f"{share:.0%}" for _, share in SHARES)


def _listed(counts: Mapping[str, int], what: str) -> str:
    return ", ".join(f"{name or 'unknown'} ({count:,} {what})" for name, count in counts.items())


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
