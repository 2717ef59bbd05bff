"""What a reader may change in the form of a calculator's page."""

from collections.abc import Iterator
from typing import Any

from calculators.buildtime import DOCS, data, fence
from calculators.kit.facts import Facts
from calculators.kit.fields import Field, InputError
from calculators.kit.result import answer
from calculators.kit.shape import Calculator


def page_start(slug: str) -> dict[str, str]:
    """The values that the form of a calculator's own page begins with, where they are not the defaults."""
    text = (DOCS / "calculators" / f"{slug}.md").read_text("utf-8")
    return fence.start_of(text.partition("```calculator\n")[2].partition("\n")[0])[1]


def edits(calculator: Calculator) -> Iterator[tuple[str, str]]:
    """Changes without end, each other than the one before and each with an answer, going round the fields that the page of a
    calculator asks."""
    facts = data.facts()
    begun = page_start(calculator.slug)
    start = answer(calculator, begun, facts)
    typed: dict[str, object] = dict(begun)
    turn = 0
    while True:
        turn += 1
        for name, spec in calculator.fields().items():
            if name not in start.asked or name in begun:
                continue
            choices = texts(spec, start.inputs[name])
            text = choices[turn % len(choices)] if len(choices) > 1 else None
            if text is None or not answers(calculator, typed | {name: text}, facts):
                continue
            typed[name] = text
            yield name, text


def answers(calculator: Calculator, fields: dict[str, object], facts: Facts) -> bool:
    """Whether the form as it stands has an answer; together even allowed values may be refused."""
    try:
        return bool(answer(calculator, fields, facts))
    except InputError:
        return False


def texts(spec: Field, default: Any) -> list[str]:
    """Values that may be typed or chosen for a field, the default first."""
    if spec.kind == "yes_no":
        return ["no", "yes"] if not default else ["yes", "no"]
    if spec.kind == "choice":
        return [spec.form_text(default), *(c for c in spec.choices if c != default)]
    if spec.kind not in ("number", "whole") or default is None:
        return []
    low = spec.above if spec.above is not None else spec.min
    values = [default, *(default * factor for factor in (1.1, 0.8, 0.55))]
    whole = [round(v) if spec.kind == "whole" else v for v in values]
    fits = [v for v in whole if (spec.max is None or v <= spec.max) and (low is None or v > low)]
    return list(dict.fromkeys(spec.form_text(v) for v in fits))
