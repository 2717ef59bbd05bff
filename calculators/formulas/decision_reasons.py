"""The original document's reasons for either kind of model, and what each does, or would do, to a decision."""

from typing import NamedTuple

from calculators.formulas.decision_inputs import labels
from calculators.formulas.options import OPTIONS, SHORT, named
from calculators.formulas.verdict import Bench, Verdict
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import Input
from calculators.kit.units import show


class Reason(NamedTuple):
    """One of the original's reasons, as a row of data/decision-reasons.yaml."""

    words: str
    list: str
    question: str
    stated: Input
    without: Input


def reasons_of(facts: Facts) -> dict[str, Reason]:
    """The original's reasons, by their row."""
    fields = labels()

    def read(question: str, text: Value) -> Input:
        return fields[question].read(question, str(text), facts)

    return {key: Reason(str(row["words"]), str(row["list"]), str(row["question"]),
                        read(str(row["question"]), row["stated"]), read(str(row["question"]), row.get("without", "")))
            for key, row in facts.rows("decision-reasons").items()}


def effect(bench: Bench, reason: Reason) -> str:
    """What a reason does where it holds, against the answer without it; or would do if it held."""
    now, field = getattr(bench.inputs, reason.question), labels()[reason.question]
    if holds(now, reason):
        return f"Said: “{field.label}” {difference(bench.judge(**{reason.question: reason.without}), bench.base, 's')}."
    stated = field.shown(reason.stated, bench.facts)
    found = difference(bench.base, bench.judge(**{reason.question: reason.stated}))
    return f"Not said: “{field.label}” answered “{stated}” would {found}."


def holds(now: Input, reason: Reason) -> bool:
    """Whether an answer states a reason: it is the one that does, or a number at least as far in its direction."""
    stated, without = reason.stated, reason.without
    if isinstance(now, bool) or not isinstance(now, int | float) or not isinstance(stated, int | float):
        return now == stated
    return now <= stated if isinstance(without, int | float) and stated < without else now >= stated


def difference(before: Verdict, after: Verdict, s: str = "") -> str:
    """What differs between two verdicts, the gravest alone: what is out, what is back, who is first, whose points moved.

    `s`: the ending of the verb.
    """
    out = [way for way in OPTIONS if way in before.order and way not in after.order]
    back = [way for way in OPTIONS if way in after.order and way not in before.order]
    if out or back:
        return " and ".join(f"{word} {named(ways)}" for word, ways in ((f"rule{s} out", out), (f"allow{s}", back)) if ways)
    if before.first != after.first:
        return f"put{s} {SHORT[after.first]} before {SHORT[before.first]}"
    moved = {way: after.totals[way].central - before.totals[way].central for way in after.order}
    way = max(moved, key=lambda one: abs(moved[one]), default="")
    if not way or abs(moved[way]) < 0.005:
        return f"change{s} nothing"
    return f"move{s} {SHORT[way]} most, by {'+' if moved[way] > 0 else '−'}{show(round(abs(moved[way]), 2), 'points')}"
