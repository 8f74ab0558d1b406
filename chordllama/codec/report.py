"""What reading a score met: what was dropped knowingly, what is unknown, what had to be mended. Knows no trees."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Report:
    """Counts, filled while a score is read.

    `dropped` and `unknown` count elements by name; `mended` counts what was put right, in words; `where` holds the first place
    of each unknown element.
    """

    dropped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    mended: Counter[str] = field(default_factory=Counter)
    where: dict[str, str] = field(default_factory=dict)

    def warnings(self) -> list[str]:
        """Return one sentence for each thing that a composer should know."""
        unknown = [
            f"<{name}> is not MusicXML 4.0: left out {count} time{'s' * (count > 1)}, first {self.where.get(name, 'in the header')}"
            for name, count in sorted(self.unknown.items())
        ]
        return unknown + [f"{what} ({count} time{'s' * (count > 1)})" for what, count in sorted(self.mended.items())]
