"""The schema of data/*.yaml: what a file holds, and what each value of it must be by itself."""

import datetime
import itertools
import math
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, model_validator

from calculators.kit.facts import Source
from calculators.kit.units import UNITS

ID = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Id = Annotated[str, Field(pattern=ID)]
Scalar = bool | int | float | str | datetime.date
Cell = Scalar | None
ROW_KEYS = ("from", "recorded", "source", "also", "note")
PLACEHOLDER = re.compile(r"\{([\w.-]+)\}")
"""A figure of data/ in a sentence, by its key."""


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


def check_value(value: Scalar, unit: str) -> None:
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


def listed[Version](versions: Version | list[Version]) -> list[Version]:
    """The versions of a value or of a row, oldest first: one that has never changed stands by itself."""
    return versions if isinstance(versions, list) else [versions]


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
            check_value(row[1].value, self.unit)
        for start, versions in self.values.items():
            recorded = [v.recorded for v in listed(versions)]
            if any(a >= b for a, b in itertools.pairwise(recorded)):
                raise ValueError(f"the records of {start} must each be later than the one before")
        return self

    def rows(self) -> Iterator[tuple[datetime.date, ValueRow]]:
        """Each value with the date from which it holds."""
        for start, versions in self.values.items():
            for version in listed(versions):
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
        if not self.sources and self.verdict != "unsourced" and not PLACEHOLDER.search(self.now):
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


def table_rows(file: File) -> Iterator[tuple[str, dict[str, Cell]]]:
    """Each version of each row of a file's table, with the row's id."""
    for row_id, versions in (file.table.rows if file.table else {}).items():
        for row in listed(versions):
            yield row_id, row


def claim_text(claim: Claim, show: Callable[[str], str]) -> str:
    """What holds, with each {key} replaced by what `show` makes of it."""
    return PLACEHOLDER.sub(lambda match: show(match[1]), claim.now)


def json_schema() -> dict[str, Any]:
    """The JSON schema of a data file, for editors."""
    return File.model_json_schema()
