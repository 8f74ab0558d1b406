"""The commands that work on scores, and what they share. Each is thin: it parses, calls and prints."""
