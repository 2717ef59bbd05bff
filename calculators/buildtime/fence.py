"""The fences of the pages: ```calculator, ```facts, and `#!fact key` in a line.

A fence that fails must raise SuperFencesException: Python-Markdown's superfences swallow any other, and the page would be
built without it.
"""

import ast
import datetime
import functools
import inspect
import os
import textwrap
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

import pygments
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pymdownx.inlinehilite import InlineHiliteException
from pymdownx.superfences import SuperFencesException

import calculators
from calculators.buildtime import data, fitted, pack, tables
from calculators.buildtime.problems import BadData
from calculators.buildtime.schema import Claim, File, claim_text
from calculators.kit import render
from calculators.kit.facts import Fact, Facts, MissingFact
from calculators.kit.fields import InputError
from calculators.kit.result import answer
from calculators.kit.shape import Calculator
from calculators.kit.units import show

REACH = 2  # how far a formula block follows what is called: what the calculator names, and what that names
VERDICTS = {
    "holds": "It still holds",
    "outdated": "Outdated",
    "wrong": "Wrong",
    "unsourced": "No source found",
    "incomplete": "Incomplete",
}


class PageError(Exception):
    """A fence names something that is not there; a sentence says what."""


def stops_the_build[**P](make: Callable[P, str], error: type[Exception] = SuperFencesException) -> Callable[P, str]:
    """Turn every failure into the one that stops the build, with a sentence."""

    @functools.wraps(make)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return make(*args, **kwargs)
        except (PageError, MissingFact, InputError, BadData, pack.PackError, tables.TableError) as problem:
            raise error(str(problem)) from problem
        except Exception as problem:
            raise error(f"{make.__name__}: {type(problem).__name__}: {problem}") from problem

    return wrapped


def build_day() -> str:
    """The day that pages are as of: today, or the day of SOURCE_DATE_EPOCH so that a build can be repeated."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else datetime.datetime.now(datetime.UTC)
    return now.date().isoformat()


def start_of(line: str) -> tuple[str, dict[str, str]]:
    """The slug that a calculator's fence names, and the values that the form begins with: "break-even mode=full"."""
    slug, *given = line.split()
    return slug, dict(word.partition("=")[::2] for word in given)


@stops_the_build
def calculator(source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **_: Any) -> str:
    """Form, result and formula of the calculator whose slug the fence holds: at the defaults, or as the fence says after the
    slug (name=value)."""
    slug, start = start_of(source)
    if slug not in calculators.SLUGS:
        raise PageError(f"There is no calculator {slug!r}; there are {', '.join(calculators.SLUGS)}.")
    found = calculators.get(slug)
    facts = data.facts(build_day())
    built = answer(found, start, facts, chances=True)
    return render.section(found, built, facts, _age(built.facts, facts.as_of) + _formula(found), pack.path())


def _age(cited: list[Fact], as_of: str) -> str:
    """How old the figures behind a result are; outside the live block, since it is about the day of reading."""
    if not cited:
        return ""
    lives = [life for fact in cited if (life := data.read(fact.key.partition(".")[0]).shelf_life_days)]
    return tables.age([fact.source.checked for fact in cited], as_of, min(lives, default=None))


def _formula(found: Calculator) -> str:
    """The source of the calculation, folded: what stands between the inputs and the explanation, and the functions of the
    formulas that it calls."""
    module = inspect.getmodule(found.calculate)
    text = inspect.getsource(module) if module else ""
    body = text[text.index("@dataclass"):text.index("def explain(")].strip()
    shared = "\n\n\n".join(inspect.getsource(part).strip() for part in _called(module, body))
    called = f'<pre tabindex="0" role="group" aria-label="What it calls"><code>{escape(shared)}</code></pre>' if shared else ""
    blocks = _highlighted(body) + called
    return ('<details class="formula"><summary>The formula, as the Python that runs here</summary>'
            f"{blocks}</details>")


def _called(module: Any, text: str) -> list[Any]:
    """The functions and classes of the formulas that a piece of code names, and those that these name in turn."""
    found: dict[str, Any] = {}
    named = [(module, text)]
    for _ in range(REACH):
        new = {f"{part.__module__}.{part.__qualname__}": part for home, code in named for part in _named_in(home, code)
               if part.__module__.startswith("calculators.formulas.")}
        named = [(inspect.getmodule(part), inspect.getsource(part)) for name, part in new.items() if name not in found]
        found |= new
    return sorted(found.values(), key=lambda part: (part.__module__, inspect.getsourcelines(part)[1]))


def _named_in(module: Any, code: str) -> Iterator[Any]:
    """The functions and classes that a piece of a module's code names, cached ones as they were written."""
    for node in ast.walk(ast.parse(textwrap.dedent(code))):
        if isinstance(node, ast.Name):
            part = getattr(module, node.id, None)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            part = getattr(getattr(module, node.value.id, None), node.attr, None)
        else:
            continue
        part = inspect.unwrap(part) if callable(part) else part
        if (inspect.isroutine(part) or inspect.isclass(part)) and getattr(part, "__module__", None):
            yield part


def _highlighted(code: str) -> str:
    return str(pygments.highlight(code, PythonLexer(), HtmlFormatter(cssclass="highlight", wrapcode=True)))


@stops_the_build
def facts(source: str, language: str, css_class: str, options: dict[str, Any], md: Any, **_: Any) -> str:
    """Figures, a table, a claim or a chart for each line of the fence."""
    known = data.facts(build_day())
    parts = [_line(line.split(), known) for line in source.strip().splitlines() if line.strip()]
    if not parts:
        raise PageError("A facts fence names a file, a group, a figure or a claim on each line.")
    return "".join(parts)


