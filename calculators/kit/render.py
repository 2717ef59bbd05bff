"""A calculator as HTML: its section of a page and its result. The same code at build time and in the browser."""

from collections.abc import Iterable
from html import escape
from typing import Any

from calculators.kit import chart as charts
from calculators.kit.chances import Chances
from calculators.kit.export import flip_texts, markdown
from calculators.kit.facts import Facts, Source, Value
from calculators.kit.fields import InputError
from calculators.kit.form import form, presets
from calculators.kit.prose import prose
from calculators.kit.result import Result
from calculators.kit.shape import Calculator, NoValue, Output, Ref, Table
from calculators.kit.units import Range, percent

# From a page that holds a calculator up to the root of the site. Such pages lie two folders deep
# (guide/cost-at-scale/, calculators/break-even/), whatever path the site is published under; a test holds them to it.
ROOT = "../../"
NO_FLIPS = '<div class="flips" data-flips></div>'
NO_CHANCES = '<div class="chances" data-chances></div>'
LONG_CELL = 24  # characters of a cell from which it is given room, so that its row does not grow tall
TALL_TABLE = 20  # rows from which a table scrolls by itself


def section(calculator: Calculator, built: Result, facts: Facts, source_html: str, runtime: str) -> str:
    """The whole calculator as the page is built: form, result at the defaults, formula."""
    slug = calculator.slug
    return (
        f'<section class="calculator" id="calculator-{slug}" data-slug="{slug}" data-as-of="{facts.as_of}" '
        f'data-facts="{" ".join(calculator.data)}" data-query="{escape(built.link)}" '
        f'data-runtime="{ROOT}{runtime}" aria-label="{escape(calculator.title)} calculator">'
        f"{presets(calculator, facts)}{form(calculator, built.inputs, facts, slug)}"
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


