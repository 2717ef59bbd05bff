"""The inputs of a calculator: what each accepts, how it is read, and how a dataclass declares it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, NamedTuple, TypeGuard

from calculators.kit import days
from calculators.kit.facts import Facts, Value
from calculators.kit.units import UNITS, exact, read_number, show, typed


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
            raise InputError(name, f"{self.label} must be one of {some(self.options(facts))} (got {_quoted(given)}).")
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
        return typed(float(value)) if _is_number(value) else written(value)

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
    return re.sub(r"[%&#+ \t\r\n]", lambda sign: f"%{ord(sign[0]):02X}", written(value))


def _is_number(value: Input) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def written(value: Input) -> str:
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


def _aliases(row: str, values: Mapping[str, Value]) -> set[str]:
    """What a row may be called, in small letters: its id, its name, its aliases, which stand between semicolons."""
    named = f"{row};{values.get('name', '')};{values.get('aliases', '')}".lower()
    return {part.strip() for part in named.split(";")}


def some(options: Mapping[str, object]) -> str:
    """Ids as an error lists them: all of a few, the first of many."""
    ids = list(options)
    return ", ".join(ids) if len(ids) <= 12 else f"{', '.join(ids[:8])} and {len(ids) - 8} more"


def _quoted(given: object) -> str:
    """What was given, as an error repeats it: short, and never a blank."""
    text = ("yes" if given else "no") if isinstance(given, bool) else str(given).strip()
    return (text[:40] + "…" if len(text) > 40 else text) or "nothing"
