"""How far the best open model is behind the best proprietary one, in points and in months, on one benchmark over time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from calculators.formulas import intervals
from calculators.kit import days
from calculators.kit.chart import Line, Lines
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import choice, day
from calculators.kit.shape import Calculator, Link, NoValue, Step, Table, output
from calculators.kit.units import Range, show

LEVEL_QUANTILE = 1.6448536269514722  # two-sided 90 %, as Epoch AI takes it
YEAR = 365  # days of the window that is used if none is given
CLAIM = ("original.behind.low", "original.behind.high")  # in months, as the original says


class Benchmark(NamedTuple):
    """A benchmark over time: its file in data/, what it is called, and what its published intervals are."""

    stem: str
    name: str
    quantile: float  # standard errors to each side of a score that its `low` and `high` stand for
    interval: str
    caution: str = ""


# A further benchmark is one line here and its stem in CALCULATOR.data; its table has the columns of data/frontier.yaml.
BENCHMARKS = {
    "eci": Benchmark("frontier", "Epoch Capabilities Index", 1.6448536269514722, "90 %", "Epoch AI fits the index anew with "
                     "each release: these are the scores of one file, and later files exist."),
    "gpqa": Benchmark("gpqa", "GPQA Diamond", 1.959963984540054, "95 %", "The best models leave few of its questions "
                      "unsolved, so single steps at the top lie within the error."),
    "aider": Benchmark("aider", "Aider polyglot", 1.959963984540054, "95 %", "Dates are those of the test run, not of the "
                       "release, and the board stopped testing in October 2025."),
}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Which benchmark, on which day, and averaged over which days."""

    benchmark: str = choice(
        "Benchmark", choices={key: found.name for key, found in BENCHMARKS.items()}, default="eci",
        help="The index puts many benchmarks on one scale; the other two are single ones.",
    )
    as_of_day: str = day(
        "On the day", empty="the last day of the data",
        help="What had been released by then. Empty: the last day of the data.",
    )
    window_from: str = day(
        "Average from", empty="a year before the end of the average",
        help="First day of the average. Empty: a year before its last.",
    )
    window_to: str = day(
        "Average to", empty="the day above", help="Last day of the average. Empty: the day above.",
    )


class Model(NamedTuple):
    """One scored model. `low` and `high` are the published interval; `error` one standard error of the score."""

    row: str
    name: str
    date: str
    score: float
    low: float
    high: float
    error: float


class Side(NamedTuple):
    """All models of one kind, by date, and those that were the best so far when they came."""

    models: tuple[Model, ...]
    records: tuple[Model, ...]

    def best(self, on: str) -> Model | None:
        """The best by a day, or None if there was none."""
        return next((model for model in reversed(self.records) if model.date <= on), None)


class Catch(NamedTuple):
    """A proprietary record, and the first open model that reached its score; None for not yet."""

    record: Model
    reached_by: Model | None


