"""Debian's MuseScore 3.2.3 with the plugin in it: without a screen, and in its real window on a virtual one. Knows no scores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from signal import SIGKILL, SIGTERM, Signals
from time import monotonic, sleep
from typing import cast

from PIL import Image, ImageGrab

from benchmarks.musescore import installed, is_noise

Colour = tuple[int, int, int]

ACCENT = (138, 59, 36)
PAPER = (251, 250, 247)
"""Of the button that is meant to be clicked, and of what is no button, as chordllama.qml paints them."""
SELECTED = (46, 134, 171)
"""Of what is selected in a score, as MuseScore paints it."""
GO = KEEP = (388, 602)
NEXT = (290, 602)
START = (390, 349)
FIRST_STAFF = (150, 209)
DISCARD = (180, 602)
FOUR_BARS = (156, 89)
ONE_SUGGESTION = (156, 129)
TWO_SUGGESTIONS = (210, 129)
"""Places in the plugin's window, the first staff's and that of the button that starts the server with one row of staves."""

BARS_AREA = (20, 312, 440, 570)
"""Where new bars are drawn while the model writes."""
SCORE_AREA = (460, 136, 1022, 776)
"""Where the score is seen beside the plugin's window."""

_PATIENCE = 8.0
_TRIES = 4
_QUIET = {
    "application": {"startup\\firstStart": "false", "autosave\\useAutosave": "false"},
    "ui": {
        "application\\useNativeDialogs": "false",
        **{
            f"application\\startup\\{name}": "false"
            for name in (
                "showStartCenter",
                "showSplashScreen",
                "checkUpdate",
                "checkExtensionsUpdate",
                "showTours",
                "showNavigator",
            )
        },
    },
}
_PLUGINS = """<?xml version="1.0" encoding="UTF-8"?>
<museScore version="3.01"><Plugin><path>{path}</path><load>1</load></Plugin></museScore>
"""


