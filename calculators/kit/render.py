"""A calculator as HTML: its form, its result, its errors. The same code at build time and in the browser."""

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from calculators.kit import chart as charts
from calculators.kit.chances import Chances
from calculators.kit.export import markdown
from calculators.kit.facts import Facts, Source, Value
from calculators.kit.result import Result
from calculators.kit.shape import Calculator, Field, Flip, Input, InputError, NoValue, Output, Ref, Table
from calculators.kit.units import UNITS, Range, number, percent, show

# From a page that holds a calculator up to the root of the site. Such pages lie two folders deep
# (guide/cost-at-scale/, calculators/break-even/), whatever path the site is published under; a test holds them to it.
ROOT = "../../"
NO_FLIPS = '<div class="flips" data-flips></div>'
NO_CHANCES = '<div class="chances" data-chances></div>'
LONG_CELL = 24  # characters of a cell from which it is given room, so that its row does not grow tall
TALL_TABLE = 20  # rows from which a table scrolls by itself


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


def _presets(calculator: Calculator, facts: Facts) -> str:
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


def section(calculator: Calculator, built: Result, facts: Facts, source_html: str, runtime: str) -> str:
    """The whole calculator as the page is built: form, result at the defaults, formula."""
    slug = calculator.slug
    return (
        f'<section class="calculator" id="calculator-{slug}" data-slug="{slug}" data-as-of="{facts.as_of}" '
        f'data-facts="{" ".join(calculator.data)}" data-query="{escape(built.link)}" '
        f'data-runtime="{ROOT}{runtime}" aria-label="{escape(calculator.title)} calculator">'
        f"{_presets(calculator, facts)}{form(calculator, built.inputs, facts, slug)}"
        '<p class="calculator-status" role="status" data-status></p>'
        '<noscript><p class="calculator-note">The result below is for the values in the form. To change them here, '
        "JavaScript is needed; the command line gives the same answers.</p></noscript>"
        f'<div data-compared></div><div class="calculator-result" data-result>{result(built)}</div>'
        f'<div data-record>{record(built)}</div>'
        f'<template data-markdown>{escape(markdown(built))}</template>'
        f"{source_html}</section>"
    )


def result(answer: Result) -> str:
    """The live block: everything that depends on the inputs. What is still to come, flips and chances, has its place kept."""
    return (
        f'<p class="headline">{escape(answer.headline)}</p>'
        f"{_warnings(answer.warnings)}{_figures(answer)}{_tables(answer)}{_codes(answer)}{_chances(answer)}{_charts(answer)}"
        f"{_steps(answer)}{_flips(answer)}{_next(answer)}{_sources(answer.sources, answer.as_of)}"
    )


def _chances(answer: Result) -> str:
    if not answer.calculator.chances:
        return ""
    return filled(NO_CHANCES, chances(answer.chances, answer) if answer.chances else "")


def filled(place: str, html: str) -> str:
    """A place that is kept for what comes later, with it in it."""
    return place.replace("><", f">{html}<", 1)


def chances(found: Chances, answer: Result) -> str:
    """How likely each option is to be the cheapest, and what moves the result most."""
    rows = [[found.called[name], percent(share)] for name, share in sorted(found.shares.items(), key=lambda pair: -pair[1])]
    swung = chart(charts.tornado(found), f"{answer.calculator.slug}-swings") if found.swings else ""
    return (f'<div class="scroll" tabindex="0" role="group" aria-label="Chances"><table class="figures-table">'
            f'<caption>How likely each is to be the cheapest</caption>{_grid(["Option", "Chance"], rows)}</table></div>'
            f'<p class="help">{escape(found.note)}</p>{swung}')


def record(answer: Result) -> str:
    """The record of a decision, folded, with what can be done with it; empty where a calculator keeps none."""
    text = answer.calculator.record(answer) if answer.calculator.record else ""
    if not text:
        return ""
    return (
        '<details class="record"><summary>The record of this decision</summary><p class="record-actions" hidden>'
        '<button type="button" class="md-button" data-record-do="copy">Copy as Markdown</button> '
        '<button type="button" class="md-button" data-record-do="save">Save as a file</button> '
        '<button type="button" class="md-button" data-record-do="print">Print it</button></p>'
        f'<div class="record-page">{prose(text)}</div><template data-record-text>{escape(text)}</template></details>'
    )


