"""The shape of a calculator: what it is registered with, its results, its steps, flips and links."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NamedTuple

from calculators.kit.chances import Chances
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import Field, FromFact, Input, InputError, link_text, some, written
from calculators.kit.units import UNITS, Range, show


class NoValue(NamedTuple):
    """In place of a number that does not exist, with the reason as a sentence."""

    why: str


LEFT_OUT = NoValue("It is not part of what was asked.")
"""In place of an output that belongs to another way of asking: pages leave it out, and it needs no step."""


def output(label: str, *, unit: str = "text", headline: bool = False, range: bool = False, table: bool = False,
           decimals: int | None = None, digits: int | None = None, code: str = "", closed: bool = False) -> Any:
    """A result. The headline is the answer in words; a unit of text makes a text, any other a number or a Range; `table`: a
    Table, folded away until it is asked for if it is `closed`; `code`: a text to copy as it stands, such as a command, and the
    language it is in.

    `decimals` is how many are shown at most, `digits` how many significant digits, for what is no surer than that; the value
    itself, as JSON gives it, is never rounded. A field of Outputs that is no output() is for explain() and chart(), and is
    not shown.
    """
    return field(metadata={"field": Output(label, unit, headline, range, decimals, table, code, digits, closed)})


class Ref(str):
    """A text in a cell of a table that links out. `url` is an https address."""

    url: str

    def __new__(cls, text: str, url: str) -> "Ref":
        """A text with its address."""
        made = super().__new__(cls, text)
        made.url = url
        return made


class Table(NamedTuple):
    """A result for each of several things: what each column holds and its unit, and by row its label and values.

    The first column is what the labels are; its unit is text.
    """

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, tuple[Value | NoValue, ...]], ...]

    def shown(self) -> tuple[list[str], list[list[str]]]:
        """The head and the rows as text, the unit in the head where a column has one."""
        head = [f"{label}, {UNITS[unit]}" if UNITS[unit] else label for label, unit in self.columns]
        return head, [[label, *(_bare(value, unit) for value, (_, unit) in zip(values, self.columns[1:], strict=True))]
                      for label, values in self.rows]


class Output(NamedTuple):
    """What a page shows for one result."""

    label: str
    unit: str
    headline: bool = False
    range: bool = False
    decimals: int | None = None
    table: bool = False
    code: str = ""  # the language of a text that is copied as it stands
    digits: int | None = None
    closed: bool = False

    @property
    def kind(self) -> str:
        """As the command line names it."""
        if self.table:
            return "table"
        return "text" if self.unit == "text" else "range" if self.range else "value"

    def shown(self, value: "Value | Range | NoValue | Table") -> str:
        """The result for reading: with its unit, or why there is none."""
        if isinstance(value, Table):
            return f"{len(value.rows)} in the table"
        if self.code and isinstance(value, str):
            return f"{value.count(chr(10)) + 1} lines" if "\n" in value else value
        if (self.decimals is None and self.digits is None) or isinstance(value, NoValue | str):
            return shown_result(value, self.unit)
        if isinstance(value, Range):
            return show(Range(*(self._rounded(part) for part in value)), self.unit)
        return show(self._rounded(value), self.unit)

    def _rounded(self, value: float) -> float:
        """A number with as many digits as are shown."""
        if self.digits:
            value = float(f"{value:.{self.digits}g}")
        return value if self.decimals is None else round(value, self.decimals)


class Step(NamedTuple):
    """One line of working. `text` names inputs, outputs and facts in braces; they are filled in, never typed."""

    of: str
    text: str


class Flip(NamedTuple):
    """The value of one input, alone, at which the answer changes; or None and why there is none."""

    input: str
    value: Value | None
    unit: str
    answer: str = ""
    why: str = ""
    beyond: str = "from"  # from | above | up to | below | "": on which side of the value the other answer holds


class Link(NamedTuple):
    """What to read or calculate next. `page` is a path of the site, with no leading slash; `values` are carried to its form.

    `version` is the major version of the calculator that takes them.
    """

    text: str
    page: str
    values: Mapping[str, Input] = {}
    version: str = "1"

    @property
    def address(self) -> str:
        """The page, with the values as its form's link holds them."""
        parts = [f"v={self.version}", *(f"{name}={link_text(value)}" for name, value in sorted(self.values.items()))]
        return f"{self.page}?{'&'.join(parts)}" if self.values else self.page


@functools.cache
def _declared(inputs_or_outputs: type) -> dict[str, Any]:
    """What was declared for each field of a dataclass, by its name. Worked out once; not to be changed."""
    return {f.name: f.metadata["field"] for f in fields(inputs_or_outputs) if "field" in f.metadata}


def _no_flips(inputs: Any, facts: Facts) -> list[Flip]:
    return []


def _no_warnings(inputs: Any, outputs: Any) -> list[str]:
    return []


