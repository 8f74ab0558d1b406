"""What encoders say about the use of their files."""

from __future__ import annotations

import pytest

from chordllama.corpora.read.rights import judge, remarks_of

FORBIDDEN = [
    ("humdrum", "**kern\n*-\n!!!YEM: Rights to all derivative electronic formats reserved.\n"),
    ("humdrum", "**kern\n*-\n!!!YEM: Free for non-commercial use\n"),
    ("humdrum", "**kern\n*-\n!!!YEC: Copyright 2000, John Miller\n"),
    ("musicxml", "<rights>All Rights Reserved</rights>"),
    ("musicxml", "<rights>© 2003 Edizioni Somebody</rights>"),
    ("musicxml", "<rights>CC BY-NC-SA 4.0</rights>"),
    ("musicxml", "<rights>Edition © 2010 A. Nonymous, CC0 for teaching; no commercial use</rights>"),
    ("musicxml", "<credit-words>For personal use only, not for commercial sale</credit-words>"),
    ("abc", "X:1\nT:A\nZ:Jane Doe, noncommercial use only\nK:C\n"),
    ("file", "who has given permission\nfor non-commercial distribution and use of these files"),
]
FREE = [
    ("musicxml", "<rights>OpenScore (CC0)</rights>", "CC0-1.0"),
    ("musicxml", "<rights>Score: CC0 1.0 Universal; Annotations: CC-By-SA</rights>", "CC0-1.0"),
    ("musicxml", "<rights>2010 M. C. -- freely distributed under a CC-BY-SA 3.0 license</rights>", "CC-BY-SA-3.0"),
    ("musicxml", "<rights>© 2014, Creative Commons License (CC-BY)</rights>", "CC-BY"),
    ("musicxml", "<rights>Released to Public Domain in 1998</rights>", "public domain"),
    ("musicxml", "<rights>P.D. (Canada, EU)</rights>", "public domain"),
    ("musicxml", "<rights>Copyright © </rights>", None),
    ("musicxml", "<credit-words>PDF © 2004 Somebody</credit-words>", None),
    ("musicxml", "<score-partwise/>", None),
    ("humdrum", "**kern\n*-\n!!!YEN: United States of America\n", None),
    ("abc", "X:1\nZ:Jack Campin * www.campin.me.uk * 2009\nK:C\n", None),
    (
        "abc",
        "% GNU General Public License, version 2, or (at your option) any\n%    later version.\nX:1\nK:C\n",
        "GPL-2.0-or-later",
    ),
]


@pytest.mark.parametrize(("format_name", "text"), FORBIDDEN)
def test_a_remark_that_binds_the_use_leaves_the_file_out(format_name: str, text: str) -> None:
    assert judge(remarks_of(text, format_name)).forbidden


@pytest.mark.parametrize(("format_name", "text", "licence"), FREE)
def test_a_file_that_is_free_or_says_nothing_stays_with_the_licence_that_it_names(
    format_name: str, text: str, licence: str | None
) -> None:
    verdict = judge(remarks_of(text, format_name))
    assert (verdict.forbidden, verdict.licence) == (None, licence)


def test_the_remark_is_told_in_one_line() -> None:
    remark = judge(remarks_of("line\n" * 40 + "non-commercial", "file")).forbidden
    assert remark is not None
    assert "\n" not in remark
    assert len(remark) <= 100