class Working(NamedTuple):
    """What explain() and chart() need beyond the results."""

    benchmark: Benchmark
    open: Side
    proprietary: Side
    best_open: Model | None
    best_proprietary: Model | None
    first_reached: Model | None
    first_level: Model | None
    last: str
    day: str
    window: tuple[str, str]
    claim: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The gap on a day, its averages over a window, and how long it took to reach each record."""

    answer: str = output("Answer", headline=True)
    used_day: str = output("On the day")
    open_model: str = output("Best open model")
    open_score: Range | NoValue = output("Its score, with the published interval", unit="points", range=True, decimals=1)
    proprietary_model: str = output("Best proprietary model")
    proprietary_score: Range | NoValue = output("Its score, with the published interval", unit="points", range=True, decimals=1)
    gap: Range | NoValue = output("Gap", unit="points", range=True, decimals=1)
    lag_reached: float | NoValue = output("Behind, if the score must be reached", unit="months", decimals=1)
    lag_level: float | NoValue = output("Behind, if within chance counts as level", unit="months", decimals=1)
    window_days: str = output("Days of the average")
    mean_gap: float | NoValue = output("Average gap", unit="points", decimals=1)
    mean_lag_reached: float | NoValue = output("Average, if the score must be reached", unit="months", decimals=1)
    mean_lag_level: float | NoValue = output("Average, if within chance counts as level", unit="months", decimals=1)
    catch_up_mean: float | NoValue = output("Until a proprietary record was reached, average", unit="months", decimals=1)
    records_reached: int = output("Records reached by an open model", unit="count")
    records_waiting: int = output("Records not reached", unit="count")
    catch_up_censored: float | NoValue = output("That average, counting how long those wait", unit="months", decimals=1)
    catch_ups: Table = output("Proprietary records, and when an open model reached them", table=True)
    working: Working


def side(models: Sequence[Model]) -> Side:
    """The models of one kind by date, with its records: on each day the best of that day, if better than all before."""
    ordered = sorted(models, key=lambda model: (model.date, model.score))
    records: list[Model] = []
    for model in ordered:
        if not records or model.score > records[-1].score:
            if records and records[-1].date == model.date:
                records.pop()
            records.append(model)
    return Side(tuple(ordered), tuple(records))


def read(benchmark: Benchmark, facts: Facts) -> tuple[Side, Side]:
    """Open and proprietary models of a benchmark. Rows of any other access are left out.

    A score without an interval (two models fix the scale of the index) gets the widths of the nearest score that has one.
    """
    rows = [(row, values) for row, values in facts.rows(benchmark.stem).items()
            if "score" in values and values.get("access") in ("open", "proprietary")]
    known = [values for _, values in rows if "low" in values]
    sides: dict[str, list[Model]] = {"open": [], "proprietary": []}
    for row, values in rows:
        score = float(values["score"])
        like = values if "low" in values else min(known, key=lambda v: abs(float(v["score"]) - score))
        sides[str(values["access"])].append(_model(row, values, score, like, benchmark.quantile))
    return side(sides["open"]), side(sides["proprietary"])


def _model(row: str, values: Mapping[str, Value], score: float, like: Mapping[str, Value], quantile: float) -> Model:
    low, high, centre = float(like["low"]), float(like["high"]), float(like["score"])
    return Model(row, str(values["model"]), str(values["date"]), score, score - (centre - low), score + (high - centre),
                 (high - low) / 2 / quantile)


def first_to_reach(model: Model, others: Sequence[Model]) -> Model | None:
    """The first of `others`, which are by date, that has at least the score of `model`."""
    return next((other for other in others if other.score >= model.score), None)


def first_beyond_chance(model: Model, others: Sequence[Model]) -> Model | None:
    """The first of `others`, which are by date, that is better than `model` by more than chance at 90 %.

    More than 1.645 √(e1² + e2²) better, with e the standard errors behind the published intervals, taken as independent
    and normal. Epoch AI resamples its fit instead; the averages agree within half a month.
    """
    return next((other for other in others
                 if other.score - model.score > LEVEL_QUANTILE * math.hypot(other.error, model.error)), None)


def gap_of(open_model: Model, proprietary: Model) -> Range:
    """Proprietary less open, in points. The interval takes the two published ones as independent, and is of their level."""
    return intervals.difference(Range(open_model.low, open_model.score, open_model.high),
                                Range(proprietary.low, proprietary.score, proprietary.high))


def lag_of(first: Model | None, on: str) -> float:
    """Months from the day of a proprietary model to a day, and 0 if there was no such model by then."""
    return max(0.0, days.months_between(first.date, on)) if first else 0.0


def mean_lag(open_records: Sequence[Model], firsts: Sequence[Model | None], start: int, end: int) -> float:
    """The mean over every day from `start` to `end` (day numbers, both counted) of the lag of that day's best open model.

    `firsts` holds for each open record the proprietary model that its lag counts from. Within the days of one record the
    lag grows by a day each day, so it is summed as an arithmetic series and not day by day. In months.
    """
    total = 0.0
    for i, record in enumerate(open_records):
        low = max(start, days.ordinal(record.date))
        high = min(end, days.ordinal(open_records[i + 1].date) - 1) if i + 1 < len(open_records) else end
        first = firsts[i]
        if first is None:
            continue
        since = days.ordinal(first.date)
        low = max(low, since)
        if low <= high:
            total += ((low - since) + (high - since)) * (high - low + 1) / 2
    return total / (end - start + 1) / days.DAYS_PER_MONTH


def mean_score(records: Sequence[Model], start: int, end: int) -> float:
    """The mean over every day from `start` to `end` (day numbers, both counted) of the best score so far, in points."""
    total = 0.0
    for i, record in enumerate(records):
        low = max(start, days.ordinal(record.date))
        high = min(end, days.ordinal(records[i + 1].date) - 1) if i + 1 < len(records) else end
        total += record.score * max(0, high - low + 1)
    return total / (end - start + 1)


def catch_ups(open_side: Side, proprietary: Side, on: str) -> list[Catch]:
    """Each proprietary record set by a day, and the first open model that had reached it by that day."""
    known = [model for model in open_side.models if model.date <= on]
    return [Catch(record, first_to_reach(record, known)) for record in proprietary.records if record.date <= on]


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """The best of each kind on the day, the averages of the window, and the catch-up of each proprietary record."""
    benchmark = BENCHMARKS[inputs.benchmark]
    open_side, proprietary = read(benchmark, facts)
    last = max(model.date for found in (open_side, proprietary) for model in found.models)
    on = min(inputs.as_of_day or last, last)
    window = _window(inputs, open_side, proprietary, on)
    best_open, best = open_side.best(on), proprietary.best(on)
    reached = best_open and first_to_reach(best_open, proprietary.models)
    level = best_open and first_beyond_chance(best_open, proprietary.models)
    none = NoValue(f"none: on {on} the data had no model of both kinds")
    caught = catch_ups(open_side, proprietary, on)
    both = best_open and best
    return Outputs(
        answer=_answer(on, best_open, best, lag_of(reached, on)), used_day=on,
        open_model=best_open.name if best_open else "none", open_score=_interval(best_open),
        proprietary_model=best.name if best else "none", proprietary_score=_interval(best),
        gap=gap_of(best_open, best) if best_open and best else none,
        lag_reached=lag_of(reached, on) if both else none, lag_level=lag_of(level, on) if both else none,
        **_means(open_side, proprietary, window), **_catch_up_figures(caught, on),
        working=Working(benchmark, open_side, proprietary, best_open, best, reached, level, last, on, window,
                        (float(facts[CLAIM[0]].value), float(facts[CLAIM[1]].value))),
    )


def _window(inputs: Inputs, open_side: Side, proprietary: Side, on: str) -> tuple[str, str]:
    """First and last day of the average: within the data, and with a model of each kind on every day."""
    end = min(inputs.window_to or on, on)
    start = inputs.window_from or days.iso(max(1, days.ordinal(end) - YEAR + 1))
    return max(start, open_side.models[0].date, proprietary.models[0].date), end


def _means(open_side: Side, proprietary: Side, window: tuple[str, str]) -> dict[str, Any]:
    """The averages of a window, or why there are none."""
    if window[0] > window[1]:
        none = NoValue(f"none: no day up to {window[1]} has models of both kinds in the window")
        return {"window_days": "none", "mean_gap": none, "mean_lag_reached": none, "mean_lag_level": none}
    start, end = days.ordinal(window[0]), days.ordinal(window[1])
    reached = [first_to_reach(record, proprietary.models) for record in open_side.records]
    level = [first_beyond_chance(record, proprietary.models) for record in open_side.records]
    return {
        "window_days": f"{window[0]} to {window[1]}, {end - start + 1:,} days",
        "mean_gap": mean_score(proprietary.records, start, end) - mean_score(open_side.records, start, end),
        "mean_lag_reached": mean_lag(open_side.records, reached, start, end),
        "mean_lag_level": mean_lag(open_side.records, level, start, end),
    }


def _catch_up_figures(caught: Sequence[Catch], on: str) -> dict[str, Any]:
    """The average time until a record was reached: over those that were, and with the wait of those that were not.

    The second is all months of waiting, ended or not, over the number that ended: the mean if records are reached at a
    constant rate, as is usual where some have not ended (censored).
    """
    reached = [lag_of(catch.record, catch.reached_by.date) for catch in caught if catch.reached_by]
    waiting = [lag_of(catch.record, on) for catch in caught if not catch.reached_by]
    none = NoValue("none: no proprietary record was reached by then")
    return {
        "catch_up_mean": sum(reached) / len(reached) if reached else none,
        "records_reached": len(reached), "records_waiting": len(waiting),
        "catch_up_censored": sum([*reached, *waiting]) / len(reached) if reached else none,
        "catch_ups": Table(
            columns=(("Proprietary record", "text"), ("Of", "date"), ("Score", "count"), ("Reached by", "text"),
                     ("On", "date"), ("After", "months")),
            rows=tuple(_catch_up_row(catch) for catch in caught),
        ),
    }


def _catch_up_row(catch: Catch) -> tuple[str, tuple[Value | NoValue, ...]]:
    record, model = catch
    if not model:
        not_yet = NoValue("")
        return record.name, (record.date, round(record.score, 1), "not yet", not_yet, not_yet)
    return record.name, (record.date, round(record.score, 1), model.name, model.date, round(lag_of(record, model.date), 1))


def _interval(model: Model | None) -> Range | NoValue:
    return Range(model.low, model.score, model.high) if model else NoValue("none by then")


def _answer(on: str, open_model: Model | None, proprietary: Model | None, lag: float) -> str:
    if not open_model or not proprietary:
        return f"On {on} the data have no model of both kinds to compare"
    if open_model.score >= proprietary.score:
        return f"On {on} the best open model, {open_model.name}, was not behind"
    gap = show(round(proprietary.score - open_model.score, 1), "points")
    return (f"On {on} the best open model, {open_model.name}, was {gap} behind {proprietary.name}; a proprietary model had "
            f"first reached its score {show(round(lag, 1), 'months')} before")


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    w = outputs.working
    return [
        Step("used_day", f"{{as_of_day}}; the data end on {w.last}: {{used_day}}"),
        *_model_steps("open", w, w.best_open), *_model_steps("proprietary", w, w.best_proprietary),
        Step("gap", "{gap}, from the two intervals: the halves that face each other, √ of the sum of their squares; "
             f"{w.benchmark.interval} like the published ones" if w.best_open and w.best_proprietary else "{gap}"),
        Step("lag_reached", _lag_text("reached that score", w.first_reached, w, "{lag_reached}")),
        Step("lag_level", _lag_text("was better by more than chance (90 %)", w.first_level, w, "{lag_level}")),
        Step("window_days", "{window_from} to {window_to}, within the data: {window_days}"),
        Step("mean_gap", "best proprietary less best open score, mean over these days: {mean_gap}"),
        Step("mean_lag_reached", "for each of these days, the months since a proprietary model first reached that day's "
             "best open score; the mean: {mean_lag_reached}"),
        Step("mean_lag_level", "for each of these days, the months since a proprietary model was first better than that day's "
             "best open one by more than chance; the mean: {mean_lag_level}"),
        Step("catch_ups", "each proprietary model that was the best so far, and the first open one with at least its score: "
             "{catch_ups}"),
        Step("records_reached", "reached by {used_day}: {records_reached}"),
        Step("records_waiting", "not reached by {used_day}: {records_waiting}" + _waiting_names(outputs)),
        Step("catch_up_mean", "the mean over those reached: {catch_up_mean}; it leaves out the others"),
        Step("catch_up_censored", "months of all records, reached or still waiting on {used_day}, ÷ {records_reached} reached: "
             "{catch_up_censored}, if records are reached at a steady rate"),
        Step("answer", "{gap} and {lag_reached}"),
    ]


def _model_steps(kind: str, w: Working, model: Model | None) -> list[Step]:
    if not model:
        return [Step(f"{kind}_model", "none by {used_day}"), Step(f"{kind}_score", f"{{{kind}_score}}")]
    key = f"{w.benchmark.stem}.{model.row}"
    return [
        Step(f"{kind}_model", f"the highest score by {{used_day}}: {{{kind}_model}}, of {{{key}.date}}"),
        Step(f"{kind}_score", f"{{{key}.score}}, {w.benchmark.interval} interval: {{{kind}_score}}"),
    ]


def _lag_text(what: str, first: Model | None, w: Working, figure: str) -> str:
    if not w.best_open or not w.best_proprietary:
        return figure
    if not first or first.date > w.day:
        return f"by {{used_day}} no proprietary model {what}: {figure}"
    date = f"{{{w.benchmark.stem}.{first.row}.date}}"
    return f"a proprietary model first {what} on {date} ({first.name}): {figure} before {{used_day}}"


def _waiting_names(outputs: Outputs) -> str:
    names = [f"{label} of {values[0]}" for label, values in outputs.catch_ups.rows if values[2] == "not yet"]
    return f" ({', '.join(names)})" if names else ""


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Lines:
    """The best score so far of each kind over time, the models that set it named."""
    w = outputs.working
    lines = [_staircase("Proprietary, best so far", w.proprietary, w.last),
             _staircase("Open weights, best so far", w.open, w.last)]
    dates = sorted({record.date for found in (w.open, w.proprietary) for record in found.records})
    return Lines(
        title=f"Best score so far: open weights against proprietary ({w.benchmark.name})", x_label="Date", x_unit="date",
        y_label="Score", y_unit="points", lines=lines, table_x=[days.year_of(date) for date in dates],
        mark=(days.year_of(w.day), w.day) if w.day < w.last else None, x_text=days.of_year, tick_text=_tick,
    )


def _staircase(label: str, found: Side, last: str) -> Line:
    points = [(days.year_of(record.date), record.score) for record in found.records]
    names = [record.name for record in found.records]
    if found.records[-1].date < last:
        points.append((days.year_of(last), points[-1][1]))
        names.append("")
    return Line(label, points, steps=True, names=names)


def _tick(year: float) -> str:
    """A year, or year and month where it is none."""
    return f"{year:.0f}" if year == int(year) else days.of_year(year)[:7]


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    return [Link("What the original says of the gap, and what holds", "guide/performance/#narrowing-gap"),
            Link("Is the difference of two scores more than chance? The significance calculator", "calculators/significance/")]


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """The original's claim against these figures, and what limits them."""
    w = outputs.working
    found = [_claim(outputs)] if not isinstance(outputs.mean_lag_reached, NoValue) else []
    if inputs.as_of_day > w.last:
        found.append(f"The data end on {w.last}; the figures are of that day.")
    if w.benchmark.caution:
        found.append(w.benchmark.caution)
    return found