@dataclass(frozen=True, kw_only=True)
class Calculator:
    """A registered calculator. `data` names the files of data/ that it may read, which are all that the page loads."""

    slug: str
    title: str
    question: str
    version: str
    data: tuple[str, ...]
    inputs: type
    outputs: type
    calculate: Callable[[Any, Facts], Any]
    explain: Callable[[Any, Any], list[Step]]
    chart: Callable[[Any, Any, Facts], Chart | list[Chart]]
    next: Callable[[Any, Any], list[Link]]
    flips: Callable[[Any, Facts], list[Flip]] = _no_flips
    presets: str = ""  # a data file whose rows are starting points for the form; read when the page is built
    warnings: Callable[[Any, Any], list[str]] = _no_warnings
    chances: Callable[[Any, Any, Facts], Chances | None] | None = None  # worked out after the first figures stand
    record: Callable[[Any], str] | None = None  # of a kit.result.Result: the decision record, as Markdown

    @property
    def later(self) -> bool:
        """Whether there is more to a result than its first figures."""
        return bool(self.chances or self.record or self.flips is not _no_flips)

    def fields(self) -> dict[str, Field]:
        """The inputs by name, in the order of the form."""
        return _declared(self.inputs)

    def results(self) -> dict[str, Output]:
        """The outputs by name, in the order of the page."""
        return _declared(self.outputs)

    def defaults(self, facts: Facts) -> dict[str, Input]:
        """The value of each input that nobody has given; None for a figure that was not known on that day."""
        known = {name: facts.get(key) for name, key in self.default_facts().items()}
        plain = {f.name: f.default for f in fields(self.inputs) if f.default is not MISSING}
        return plain | {name: fact.value if fact else None for name, fact in known.items()}

    def default_facts(self) -> dict[str, str]:
        """The key of the figure behind each default that is one."""
        return {f.name: f.default.key for f in fields(self.inputs) if isinstance(f.default, FromFact)}

    def read(self, given: Mapping[str, object], facts: Facts) -> Any:
        """The inputs dataclass of what was given. Raises InputError, the first of `all` in the form's order, and MissingFact
        if an input that is asked would start from a figure that was not known on that day."""
        known = self.fields()
        errors = [InputError(name, f"There is no input {name!r} here; there are {some(known)}.", "usage")
                  for name in given if name not in known]
        values = self.defaults(facts)
        figures = self.default_facts()
        asked_by = {name for spec in known.values() for name, _ in spec.asked_if}
        for name in sorted(known, key=lambda name: name not in asked_by):  # what others wait for comes first
            if _asked(name, known, values):
                start = facts[figures[name]].value if name in figures and name not in given else values[name]
                try:
                    values[name] = known[name].read(name, given.get(name, start), facts)
                except InputError as error:
                    errors.append(error)
        errors.sort(key=lambda error: list(known).index(error.field) if error.field in known else -1)
        if errors:
            errors[0].all = errors
            raise errors[0]
        return self.inputs(**values)

    def starts(self) -> list[dict[str, str]]:
        """A question for each way of asking: the defaults, and each answer on which other inputs wait."""
        ways = dict.fromkeys((name, value) for spec in self.fields().values() for name, values in spec.asked_if
                             for value in values)
        return [{}, *(self.asking(name) | {name: value} for name, value in ways)]

    def asking(self, name: str) -> dict[str, str]:
        """Answers with which an input is asked."""
        found: dict[str, str] = {}
        for other, values in self.fields()[name].asked_if:
            found |= self.asking(other) | {other: values[0]}
        return found

    def asked(self, values: Mapping[str, Input]) -> list[str]:
        """The inputs that are asked when the others have these values, in the order of the form."""
        known = self.fields()
        return [name for name in known if _asked(name, known, values)]


def _asked(name: str, known: Mapping[str, Field], values: Mapping[str, Input]) -> bool:
    """Whether an input is asked: every condition holds, and is itself asked."""
    return all(written(values[other]) in wanted and _asked(other, known, values) for other, wanted in known[name].asked_if)


def shown_result(value: Value | Range | NoValue, unit: str) -> str:
    """A result for reading: with its unit, or why there is none."""
    return value.why if isinstance(value, NoValue) else show(value, unit)


def _bare(value: Value | NoValue, unit: str) -> str:
    """A cell of a table: without its unit, which stands in the head."""
    if isinstance(value, NoValue | str):
        return value.why if isinstance(value, NoValue) else value
    if unit == "USD/month" and not isinstance(value, bool) and abs(value) >= 1:
        value = round(value, 2)  # cents, as a bill has them
    if unit == "USD" and not isinstance(value, bool) and abs(value) < 1:
        value = float(f"{value:.4g}")  # a request's price; nobody needs more of its digits
    return show(value, unit).removesuffix(UNITS[unit]).rstrip() if value != 1 else "1"


def fill(text: str, values: Mapping[str, str], facts: Facts) -> tuple[str, list[str]]:
    """Put shown values in place of the braces of a step; return the text and the keys of the facts it cites."""
    cited: list[str] = []

    def shown(match: re.Match[str]) -> str:
        name = match[1]
        if "." in name:
            cited.append(name)
            return show(facts[name].value, facts[name].unit)
        return values[name]

    return re.sub(r"\{([\w.-]+)\}", shown, text), cited


