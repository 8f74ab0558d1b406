"""The 2024 format's own example with an instruction, and what of two scores has to be the same. Knows no tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chordllama.codec.notation.ties import Ties, tie_stops
from chordllama.score.model import Chord, Harmony, Rest, Row, Score, Spacer, Ticks

EXAMPLE = """\
divisions: '2'
key:
  fifths: '1'
  mode: major
time:
  '@symbol': common
  beats: '4'
  beat-type: '4'
clef:
  sign: G
  line: '2'
---
- a00_harmony:
    root:
      root-step: E
    kind:
      '@text': m
      '#text': minor
  a01_note:
    pitch:
      step: B
      octave: '4'
    duration: '2'
    type: quarter
  a02_note:
    pitch:
      step: F
      alter: '1'
      octave: '4'
    duration: '3'
    tie:
    - '@type': stop
    - '@type': start
    type: quarter
    dot: null
    accidental: sharp
  a03_note:
    rest: null
    duration: '3'
    type: quarter
    dot: null
- a00_note:
    rest:
      '@measure': 'yes'
    duration: '8'
"""
XML = b"""<?xml version="1.0"?>
<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">
<score-partwise version="4.0"><!-- a comment, as is legal -->
  <part-list><score-part id="P1"><part-name>Tune</part-name></score-part></part-list>
  <part id="P1">
    <measure number="1" width="200">
      <print new-system="yes"/>
      <attributes>
        <divisions>2</divisions>
        <key><fifths>1</fifths><mode>major</mode></key>
        <time symbol="common"><beats>4</beats><beat-type>4</beat-type></time>
        <clef><sign>G</sign><line>2</line></clef>
        <staff-details><staff-lines>5</staff-lines></staff-details>
      </attributes>
      <harmony placement="above" print-frame="no"><root><root-step>E</root-step></root><kind text="m">minor</kind></harmony>
      <direction><direction-type><words>slow</words></direction-type></direction>
      <note default-x="12">
        <pitch><step>B</step><!-- here, too --><octave>4</octave></pitch><duration>2</duration>
        <voice>1</voice><type>quarter</type><stem>up</stem>
        <notations><slur type="start" number="1"/></notations><lyric><text>la</text></lyric>
      </note>
      <note>
        <pitch><step>F</step><alter>1</alter><octave>4</octave></pitch><duration>3</duration>
        <tie type="stop"/><tie type="start"/><voice>1</voice><type>quarter</type><dot/><accidental>sharp</accidental>
        <beam number="1">begin</beam>
      </note>
      <figured-bass><figure><figure-number>6</figure-number></figure></figured-bass>
      <note><rest/><duration>3</duration><voice>1</voice><type> quarter </type><dot/></note>
      <barline location="right"><bar-style>light-light</bar-style></barline>
    </measure>
    <measure number="2">
      <note><rest measure="yes"/><duration>8</duration><voice>1</voice></note>
    </measure>
  </part>
</score-partwise>
"""
"""The example as a notation program may write it, with things that the format drops and that the programs of 2024 refused."""


def sounds(score: Score) -> list[object]:
    """What the format keeps of a score: each note, with its ties, and each chord symbol, in the order of parts and time."""
    found: list[object] = []
    ties = [Ties() for _ in score.parts]
    for number, bar in enumerate(score.bars):
        for part, open_ties in enumerate(ties):
            rows = [row for row in bar.rows if row.part == part]
            open_ties.keep([row.place[1:] for row in rows])
            found += [(part, number, *fact) for row in rows for fact in _facts(row, open_ties)]
    return sorted(found, key=str)


def _facts(row: Row, ties: Ties) -> Iterator[tuple[object, ...]]:
    position: Ticks = 0
    for item in row.items:
        if isinstance(item, Harmony):
            yield position + item.offset, replace(item, offset=0)
        elif isinstance(item, Chord):
            stops = tie_stops(ties, row.place[1:], item)
            value = item.grace or item.duration
            yield from (
                (position, note.pitch, value, note.has("tie"), stop)
                for note, stop in zip(item.notes, stops, strict=True)
            )
            position += item.ticks
        elif isinstance(item, Rest | Spacer):
            ties.clear(row.place[1:])
            position += item.duration.ticks if item.duration else 0