@dataclass(frozen=True, slots=True)
class Home:
    """A composer's own folders, in which the plugin is installed."""

    folder: Path
    program: str

    @property
    def plugin(self) -> Path:
        """The installed plugin."""
        return self.folder / "Documents" / "MuseScore3" / "Plugins" / "chordllama" / "chordllama.qml"

    @property
    def temporary(self) -> Path:
        """Where MuseScore puts files that don't last."""
        return self.folder / "temporary"

    def surroundings(self, **more: str) -> dict[str, str]:
        """The environment of a program that lives here."""
        own = {"HOME": self.folder, "XDG_RUNTIME_DIR": self.folder / "runtime", "TMPDIR": self.temporary}
        return {**os.environ, "LC_ALL": "C.UTF-8", **{name: str(path) for name, path in own.items()}, **more}

    def run(self, *arguments: str) -> str:
        """Everything that MuseScore says in a run without a screen."""
        command = [self.program, "-c", str(self.folder / "configuration"), *arguments]
        done = subprocess.run(
            command,
            env=self.surroundings(QT_QPA_PLATFORM="offscreen"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    def complaints(self, score: Path) -> list[str]:
        """What MuseScore finds damaged in a score that it saved itself."""
        said = self.run("-o", str(score.with_suffix(".mscx")), str(score))
        return [line for line in said.splitlines() if not is_noise(line)]

    def exported(self, score: Path) -> bytes:
        """MuseScore's own MusicXML of a score."""
        target = self.folder / f"{score.stem}-{score.suffix[1:]}.musicxml"
        self.run("-o", str(target), str(score))
        return target.read_bytes()


def has_screen() -> bool:
    """Whether there's a virtual screen, and hands for it."""
    return all(map(which, ("Xvfb", "xdotool")))


def home(folder: Path, server: str) -> Home:
    """New folders with the plugin, which is told its server's address by `chordllama plugin install`."""
    found = Home(folder, installed() or "")
    for name in ("configuration/MuseScore", "temporary", "runtime"):
        (folder / name).mkdir(parents=True, mode=0o700)
    command = ["plugin", "install", "--for", "3", "--documents", str(folder / "Documents"), "--server", server]
    subprocess.run([sys.executable, "-m", "chordllama", *command], check=True, capture_output=True, timeout=60)
    (folder / "configuration" / "plugins.xml").write_text(_PLUGINS.format(path=found.plugin))
    (folder / "configuration" / "MuseScore" / "MuseScore3.ini").write_text(_ini(_QUIET))
    return found


def _ini(sections: Mapping[str, Mapping[str, str]]) -> str:
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]", *(f"{key}={value}" for key, value in values.items()), ""]
    return "\n".join(lines)


# --------------------------------------------------------------------------------------------------------- its real window


@dataclass(frozen=True, slots=True)
class Editor:
    """MuseScore's window with a score, on a screen of its own."""

    home: Home
    display: str

    def title(self) -> str:
        """The name of the score that is seen."""
        names = self._xdotool("search", "--name", "^MuseScore 3: ", "getwindowname").splitlines()
        return names[0].removeprefix("MuseScore 3: ") if names else ""

    def wait_for_title(self, title: str) -> float:
        """Wait until a score is seen; the seconds that it took."""
        return self.wait(lambda: self.title() == title, f"the title {title!r}")

    def window(self, name: str) -> str:
        """The id of a window; waits for it."""
        self.wait(lambda: self.sees(name), f"a window {name!r}")
        return self._xdotool("search", "--onlyvisible", "--name", name).splitlines()[-1]

    def press(self, window: str, *keys: str) -> None:
        """Press keys, which go to the window of this name."""
        self._xdotool("windowfocus", "--sync", self.window(window))
        for key in keys:
            self._xdotool("key", "--clearmodifiers", key)

    def open_plugin(self) -> None:
        """Plugins → ChordLlama, which is the menu's last line."""
        self._press_until(lambda: self.sees("^ChordLlama$"), "the plugin's window", "Escape", "alt+p", "Up", "Return")

    def switch_tab(self, title: str) -> None:
        """Go to the other tab."""
        self._press_until(lambda: self.title() == title, f"the tab {title!r}", "ctrl+Tab")

    def sees(self, window: str) -> bool:
        """Whether a window of this name is seen."""
        return bool(self._xdotool("search", "--onlyvisible", "--name", window))

    def _press_until(self, true: Callable[[], bool], what: str, *keys: str) -> None:
        """Press keys, which a busy MuseScore loses at times: after a few seconds once more."""
        for _ in range(_TRIES - 1):
            self.press("^MuseScore 3: ", *keys)
            ends = monotonic() + _PATIENCE
            while monotonic() < ends:
                if true():
                    return
                sleep(0.03)
        self.press("^MuseScore 3: ", *keys)
        self.wait(true, what)

    def click(self, place: tuple[int, int]) -> None:
        """Click into the plugin's window."""
        x, y = map(str, place)
        self._xdotool("mousemove", "--sync", "--window", self.window("^ChordLlama$"), x, y)
        self._xdotool("click", "1")

    def wait_for_button(self, place: tuple[int, int] = GO) -> float:
        """Wait until Continue or Keep, or what else is there, can be clicked; the seconds that it took."""
        return self.wait(lambda: self.colour(place) == ACCENT, "a button to click")

    def wait_for_the_choice_to_end(self) -> float:
        """Wait until Next is gone, as it is once Keep or Discard has been done."""
        return self.wait(lambda: self.colour(NEXT) == PAPER, "the choice to end")

    def wait_for_a_drawn_bar(self) -> float:
        """Wait until a new bar is drawn; the seconds that it took."""
        return self.wait(lambda: self._paints(BARS_AREA, ACCENT), "a drawn bar")

    def wait_for_a_selection(self) -> float:
        """Wait until something that is selected in the score is seen; the seconds that it took."""
        return self.wait(lambda: self._paints(SCORE_AREA, SELECTED), "a selection that is seen")

    def colour(self, place: tuple[int, int]) -> Colour:
        """What is seen at a place, beside a button's words."""
        x, y = place[0], place[1] - 10
        return self._seen((x, y, x + 1, y + 1))[0][1]

    def _paints(self, area: tuple[int, int, int, int], colour: Colour) -> bool:
        return any(colour == found for _, found in self._seen(area))

    def _seen(self, area: tuple[int, int, int, int]) -> list[tuple[int, Colour]]:
        """How often each colour is seen. Without a window manager, the plugin's window is in the screen's corner."""
        seen = ImageGrab.grab(bbox=area, xdisplay=self.display).convert("RGB")
        return cast("list[tuple[int, Colour]]", seen.getcolors(seen.width * seen.height))

    def picture(self) -> Image.Image:
        """The whole screen."""
        return ImageGrab.grab(xdisplay=self.display).convert("RGB")

    def save(self, path: Path) -> None:
        """Save the score that is seen and has no file yet, by MuseScore's own dialogue."""
        self._press_until(lambda: self.sees("^Save "), "MuseScore's dialogue", "ctrl+s")
        self._xdotool("windowfocus", "--sync", self.window("^Save "))
        self._xdotool("key", "ctrl+a")
        self._xdotool("type", "--delay", "5", str(path))
        self._xdotool("key", "Return")
        self.wait(lambda: path.exists() and not self.sees("^Save "), f"{path.name} to be saved")

    def wait(self, true: Callable[[], bool], what: str, seconds: float = 120) -> float:
        """Wait until something is so; the seconds that it took. Fails after so many, with MuseScore's own words."""
        started = monotonic()
        while not true():
            assert monotonic() - started < seconds, f"waited in vain for {what}; {self._state()}"
            sleep(0.03)
        return monotonic() - started

    def _state(self) -> str:
        """What is seen and was said, for whoever looks for the reason of a failure."""
        picture = self.home.folder / "seen.png"
        self.picture().save(picture)
        words = (self.home.folder / "said.txt").read_text(errors="replace")[-2000:]
        return f"see {picture}; MuseScore said:\n{words}"

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env={**os.environ, "DISPLAY": self.display},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout.strip()


@contextmanager
def editor(home: Home, score: Path) -> Iterator[Editor]:
    """MuseScore in its window, with a score open."""
    with _screen() as display, (home.folder / "said.txt").open("wb") as said:
        surroundings = home.surroundings(DISPLAY=display, QT_QPA_PLATFORM="xcb")
        command = [home.program, "-c", str(home.folder / "configuration"), str(score)]
        with _ended(subprocess.Popen(command, env=surroundings, cwd=home.folder, stdout=said, stderr=said), SIGKILL):
            found = Editor(home, display)
            found.wait_for_title(score.stem)
            yield found


@contextmanager
def _screen() -> Iterator[str]:
    """The name of a virtual screen that is nobody else's."""
    ours, theirs = os.pipe()
    # Without -noreset, it would begin anew whenever its last client leaves, and refuse MuseScore meanwhile.
    command = ["Xvfb", "-displayfd", str(theirs), "-noreset", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with (
        _ended(subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL), SIGTERM),
        os.fdopen(ours) as number,
    ):
        os.close(theirs)
        yield f":{int(number.readline())}"


@contextmanager
def _ended(process: subprocess.Popen[bytes], ending: Signals) -> Iterator[None]:
    try:
        yield
    finally:
        process.send_signal(ending)
        process.wait(timeout=30)
