"""The shape of a calculator: its dataclasses are its form and its result."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NamedTuple, TypeGuard

from calculators.kit import days
from calculators.kit.chances import Chances
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts, Value
from calculators.kit.units import UNITS, Range, exact, read_number, show, typed


class InputError(ValueError):
    """What a reader or caller gave cannot be used: the field's name and a sentence about it."""

    def __init__(self, name: str | None, message: str, kind: str = "input") -> None:
        super().__init__(message)
        self.field, self.message, self.kind = name, message, kind
        self.all = [self]  # every error of the same question, this one first


Input = Value | tuple[str, ...] | None  # of a number None: left empty


class FromFact(NamedTuple):
    """A default that is a figure in data/, so that it is written once and carries its source."""

    key: str


class NoValue(NamedTuple):
    """In place of a number that does not exist, with the reason as a sentence."""

    why: str


LEFT_OUT = NoValue("It is not part of what was asked.")
"""In place of an output that belongs to another way of asking: pages leave it out, and it needs no step."""


class Field(NamedTuple):
    """What a form shows for one input, and what it accepts. Bounds are where the formula stops being true.

    A choice, or a list of choices, is among `choices` and the rows of the data file `table`, by row id or by an alias that
    its column `aliases` lists.
    """

    kind: str  # number | whole | yes_no | choice | list | text | day
    label: str
    unit: str
    help: str = ""
    min: float | None = None
    max: float | None = None
    above: float | None = None  # like min, but not the bound itself
    choices: Mapping[str, str] = {}  # what each is called, by its id; of a day: what an empty one stands for, by ""
    table: str = ""
    optional: bool = False  # a number that may be left empty: None then
    most: int = 0  # characters of a text, entries of a list
    named: tuple[str, ...] = ("name",)  # the columns of `table` that say what a row is called
    refused: "Callable[[Mapping[str, Value]], str] | None" = None  # why a row of `table` may not be chosen; "" if it may
    shared: bool = False  # a value set on one page is offered on the others
    group: str = ""  # under which heading it is folded away, below the fields that every reader needs
    step: str = ""  # the heading of the step of the form that it belongs to
    asked_if: tuple[tuple[str, tuple[str, ...]], ...] = ()  # other inputs, and the values that each must have one of

    def read(self, name: str, given: object, facts: Facts | None = None) -> Input:
        """The value of what was typed, sent or passed. Raises InputError with the field's name and a sentence."""
        if self.kind == "choice":
            return self._choice(name, given, facts)
        if self.kind == "list":
            return self._list(name, given, facts)
        if self.kind == "text":
            return self._any_text(name, given)
        if self.kind == "day":
            return self._day(name, given)
        if self.optional and (given is None or (isinstance(given, str) and not given.strip())):
            return None
        return self._yes_no(name, given) if self.kind == "yes_no" else self._number(name, given)

    def options(self, facts: Facts | None) -> dict[str, str]:
        """What may be chosen, by id: what each is called."""
        rows = facts.rows(self.table) if self.table and facts else {}
        return dict(self.choices) | {row: self._called(row, values) for row, values in rows.items()
                                     if not (self.refused and self.refused(values))}

    def _option(self, chosen: str, facts: Facts | None) -> str:
        """What one choice is called."""
        values = facts.rows(self.table).get(chosen) if self.table and facts else None
        return self._called(chosen, values) if values else self.choices.get(chosen, chosen)

    def _called(self, row: str, values: Mapping[str, Value]) -> str:
        """What a row is called: "GPT-4o (OpenAI)"."""
        first, *others = [str(values[name]) for name in self.named if name in values] or [row]
        return f"{first} ({', '.join(others)})" if others else first

    def _choice(self, name: str, given: object, facts: Facts | None) -> str:
        found = given.strip() if isinstance(given, str) else ""
        values = facts.rows(self.table).get(found) if self.table and facts else None
        why = self.refused(values) if values and self.refused else ""
        if values and why:
            raise InputError(name, f"{self._called(found, values)} {why} (got {_quoted(given)}).")
        chosen = found if values or found in self.choices else self._by_alias(found.lower(), facts)
        if not chosen:
            raise InputError(name, f"{self.label} must be one of {_some(self.options(facts))} (got {_quoted(given)}).")
        return chosen

    def _by_alias(self, wanted: str, facts: Facts | None) -> str:
        rows = facts.rows(self.table) if wanted and self.table and facts else {}
        return next((row for row, values in rows.items()
                     if wanted in _aliases(row, values) and not (self.refused and self.refused(values))), "")

    def _list(self, name: str, given: object, facts: Facts | None) -> tuple[str, ...]:
        parts = given.split(",") if isinstance(given, str) else given
        if not isinstance(parts, list | tuple):
            raise InputError(name, f"{self.label} must be a list, with commas between (got {_quoted(given)}).")
        wanted = [part for part in parts if not isinstance(part, str) or part.strip()]
        found = tuple(dict.fromkeys(self._choice(name, part, facts) for part in wanted))
        if not 1 <= len(found) <= self.most:
            raise InputError(name, f"{self.label} must name between 1 and {self.most} (got {len(found)}).")
        return found

    def _any_text(self, name: str, given: object) -> str:
        if not isinstance(given, str) or len(given) > self.most:
            raise InputError(name, f"{self.label} must be a text of at most {self.most:,} characters (got {_quoted(given)}).")
        return given.strip()

    def _day(self, name: str, given: object) -> str:
        found = given.strip() if isinstance(given, str) else "?"
        if found in self.choices:
            return found
        try:
            days.ordinal(found)
        except ValueError:
            raise InputError(name, f"{self.label} must be a day such as 2026-07-31 (got {_quoted(given)}).") from None
        return found

    def _yes_no(self, name: str, given: object) -> bool:
        if isinstance(given, bool):
            return given
        if str(given).strip().lower() in ("yes", "no"):
            return str(given).strip().lower() == "yes"
        raise InputError(name, f"“{self.label}” must be answered yes or no (got {_quoted(given)}).")

    def _number(self, name: str, given: object) -> float:
        try:
            if isinstance(given, bool) or not isinstance(given, str | int | float):
                raise ValueError
            value = read_number(given if isinstance(given, str) else repr(given))
        except (ValueError, OverflowError):
            hint = "; write 0.5 for a half" if re.fullmatch(r"\s*\d+,\d{1,2}\s*", str(given)) else ""
            raise InputError(name, f"{self.label} must be a number{hint} (got {_quoted(given)}).") from None
        if self.kind == "whole" and value != int(value):
            raise InputError(name, f"{self.label} must be a whole number (got {_quoted(given)}).")
        if (
            (self.min is not None and value < self.min)
            or (self.max is not None and value > self.max)
            or (self.above is not None and value <= self.above)
        ):
            raise InputError(name, f"{self.label} must be {self.bounds()} (got {_quoted(given)}).")
        return int(value) if self.kind == "whole" else value

    def bounds(self) -> str:
        """The range in words: "between 1 and 100 %"."""
        unit = "" if self.unit == "count" else UNITS[self.unit]
        low = self.above if self.above is not None else self.min
        if low is not None and self.max is not None:
            words = "more than {} and at most {}" if self.above is not None else "between {} and {}"
            return f"{words.format(typed(low), typed(self.max))} {unit}".rstrip()
        if low is not None:
            return f"{'more than' if self.above is not None else 'at least'} {typed(low)} {unit}".rstrip()
        return f"at most {typed(self.max or 0)} {unit}".rstrip()

    def link_text(self, value: Input) -> str:
        """A value as a link holds it."""
        return link_text(value)

    def form_text(self, value: Input) -> str:
        """A value as the form holds it."""
        return typed(float(value)) if _is_number(value) else _text(value)

    def shown(self, value: Input, facts: Facts | None = None) -> str:
        """A value with its unit, for reading; of a choice what it is called."""
        if self.kind == "day":
            return self.choices.get(str(value), str(value))
        if value is None or value == "":
            return "not given"
        if self.kind in ("choice", "list"):
            return ", ".join(self._option(one, facts) for one in (value if isinstance(value, tuple) else (str(value),)))
        return show(value, self.unit) if not isinstance(value, tuple) else ""


