"""A result as text to keep: a Markdown note, and the JSON of the command line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from calculators.kit.facts import Facts, MissingFact, Value
from calculators.kit.fields import Field, Input, InputError
from calculators.kit.result import Result
from calculators.kit.shape import Calculator, Flip, NoValue, Output, Ref, Table
from calculators.kit.units import Range, percent, show

SCHEMA = 1


def markdown(answer: Result, base: str = "") -> str:
    """The result as Markdown: inputs, figures, working, sources. `base` is the page's address, for the link."""
    calculator = answer.calculator
    fields, outputs = calculator.fields(), answer.shown
    rows = [(f"{fields[name].label} (input)", text) for name, text in answer.asked.items()
            if not fields[name].group or name in answer.changed]  # what is folded away and left alone says nothing
    rows += [(spec.label, spec.shown(answer.outputs[name])) for name, spec in outputs.items()
             if not spec.headline and not spec.table and not spec.code]
    lines = [f"**{calculator.title}**: {answer.headline}", "", *answer.warnings, *([""] if answer.warnings else [])]
    lines += ["| | |", "|---|---|", *(f"| {_cell(label)} | {_cell(value)} |" for label, value in rows), ""]
    lines += [line for name, spec in outputs.items() if spec.table for line in [*table_lines(answer.outputs[name]), ""]]
    lines += [line for name, spec in outputs.items() if spec.code for line in code_lines(spec, answer.outputs[name])]
    lines += [f"{i}. {outputs[step.of].label}: {step.text}" for i, step in enumerate(answer.steps, 1)]
    lines += chance_lines(answer)
    lines += ["", *(f"- Source: {s.publisher}, {s.title} ({s.dated()})" for s in answer.sources)]
    where = f" [{base}{answer.link}]({base}{answer.link})" if base else f" {answer.link}"
    return "\n".join([*lines, "", f"Figures as of {answer.as_of}.{where}"]) + "\n"


def chance_lines(answer: Result) -> list[str]:
    """How likely each option is to be the cheapest, where that was worked out."""
    if not answer.chances:
        return []
    shares = "; ".join(f"{answer.chances.called[name]} {percent(share)}" for name, share in answer.chances.shares.items())
    return ["", f"Chance of being the cheapest: {shares}. {answer.chances.note}"]


def table_lines(value: Any, *, links: bool = True) -> list[str]:
    """A result that is a Table, as the lines of a Markdown table; without `links` for a terminal, which shows none."""
    head, rows = value.shown()
    return ["| " + " | ".join(_cell(cell, links) for cell in row) + " |" for row in (head, ["---"] * len(head), *rows)]


def code_lines(spec: Output, value: Any) -> list[str]:
    """A result that is a text to copy, as a fenced block; the fence is longer than any in the text."""
    if isinstance(value, NoValue):
        return [f"**{spec.label}**: {value.why}", ""]
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", value))])
    return [f"**{spec.label}**", "", f"{fence}{spec.code}", value, fence, ""]


def as_written(value: Any) -> Any:
    """A text to copy as it stands, or why there is none."""
    return value.why if isinstance(value, NoValue) else value


def _cell(text: str, links: bool = True) -> str:
    plain = text.replace("|", "\\|").replace("\n", " ")
    if not isinstance(text, Ref):
        return plain
    return f"[{plain}]({text.url})" if links else f"{plain}, {text.url}"


def as_dict(answer: Result) -> dict[str, Any]:
    """The result as the command line's JSON."""
    outputs = answer.calculator.results()
    names = source_names(answer)
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "ok": True,
        "calculator": answer.calculator.slug,
        "version": answer.calculator.version,
        "as_of": answer.as_of,
        "inputs": answer.inputs,
        "given": answer.given,
        "outputs": {name: _output(answer.outputs[name], spec.unit) for name, spec in outputs.items()},
        "steps": [step._asdict() for step in answer.steps],
        "facts": {
            f.key: {"value": f.value, "unit": f.unit, "from": f.start, "recorded": f.recorded, "source": names[f.source[1:]]}
            for f in answer.facts
        },
        "sources": {
            names[s[1:]]: {"publisher": s.publisher, "title": s.title, "url": s.url, "via": s.via, "checked": s.checked}
            for s in answer.sources
        },
    }
    if answer.flips:
        found["flips"] = [_flip(flip) for flip in answer.flips]
    if answer.chances:
        found["chances"] = dict(answer.chances.shares)
        found["swings"] = [swing._asdict() for swing in answer.chances.swings]
    return found | {"warnings": answer.warnings + unused_sentences(answer), "link": answer.link}


