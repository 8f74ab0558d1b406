"""A score as JSON for score editors, and back: `read` and `write`."""

from chordllama.codec.editor.editor_document import FORMAT, read, write

__all__ = ["FORMAT", "read", "write"]