def link_text(value: Input) -> str:
    """A value as a link holds it."""
    if _is_number(value):
        return exact(float(value))
    # What would end the value or mean something else in an address; the browser does the rest.
    return re.sub(r"[%&#+ \t\r\n]", lambda sign: f"%{ord(sign[0]):02X}", _text(value))


def _is_number(value: Input) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Input) -> str:
    """A value that is no number as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ",".join(value) if isinstance(value, tuple) else str(value or "")


def number(label: str, *, unit: str, default: float | FromFact | None, help: str = "", **bounds: float) -> Any:
    """An input that is a number with a unit. `bounds`: min, max, above. A default of None: it may be left empty."""
    return field(default=default, metadata={"field": _bounded("number", label, unit, help, default is None, **bounds)})


def whole(label: str, *, unit: str, default: int | FromFact | None, help: str = "", **bounds: float) -> Any:
    """An input that is a whole number with a unit. `bounds`: min, max, above. A default of None: it may be left empty."""
    return field(default=default, metadata={"field": _bounded("whole", label, unit, help, default is None, **bounds)})


def _bounded(kind: str, label: str, unit: str, help: str, optional: bool, min: float | None = None,
             max: float | None = None, above: float | None = None) -> Field:
    return Field(kind, label, unit, help, min, max, above, optional=optional)


def yes_no(label: str, *, default: bool = False, help: str = "") -> Any:
    """An input that is yes or no."""
    return field(default=default, metadata={"field": Field("yes_no", label, "yes_no", help)})


def choice(label: str, *, default: str, choices: Mapping[str, str] | None = None, table: str = "",
           named: tuple[str, ...] = ("name",), refused: Callable[[Mapping[str, Value]], str] | None = None,
           help: str = "") -> Any:
    """An input that is one of a few things. `choices`: what each is called, by its id. `table`: a data file whose rows may
    be chosen too, called by their columns `named`. `refused` says why a row may not be chosen, "" if it may."""
    return field(default=default, metadata={"field": Field("choice", label, "text", help, choices=choices or {}, table=table,
                                                           named=named, refused=refused)})


def several(label: str, *, default: tuple[str, ...], choices: Mapping[str, str] | None = None, table: str = "",
            most: int = 12, named: tuple[str, ...] = ("name",),
            refused: Callable[[Mapping[str, Value]], str] | None = None, help: str = "") -> Any:
    """An input that is a list of things, each as for `choice`; `most`: how many at the most. `named`: the columns that say
    what a row is called. `refused` says why a row may not be chosen ("was retired on ..."), "" if it may."""
    return field(default=default, metadata={"field": Field("list", label, "text", help, choices=choices or {}, table=table,
                                                           most=most, named=named, refused=refused)})


def text(label: str, *, default: str = "", most: int = 20_000, help: str = "") -> Any:
    """An input that is a text, such as a file pasted in; `most`: its characters at the most."""
    return field(default=default, metadata={"field": Field("text", label, "text", help, most=most)})


def day(label: str, *, default: str = "", empty: str, help: str = "") -> Any:
    """An input that is a day of the calendar, as ISO text. `empty`: what it stands for if it is left empty."""
    return field(default=default, metadata={"field": Field("day", label, "date", help, choices={"": empty})})


def _with(declared: Any, **marks: Any) -> Any:
    """An input as it was declared, with further marks."""
    return field(default=declared.default, metadata={"field": declared.metadata["field"]._replace(**marks)})


def shared(declared: Any) -> Any:
    """An input as it was declared, whose value is offered on other pages once a reader has set it here."""
    return _with(declared, shared=True)


def folded(declared: Any, group: str) -> Any:
    """An input as it was declared, folded away under a heading of its own, since few readers need it."""
    return _with(declared, group=group)


def stepped(declared: Any, step: str) -> Any:
    """An input as it was declared, in a step of the form with a heading; a narrow screen shows one step at a time."""
    return _with(declared, step=step)


def when(declared: Any, name: str, *values: str) -> Any:
    """An input as it was declared, asked only if the choice or yes-no question `name` has one of these values.

    Otherwise it is not shown, not read, holds its default and stays out of links and exports. Several conditions must all
    hold, and so must those of the input that they name.
    """
    return _with(declared, asked_if=(*declared.metadata["field"].asked_if, (name, values)))


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
        errors = [InputError(name, f"There is no input {name!r} here; there are {_some(known)}.", "usage")
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
    return all(_text(values[other]) in wanted and _asked(other, known, values) for other, wanted in known[name].asked_if)


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


def _aliases(row: str, values: Mapping[str, Value]) -> set[str]:
    """What a row may be called, in small letters: its id, its name, its aliases, which stand between semicolons."""
    named = f"{row};{values.get('name', '')};{values.get('aliases', '')}".lower()
    return {part.strip() for part in named.split(";")}


def _some(options: Mapping[str, object]) -> str:
    """Ids as an error lists them: all of a few, the first of many."""
    ids = list(options)
    return ", ".join(ids) if len(ids) <= 12 else f"{', '.join(ids[:8])} and {len(ids) - 8} more"


def _quoted(given: object) -> str:
    """What was given, as an error repeats it: short, and never a blank."""
    text = ("yes" if given else "no") if isinstance(given, bool) else str(given).strip()
    return (text[:40] + "…" if len(text) > 40 else text) or "nothing"
