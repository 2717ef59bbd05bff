"""One question answered: everything that a page, a file or a terminal shows of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from calculators.kit.chances import Chances
from calculators.kit.chart import Chart
from calculators.kit.facts import Fact, Facts, Source, Value
from calculators.kit.fields import Input, InputError
from calculators.kit.shape import LEFT_OUT, Calculator, Flip, Link, NoValue, Output, Table, fill
from calculators.kit.units import Range

EXTREME = "These numbers are too far apart to calculate with: one is too large or too close to nothing."


class FilledStep(NamedTuple):
    """A step with its numbers in, and the keys of the facts it cites."""

    of: str
    text: str
    facts: list[str]


class Result(NamedTuple):
    """The answer of one calculator to one set of inputs on one day."""

    calculator: Calculator
    as_of: str
    inputs: dict[str, Input]
    given: list[str]  # the inputs that the asker named
    changed: list[str]  # the inputs that differ from the default
    outputs: dict[str, Value | Range | NoValue | Table]
    steps: list[FilledStep]
    facts: list[Fact]
    flips: list[Flip] | None  # None: left for later, since they may take longer than the figures
    warnings: list[str]
    next: list[Link]
    charts: list[Chart]
    asked: dict[str, str]  # the inputs that were asked, as they are read: with unit, and choices by what they are called
    chances: Chances | None = None  # worked out only where they are wanted, since they take longer than the rest

    @property
    def sources(self) -> list[Source]:
        """Where the cited facts come from, each once whatever two files call it, in the order of their first use."""
        first: dict[tuple[str, ...], Source] = {}
        for fact in self.facts:
            first.setdefault(fact.source[1:], fact.source)
        return list(first.values())

    @property
    def unused(self) -> list[str]:
        """The inputs that the asker named and that nothing depends on, since what they wait for was answered otherwise."""
        return [name for name in self.given if name not in self.asked]

    @property
    def shown(self) -> dict[str, Output]:
        """The outputs that belong to what was asked, by name, in the order of the page."""
        return {name: spec for name, spec in self.calculator.results().items() if self.outputs[name] != LEFT_OUT}

    @property
    def chart(self) -> Chart:
        """The first of its pictures. Raises IndexError if it has none: a result that is a text needs no picture."""
        return self.charts[0]

    @property
    def headline(self) -> str:
        """The answer in words."""
        return next(str(self.outputs[n]) for n, o in self.calculator.results().items() if o.headline)

    @property
    def link(self) -> str:
        """The query string that brings this result back: what differs from the defaults, sorted."""
        fields = self.calculator.fields()
        parts = [f"{name}={fields[name].link_text(self.inputs[name])}" for name in sorted(self.changed)]
        return "?" + "&".join([f"v={self.calculator.version.partition('.')[0]}", *parts])


    @property
    def dated_link(self) -> str:
        """The same, with the day of its figures: opened later, it shows what it showed then beside what it shows now."""
        return f"{self.link}&as_of={self.as_of}"


def answer(calculator: Calculator, given: Mapping[str, object], facts: Facts, *, chances: bool = False,
           flips: bool = True) -> Result:
    """Ask a calculator; `chances`: for its chances too; `flips`: for what would change the answer. Raises InputError for what
    the asker gave, MissingFact for what data/ lacks."""
    inputs = calculator.read(given, facts)
    try:
        return _answer(calculator, inputs, list(given), facts, chances, flips)
    except (OverflowError, ZeroDivisionError):
        raise InputError(None, EXTREME) from None


def chances_of(calculator: Calculator, given: Mapping[str, object], facts: Facts) -> Chances | None:
    """The chances alone, of a question that has had its answer. Raises InputError, MissingFact."""
    if not calculator.chances:
        return None
    inputs = calculator.read(given, facts)
    return calculator.chances(inputs, calculator.calculate(inputs, facts), facts)


def _answer(calculator: Calculator, inputs: Any, given: list[str], facts: Facts, chances: bool,
            with_flips: bool) -> Result:
    """The result of inputs that are each within their bounds. Raises InputError if they are too far apart together."""
    outputs = calculator.calculate(inputs, facts)
    values = {name: getattr(inputs, name) for name in calculator.fields()}
    asked = calculator.asked(values)
    found = {name: getattr(outputs, name) for name in calculator.results()}
    flips = [flip for flip in calculator.flips(inputs, facts) if flip.input in asked] if with_flips else None
    if not all(_in_reach(value) for value in [*found.values(), *(flip.value for flip in flips or [])]):
        raise InputError(None, EXTREME)
    # What is not asked may stand in a table that holds nothing yet on an early day.
    given_text = {n: calculator.fields()[n].shown(v, facts if n in asked else None) for n, v in values.items()}
    shown = given_text | {n: calculator.results()[n].shown(v) for n, v in found.items()}
    steps = [FilledStep(step.of, *fill(step.text, shown, facts)) for step in calculator.explain(inputs, outputs)]
    defaults = calculator.defaults(facts)
    changed = [name for name in asked if values[name] != defaults[name]]
    behind = [key for name, key in calculator.default_facts().items() if name in asked and name not in changed]
    drawn = calculator.chart(inputs, outputs, facts)
    cited = dict.fromkeys(key for step in steps for key in step.facts) | dict.fromkeys(behind)
    return Result(
        calculator, facts.as_of, values, given, changed, found, steps, [facts[key] for key in cited],
        flips, calculator.warnings(inputs, outputs), calculator.next(inputs, outputs),
        drawn if isinstance(drawn, list) else [drawn], {name: given_text[name] for name in asked},
        calculator.chances(inputs, outputs, facts) if chances and calculator.chances else None,
    )


def _in_reach(value: Value | Range | NoValue | Table | None) -> bool:
    """Whether a result can be shown and drawn: so far from what a float holds that no chart's ends leave it."""
    if isinstance(value, NoValue | str):  # most cells of a long table are texts
        return True
    if isinstance(value, Table):
        return all(_in_reach(cell) for _, cells in value.rows for cell in cells)
    parts = value if isinstance(value, Range) else (value,)
    return all(isinstance(part, str | None) or part == 0 or 1e-200 < abs(part) < 1e200 for part in parts)
