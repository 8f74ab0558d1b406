"""New measures and parts into the composer's own file, whose bytes stay."""

from chordllama.codec.splice.added_parts import with_parts
from chordllama.codec.splice.locator import source_text
from chordllama.codec.splice.revision import Revision, revise
from chordllama.codec.splice.splicing import closes_plainly, new_measures, replaced, splice

__all__ = ["Revision", "closes_plainly", "new_measures", "replaced", "revise", "source_text", "splice", "with_parts"]
