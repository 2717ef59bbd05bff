"""The record of a decision in full, for a team to sign."""

from collections.abc import Mapping, Sequence

from calculators.formulas.decision_inputs import FULL, WEIGHTS, labels
from calculators.formulas.full_decision import STAYS
from calculators.formulas.options import FACTORS, OPTIONS, joined
from calculators.kit.record import Considered, Draft, cells, said, written
from calculators.kit.result import Result

GOOD, BAD = 7.0, 4.0  # points from which a factor speaks for a way, and up to which against it
CONDITIONS = ("data_may_go", "residency", "connection", "score_floor", "needs_newest", "needs_images", "context_tokens",
              "tuning", "commercial", "monthly_users", "redistributes", "shows_name", "team", "target_tokens_per_s",
              "first_token_ms", "budget_usd")
"""The inputs that can rule a way out by themselves."""


def record(answer: Result) -> str:
    """The record of a full decision; "" for the quick form, which decides nothing that a team could sign."""
    if answer.inputs["mode"] != FULL:
        return ""
    ruled, points, costs, measure = (cells(answer.outputs[name]) for name in ("ruled", "points", "costs", "measure"))
    first = next(iter(points), "")
    considered = [Considered(way, _month_text(costs[way]), _fate(way, first, ruled[way]), *_for_and_against(way, points))
                  for way in OPTIONS.values()]
    conditions = [f"{labels()[name].label.rstrip('?')}: {answer.asked[name]}" for name in CONDITIONS if name in answer.asked
                  and name in answer.changed]
    weights = [f"{FACTORS[factor].lower()} {answer.asked[name]}" for factor, name in WEIGHTS.items()]
    good, bad = _for_and_against(first, points)
    return written(answer, Draft(
        title=f"How to run the language model: {answer.headline}",
        context=_context(answer), drivers=[*conditions, f"Weights, of 5: {', '.join(weights)}"], considered=considered,
        outcome=f"Chosen: {first}. {said(answer.outputs['why'])} How sure: {said(answer.outputs['how_sure'])}" if first else (
            f"{answer.headline}. {said(answer.outputs['conflict'])}"),
        good=good, bad=[*bad, *answer.warnings[:-1]], watch=[f"Measure: {what}. {row[0]}" for what, row in measure.items()],
        note=answer.warnings[-1],
    ))


def _context(answer: Result) -> str:
    """The workload and the models, in a sentence or two."""
    told = answer.asked
    return (f"Which way to run a language model for {told['requests_per_day']} requests a day, each with "
            f"{told['input_tokens']} in and {told['output_tokens']} out? Shape of the day: {told['day_shape'].lower()}. "
            f"Looked at were {told['proprietary_model']} as the proprietary model and {told['model']} as the open one, on "
            f"{told['gpu']} where it is run on GPUs.")


def _month_text(row: Sequence[str]) -> str:
    """A row of the table of costs in words."""
    low, central, high = row[:3]
    if not central[:1].isdigit():
        return central
    return f"{central} USD" if low == high else f"{central} ({low} to {high}) USD"


def _fate(way: str, first: str, row: Sequence[str]) -> str:
    return "chosen" if way == first else "left" if row[0] == STAYS else f"ruled out. {row[0]}"


def _for_and_against(way: str, points: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The factors that speak for a way and against it, with their points of 10; a sentence of each."""
    if way not in points:
        return [], []
    named = [(label.lower(), float(cell)) for label, cell in zip(FACTORS.values(), points[way][1:], strict=True)]
    good = [f"{label} ({value:g} of 10 points)" for label, value in named if value >= GOOD]
    bad = [f"{label} ({value:g} of 10 points)" for label, value in named if value <= BAD]
    return ([f"of {joined(good)}"] if good else []), ([f"of {joined(bad)}"] if bad else [])