def _line(words: list[str], known: Facts) -> str:
    key, options = words[0], dict(word.partition("=")[::2] for word in words[1:])
    stem, _, name = key.partition(".")
    try:
        file = data.read(stem)
    except FileNotFoundError:
        raise PageError(f"There is no data/{stem}.yaml; there are {', '.join(data.stems())}.") from None
    if set(options) - {"columns", "chart", "browse", "filters"}:
        raise PageError(f"{key}: options are columns=..., chart=..., browse and filters=..., not {', '.join(options)}.")
    if "chart" in options:
        return _chart_of(options["chart"], known)
    if file.claims is not None:
        return _claims(file, name, known)
    columns = options.get("columns", "").split(",") if options.get("columns") else []
    if "browse" in options and file.facts is not None:
        return tables.facts_file(file, stem, _facts(file, stem, name, known))
    if "browse" in options:
        return tables.browse(file, stem, columns, options.get("filters", "").split(",") if "filters" in options else [], known)
    if file.table is not None:
        return tables.plain(file, stem, name.split(",") if name else [], columns, known)
    return _facts(file, stem, name, known)


def _chart_of(slug: str, known: Facts) -> str:
    """The chart of a calculator at its defaults, where a page wants the picture without the form; or that of the errors."""
    if slug == "accuracy":
        return render.chart(fitted.picture(known), slug)
    if slug not in calculators.SLUGS:
        raise PageError(f"There is no calculator {slug!r} to draw; there are {', '.join(calculators.SLUGS)}.")
    built = answer(calculators.get(slug), {}, known)
    if not built.charts:
        raise PageError(f"The calculator {slug!r} has no chart.")
    return render.chart(built.chart, slug)


def _claims(file: File, name: str, known: Facts) -> str:
    claims = file.claims or {}
    if name and name not in claims:
        raise PageError(f"There is no claim {name!r} in this file; there are {', '.join(claims)}.")
    return "".join(_claim(file, claims[i], i, known) for i in ([name] if name else claims))


def _claim(file: File, claim: Claim, claim_id: str, known: Facts) -> str:
    text = claim_text(escape_keeping_braces(claim), lambda key: _inline(known[key]))
    sources = "; ".join(_source(file, source) for source in claim.sources)
    return (
        f'<div class="claim claim-{claim.verdict}" id="claim-{claim_id}">'
        f'<p class="claim-original"><span class="claim-label">The original says</span> '
        f"<q>{escape(claim.original)}</q></p>"
        f'<p class="claim-now"><span class="claim-label">{VERDICTS[claim.verdict]}</span> {text}</p>'
        f'<p class="claim-source">As of {claim.as_of}{"; " + sources if sources else ""}.</p></div>'
    )


def escape_keeping_braces(claim: Claim) -> Claim:
    """The claim with its text safe for HTML; braces are not touched by escaping."""
    return claim.model_copy(update={"now": escape(claim.now)})


def _source(file: File, source_id: str) -> str:
    return render.source_html(file.sources[source_id].as_source(source_id))


def _facts(file: File, stem: str, name: str, known: Facts) -> str:
    keys = [key for key in known.keys(stem) if not name or key == f"{stem}.{name}" or key.startswith(f"{stem}.{name}.")]
    if not keys:
        groups = ", ".join(file.facts or {})
        raise PageError(f"There is no {name!r} in data/{stem}.yaml; its groups are {groups}.")
    rows = []
    group = ""
    for key in keys:
        if key.split(".")[1] != group and not name:
            group = key.split(".")[1]
            rows.append(f'<tr><th colspan="3" scope="colgroup">{escape(file.groups.get(group, group))}</th></tr>')
        rows.append(_fact_row(key, known))
    head = "<tr><th>Figure</th><th>Value</th><th>From, source</th></tr>"
    read = [fact.source.checked for key in keys if (fact := known.get(key))]
    return tables.scroll(file.title, head, "".join(rows)) + tables.age(read, known.as_of, file.shelf_life_days)


def _fact_row(key: str, known: Facts) -> str:
    history, coming = known.history(key), known.coming(key)
    fact = known[key] if len(history) > len(coming) else None
    value = escape(show(fact.value, fact.unit)) if fact else "not yet"
    later = "".join(f'<br><span class="coming">from {f.start}: {escape(show(f.value, f.unit))}</span>' for f in coming)
    earlier = "".join(f'<br><span class="earlier">before, from {f.start}: {escape(show(f.value, f.unit))}</span>'
                      for f in reversed(history) if fact and f.start < fact.start)
    shown = fact or coming[0]
    note = f'<br><span class="fact-note">{escape(shown.note)}</span>' if shown.note else ""
    cells = (f"{escape(shown.label)}{note}", f"{value}{later}{earlier}", f"{shown.start}; {render.source_html(shown.source)}")
    return f'<tr id="{key.replace(".", "-")}">{"".join(map(tables.cell, cells))}</tr>'


def _inline_fact(source: str, language: str, css_class: str, md: Any) -> str:
    """One figure with its unit, linked to its source: `#!fact prices.gpt-4o.input`."""
    return _inline(data.facts(build_day())[source.strip()])


def _inline(fact: Fact) -> str:
    href = render.address(fact.source)
    where = f"{fact.label}. From {fact.start}. {fact.source.publisher}, {fact.source.title} ({fact.source.dated()})."
    return (f'<span class="fact"><a href="{escape(href)}" title="{escape(where)}">'
            f"{escape(show(fact.value, fact.unit)).replace(' ', '&nbsp;', 1)}</a></span>")


fact = stops_the_build(_inline_fact, InlineHiliteException)