def _claim(outputs: Outputs) -> str:
    """The original's “6 to 12 months” against the two averages of the window."""
    low, high = outputs.working.claim
    level, reached = outputs.mean_lag_level, outputs.mean_lag_reached
    assert not isinstance(level, NoValue)
    assert not isinstance(reached, NoValue)
    both = sorted((level, reached))
    if both[0] > high:
        verdict = f"more than {high:g}"
    elif both[1] < low:
        verdict = f"less than {low:g}"
    elif both[0] >= low and both[1] <= high:
        verdict = "within that range"
    elif both[1] <= high:
        verdict = f"only the stricter reading reaches {low:g}, and neither reaches {high:g}"
    else:
        verdict = f"the stricter reading is beyond {high:g}"
    window = " to ".join(outputs.working.window)
    return (f"The original says {low:g} to {high:g} months behind. Averaged over {window} these data give "
            f"{show(round(reached, 1), 'months')} if the open model must reach the score and {show(round(level, 1), 'months')} "
            f"if a difference within chance counts as level: {verdict}.")


CALCULATOR = Calculator(
    slug="frontier",
    title="Frontier",
    question="How far are the best open models behind the best proprietary ones, and since when?",
    version="1.1",
    data=("frontier", "gpqa", "aider", "original"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    warnings=warnings,
)