def source_names(answer: Result) -> dict[tuple[str, ...], str]:
    """What each source is called, by what it says of itself: its id, and a number after it where two files use one id for
    different sources."""
    names: dict[tuple[str, ...], str] = {}
    used: dict[str, int] = {}
    for source in answer.sources:
        used[source.id] = used.get(source.id, 0) + 1
        names[source[1:]] = source.id if used[source.id] == 1 else f"{source.id}-{used[source.id]}"
    return names


def unused_sentences(answer: Result) -> list[str]:
    """A sentence for each input that was named for nothing."""
    fields = answer.calculator.fields()
    return [f"{fields[name].label} ({name}) was given but is not used: it is asked only if {conditions(fields[name])}."
            for name in answer.unused]


def conditions(field: Field) -> str:
    """When a field is asked, in words."""
    return " and ".join(f"{name} is {' or '.join(values)}" for name, values in field.asked_if)


def _table_value(value: Value | NoValue) -> Any:
    if isinstance(value, NoValue):
        return {"why": value.why}
    return {"text": str(value), "url": value.url} if isinstance(value, Ref) else value


def _output(value: Value | Range | NoValue | Table, unit: str) -> dict[str, Any]:
    if isinstance(value, Table):
        rows = [{"label": label, "values": [_table_value(v) for v in values]}
                for label, values in value.rows]
        return {"unit": unit, "columns": [{"label": label, "unit": of} for label, of in value.columns], "rows": rows}
    if isinstance(value, NoValue):
        return {"unit": unit, "value": None, "why": value.why}
    return {"unit": unit, **(value._asdict() if isinstance(value, Range) else {"value": value})}


def _flip(flip: Flip) -> dict[str, Any]:
    if flip.value is None:
        return {"input": flip.input, "value": None, "why": flip.why}
    return {"input": flip.input, "value": flip.value, "unit": flip.unit, "answer": flip.answer, "side": flip.beyond}


def error_dict(slug: str, error: InputError | Exception) -> dict[str, Any]:
    """An error as the command line's JSON. Anything but an InputError is a fault of ours in the facts."""
    kind, name = (error.kind, error.field) if isinstance(error, InputError) else ("fact", None)
    return {"schema": SCHEMA, "ok": False, "calculator": slug,
            "error": {"kind": kind, "field": name, "message": str(error)}}


def _choices(field: Field, facts: Facts) -> list[str] | None:
    """What may be given for a field, if that is a few things."""
    if field.kind == "yes_no":
        return ["yes", "no"]
    try:
        return list(field.options(facts)) if field.kind in ("choice", "list") else None
    except MissingFact:
        return []  # nothing yet on that day


def listing(calculators: list[Calculator], defaults: list[dict[str, Input]], facts: Facts) -> dict[str, Any]:
    """The calculators with their inputs and outputs, as the command line's JSON."""
    return {"schema": SCHEMA, "calculators": [
        {"slug": c.slug, "title": c.title, "version": c.version,
         "inputs": [{"name": name, "label": f.label, "unit": f.unit, "type": "text" if f.kind == "day" else f.kind,
                     "min": f.min if f.above is None else f.above, "max": f.max, "default": default[name],
                     "choices": _choices(f, facts)}
                    for name, f in c.fields().items()],
         "outputs": [{"name": name, "label": o.label, "unit": o.unit, "kind": o.kind}
                     for name, o in c.results().items()]}
        for c, default in zip(calculators, defaults, strict=True)]}


def flip_texts(flips: Iterable[Flip], fields: Mapping[str, Field]) -> list[str]:
    """The flips as sentences, those that change the answer first; inputs that do not, together by the reason."""
    changing, others = [], dict[str, list[str]]()
    for flip in flips:
        if flip.value is not None:
            changing.append(flip_text(flip, fields[flip.input]))
        else:
            others.setdefault(flip.why, []).append(fields[flip.input].label.rstrip("?"))
    return [*changing, *(f"{'; '.join(labels)}: {why}" for why, labels in others.items())]


def flip_text(flip: Flip, spec: Field) -> str:
    """One flip as a sentence."""
    asked = spec.label if spec.label.endswith("?") else f"{spec.label}:"
    if flip.value is None:
        return f"{asked} {flip.why}"
    value = spec.choices.get(str(flip.value)) or show(_to_four(flip.value) if spec.kind == "number" else flip.value, flip.unit)
    return " ".join(part for part in (asked, flip.beyond, value, "→", flip.answer) if part)


def _to_four(value: Value) -> Value:
    """A number to 4 significant digits: nobody sets a price or a share more finely."""
    return value if isinstance(value, str | bool) else float(f"{value:.4g}")
