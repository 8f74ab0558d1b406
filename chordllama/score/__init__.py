"""The score: its frozen values, and its voices. Knows no XML, no text and no files."""
