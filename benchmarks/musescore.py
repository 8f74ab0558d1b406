"""What MuseScore 3 and verovio say of MusicXML files: `python -m benchmarks.musescore FILE...`. Knows no score model.

MuseScore imports a file without a screen and writes it in its own format, which it then opens once more, for that is when it looks
for damage. Its exit status says nothing; its standard error and its own file do. Tried with 3.2.3.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from lxml.etree import _Element

from benchmarks.engraver import engrave
from benchmarks.filling import bars_with_hidden_time
from chordllama.codec.container import read_container
from chordllama.errors import ChordLlamaError

PROGRAMS = ("mscore3", "musescore3")
_SECONDS = 120
NOT_VALID = "is not a valid MusicXML file"
# Its chatter, some of it called an error: an arpeggio without a direction, grace notes after a note and a hairpin up to the end of
# the score are imported as what they are, dynamics that it doesn't know as their text, and a let-ring tie is left out. Then, that a second, third or
# fourth voice of a staff has gaps, which is allowed: filling.py judges those.
_CHATTER = re.compile(
    r"convert <.*|\s*to <.*>|\.\.\. success!|Error at .*: unknown (?:arpeggio type none|tied type let-ring)"
    r"|setDynamicType: other <\w+>|addGraceChordsAfter .*|no segment for tick .*|\s*"
)
_GAP = re.compile(r"(?:in measure underrun|measure) +\d+ (?:at|pos) .*track (\d+)")
_VOICES = 4  # of a staff, in MuseScore: a track is one voice of one staff
# What differs between two files with the same fault: where it stands, addresses in memory, names that were made up for it.
_VARYING = (
    (re.compile(r"line \d+ col \d+"), "line …"),
    (re.compile(r"0x[0-9a-f]+"), "0x…"),
    (re.compile(r"measure line \d+|\(?\d+ (?:nodes|broken)|restHeight < 0\.0: -[0-9.]+"), "…"),
    (re.compile(r"tick \d+(\(\d+\))?"), "tick …"),
    (re.compile(r"has \d+ measures instead of \d+"), "has … measures instead of …"),
    (re.compile(r"'[a-z][a-z0-9]{4,9}(-rend\d+)?'"), "…"),
)


def installed() -> str | None:
    """The path of MuseScore 3's program, if there is one."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """All complaints of one program about one file."""

    complaints: tuple[str, ...]

    def added_to(self, source: Judgement) -> tuple[str, ...]:
        """The complaints that the source of this file didn't cause; where in the file they come from doesn't count."""
        left = Counter(map(without_places, source.complaints))
        return tuple(_not_in(self.complaints, left))


def _not_in(complaints: Iterable[str], left: Counter[str]) -> Iterator[str]:
    for complaint in complaints:
        key = without_places(complaint)
        if left[key]:
            left[key] -= 1
        else:
            yield complaint


def without_places(complaint: str) -> str:
    """A complaint without what differs between two files with the same fault."""
    for pattern, instead in _VARYING:
        complaint = pattern.sub(instead, complaint)
    return complaint


# ------------------------------------------------------------------------------------------------------------ MuseScore


def musescore_on(xml: bytes) -> Judgement:
    """MuseScore's complaints about uncompressed MusicXML, and what its import had to stretch or to fill.

    Raises RuntimeError where MuseScore 3 isn't installed.
    """
    with tempfile.TemporaryDirectory(prefix="chordllama-musescore-") as name:
        folder = Path(name)
        said, imported = _imported(xml, folder)
        if imported is None:
            return Judgement((*said, "nothing was imported"))
        said += _convert(_program(), folder, "once.mscx", "twice.mscx")
        return Judgement((*said, *import_faults(imported, xml)))