def _charts(answer: Result) -> str:
    slug = answer.calculator.slug
    return "".join(chart(picture, slug if i == 1 else f"{slug}-{i}") for i, picture in enumerate(answer.charts, 1))


def chart(picture: charts.Chart, name: str) -> str:
    """A chart with its title and, folded, its data as a table."""
    head, rows = picture.table()
    return (
        f'<figure class="calculator-chart"><figcaption>{escape(picture.title)}</figcaption>'
        f'<div class="picture" tabindex="0" role="group" aria-label="{escape(picture.title)}, chart">'
        f"{charts.svg(picture, name + '-chart')}</div>"
        '<details class="chart-data"><summary>The chart as a table</summary><div class="scroll" tabindex="0" '
        f'role="group" aria-label="{escape(picture.title)}, as a table">'
        f'<table class="browse">{_grid(head, rows)}</table></div></details></figure>'
    )


def errors(found: Iterable[InputError]) -> list[dict[str, str | None]]:
    """Errors as the page script takes them: which field, and what to say."""
    return [{"field": e.field, "message": e.message} for e in found]


def note(sentence: str) -> str:
    """A sentence that stands out."""
    return f'<p class="calculator-note">{escape(sentence)}</p>'


def _warnings(warnings: list[str]) -> str:
    return "".join(map(note, warnings))


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


def _figures(answer: Result) -> str:
    rows = "".join(
        f'<div><dt>{escape(spec.label)}</dt><dd data-output="{name}">{_value(answer.outputs[name], spec)}</dd></div>'
        for name, spec in answer.shown.items()
        if not spec.headline and not spec.table and not spec.code
    )
    return f'<dl class="figures">{rows}</dl>' if rows else ""


def _codes(answer: Result) -> str:
    """Each result that is a text to copy, with a button that copies it, or why there is none."""
    return "".join(_code(name, spec, answer.outputs[name])
                   for name, spec in answer.shown.items() if spec.code)


def _code(name: str, spec: Output, value: Any) -> str:
    label = escape(spec.label)
    if isinstance(value, NoValue):
        body = f'<p class="no-value">{escape(value.why)}</p>'
    else:
        body = (f'<pre class="no-copy" tabindex="0" role="group" aria-label="{label}"><code class="language-{spec.code}">'
                f"{escape(value)}</code></pre>")  # no-copy: the theme adds no second button
    copy = "" if isinstance(value, NoValue) else (
        f' <button type="button" class="md-button" data-copy-text aria-label="Copy: {label}">Copy</button>')
    return f'<div class="code-result" data-output="{name}"><p><strong>{label}</strong>{copy}</p>{body}</div>'


def _tables(answer: Result) -> str:
    return "".join(_output_table(name, spec, answer.outputs[name])
                   for name, spec in answer.shown.items() if spec.table)


def _output_table(name: str, spec: Output, value: Any) -> str:
    """A result that is a Table, with its name as its caption."""
    head, rows = value.shown()
    tall = " tall" if len(rows) > TALL_TABLE else ""
    caption = "" if spec.closed else f"<caption>{escape(spec.label)}</caption>"
    table = (f'<div class="scroll{tall}" tabindex="0" role="group" aria-label="{escape(spec.label)}" data-output="{name}">'
             f'<table class="figures-table">{caption}{_grid(head, rows)}</table></div>')
    rows_there = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    return (f'<details class="more-table"><summary>{escape(spec.label)} ({rows_there})</summary>{table}</details>'
            if spec.closed else table)


def _grid(head: list[str], rows: list[list[str]]) -> str:
    """The head and body of a table whose first column names its rows."""
    cells = "".join(f'<th scope="col">{escape(h)}</th>' for h in head)
    body = "".join(f'<tr><th scope="row">{_linked(row[0])}</th>{"".join(map(_data_cell, row[1:]))}</tr>' for row in rows)
    return f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody>"


def _data_cell(cell: str) -> str:
    long = ' class="long"' if len(cell) > LONG_CELL else ""
    return f"<td{long}>{_linked(cell)}</td>"


def _linked(cell: str) -> str:
    return f'<a href="{escape(cell.url)}">{escape(cell)}</a>' if isinstance(cell, Ref) else escape(cell)


