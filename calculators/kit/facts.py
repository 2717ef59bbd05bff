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

    `read(stem)` returns one data file in the bundled form that buildtime.bundling writes. Figures: {"sources": {id: {...}},
    "facts": {"group.name": {"label", "unit", "values": [[start, recorded, value, source, note, *also], ...]}}}. A table:
    {"sources", "columns": {name: [label, unit]}, "rows": {id: [[start, recorded, source, note, [also], {name: value}],
    ...]}}. Dates are ISO text throughout, because they sort as they are and datetime is a slow import in the browser.
    """

    def __init__(self, read: Callable[[str], dict[str, Any]], as_of: str) -> None:
        self.as_of = as_of
        self._read = read
        self._files: dict[str, dict[str, Any]] = {}
        self._rows: dict[str, dict[str, dict[str, Value]]] = {}
        self._histories: dict[str, list[Fact]] = {}

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

    def keys(self, stem: str) -> Iterator[str]:
        """Every key of one data file, in its order."""
        file = self._file(stem)
        if "rows" not in file:
            return (f"{stem}.{name}" for name in file["facts"])
        return (f"{stem}.{row}.{name}" for row, versions in file["rows"].items()
                for name in file["columns"] if any(name in values for *_, values in versions))

    def rows(self, stem: str) -> dict[str, dict[str, Value]]:
        """A table as it stands on `as_of`: the values in force, by row and column. Worked out once; not to be changed.

        Raises MissingFact if nothing of it is in force on that day.
        """
        if stem not in self._rows:
            found = {row: self._row(versions) for row, versions in self._file(stem).get("rows", {}).items()}
            self._rows[stem] = {row: values for row, values in found.items() if values}
        if not self._rows[stem]:
            raise MissingFact(f"data/{stem}.yaml holds nothing that was recorded and in force on {self.as_of}.")
        return self._rows[stem]

    def row_history(self, stem: str, row: str) -> list[tuple[str, dict[str, Value]]]:
        """A row over time, as known on `as_of`: each day from which something changed, announced ones included, and what
        holds from then on."""
        versions = self._file(stem).get("rows", {}).get(row, [])
        starts = sorted({start for start, recorded, *_ in versions if recorded <= self.as_of})
        return [(start, self._row(versions, start)) for start in starts]

    def _row(self, versions: list[list[Any]], day: str = "") -> dict[str, Value]:
        """What is in force of a row: later versions over earlier ones, column by column."""
        found: dict[str, Value] = {}
        for start, recorded, _, _, _, values in sorted(versions, key=lambda v: (v[0], v[1])):
            if start <= (day or self.as_of) and recorded <= self.as_of:
                found |= values
        return {name: value for name, value in found.items() if value is not None}

    def _known(self, key: str) -> list[Fact]:
        """The history with its ends: from the date of a fact without a value there is none. Worked out once."""
        if key not in self._histories:
            self._histories[key] = self._read_history(key)
        return self._histories[key]

    def _read_history(self, key: str) -> list[Fact]:
        stem, _, name = key.partition(".")
        file = self._file(stem)
        label, unit, values = _values(file, name)
        if not values:
            raise MissingFact(f"data/{stem}.yaml has no {name}.")
        known = {}
        for start, recorded, value, source, note, *also in sorted(values, key=lambda v: (v[0], v[1])):
            if recorded <= self.as_of:
                known[start] = Fact(key, label, unit, value, start, recorded,
                                    Source(source, **file["sources"][source]), note, tuple(also))
        return list(known.values())

    def _file(self, stem: str) -> dict[str, Any]:
        if stem not in self._files:
            try:
                self._files[stem] = self._read(stem)
            except FileNotFoundError:
                raise MissingFact(f"There is no data/{stem}.yaml.") from None
        return self._files[stem]


def _values(file: dict[str, Any], name: str) -> tuple[str, str, list[Any]]:
    """Label, unit and every value of a figure or of a table's cell."""
    if "rows" not in file:
        fact = file["facts"].get(name, {"label": "", "unit": "", "values": []})
        return fact["label"], fact["unit"], fact["values"]
    row, _, column = name.partition(".")
    label, unit = file["columns"].get(column, ("", ""))
    return f"{row}, {label}", unit, [
        [start, recorded, values[column], source, note, *also]
        for start, recorded, source, note, also, values in file["rows"].get(row, []) if column in values]
