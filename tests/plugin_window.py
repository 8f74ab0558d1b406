"""The plugin's own QML in Qt 6 without a screen, over a stand-in for MuseScore, used by real mouse clicks.

It tests our logic and Qt's newer engine, not MuseScore.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_QUICK_BACKEND", "software")

from PySide6.QtCore import QLocale, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtQml import QQmlError
from PySide6.QtQuick import QQuickItem, QQuickView
from PySide6.QtTest import QTest

STANDIN = Path(__file__).parent / "musescore_standin"
PLUGIN = Path(__file__).parents[1] / "musescore_plugin"
SECONDS = 20.0
ELEMENTS = {
    "CHORD": 93,
    "REST": 25,
    "BAR_LINE": 10,
    "NOTE": 20,
    "ARTICULATION": 40,
    "DYNAMIC": 43,
    "HARMONY": 47,
    "FERMATA": 38,
}

Json = dict[str, Any]


def application() -> QGuiApplication:
    """The one application of this process."""
    found = QGuiApplication.instance() or QGuiApplication(["test"])
    assert isinstance(found, QGuiApplication)
    found.setApplicationName("chordllama-test")
    found.setOrganizationName("chordllama-test")
    found.setOrganizationDomain("chordllama.test")
    return found


class Window:
    """The plugin's window, and the score behind it."""

    def __init__(self, view: QQuickView, complaints: list[str]) -> None:
        self.view = view
        self.complaints = complaints

    @property
    def root(self) -> QQuickItem:
        """The plugin itself."""
        return self.view.rootObject()

    def score(self) -> list[Json]:
        """The score's bars, as the stand-in tells them."""
        return list(json.loads(self._call("told")))

    def undo(self) -> None:
        """One undo, as a composer does it."""
        self.root.metaObject().invokeMethod(self.root, "cmd", Qt.ConnectionType.DirectConnection, _variant("undo"))

    def edit(self) -> None:
        """A change to the old music, as a composer makes it."""
        self._call("edit")

    def undo_steps(self) -> int:
        """How many steps can be undone."""
        return int(self._call("undoSteps"))

    def bars_seen(self) -> list[int]:
        """The numbers of the bars that the view was moved to, one after another."""
        return list(json.loads(self._call("barsSeen")))

    def _call(self, name: str) -> Any:
        from PySide6.QtCore import Q_RETURN_ARG, QMetaObject

        return QMetaObject.invokeMethod(self.root, name, Q_RETURN_ARG("QVariant"))

    def shown(self) -> Json:
        """What the script lets the window show."""
        value = self.root.property("shown")
        return dict(value.toVariant()) if hasattr(value, "toVariant") else dict(value or {})

    @property
    def phase(self) -> str:
        """start, absent, writing, choosing."""
        return str(self.shown().get("phase", ""))

    @property
    def message(self) -> str:
        """The words in the middle of the window, as they are seen."""
        return str(self.item("message").property("text"))

    @property
    def notes(self) -> str:
        """The smaller words below."""
        return str(self.item("notes").property("text"))

    def item(self, name: str) -> QQuickItem:
        """What has this name, seen or not."""
        found = next((item for item in _below(self.root) if item.objectName() == name), None)
        assert found is not None, f"there is no {name}"
        return found

    def sees(self, name: str) -> bool:
        """Whether something with this name is seen."""
        return any(item.objectName() == name and item.isVisible() for item in _below(self.root))

    def click(self, name: str) -> None:
        """A click into the middle of what has this name."""
        item = self.item(name)
        assert item.isVisible(), f"{name} isn't seen ({self.phase}: {self.message})"
        self.view.grabWindow()  # all is laid out and drawn then
        QTest.mouseClick(self.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, _middle(item))

    def wait(self, true: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Let Qt work until something is so. Fails after so many seconds."""
        ends = monotonic() + seconds
        while not true():
            QTest.qWait(10)
            assert monotonic() < ends, f"it did not happen ({self.phase}: {self.message}; {self.complaints})"

    def wait_for(self, phase: str) -> None:
        """Wait until the window is in this phase."""
        self.wait(lambda: self.phase == phase)

    def continue_(self, phase: str = "choosing") -> None:
        """Click Continue and wait."""
        self.wait_for("start")
        self.click("go")
        self.wait_for(phase)


def _middle(item: QQuickItem) -> QPoint:
    return item.mapToScene(QPointF(item.width() / 2, item.height() / 2)).toPoint()


def _variant(value: Any) -> Any:
    from PySide6.QtCore import Q_ARG

    return Q_ARG("QVariant", value)


def _below(item: QQuickItem) -> Iterator[QQuickItem]:
    for child in item.childItems():
        yield child
        yield from _below(child)


@contextmanager
def window(
    folder: Path,
    server: str,
    score: Json | None,
    version: tuple[int, int, int] = (4, 4, 2),
    refuses: tuple[int, ...] = (),
    language: str = "en",
    settings: Json | None = None,
) -> Iterator[Window]:
    """The plugin's window over a score. At its end, nothing may have gone wrong in the engine."""
    application()
    QLocale.setDefault(QLocale(language))
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "settings"))
    modules = _modules(folder, has_title=version[0] == 4 and version[1] <= 3)
    plugin = _plugin(folder, server, settings)
    complaints: list[str] = []
    view = QQuickView()
    view.engine().addImportPath(str(modules))
    view.engine().warnings.connect(lambda errors: complaints.extend(map(_words, errors)))
    told = {"version": list(version), "score": json.dumps(score) if score else "", "refuses": list(refuses)}
    view.rootContext().setContextProperty("standin", told)
    view.rootContext().setContextProperty("Element", ELEMENTS)
    view.setSource(QUrl.fromLocalFile(str(plugin)))
    assert view.status() == QQuickView.Status.Ready, [error.toString() for error in view.errors()]
    view.show()
    found = Window(view, complaints)
    view.rootObject().run.emit()  # type: ignore[attr-defined]
    try:
        yield found
        assert complaints == []
    finally:
        view.close()
        view.deleteLater()
        QTest.qWait(1)


def _words(error: QQmlError) -> str:
    return str(error.toString())


def _modules(folder: Path, *, has_title: bool) -> Path:
    """The module `MuseScore 3.0`; only 4.0 to 4.3 have titles as properties."""
    module = folder / "modules" / "MuseScore"
    shutil.copytree(STANDIN, module, dirs_exist_ok=True)
    (module / "qmldir").write_text("module MuseScore\nMuseScore 3.0 MuseScore.qml\n")
    if has_title:
        properties = "".join(f"property string {name}\n    " for name in ("title", "categoryCode", "thumbnailName"))
        text = (module / "MuseScore.qml").read_text()
        (module / "MuseScore.qml").write_text(text.replace("// 4.0 only: title categoryCode thumbnailName", properties))
    return folder / "modules"


def _plugin(folder: Path, server: str, settings: Json | None) -> Path:
    """The plugin as it is installed, with a server's address and, where they are given, its remembered settings."""
    import re

    place = folder / "plugin"
    shutil.copytree(PLUGIN, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.md", "node_modules"))
    script = (place / "session.js").read_text()
    script = re.sub(r'(?<=var SERVER = ").*(?=";)', server, script)
    (place / "session.js").write_text(script)
    if settings is not None:
        text = (place / "chordllama.qml").read_text()
        (place / "chordllama.qml").write_text(
            text.replace("script().session(given, remembered())", f"script().session(given, {json.dumps(settings)})")
        )
    return place / "chordllama.qml"
