"""A calculator's form as HTML: a field for each input, filled with values, and links that fill it."""

from collections.abc import Mapping
from html import escape

from calculators.kit.facts import Facts
from calculators.kit.fields import Field, Input
from calculators.kit.shape import Calculator
from calculators.kit.units import UNITS


def form(calculator: Calculator, values: Mapping[str, Input], facts: Facts, prefix: str) -> str:
    """The form, filled with values. Works as a plain GET form as well: its fields are the link's names."""
    fields = calculator.fields()
    asked = calculator.asked(values)
    steps: dict[str, dict[str, list[str]]] = {}
    for name, spec in fields.items():
        row = _row(name, spec, values[name], facts, prefix)
        # A field that waits for another answer: the page script shows and hides it. Without scripts every field shows.
        steps.setdefault(spec.step, {}).setdefault(spec.group, []).append(row if name in asked else _unasked(row))
    parts = [_groups(groups) if not step else
             f'<fieldset class="form-step"><legend>{escape(step)}</legend><div class="calculator-form">{_groups(groups)}</div>'
             "</fieldset>" for step, groups in steps.items()]
    return (
        f'<form class="calculator-form" method="get" novalidate aria-label="{escape(calculator.title)}: inputs">'
        f'{"".join(parts)}'
        '<p class="calculator-actions" hidden>'
        '<button type="reset" class="md-button">Reset</button> '
        '<button type="button" class="md-button" data-copy="link">Copy link</button> '
        '<button type="button" class="md-button" data-copy="private">Copy private link</button> '
        '<button type="button" class="md-button" data-copy="markdown">Copy as Markdown</button> '
        '<button type="button" class="md-button" data-keep>Keep to compare</button>'
        "</p></form>"
    )


def _groups(groups: Mapping[str, list[str]]) -> str:
    """The fields of a step: first those that every reader needs, then the others, folded under their headings."""
    folded = "".join(f'<details class="more-fields"><summary>{escape(group)}</summary><div class="calculator-form">'
                     f'{"".join(held)}</div></details>' for group, held in groups.items() if group)
    return "".join(groups.get("", [])) + folded


def _unasked(row: str) -> str:
    return row.replace(" data-field=", " data-unasked data-field=", 1)


def _row(name: str, spec: Field, default: Input, facts: Facts, prefix: str) -> str:
    ident = f"{prefix}-{name}"
    if spec.kind == "yes_no":
        return _radios(name, spec, default, ident)
    if spec.kind == "list":
        return _boxes(name, spec, default, facts, ident)
    make = {"choice": _select, "text": _area, "day": _day}.get(spec.kind, _text)
    control = make(name, spec, default, facts, ident)
    return (
        f'<div class="field" {_marks(name, spec)}><label for="{ident}">{escape(spec.label)}</label>'
        f'<span class="control">{control}</span>'
        f'<small class="help" id="{ident}-help">{escape(spec.help)}</small>{_error_place(ident)}</div>'
    )


def _marks(name: str, spec: Field) -> str:
    """What tells the page script about a field: its name, whether its value is offered on other pages, and when it is
    asked: "mode=full way=own,rented"."""
    when = " ".join(f"{other}={','.join(values)}" for other, values in spec.asked_if)
    return f'data-field="{name}"{" data-shared" if spec.shared else ""}{f" data-when={chr(34)}{when}{chr(34)}" if when else ""}'


def _named(name: str, ident: str) -> str:
    return f'id="{ident}" name="{name}" autocomplete="off" aria-describedby="{ident}-help {ident}-error"'


def _text(name: str, spec: Field, default: Input, facts: Facts, ident: str) -> str:
    keys = "numeric" if spec.kind == "whole" else "decimal"
    return (f'<input {_named(name, ident)} type="text" inputmode="{keys}" spellcheck="false" '
            f'value="{escape(spec.form_text(default))}"><span class="unit">{escape(UNITS[spec.unit])}</span>')


def _day(name: str, spec: Field, default: Input, facts: Facts, ident: str) -> str:
    return f'<input {_named(name, ident)} type="date" value="{escape(spec.form_text(default))}">'


def _area(name: str, spec: Field, default: Input, facts: Facts, ident: str) -> str:
    return (f'<textarea {_named(name, ident)} rows="3" spellcheck="false" maxlength="{spec.most}">'
            f"{escape(spec.form_text(default))}</textarea>")


def _select(name: str, spec: Field, default: Input, facts: Facts, ident: str) -> str:
    options = "".join(f'<option value="{escape(value)}"{" selected" if value == default else ""}>{escape(text)}</option>'
                      for value, text in spec.options(facts).items())
    return f'<select {_named(name, ident)}>{options}</select>'


def _boxes(name: str, spec: Field, default: Input, facts: Facts, ident: str) -> str:
    """A list as boxes to tick, those of the default first and in its order; a long one with a field to find in it."""
    options = spec.options(facts)
    chosen = [value for value in default if value in options] if isinstance(default, tuple) else []
    rest = [value for value in options if value not in chosen]
    boxes = "".join(f'<label><input type="checkbox" name="{name}" value="{escape(value)}"'
                    f'{" checked" if value in chosen else ""}> {escape(options[value])}</label>' for value in chosen + rest)
    find = (f'<input type="search" autocomplete="off" placeholder="Find" aria-label="Find in {escape(spec.label)}" '
            "data-find hidden>"
            if len(options) > 12 else "")
    return (
        f'<fieldset class="field boxes" {_marks(name, spec)} aria-describedby="{ident}-help {ident}-error">'
        f'<legend>{escape(spec.label)}</legend>{find}<span class="control">{boxes}</span>'
        f'<small class="help" id="{ident}-help">{escape(spec.help)}</small>{_error_place(ident)}</fieldset>'
    )


def _radios(name: str, spec: Field, default: Input, ident: str) -> str:
    choices = "".join(
        f'<label><input type="radio" name="{name}" value="{value}"{" checked" if (value == "yes") == default else ""}> '
        f"{value}</label>"
        for value in ("yes", "no")
    )
    return (
        f'<fieldset class="field" {_marks(name, spec)} aria-describedby="{ident}-help {ident}-error">'
        f'<legend>{escape(spec.label)}</legend><span class="control">{choices}</span>'
        f'<small class="help" id="{ident}-help">{escape(spec.help)}</small>{_error_place(ident)}</fieldset>'
    )


def presets(calculator: Calculator, facts: Facts) -> str:
    """Links that fill the form with each row of a table, in the columns that are called as its fields are."""
    if not calculator.presets:
        return ""
    fields = calculator.fields()
    links = []
    for values in facts.rows(calculator.presets).values():
        # Numbers in full, since the page script puts them into the form as they stand.
        texts = {name: spec.form_text(spec.read(name, values[name], facts)).replace(",", "")
                 for name, spec in fields.items() if name in values}
        asked = {other: text for name in texts for other, text in calculator.asking(name).items()}  # what they wait for
        parts = [f"{name}={text}" for name, text in sorted((asked | texts).items())]
        query = "&".join([f"?v={calculator.version.partition('.')[0]}", *parts])
        links.append(f'<a href="{escape(query)}" data-preset>{escape(str(values["name"]))}</a>')
    return f'<p class="calculator-presets">Start from: {", ".join(links)}.</p>'


def _error_place(ident: str) -> str:
    return f'<strong class="field-error" id="{ident}-error"></strong>'
