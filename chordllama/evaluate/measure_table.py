"""The table of what is measured in music: names, units, functions. Knows what the other modules of this package measure."""

from __future__ import annotations

from chordllama.evaluate import likeness, parallels_measure, validity
from chordllama.evaluate.copying import Melodies, copied_from, copied_from_prompt
from chordllama.evaluate.critic_measure import OF_RULES
from chordllama.evaluate.grade import Grader
from chordllama.evaluate.passage import Passage
from chordllama.evaluate.systems import Heading, Measure

OF_PASSAGES: tuple[Measure[Passage], ...] = (
    Measure(Heading("valid", "files that music21 reads", 1, True), validity.valid),
    Measure(Heading("unfilled", "bars that aren't full", 1, True), validity.unfilled_bars),
    Measure(Heading("pitch", "pitch classes, divergence from the prompt, bits"), likeness.pitch_divergence),
    Measure(Heading("rhythm", "durations, divergence from the prompt, bits"), likeness.rhythm_divergence),
    Measure(Heading("in-key", "notes in key", 1, True), likeness.notes_in_key),
    Measure(Heading("steps", "melodic steps of at most 2 semitones", 1, True), likeness.small_steps),
    Measure(Heading("parallels", "parallel fifths and octaves per 1,000 notes", 2), parallels_measure.parallels),
    Measure(Heading("crossings", "voices crossed, of 16ths", 2, True), parallels_measure.crossings),
    Measure(Heading("gaps", "S–A or A–T over an octave, of 16ths", 2, True), parallels_measure.wide_gaps),
    Measure(Heading("range", "notes out of their voice's range", 2, True), parallels_measure.out_of_range),
    Measure(Heading("entropy", "pitch-class entropy (MusPy), bits"), likeness.pitch_class_entropy),
    Measure(Heading("scale", "scale consistency (MusPy)"), likeness.scale_consistency),
    Measure(Heading("groove", "groove consistency (MusPy)"), likeness.groove_consistency),
    Measure(Heading("from-prompt", "longest run of notes from the prompt", 1), copied_from_prompt),
    *OF_RULES,
)

BITS_A_NOTE = Heading("bits-note", "bits a note of the human's bars", 2)
BITS_A_BAR = Heading("bits-bar", "bits a bar of the human's bars", 1)
FREE_ANSWERS = Heading("free-answers", "answers without a guard that are right", 1, True)
FREE_BARS = Heading("free-bars", "bars without a guard that are right", 1, True)
COMPLETE = Heading("complete", "answers with all bars", 1, True)
FIRST_BAR = Heading("first-bar", "seconds to the first bar", 2, summary="median")
ALL_BARS = Heading("all-bars", "seconds for all bars", 2, summary="median")


def beside(grader: Grader, melodies: Melodies) -> tuple[Measure[Passage], ...]:
    """Return what is measured beside the training set."""
    return (
        Measure(
            Heading("from-training", "longest run of notes from the training set", 1),
            lambda passage: copied_from(passage, melodies),
        ),
        Measure(Heading("grade", "grade after Bach or Mock, median", 2, summary="median"), grader.grade),
        *(
            Measure(Heading(f"grade-{name}", f"– {name}", 2, summary="median"), grader.part(name))
            for name in ("notes", "rhythm", "parallels", "harmony")
        ),
    )
