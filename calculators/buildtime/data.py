"""The schema of data/*.yaml: reading, checking, and the bundled form that pages and browsers look figures up in."""

import datetime
import functools
import itertools
import math
import re
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError, model_validator

from calculators.buildtime import DATA
from calculators.kit.facts import Facts, Source
from calculators.kit.units import UNITS

Bundle = dict[str, Any]
ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Id = Annotated[str, Field(pattern=ID)]
Scalar = bool | int | float | str | datetime.date
Cell = Scalar | None
ROW_KEYS = ("from", "recorded", "source", "also", "note")
_PLACEHOLDER = re.compile(r"\{([\w.-]+)\}")


def _known_unit(unit: str) -> str:
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is not among {', '.join(UNITS)}")
    return unit


def _page_or_https(url: str) -> str:
    """A page of this site ("about/method.md", "about/method.md#rents") or an https address."""
    if re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)*\.md(#[a-z0-9-]+)?", url):
        return url
    if not url.startswith("https://"):
        raise ValueError(f"{url!r} is neither an https address nor a page such as about/method.md")
    TypeAdapter(HttpUrl).validate_python(url)
    return url


Unit = Annotated[str, AfterValidator(_known_unit)]
Url = Annotated[str, AfterValidator(_page_or_https)]


class Strict(BaseModel):
    """Unknown keys are refused, and so is text where a number belongs."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True, populate_by_name=True)


class SourceRow(Strict):
    """Where figures were read."""

    publisher: str
    """Who stands behind the figure."""
    title: str
    """What was read."""
    url: Url
    """Its https address, or a page of this site."""
    via: Literal["page", "package", "secondary"]
    """`page`: the primary page was read. `package`: taken from a published package. `secondary`: somebody quotes it."""
    checked: datetime.date | None = None
    """The day on which the page was read and the figure found on it."""
    package: str | None = None
    """For `package`: its name."""
    version: str | None = None
    """For `package`: its version."""
    released: datetime.date | None = None
    """For `package`: the day that version came out."""

    @model_validator(mode="after")
    def _dated(self) -> "SourceRow":
        if self.via == "package":
            if not (self.package and self.version and self.released) or self.checked:
                raise ValueError("via package needs package, version and released, and no checked")
        elif not self.checked or self.package or self.version or self.released:
            raise ValueError(f"via {self.via} needs checked, and no package, version or released")
        return self

    def bundled(self) -> dict[str, str]:
        """As kit.facts.Source takes it."""
        day = self.checked or self.released
        package = f"{self.package} {self.version}" if self.package else ""
        return {"publisher": self.publisher, "title": self.title, "url": self.url, "via": self.via,
                "checked": str(day), "package": package}

    def as_source(self, source_id: str) -> Source:
        """As pages show it."""
        return Source(source_id, **self.bundled())


class ValueRow(Strict):
    """One value, from the date it is keyed by."""

    value: Scalar
    """The figure, in the fact's unit."""
    recorded: datetime.date
    """The day it was written down here. A look-up as of an earlier day does not see it."""
    source: Id | None = None
    """If it is not the fact's own source."""
    note: str = ""
    """What a reader must know to use it."""


class FactRow(Strict):
    """One figure over time."""

    label: str
    """What it is, so that it can stand alone."""
    unit: Unit
    """One of the closed list in calculators/kit/units.py."""
    source: Id
    """An id of this file's sources."""
    values: dict[datetime.date, ValueRow | list[ValueRow]]
    """By the date from which each holds, oldest first. A correction is a second record under the same date."""
    note: str = ""
    """What a reader must know to use it."""

    @model_validator(mode="after")
    def _sound(self) -> "FactRow":
        if not self.values:
            raise ValueError("has no values")
        days = list(self.values)
        if days != sorted(days):
            raise ValueError(f"dates out of order: {', '.join(map(str, days))}")
        for row in self.rows():
            _check_value(row[1].value, self.unit)
        for start, versions in self.values.items():
            recorded = [v.recorded for v in (versions if isinstance(versions, list) else [versions])]
            if any(a >= b for a, b in itertools.pairwise(recorded)):
                raise ValueError(f"the records of {start} must each be later than the one before")
        return self

    def rows(self) -> Iterator[tuple[datetime.date, ValueRow]]:
        """Each value with the date from which it holds."""
        for start, versions in self.values.items():
            for version in versions if isinstance(versions, list) else [versions]:
                yield start, version


class Column(Strict):
    """A column of a table."""

    label: str
    """What it holds."""
    unit: Unit
    """One of the closed list in calculators/kit/units.py."""
    help: str = ""
    """How to read it."""


class Table(Strict):
    """Data that is a table by nature: label and unit by column, source and dates by row."""

    columns: dict[Annotated[str, Field(pattern=r"^[a-z0-9_]+$")], Column]
    """By name, in the order of the table."""
    rows: dict[Id, dict[str, Cell] | list[dict[str, Cell]]]
    """By id; a list where a row has changed over time, oldest first, each holding only what is new. Beside the columns
    a row has `from`, `recorded`, `source`, and if need be `note` and `also`: further sources that were read by themselves
    and give the same figures, their ids separated by spaces. `null` in a later version: from that day there is no such
    figure any more."""


class Claim(Strict):
    """What the original document says, and what holds."""

    original: str
    """Its words."""
    verdict: Literal["holds", "outdated", "wrong", "unsourced", "incomplete"]
    """How it stands."""
    now: str
    """What holds instead. {stem.group.name} stands for a figure of data/."""
    as_of: datetime.date
    """The day of this verdict."""
    sources: list[Id]
    """Ids of this file's sources; may be empty for `unsourced` alone."""

    @model_validator(mode="after")
    def _sourced(self) -> "Claim":
        if not self.sources and self.verdict != "unsourced" and not _PLACEHOLDER.search(self.now):
            raise ValueError(f"verdict {self.verdict} needs a source")
        return self


class File(Strict):
    """One file of data/."""

    title: str
    """What the file is about."""
    about: str
    """What is in it and what is left out."""
    shelf_life_days: Annotated[int, Field(gt=0)] | None = None
    """Days after which figures of this kind are called old. None: they do not age, as what a document once said."""
    sources: dict[Id, SourceRow]
    """Every source that the file cites, by id."""
    groups: dict[Id, str] = {}
    """Titles of groups of facts."""
    facts: dict[Id, dict[Id, FactRow]] | None = None
    """Figures by group and name."""
    table: Table | None = None
    """Or a table."""
    claims: dict[Id, Claim] | None = None
    """Or claims of the original document."""

    @model_validator(mode="after")
    def _one_kind(self) -> "File":
        if sum(part is not None for part in (self.facts, self.table, self.claims)) != 1:
            raise ValueError("holds exactly one of facts, table, claims")
        return self


class Problem(NamedTuple):
    """Something wrong in data/: where, and a sentence."""

    file: str
    key: str
    reason: str


class BadData(Exception):
    """data/ cannot be used. Says every problem, a line each: file: key: reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{p.file}: {p.key}: {p.reason}" for p in problems))
        self.problems = problems


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as written, but a key that stands twice is an error and not the last one silently.

    A day that is not in the calendar, and whatever else YAML takes for a value and Python does not, is an error with
    its line.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node. Raises yaml.constructor.ConstructorError."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, TypeError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping without doubles. Raises yaml.constructor.ConstructorError."""
        found: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key is one word", key_node.start_mark)
            if key in found:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            found.add(key)
        return dict(super().construct_mapping(node, deep=deep))


def load(path: Path) -> File:
    """Read and check one file. Raises BadData naming file, key and reason."""
    try:
        raw = yaml.load(path.read_text("utf-8"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        raise BadData([Problem(path.name, "file", reason)]) from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise BadData([Problem(path.name, f"line {line}", str(getattr(error, "problem", error)))]) from None
    if not re.fullmatch(ID, path.stem):
        raise BadData([Problem(path.name, "name", "a file name is kebab-case")])
    try:
        file = File.model_validate(raw)
    except ValidationError as error:
        raise BadData([Problem(path.name, *problem) for problem in _told(raw, error)]) from None
    problems = [Problem(path.name, key, reason) for key, reason in _inside(file)]
    if problems:
        raise BadData(problems)
    return file


def _told(raw: Any, error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each key that is wrong, once, and why.

    Where a value may be of several kinds, pydantic has an error for each of them; the deepest says most.
    """
    found: dict[str, list[str]] = {}
    for row in error.errors():
        found.setdefault(_where(raw, row["loc"], missing=row["type"] == "missing"), []).append(_why(row))
    for key, reasons in found.items():
        if key == "file" or not any(other.startswith(f"{key}.") for other in found):
            yield key, " or ".join([reasons[0], *(r.removeprefix("Input should be ") for r in reasons[1:])])


def _where(raw: Any, loc: tuple[int | str, ...], *, missing: bool) -> str:
    """The key of an error: the path through what the file holds, without the names of types that pydantic puts between."""
    parts: list[str] = []
    for step in loc:
        if isinstance(raw, dict):
            key = next((key for key in raw if step in (key, str(key), repr(key))), None)
            if key is None:
                continue
            parts.append(str(key))
            raw = raw[key]
        elif isinstance(raw, list) and isinstance(step, int):
            parts.append(str(step))
            raw = raw[step]
    return ".".join([*parts, *([str(loc[-1])] if missing else [])]) or "file"


def _why(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    return f"{message} (got {given!r})" if isinstance(given, str | int | float) and "ValueError" not in message else message


def _check_value(value: Scalar, unit: str) -> None:
    """Raises ValueError if a value is of another kind than its unit."""
    kinds: dict[str, tuple[type, ...]] = {"text": (str,), "url": (str,), "date": (datetime.date, str), "yes_no": (bool,)}
    kind = kinds.get(unit)
    if kind:
        if not isinstance(value, kind):
            raise ValueError(f"{value!r} is no {unit}")
        if unit == "date":
            datetime.date.fromisoformat(str(value))
        if unit == "url":
            _page_or_https(str(value))
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number, and the unit is {unit}")
    elif not abs(value) < math.inf:
        raise ValueError(f"{value!r} is not finite")


def _inside(file: File) -> Iterator[tuple[str, str]]:
    """What one file alone shows to be wrong: references, rows, unused sources."""
    used: set[str] = set()
    listed = ", ".join(file.sources)

    def cite(key: str, source: str) -> Iterator[tuple[str, str]]:
        used.add(source)
        if source not in file.sources:
            yield key, f"source {source!r} is not among {listed}"

    for group, facts in (file.facts or {}).items():
        for name, fact in facts.items():
            yield from cite(f"{group}.{name}", fact.source)
            for _, version in fact.rows():
                if version.source:
                    yield from cite(f"{group}.{name}", version.source)
    for group in file.groups:
        if group not in (file.facts or {}):
            yield f"groups.{group}", "has no facts"
    for row_id, row in _table_rows(file):
        yield from _check_row(row_id, row, file.table.columns if file.table else {})
        if "source" not in row:
            yield row_id, "source is missing"
            continue
        for source in [str(row.get("source")), *str(row.get("also", "")).split()]:
            yield from cite(row_id, source)
    for row_id, versions in (file.table.rows if file.table else {}).items():
        if isinstance(versions, list):
            yield from _check_versions(row_id, versions)
        first = versions[:1] if isinstance(versions, list) else [versions]
        yield from ((f"{row_id}.{name}", "null ends a figure, and there is none before it")
                    for row in first for name, value in row.items() if value is None)
    for claim_id, claim in (file.claims or {}).items():
        for source in claim.sources:
            yield from cite(claim_id, source)
        if re.search(r"[{}]", _PLACEHOLDER.sub("", claim.now)):
            yield claim_id, "a brace in now holds no key of a figure"
    for source in file.sources:
        if source not in used:
            yield f"sources.{source}", "is cited by nothing"


def _table_rows(file: File) -> Iterator[tuple[str, dict[str, Cell]]]:
    for row_id, versions in (file.table.rows if file.table else {}).items():
        for row in versions if isinstance(versions, list) else [versions]:
            yield row_id, row


def _check_row(row_id: str, row: dict[str, Cell], columns: dict[str, Column]) -> Iterator[tuple[str, str]]:
    for key in ("from", "recorded"):
        if not isinstance(row.get(key), datetime.date):
            yield row_id, f"{key} must be a date"
    if set(row) <= set(ROW_KEYS):
        yield row_id, "holds no figure"
    for name, value in row.items():
        if name in ("source", "also", "note") and not isinstance(value, str):
            yield f"{row_id}.{name}", f"{value!r} is no text"
        if name in ROW_KEYS:
            continue
        if name not in columns:
            yield f"{row_id}.{name}", f"there is no column {name!r}; there are {', '.join(columns)}"
            continue
        try:
            if value is not None:
                _check_value(value, columns[name].unit)
        except ValueError as error:
            yield f"{row_id}.{name}", str(error)


def _check_versions(row_id: str, versions: list[dict[str, Cell]]) -> Iterator[tuple[str, str]]:
    """The versions of a row: at least one, oldest first, and of one day's records each later than the one before."""
    if not versions:
        yield row_id, "has no versions"
    days = [(str(row.get("from")), str(row.get("recorded"))) for row in versions]
    if [start for start, _ in days] != sorted(start for start, _ in days):
        yield row_id, f"dates out of order: {', '.join(start for start, _ in days)}"
    for i, (start, recorded) in enumerate(days):
        for (start_before, recorded_before), row in zip(days[:i], versions[:i], strict=True):
            again = (set(row) & set(versions[i])) - set(ROW_KEYS)
            if again and start == start_before and recorded <= recorded_before:
                yield row_id, f"the records of {start} must each be later than the one before"


def bundle(file: File) -> Bundle:
    """The form that look-ups use, in CPython and in the browser: see kit.facts.Facts."""
    facts: dict[str, Any] = {}
    for group, named in (file.facts or {}).items():
        for name, fact in named.items():
            facts[f"{group}.{name}"] = {"label": fact.label, "unit": fact.unit, "values": [
                [str(start), str(v.recorded), _plain(v.value), v.source or fact.source, v.note or fact.note]
                for start, v in fact.rows()]}
    found: Bundle = {"title": file.title, "sources": {i: s.bundled() for i, s in file.sources.items()}}
    if file.table is None:
        return found | {"facts": facts}
    rows: dict[str, list[Any]] = {}
    for row_id, row in _table_rows(file):
        values = {name: _plain(value) for name, value in row.items() if name not in ROW_KEYS}
        rows.setdefault(row_id, []).append([str(row["from"]), str(row["recorded"]), str(row["source"]),
                                            str(row.get("note", "")), str(row.get("also", "")).split(), values])
    columns = {name: [column.label, column.unit] for name, column in file.table.columns.items()}
    return found | {"columns": columns, "rows": rows}


def keys(bundled: Bundle) -> set[str]:
    """Every figure of a bundled file, by its key within the file."""
    known = Facts(lambda _: bundled, "9999-12-31")
    return {key.partition(".")[2] for key in known.keys("file")}


def _plain(value: Cell) -> bool | int | float | str | None:
    return str(value) if isinstance(value, datetime.date) else value


@functools.cache
def read(stem: str, folder: Path = DATA) -> File:
    """A checked file by its stem. Raises FileNotFoundError or BadData."""
    path = folder / f"{stem}.yaml"
    if not path.is_file():
        raise FileNotFoundError(path)
    return load(path)


@functools.cache
def bundled(stem: str, folder: Path = DATA) -> Bundle:
    """The bundled form of a file by its stem."""
    return bundle(read(stem, folder))


def forget() -> None:
    """Read every file anew from now on: `mkdocs serve` builds again after a change."""
    read.cache_clear()
    bundled.cache_clear()


def facts(as_of: str | None = None) -> Facts:
    """The facts of data/ as they stood on an ISO date, today if none is given."""
    return Facts(bundled, as_of or datetime.date.today().isoformat())


def stems(folder: Path = DATA) -> list[str]:
    """Every data file."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def check(folder: Path = DATA) -> list[Problem]:
    """Every problem in a folder of data, the references between its files included."""
    problems: list[Problem] = []
    files: dict[str, File] = {}
    for stem in stems(folder):
        try:
            files[stem] = load(folder / f"{stem}.yaml")
        except BadData as error:
            problems += error.problems
    if not files and not problems:
        return [Problem(str(folder), "folder", "holds no .yaml file")]
    there = {f"{stem}.{name}" for stem, file in files.items() for name in keys(bundle(file))}
    for stem, file in files.items():
        for claim_id, claim in (file.claims or {}).items():
            problems += [Problem(f"{stem}.yaml", claim_id, f"there is no figure {key}")
                         for key in _PLACEHOLDER.findall(claim.now) if key not in there]
    return problems


def claim_text(claim: Claim, show: Callable[[str], str]) -> str:
    """What holds, with each {key} replaced by what `show` makes of it."""
    return _PLACEHOLDER.sub(lambda match: show(match[1]), claim.now)


def schema() -> dict[str, Any]:
    """The JSON schema of a data file, for editors."""
    return File.model_json_schema()
