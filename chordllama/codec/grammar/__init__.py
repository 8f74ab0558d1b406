"""What may be written next: new bars of a compact text, character by character, held to the score's own rules."""

from chordllama.codec.grammar.grammar_rules import Rules, height, opening_of, rules_for
from chordllama.codec.grammar.signs import MARKS
from chordllama.codec.grammar.writer import END, Writer

__all__ = ["END", "MARKS", "Rules", "Writer", "height", "opening_of", "rules_for"]
