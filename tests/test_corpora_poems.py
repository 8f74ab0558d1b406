"""Books of poems and libretti are cut into single ones."""

from __future__ import annotations

from chordllama.corpora.read import gutenberg
from chordllama.corpora.read.poems import Poem, split_poems

BOOK = """The Project Gutenberg EBook of SMALL VERSES

Title: SMALL VERSES

Author: Ann Onymous

Language: German

Release Date: May, 2004  [EBook #12242]

*** START OF THIS PROJECT GUTENBERG EBOOK SMALL VERSES ***

Produced by Somebody
With the help of Others
And of some more
And more of them



PREFACE.

The verses of this book belong emphatically to what the critics long
since have called the poetry of the portfolio, and they are something
produced absolutely without any thought of publication, and solely by
way of expression of the writer's own mind, which is not small at all.



CONTENTS

One River             3
Two Rivers            5
A Mountain           12
The End             100



I. WATER.



I.

ONE RIVER.[1]

A river went to see the sea,
  And saw that it was wide;
It turned around as rivers do,
  And went back with the tide.

It sleeps.

[Footnote 1: The river is the one
behind the house.]



II.

The sea went on to see the land,
And found it hard and high,
And sang to it upon the sand,
And then it said good-bye.



A MOUNTAIN


I stood upon a mountain top,
I saw the valleys four,
I shouted once, I shouted twice,
I shouted nevermore.


*** END OF THIS PROJECT GUTENBERG EBOOK SMALL VERSES ***

A river of licence text,
And more of it
And more of it
And more
"""

LIBRETTO = """THE KING OF CLOUDS

  OR, THE RAIN

  Libretto by Nobody

  DRAMATIS PERSONAE

  THE KING


ACT I

  Scene.-- a palace in the clouds, with a door at the back of the
  stage and a throne upon the right.

                      SONG--THE KING.

                 When I was but a little cloud,
                      I never rained at all;
                 I thundered only half aloud,
                      And waited for the fall.

  ALL.           He never rained, he never poured,
                 He thundered for the fall!

  (Enter the Queen.)

       KING.  Here you are at last!  I have been waiting for more
  than an hour, and nobody came to tell me what is the matter.

                      DUET--KING and QUEEN.

  QUEEN.         The sun is coming, let us go,
                 The sun is coming near.
  KING.          The wind is only going to blow
                 The two of us from here.
"""


def test_poems_have_their_headings_numbers_and_cycles() -> None:
    one, two, three = split_poems(BOOK)
    assert (one.set, one.number, one.title) == ("Water", "I", "One River")
    assert (two.set, two.number, two.title) == ("Water", "II", "")
    assert (three.set, three.number, three.title) == ("", "", "A Mountain")


def test_a_poem_keeps_its_lines_and_stanzas_and_loses_the_notes() -> None:
    assert split_poems(BOOK)[0].text == (
        "A river went to see the sea,\n  And saw that it was wide;\nIt turned around as rivers do,\n"
        "  And went back with the tide.\n\nIt sleeps.\n"
    )


def test_the_numbers_of_an_opera_end_where_it_is_spoken() -> None:
    song, duet = split_poems(LIBRETTO)
    assert (song.set, song.number, song.title) == ("The King Of Clouds", "1", "Song--The King")
    assert song.text.endswith(
        "And waited for the fall.\n\n[All]\nHe never rained, he never poured,\nHe thundered for the fall!\n"
    )
    assert duet.text.splitlines()[:4] == [
        "[Queen]",
        "The sun is coming, let us go,",
        "The sun is coming near.",
        "[King]",
    ]


def test_prose_has_no_poems() -> None:
    assert split_poems("It was a dark and stormy night, and the rain fell in torrents upon us.\n" * 9) == list[Poem]()


def test_the_header_of_project_gutenberg_is_read() -> None:
    assert gutenberg.is_gutenberg(BOOK)
    assert gutenberg.facts(BOOK) == {
        "title": "Small Verses",
        "creator": "Ann Onymous",
        "language": "de",
        "url": "https://www.gutenberg.org/ebooks/12242",
    }
    assert not gutenberg.is_gutenberg("Just a text.\n")
    assert gutenberg.body("Just a text.\n") == "Just a text.\n"


def test_the_end_of_an_old_etext_is_found_too() -> None:
    text = 'x\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.12*END*\nDas Buch\n\nEnde dieses Projekt Gutenberg Etextes "B"\n'
    assert gutenberg.body(text) == "Das Buch\n"
