"""How large anything in a score may be. Beyond, a file is no score, but an attack or a mistake. Knows numbers only.

The largest of 1,554 real scores that were measured (the finale of Beethoven's ninth symphony) has 27 million bytes, 1.4 million
tags, 41 parts, 34,000 measures in all parts together and 370,000 letters of compact text; no archive is packed more than 56-fold.
"""

from __future__ import annotations

# -------------------------------------------------------------------------------------------------------------- a file

MOST_BYTES = 100_000_000
"""Bytes of a file, unpacked."""
MOST_TAGS = 5_000_000
MOST_ENTRIES = 1_000
"""Entries of an archive."""
MOST_PACKED = 200
"""How many times its packed size an archive's entry may unpack to..."""
PACKED_COUNTS_FROM = 1_000_000
"""...if it has more bytes than these."""
MOST_LETTERS = 5_000_000
"""Letters of a compact text."""
MOST_CLASSIC_LETTERS = 2_000_000
"""Letters of a text in the 2024 format, which are read at some 80,000 a second."""
LONGEST_LINE = 100_000
"""Letters of a line of compact text."""

# ------------------------------------------------------------------------------------------------------------- a score

MOST_PARTS = 200
MOST_BARS = 50_000
MOST_CELLS = 500_000
"""Bars times parts: what a row of bars costs, even if it is empty."""
MOST_GROUPS = 400
"""Groups of parts."""
MOST_STAVES = 8
"""Staves of a part."""
MOST_STAFF_LINES = 20
"""Lines of a staff."""
MOST_INSTRUMENTS = 999
"""Instruments of a part."""

# ------------------------------------------------------------------------------------------------------- bars and notes

FINEST = 10**9
"""Below which the denominator of every length stays, as a fraction of a whole note."""
MOST_DIVISIONS = FINEST // 4 - 1
"""Of a quarter."""
WHOLES_IN_BAR = 256
"""Whole notes of a bar."""
MOST_BEATS = 32
"""Numbers in a time signature's beats (3+2 are two)."""
MOST_TIMES = 99
"""How often a repeat is played."""
MOST_VOICES = 99
"""Voices of a staff."""
MOST_VERSES = 99
MOST_NOTES = 100
"""Notes of a chord."""
MOST_SIGNS = 100
"""Signs at a note."""
MOST_DOTS = 4
MOST_IN_TUPLET = 9_999
MOST_LINES = 16
"""Slurs, hairpins or other lines of one kind that are open at once: the highest number that MusicXML gives them."""
