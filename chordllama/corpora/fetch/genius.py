"""Songs of one artist from Genius, with the user's own token, into a folder of texts. Asked for by `corpus fetch genius` only.

The lyrics belong to their writers: such a folder is for the user's own use, its rows say so, and it is never part of a data set
that is passed on. `lyricsgenius` makes the requests; nothing is cleaned here.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from chordllama.corpora.sources import OWN_SUFFIX, CorpusSource, dump_source
from chordllama.errors import CorpusError
from chordllama.system.files import write_atomically

LICENCE = "all rights reserved: for your own use only"
TOKEN_VARIABLE = "GENIUS_ACCESS_TOKEN"
_COLUMNS = ("file", "title", "creator", "year", "url")

Report = Callable[[int, str], None]


def open_genius(token: str, roots: tuple[str, str, str] | None = None) -> Any:
    """Return a client of Genius. `roots` are the addresses of API, public API and pages, for a stand-in."""
    from lyricsgenius import Genius

    genius = Genius(token, timeout=15, retries=2, sleep_time=0 if roots else 0.5)
    if roots:
        genius.API_ROOT, genius.PUBLIC_API_ROOT, genius.WEB_ROOT = roots
    return genius


def genius_source(artist: str) -> CorpusSource:
    """Return the source that an artist's songs become."""
    name = "genius-" + "-".join(re.findall(r"[a-z0-9]+", artist.lower()))
    return CorpusSource(
        name, f"Genius: {artist}", "lyrics", "song-texts", LICENCE, credit="the songs' writers; Genius", folder=name
    )


def fetch_songs(genius: Any, artist: str, cache: Path, report: Report, limit: int | None = None) -> Path:
    """Fetch the songs whose primary artist it is, each into a text, and return their folder; interrupted, it goes on.

    Raises CorpusError where the artist is unknown, the token is refused, or Genius can't be reached.
    """
    source = genius_source(artist)
    part, final = cache / f"{source.folder}.part", cache / source.folder
    part.mkdir(parents=True, exist_ok=True)
    rows = [_keep(genius, song, part, report, place) for place, song in enumerate(_songs(genius, artist, limit), 1)]
    found = [row for row in rows if row]
    if not found:
        raise CorpusError(f"Genius has no lyrics by {artist}", hint="write the name as Genius does")
    write_atomically(part / "songs.tsv", _table(found))
    if final.exists():
        shutil.rmtree(final)
    part.rename(final)
    write_atomically(cache / f"{source.name}{OWN_SUFFIX}", dump_source(source).encode())
    return final


def _songs(genius: Any, artist: str, limit: int | None) -> Iterator[dict[str, Any]]:
    """What Genius lists for an artist, without the songs where he is only featured."""
    artist_id = _artist_id(genius, artist)
    page: int | None = 1
    count = 0
    while page:
        answer = _ask(partial(genius.artist_songs, artist_id, per_page=50, page=page, sort="title"))
        for song in answer["songs"]:
            if song["primary_artist"]["id"] == artist_id and song["lyrics_state"] == "complete":
                count += 1
                yield song
                if count == limit:
                    return
        page = answer.get("next_page")


def _artist_id(genius: Any, artist: str) -> int:
    """The artist of just that name; Genius itself takes the likeliest one where there is none."""
    found = _ask(partial(genius.search_artist, artist, max_songs=0))
    if found is None:
        raise CorpusError(f"Genius knows no artist called {artist}")
    if found.name.casefold() != artist.casefold():
        raise CorpusError(f"Genius knows no artist called {artist}", hint=f'the likeliest is "{found.name}"')
    return int(found.to_dict()["id"])


def _keep(genius: Any, song: dict[str, Any], folder: Path, report: Report, place: int) -> dict[str, str]:
    """Fetch the text of a song, if it isn't there, and return its row; {} for one without words."""
    path = folder / f"{song['id']}.txt"
    report(place, song["title"])
    if not path.exists():
        lyrics = _ask(partial(genius.lyrics, song_url=song["url"]))
        write_atomically(path, (lyrics or "").encode("utf-8"))
    date = song.get("release_date_components") or {}
    row = {
        "file": path.name,
        "title": song["title"],
        "creator": song["primary_artist"]["name"],
        "year": str(date.get("year") or ""),
        "url": song["url"],
    }
    return row if path.stat().st_size else {}


def _ask(question: Callable[[], Any]) -> Any:
    """An answer of Genius. lyricsgenius raises AssertionError for every status that isn't 200."""
    from requests import RequestException

    try:
        return question()
    except AssertionError as fault:
        refused = "401" in str(fault) or "403" in str(fault)
        raise CorpusError(
            "Genius refused the token" if refused else "Genius answered wrongly",
            cause=str(fault).partition(". Response headers")[0],
            hint=f"put your own client access token into {TOKEN_VARIABLE}" if refused else None,
        ) from fault
    except (RequestException, RuntimeError, KeyError) as fault:
        raise CorpusError("Genius can't be reached", cause=f"{type(fault).__name__}: {fault}") from fault


def _table(rows: list[dict[str, str]]) -> bytes:
    text = StringIO()
    table = csv.DictWriter(
        text, _COLUMNS, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar=None, quotechar=None, lineterminator="\n"
    )
    table.writeheader()
    table.writerows({key: " ".join(value.split()) for key, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8")