def musescore_on_each(xmls: Sequence[bytes]) -> list[Judgement]:
    """What `musescore_on` says of each file, of one process for all, which takes half the time; where it breaks down, of one for each."""
    with tempfile.TemporaryDirectory(prefix="chordllama-musescore-") as name:
        folder = Path(name)
        own = [folder / f"score-{number}" for number in range(len(xmls))]
        for place, xml in zip(own, xmls, strict=True):
            place.mkdir()
            (place / "score.musicxml").write_bytes(xml)
        steps = (("score.musicxml", "once.mscx"), ("once.mscx", "twice.mscx"))
        jobs = [{"in": str(place / source), "out": str(place / target)} for source, target in steps for place in own]
        (folder / "jobs.json").write_text(json.dumps(jobs))
        said: dict[str, list[str]] = {}
        of = ""
        for line in _run(_program(), folder, "-j", str(folder / "jobs.json")):
            begun = re.fullmatch(r"convert <(score-\d+)/.*", line)
            of = begun[1] if begun else of
            if not is_noise(line):
                said.setdefault(of, []).append(line.replace(f"{of}/", ""))
        imported = [(place / "once.mscx").read_bytes() for place in own if (place / "twice.mscx").exists()]
    if len(imported) < len(xmls) or "" in said:
        return [musescore_on(xml) for xml in xmls]
    return [
        Judgement((*said.get(place.name, ()), *import_faults(*both)))
        for place, both in zip(own, zip(imported, xmls, strict=True), strict=True)
    ]


def lines_in_musescore(xml: bytes) -> Counter[tuple[str, int]]:
    """The lines that MuseScore sees in MusicXML, each by its kind (Slur, HairPin) and by how many bar lines it crosses.

    Raises RuntimeError where MuseScore 3 isn't installed.
    """
    with tempfile.TemporaryDirectory(prefix="chordllama-musescore-") as name:
        _, imported = _imported(xml, Path(name))
    begun = [] if imported is None else etree.fromstring(imported).iterfind(".//Spanner[next]")
    return Counter((line.get("type", ""), int(line.findtext("next/location/measures") or 0)) for line in begun)


def _imported(xml: bytes, folder: Path) -> tuple[list[str], bytes | None]:
    """What MuseScore says while it imports, and its own file."""
    (folder / "score.musicxml").write_bytes(xml)
    said = _convert(_program(), folder, "score.musicxml", "once.mscx")
    found = folder / "once.mscx"
    return said, found.read_bytes() if found.exists() else None


def _program() -> str:
    program = installed()
    if program is None:
        raise RuntimeError(f"MuseScore 3 is missing: none of {', '.join(PROGRAMS)} is in PATH")
    return program


def _convert(program: str, folder: Path, source: str, target: str) -> list[str]:
    """Let MuseScore convert a file in `folder`; what it says, its usual chatter left out."""
    said = _run(program, folder, "-o", str(folder / target), str(folder / source))
    return [line for line in said if not is_noise(line)]


