"""What models may be used under, as a text to print beside them. Knows the names that recipes use; is no advice."""

from __future__ import annotations

from collections.abc import Mapping

_LLAMA = (
    "Built with Llama. Llama {0} is licensed under the Llama {0} Community License, Copyright © Meta Platforms, Inc. All Rights Reserved.\n"
    "The whole text: https://www.llama.com/llama{1}/license/\n"
    "The acceptable use policy: https://www.llama.com/llama{1}/use-policy/"
)
TEXTS: Mapping[str, str] = {
    "CC0-1.0": "CC0 1.0 Universal: no rights reserved.\nhttps://creativecommons.org/publicdomain/zero/1.0/legalcode",
    "Apache-2.0": "Apache License, Version 2.0.\nhttps://www.apache.org/licenses/LICENSE-2.0",
    "llama3": _LLAMA.format("3", "3"),
    "llama3.1": _LLAMA.format("3.1", "3_1"),
    "llama3.2": _LLAMA.format("3.2", "3_2"),
}


def licence_text(name: str) -> str:
    """Return the text for a licence's name; the name itself where no text is known, "" for none."""
    return TEXTS.get(name, name)
