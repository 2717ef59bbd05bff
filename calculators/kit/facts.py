"""Look up a dated number and where it comes from."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Value = float | str | bool
OURS = "This guide"  # the publisher of what we compute or judge ourselves


class Source(NamedTuple):
    """Where a figure was read. `checked` is the day the page was read, or the day a package was released."""

    id: str
    publisher: str
    title: str
    url: str
    via: str  # page | package | secondary
    checked: str
    package: str = ""  # name and version, when via is package

    def dated(self) -> str:
        """How and when it was read, in words."""
        if self.via == "package":
            return f"{self.package}, released {self.checked}"
        if self.publisher == OURS:
            return f"worked out {self.checked}"
        return f"{'page read' if self.via == 'page' else 'second-hand, read'} {self.checked}"


class Fact(NamedTuple):
    """One value in force on a day. `start` is the date from which it holds, `recorded` the day it was written down."""

    key: str
    label: str
    unit: str
    value: Value
    start: str
    recorded: str
    source: Source
    note: str = ""
    also: tuple[str, ...] = ()  # ids of further sources that give the same figure


class MissingFact(LookupError):
    """data/ has no such figure: our fault, never the reader's."""


class Facts:
    """The facts as they stood on one day.

    `read(stem)` returns one data file in the bundled form that buildtime.data writes: {"sources": {id: {...}},
    "facts": {"group.name": {"label", "unit", "values": [[start, recorded, value, source, note, *also], ...]}}}. Dates are ISO
    text throughout, because they sort as they are and datetime is a slow import in the browser.
    """

    def __init__(self, read: Callable[[str], dict[str, Any]], as_of: str) -> None:
        self.as_of = as_of
        self._read = read

    def __getitem__(self, key: str) -> Fact:
        """The fact in force on `as_of`, ignoring what was recorded later. Raises MissingFact, naming key and day."""
        versions = [fact for fact in self._known(key) if fact.start <= self.as_of]
        if not versions or versions[-1].value is None:
            raise MissingFact(f"data/ has no {key} in force on {self.as_of}.")
        return versions[-1]

    def get(self, key: str) -> Fact | None:
        """The fact in force on `as_of`, or None if there is none."""
        try:
            return self[key]
        except MissingFact:
            return None

    def coming(self, key: str) -> list[Fact]:
        """What is already announced for after `as_of`, soonest first."""
        return [fact for fact in self.history(key) if fact.start > self.as_of]

    def history(self, key: str) -> list[Fact]:
        """Every value known on `as_of`, by the date it starts; a later record of the same date replaces the earlier."""
        return [fact for fact in self._known(key) if fact.value is not None]

    def _known(self, key: str) -> list[Fact]:
        """The history with its ends: from the date of a fact without a value there is none."""
        stem, _, name = key.partition(".")
        file = self._file(stem)
        if name not in file["facts"]:
            raise MissingFact(f"data/{stem}.yaml has no {name}.")
        row = file["facts"][name]
        known = {}
        for start, recorded, value, source, note, *also in sorted(row["values"], key=lambda v: (v[0], v[1])):
            if recorded <= self.as_of:
                known[start] = Fact(key, row["label"], row["unit"], value, start, recorded,
                                    Source(source, **file["sources"][source]), note, tuple(also))
        return list(known.values())

    def keys(self, stem: str) -> Iterator[str]:
        """Every key of one data file, in its order."""
        return (f"{stem}.{name}" for name in self._file(stem)["facts"])

    def _file(self, stem: str) -> dict[str, Any]:
        try:
            return self._read(stem)
        except FileNotFoundError:
            raise MissingFact(f"There is no data/{stem}.yaml.") from None