def _run(program: str, folder: Path, *arguments: str) -> list[str]:
    """What MuseScore says, and how it ends where that isn't well."""
    for needed in ("configuration", "runtime", "home"):
        (folder / needed).mkdir(mode=0o700, exist_ok=True)
    surroundings = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(folder / "runtime"),
        "HOME": str(folder / "home"),
        "LC_ALL": "C.UTF-8",
    }
    command = [program, "-c", str(folder / "configuration"), *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, env=surroundings, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return [f"is not done after {_SECONDS} s"]
    said = (ran.stdout + ran.stderr).decode(errors="replace").replace(f"{folder}/", "").splitlines()
    crash = [f"ended with status {ran.returncode}"] if ran.returncode else []
    return said + crash


def is_noise(line: str) -> bool:
    """Whether a line is chatter, or only says that a further voice of a staff has gaps: it may, and filling.py judges them."""
    gap = _GAP.match(line)
    return bool(_CHATTER.fullmatch(line)) or (gap is not None and int(gap[1]) % _VOICES != 0)


def import_faults(mscx: bytes, xml: bytes) -> Iterator[str]:
    """Measures that MuseScore stretched, shrank or filled with a rest that nobody sees, by its own file of this MusicXML."""
    score = etree.fromstring(mscx).find("Score")
    source = _tree(xml)
    if score is None or source is None:
        yield "isn't well-formed XML" if source is None else "the import has no score"
        return
    meant = bars_with_hidden_time(source)
    irregular = [[measure.get("implicit") == "yes" for measure in part.iterfind("measure")] for part in _parts(source)]
    for staff, part in _staves(score):
        measures = score.findall(f"Staff[@id='{staff}']/Measure")
        if len(measures) != len(irregular[part]):
            yield f"staff {staff} has {len(measures)} measures instead of {len(irregular[part])}"
            continue
        for index, measure in enumerate(measures):
            if measure.get("len") and not irregular[part][index]:
                yield f"measure {index + 1} of staff {staff} lasts {measure.get('len')}"
            if (part, index) not in meant and _has_hidden_rest(measure):
                yield f"measure {index + 1} of staff {staff} was filled with a hidden rest"


def _tree(xml: bytes) -> _Element | None:
    try:
        return etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None


def _parts(source: _Element) -> list[_Element]:
    return source.findall("part")


def _staves(score: _Element) -> Iterator[tuple[str, int]]:
    """Each staff's id, with the number of its part from 0."""
    for number, part in enumerate(score.iterfind("Part")):
        for staff in part.iterfind("Staff"):
            yield staff.get("id", ""), number


def _has_hidden_rest(measure: _Element) -> bool:
    return any((rest.findtext("visible") or "").strip() == "0" for rest in measure.iter("Rest"))


# -------------------------------------------------------------------------------------------------------------- verovio


def verovio_on(xml: bytes) -> Judgement:
    """verovio's complaints about uncompressed MusicXML, one of them where it sees another number of measures."""
    with tempfile.TemporaryDirectory(prefix="chordllama-verovio-") as folder:
        path = Path(folder) / "score.musicxml"
        path.write_bytes(xml)
        engraving = engrave(path)
    source = _tree(xml)
    wanted = max((len(part.findall("measure")) for part in _parts(source)), default=0) if source is not None else 0
    miscount = [] if engraving.measures == wanted else [f"sees {engraving.measures} measures instead of {wanted}"]
    return Judgement((*engraving.complaints, *miscount))


# ---------------------------------------------------------------------------------------------------- new measures alone


def breaks_the_schema(xml: bytes, first: int) -> bool:
    """Whether MuseScore's schema (MusicXML 3.1) rejects the measures from the `first`-th on.

    They are tried alone under a plain header, for it gives one answer for a whole file, and a source may be invalid itself.
    """
    complaints = musescore_on(_alone(xml, first)).complaints
    return any(NOT_VALID in complaint for complaint in complaints)


def _alone(xml: bytes, first: int) -> bytes:
    source = etree.fromstring(xml)
    root = etree.Element("score-partwise", version="3.1")
    parts = etree.SubElement(root, "part-list")
    for header in source.iterfind("part-list/score-part"):
        plain = etree.SubElement(parts, "score-part", id=header.get("id", ""))
        etree.SubElement(plain, "part-name").text = "part"
        for instrument in header.iterfind("score-instrument"):
            named = etree.SubElement(plain, "score-instrument", id=instrument.get("id", ""))
            etree.SubElement(named, "instrument-name").text = "instrument"
    for part in _parts(source):
        for measure in part.findall("measure")[:first]:
            part.remove(measure)
        root.append(part)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


# --------------------------------------------------------------------------------------------------------- command line


def main(arguments: list[str]) -> int:
    """Print every file's complaints; 1 if there is any."""
    found = 0
    for name in arguments:
        said = list(_complaints(Path(name)))
        found += len(said)
        print(f"{name}: {len(said) or 'no'} complaint{'s' * (len(said) != 1)}", *said, sep="\n  ")
    return bool(found)


def _complaints(path: Path) -> Iterator[str]:
    try:
        xml = read_container(path.read_bytes(), path.name)
    except (OSError, ChordLlamaError) as error:
        yield str(error)
        return
    yield from (f"MuseScore: {line}" for line in musescore_on(xml).complaints)
    yield from (f"verovio: {line}" for line in verovio_on(xml).complaints)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
