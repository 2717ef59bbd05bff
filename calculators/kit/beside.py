"""Results beside each other as HTML: those that were kept, and a dated link then and now."""

from collections.abc import Sequence
from html import escape

from calculators.kit.result import Result
from calculators.kit.shape import Output
from calculators.kit.units import Range, number, percent, show


def side_by_side(kept: Sequence[Result], now: Result) -> str:
    """Results that were kept beside this one: the inputs that differ, and the figures with their distance from the first."""
    press = '<button type="button" class="md-button" data-{}="{}" aria-label="{} kept result {}">{}</button>'
    heads = [f"Kept {i} {press.format('open', i - 1, 'Show', i, 'Show')} {press.format('drop', i - 1, 'Remove', i, 'Remove')}"
             for i in range(1, len(kept) + 1)]
    return _comparison("This result beside those you kept", [*heads, "Now"], [*kept, now])


def then_and_now(then: Result, now: Result) -> str:
    """A dated link: what it showed on its day, what it shows today, and which of its figures have changed since."""
    before, after = ({fact.key: fact for fact in result.facts} for result in (then, now))
    changed = [f"{fact.label}: {show(before[key].value, fact.unit)}, now {show(fact.value, fact.unit)} (from {fact.start})"
               for key, fact in after.items() if key in before and before[key].value != fact.value]
    items = "".join(f"<li>{escape(text)}</li>" for text in changed)
    said = (f"<p>Figures that have changed since:</p><ul>{items}</ul>" if changed
            else "<p>None of the figures that it names has changed since.</p>")
    return _comparison("Then and now", [f"On {then.as_of}", f"On {now.as_of}"], [then, now]) + said


def _comparison(title: str, heads: Sequence[str], results: Sequence[Result]) -> str:
    calculator = results[0].calculator
    rows = [(f"{spec.label} (input)", [result.asked.get(name, "not asked") for result in results])
            for name, spec in calculator.fields().items() if len({result.asked.get(name) for result in results}) > 1]
    rows.append(("Answer", [result.headline for result in results]))
    rows += [(spec.label, [_beside(result, results[0], name, spec) for result in results])
             for name, spec in calculator.results().items()
             if spec.unit != "text" and not spec.table and any(name in result.shown for result in results)]
    head = "".join(f'<th scope="col">{text}</th>' for text in ["", *heads])
    body = "".join(f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}'
                   "</tr>" for label, cells in rows)
    return (f'<div class="scroll compared" tabindex="0" role="group" aria-label="{escape(title)}">'
            f'<table class="figures-table"><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>")


def _beside(result: Result, first: Result, name: str, spec: Output) -> str:
    """A figure, and how far it is from that of the first result."""
    if name not in result.shown:
        return "not asked"
    value, base = result.outputs[name], first.outputs[name]
    shown = spec.shown(value)
    now, then = _number(value), _number(base)
    if result is first or now is None or then is None or now == then:
        return shown
    return f"{shown} ({_distance(now / then)})" if then else shown


def _distance(ratio: float) -> str:
    """How far a figure is from another, in words."""
    if ratio >= 3:
        return f"{number(float(f'{ratio:.2g}'))} times"
    change = abs(ratio - 1)
    return "nearly the same" if change < 0.005 else f"{'+' if ratio > 1 else '−'}{percent(change)}"


def _number(value: object) -> float | None:
    """The number of a figure, the central one of a range; None if it is none."""
    if isinstance(value, Range):
        return value.central
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
