"""The named sources of the training data, as `corpora/sources.yaml` and the user's own folder tell them. Fetches and reads nothing.

A source that was taken from a folder of the user's own is told by a file beside its copy: NAME.source.yaml.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from io import StringIO
from pathlib import Path
from typing import Any

from chordllama.corpora.documents import TASKS, Task
from chordllama.errors import CorpusError
from chordllama.system.resources import resource

OWN_SUFFIX = ".source.yaml"


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch. `unpack` maps patterns of an archive's entries to folders; without it the file is called `to`.

    `encoding` is what a text is written in; it is kept as UTF-8.
    """

    address: str
    sha256: str | None
    to: str = ""
    unpack: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"

    @property
    def file(self) -> str:
        """The name of the downloaded file, before anything is unpacked."""
        return self.to or self.address.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class CorpusSource:
    """Where documents come from, and how they are read.

    `folder` is its name below the cache and below any folder of data; `part` is a composer of music21's corpus;
    `documents` is how many there are (None: not known before it is read); `facts` hold for all of them. `sha256` is that of
    the listing of its files (`listing`); None: what the first fetch brings is recorded and compared afterwards.
    """

    name: str
    title: str
    task: Task
    reader: str
    licence: str
    credit: str
    address: str = ""
    revision: str = ""
    folder: str = ""
    part: str = ""
    sha256: str | None = None
    documents: int | None = None
    downloads: tuple[Download, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fetched(self) -> bool:
        """False for what is part of a package, or is the user's own."""
        return bool(self.downloads)


def load_sources(*folders: Path) -> dict[str, CorpusSource]:
    """Return every source by its name: the bundled ones, and the user's own ones whose copies lie in `folders`.

    Raises CorpusError, naming file and key, for a file that can't be read or says what it may not say.
    """
    sources = _read(resource("corpora/sources.yaml"))
    for folder in folders:
        for path in sorted(folder.glob(f"*{OWN_SUFFIX}")):
            sources = _read(path) | sources
    return sources


def find_source(name: str, sources: Mapping[str, CorpusSource]) -> CorpusSource:
    """Return the source of that name. Raises CorpusError, with the names that there are, where there is none."""
    if name not in sources:
        raise CorpusError(
            f'"{name}" is no source',
            cause=f"known are {', '.join(sources)}",
            hint="a folder of your own becomes one with `chordllama corpus fetch NAME --from DIR`",
        )
    return sources[name]


def place(source: CorpusSource, *folders: Path) -> Path | None:
    """Return where the source's files lie: below the first of `folders` that has them, or in music21's package; None: nowhere."""
    if source.reader == "music21":
        return _music21_corpus()
    return next((folder / source.folder for folder in folders if (folder / source.folder).is_dir()), None)


def listing(source: CorpusSource) -> Mapping[str, str] | None:
    """Path -> sha256 of each file that belongs to the source; None where that isn't known before it is fetched."""
    if source.sha256 is None:
        return None
    path = resource(f"corpora/checksums/{source.folder}.sha256")
    text = path.read_text(encoding="utf-8")
    if hashlib.sha256(text.encode()).hexdigest() != source.sha256:
        raise CorpusError(f"{path}: is not the listing that sources.yaml means", hint="install chordllama again")
    return {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines())}


def dump_listing(digests: Mapping[str, str]) -> str:
    """Path -> sha256 as `sha256sum` writes and checks it, in the order of the paths."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def own_source(name: str, task: Task, licence: str, title: str = "") -> CorpusSource:
    """Return a source that is a folder of the user's own."""
    reader = {"music": "scores", "lyrics": "song-texts", "prose": "books"}[task]
    return CorpusSource(name, title or name, task, reader, licence, credit="your own", folder=name)


def dump_source(source: CorpusSource) -> str:
    """Return the file that tells of a source of the user's own, for the folder that holds its copy."""
    from ruamel.yaml import YAML

    keys = ("title", "task", "reader", "licence", "credit")
    text = StringIO()
    YAML().dump({source.name: {key: getattr(source, key) for key in keys} | {"sha256": None}}, text)
    return text.getvalue()


def _music21_corpus() -> Path | None:
    found = importlib.util.find_spec("music21")  # the package itself takes long to load
    return Path(found.origin).parent / "corpus" if found and found.origin else None


def _read(path: Path) -> dict[str, CorpusSource]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        nodes = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        raise CorpusError(f"{path}: can't be read", cause=" ".join(str(fault).split())) from fault
    if not isinstance(nodes, dict):
        raise CorpusError(f"{path}: found no sources, wanted names with their keys")
    return {source.name: source for name, node in nodes.items() for source in _sources(str(name), node, nodes, path)}


def _sources(name: str, node: Any, nodes: dict[str, Any], path: Path) -> Iterator[CorpusSource]:
    """The source of one entry, or one for each of its parts."""
    if not isinstance(node, dict):
        raise CorpusError(f"{path}: {name}: wanted keys and values")
    shared = node.get("with")
    values = (nodes[shared] | {"folder": shared} if shared else {}) | {key: node[key] for key in node if key != "with"}
    parts = values.pop("parts", None)
    whole = _build(CorpusSource, {"name": name, "folder": name} | values, f"{path}: {name}")
    if whole.task not in TASKS:
        raise CorpusError(f'{path}: {name}: task: found "{whole.task}", wanted one of {", ".join(TASKS)}')
    if parts is None:
        yield whole
    for part, facts in (parts or {}).items():
        told = {key: value for key, value in facts.items() if key != "documents"}
        title = whole.title.format(told.get("creator") or told["set"])
        yield replace(
            whole, name=f"{name}:{part}", part=part, title=title, documents=facts.get("documents"), facts=told
        )


def _build(kind: type[Any], node: dict[str, Any], place: str) -> Any:
    """A dataclass from a mapping; unknown and missing keys are errors that name `place`."""
    allowed = {item.name: item for item in fields(kind)}
    wanted = {name for name, item in allowed.items() if item.default is MISSING and item.default_factory is MISSING}
    for problem, keys in (("unknown", node.keys() - allowed.keys()), ("missing", wanted - node.keys())):
        if keys:
            raise CorpusError(f'{place}: the key "{min(keys)}" is {problem}', hint=f"keys: {', '.join(allowed)}")
    values = dict(node)
    if "downloads" in values:
        values["downloads"] = tuple(_build(Download, item, f"{place}: downloads") for item in values["downloads"])
    return kind(**values)