def _value(value: Value | Range | NoValue | Table, spec: Output) -> str:
    if isinstance(value, NoValue):
        return f'<span class="no-value">{escape(value.why)}</span>'
    return escape(spec.shown(value))


def _steps(answer: Result) -> str:
    labels = answer.calculator.results()
    items = "".join(
        f'<li><span class="step-of">{escape(labels[step.of].label)}:</span> {escape(step.text)}</li>'
        for step in answer.steps
    )
    return f'<details class="steps" open><summary>How it is worked out</summary><ol>{items}</ol></details>'


def _flips(answer: Result) -> str:
    if answer.flips is None:
        return NO_FLIPS
    return filled(NO_FLIPS, flips(answer)) if answer.calculator.later else ""


def flips(answer: Result) -> str:
    """What would change the answer, one input alone; empty if nothing is known of it."""
    if not answer.flips:
        return ""
    fields = answer.calculator.fields()
    items = "".join(f"<li>{escape(text)}</li>" for text in flip_texts(answer.flips, fields))
    return f"<p><strong>What would change the answer, one input alone</strong></p><ul>{items}</ul>"


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


def _next(answer: Result) -> str:
    if not answer.next:
        return ""
    items = "".join(f'<li><a href="{ROOT}{escape(link.address)}">{escape(link.text)}</a></li>' for link in answer.next)
    return f'<div class="next"><p><strong>What to read or calculate next</strong></p><ul>{items}</ul></div>'


def _sources(sources: list[Source], as_of: str) -> str:
    items = "".join(f"<li>{source_html(source)}</li>" for source in sources)
    listed = f"<p><strong>Sources</strong></p><ul>{items}</ul>" if sources else ""
    return f'<div class="sources">{listed}<p class="as-of">Figures as of {as_of}.</p></div>'


def address(source: Source, root: str = ROOT) -> str:
    """Where a source is found: its https address, or a page of this site."""
    return source.url if source.url.startswith("https://") else root + source.url.replace(".md", "/", 1)


def source_html(source: Source, root: str = ROOT) -> str:
    """A source with its link and its date."""
    return (f'{escape(source.publisher)}, <a href="{escape(address(source, root))}">{escape(source.title)}</a> '
            f'(<span class="dated">{escape(source.dated())}</span>)')


_INLINE = ((re.compile(r"\[([^\]]*)\]\(((?:https?://|\?v=)[^\s)]+)\)"), r'<a href="\2">\1</a>'),
           (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"), (re.compile(r"`([^`]+)`"), r"<code>\1</code>"))


def prose(text: str) -> str:
    """Markdown of our own as HTML: headings, paragraphs, lists and tables; bold, code and links in them.

    Headings become paragraphs of a class, since the page around them has its own order of headings; what stands under one of
    the second rank is a part that can be told by its name.
    """
    blocks = re.split(r"\n{2,}", text.strip())
    parts: list[tuple[str, list[str]]] = [("top", [])]
    for block in blocks:
        if block.startswith("## "):
            parts.append((re.sub(r"[^a-z]+", "-", block[3:].partition("\n")[0].lower()).strip("-"), []))
        parts[-1][1].append(_block(block.split("\n")))
    return "".join(f'<div class="record-part" data-part="{name}">{"".join(held)}</div>' for name, held in parts if held)


def _block(lines: list[str]) -> str:
    heading = re.match(r"(#+) (.*)", lines[0])
    if heading:
        rest = _block(lines[1:]) if lines[1:] else ""
        return f'<p class="record-h{len(heading[1])}">{_in_line(heading[2])}</p>{rest}'
    if all(re.match(r"[-*] ", line) for line in lines):
        return f"<ul>{''.join(f'<li>{_in_line(line[2:])}</li>' for line in lines)}</ul>"
    if len(lines) > 1 and re.fullmatch(r"[|\s:-]+", lines[1]):
        head, *rows = [_cells(line) for line in [lines[0], *lines[2:]]]
        body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return (f'<div class="scroll"><table><thead><tr>{"".join(f"<th>{cell}</th>" for cell in head)}</tr></thead>'
                f"<tbody>{body}</tbody></table></div>")
    return f"<p>{_in_line(' '.join(lines))}</p>"


def _cells(line: str) -> list[str]:
    return [_in_line(cell.strip().replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _in_line(text: str) -> str:
    found = escape(text)
    for pattern, html in _INLINE:
        found = pattern.sub(html, found)
    return found
