"""Where MuseScore looks for plugins, and our plugin there: installed, removed, looked at. Knows files; knows no command line.

MuseScore's folders lie in the user's documents on every system, whatever these are called there.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from chordllama.errors import ChordLlamaError
from chordllama.system.files import write_atomically
from chordllama.system.resources import resource

MUSESCORES = ("3", "4")
FILES = ("chordllama.qml", "inserting.js", "reading.js", "session.js", "texts.js", "chordllama.png")
"""What is installed; the other files of musescore_plugin are for people and tests."""
SETTLED = "session.js"
"""The one that knows the server's address and the command that starts it."""
_FORMER = ("chordllama.js",)
"""What earlier versions installed besides."""
_FOLDER = "chordllama"
_VERSION = re.compile(r'^ *version: "([^"]*)"$', re.MULTILINE)

ENABLING = {
    "3": "Plugins → Plugin Manager: tick chordllama; then Plugins → ChordLlama",
    "4": "Home → Plugins: click ChordLlama, then Enable; then Plugins → ChordLlama (Composing/arranging tools)",
}
"""How each MuseScore is told to offer the plugin, once MuseScore was started again."""


@dataclass(frozen=True, slots=True)
class PluginFolder:
    """One MuseScore's folder of plugins. `musescore` is its major version."""

    musescore: str
    folder: Path

    @property
    def is_there(self) -> bool:
        """Whether this MuseScore has ever been started here."""
        return self.folder.parent.is_dir()

    @property
    def plugin(self) -> Path:
        """The folder of our plugin."""
        return self.folder / _FOLDER

    @property
    def installed(self) -> str | None:
        """The version that is installed; "" where it doesn't say, None without one."""
        manifest = self.plugin / FILES[0]
        if not manifest.is_file():
            return None
        found = _VERSION.search(manifest.read_text(encoding="utf-8", errors="replace"))
        return found[1] if found else ""


def places(documents: Path | None = None) -> list[PluginFolder]:
    """Return the places of all MuseScores that a plugin exists for; `documents` is the user's folder of documents."""
    from platformdirs import user_documents_path

    documents = documents or user_documents_path()
    return [PluginFolder(number, documents / f"MuseScore{number}" / "Plugins") for number in MUSESCORES]


def current_version() -> str:
    """Return the package's version, which is the plugin's."""
    return version("chordllama")


def install(place: PluginFolder, server: str | None = None) -> list[Path]:
    """Put the plugin there, in place of an older one, and give the files. `server` is the address that it looks at first.

    Raises:
        ChordLlamaError: something else has the folder's name.
    """
    if place.plugin.exists() and not place.plugin.is_dir():
        raise ChordLlamaError(f"{place.plugin} is in the way", cause="it is no folder", hint="move it away")
    place.plugin.mkdir(parents=True, exist_ok=True)
    source = resource("musescore_plugin")
    written = []
    for name in FILES:
        content = (source / name).read_bytes()
        if name == SETTLED:
            content = _settled(content.decode(), server).encode()
        write_atomically(place.plugin / name, content)
        written.append(place.plugin / name)
    for name in _FORMER:
        (place.plugin / name).unlink(missing_ok=True)
    return written


def _settled(script: str, server: str | None) -> str:
    """The script with what only an installation knows: the command that starts the server, and its address."""
    script = _set(script, "COMMAND", serve_command())
    return _set(script, "SERVER", server) if server else script


def _set(script: str, name: str, value: str) -> str:
    found, count = re.subn(
        rf'^( *)var {name} = ".*";$',
        lambda line: f"{line[1]}var {name} = {json.dumps(value)};",
        script,
        flags=re.MULTILINE,
    )
    assert count == 1, f"the script sets {name} once"
    return found


def serve_command() -> str:
    """Return the command line that starts this installation's server, whatever is in PATH."""
    program = Path(sys.executable).with_name("chordllama.exe" if sys.platform == "win32" else "chordllama")
    words = [str(program)] if program.is_file() else [sys.executable, "-m", "chordllama"]
    if sys.platform == "win32":
        return " ".join([f'"{word}"' if " " in word else word for word in words] + ["serve"])
    return shlex.join([*words, "serve"])


def uninstall(place: PluginFolder) -> list[Path]:
    """Remove what `install` has written, and the folder if nothing else is in it; gives what is gone."""
    gone = []
    for name in (*FILES, *_FORMER):
        path = place.plugin / name
        if path.is_file():
            path.unlink()
            gone.append(path)
    if place.plugin.is_dir() and not any(place.plugin.iterdir()):
        place.plugin.rmdir()
    return gone
