"""The Hugging Face hub, by its own library: where it is, and uploads to it with errors in words. Knows no data set and no model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from chordllama.errors import EndpointError

DEFAULT_ENDPOINT = "https://huggingface.co"
Kind = Literal["dataset", "model"]
PLACES: dict[Kind, str] = {"dataset": "datasets/", "model": ""}


def hub_endpoint() -> str:
    """Return the hub's address; HF_ENDPOINT names another one."""
    return os.environ.get("HF_ENDPOINT", DEFAULT_ENDPOINT).rstrip("/")


def address_of(repository: str, kind: Kind) -> str:
    """Return where people find a repository."""
    return f"{hub_endpoint()}/{PLACES[kind]}{repository}"


@contextmanager
def uploading(repository: str, kind: Kind, private: bool) -> Iterator[Any]:
    """Give the library's `HfApi`, for a repository that is there from now on.

    The token is the library's own matter: HF_TOKEN, or what `hf auth login` keeps. Raises EndpointError where the hub can't be
    reached or refuses.
    """
    from huggingface_hub import HfApi

    hub = HfApi(endpoint=hub_endpoint())
    try:
        hub.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
        yield hub
    except Exception as fault:  # hub, network, token and name: the library has a class for each
        raise EndpointError(
            f"{repository}: can't be uploaded to {hub_endpoint()}",
            cause=" ".join(str(fault).split())[:300],
            hint="the token is taken from HF_TOKEN, or from `hf auth login`; the same command goes on where this one stopped",
        ) from fault
