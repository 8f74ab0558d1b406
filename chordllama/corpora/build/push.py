"""A data set onto the Hugging Face hub, by its own library. Knows the layout of a data set and the library's calls, no rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chordllama.corpora.build.card import MANIFEST
from chordllama.corpora.build.stats import load_manifest
from chordllama.corpora.fetch.download import digest
from chordllama.errors import CorpusError
from chordllama.system.hub import address_of, hub_endpoint, uploading

CARD = "README.md"
FOLDERS = ("data", "chat", "parquet")


class Upload(NamedTuple):
    """What goes where: files of the data set by their paths, with their sizes in bytes."""

    dataset: Path
    repository: str
    endpoint: str
    files: Mapping[str, int]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def plan(dataset: Path, repository: str) -> Upload:
    """Return what would be uploaded. Raises CorpusError, naming the file, where the data set isn't whole."""
    manifest = load_manifest(dataset)
    files = {name: (dataset / name).stat().st_size for name in (CARD, MANIFEST) if (dataset / name).is_file()}
    if CARD not in files:
        raise CorpusError(f"{dataset / CARD}: is missing", hint="build the data set again")
    for name, sha256 in _outputs(manifest).items():
        path = dataset / name
        if not path.is_file() or digest(path) != sha256:
            cause = "it isn't there" if not path.is_file() else f"its sha256 isn't {sha256}"
            raise CorpusError(f"{path}: is not what was built", cause=cause, hint="build the data set again")
        files[name] = path.stat().st_size
    return Upload(dataset, repository, hub_endpoint(), files)


def _outputs(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Path -> sha256 of all files of rows, below the data set's own folder."""
    shards = (shard["outputs"].items() for shard in manifest["shards"])
    return {name.partition("/")[2]: sha256 for own in shards for name, sha256 in own}


def push(upload: Upload, private: bool = False) -> str:
    """Upload a data set; return its address. What of an earlier one isn't part of it any more is deleted there.

    Raises EndpointError where the hub can't be reached or refuses.
    """
    with uploading(upload.repository, "dataset", private) as hub:
        hub.upload_folder(
            repo_id=upload.repository,
            repo_type="dataset",
            folder_path=upload.dataset,
            allow_patterns=list(upload.files),
            delete_patterns=[f"{folder}/*" for folder in FOLDERS],
            commit_message="Data set built by chordllama",
        )
    return address_of(upload.repository, "dataset")
