"""Measure what a reader waits for, as ratios within one run, because machines differ and drift.

The other side of each ratio is stock Pyodide: a module worker that calls loadPyodide as the npm package comes, and fetches
our package's source as a wheel meanwhile, from the same server with the same compression.
"""

import gzip
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import calculators
from calculators.buildtime import DOCS, PROJECT, browser, fence, pack
from calculators.buildtime.serve import Site, free_port, serving
from calculators.kit import render
from calculators.kit.facts import Facts
from calculators.kit.result import answer
from calculators.kit.shape import Calculator, Field, InputError

FIRST_RESULT_LIMIT = 0.40  # of stock's time
RECOMPUTE_LIMIT_MS = 50.0
TASK_LIMIT_MS = 50.0
RECOMPUTES = 40
FIRST = "break-even"  # the calculator whose first result is timed: the one that the guide's readers meet first
BUILDS = 3
PAGE_LIMIT_BYTES = 100_000  # of a page that holds a table, gzipped
FILTER_LIMIT_MS = 50.0
FILTERS = 20
PATIENCE_MS = 60_000
WHEEL = "calculators-0-py3-none-any.whl"
STOCK = "assets/runtime/stock"

# Runs in the page: from the first touch of a field to the new result in the document; and the longest task meanwhile.
MEASURE = """async ([field, value]) => {
  const section = document.querySelector("section.calculator");
  const result = section.querySelector("[data-result]");
  const named = [...section.querySelectorAll(`[name="${field}"]`)];
  const input = named.find((one) => one.type === "radio" && one.value === value) || named[0];
  const tasks = [];
  const watch = window.PerformanceObserver && PerformanceObserver.supportedEntryTypes.includes("longtask")
    ? new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))) : null;
  if (watch) watch.observe({ type: "longtask" });
  const answered = new Promise((done, never) => {
    new MutationObserver((changes, observer) => {
      observer.disconnect();
      done(performance.now());
    }).observe(result, { childList: true });
    setTimeout(() => never(new Error(section.querySelector("[data-status]").textContent || "no answer")), PATIENCE);
  });
  const start = performance.now();
  input.focus();
  if (input.type === "radio") input.checked = true; else input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  const milliseconds = await answered - start;
  await new Promise((done) => setTimeout(done, 20));
  if (watch) watch.disconnect();
  return { milliseconds, task: watch ? Math.max(0, ...tasks) : null };
}""".replace("PATIENCE", str(PATIENCE_MS))

STOCK_WORKER = f"""
import {{ loadPyodide }} from "./pyodide.mjs";
const wheel = fetch(new URL("{WHEEL}", import.meta.url)).then((response) => response.arrayBuffer());
const started = start();
const files = new Map();
const text = (name) => files.get(name) || files.set(name,
  fetch(new URL(`facts-${{name}}.json`, import.meta.url)).then((response) => response.text())).get(name);
onmessage = async ({{ data: {{ id, question, facts }} }}) => {{
  const texts = facts.map(text);
  if (!question) return;
  postMessage({{ heard: id }});
  const {{ answer, hold }} = await started;
  for (const [i, name] of facts.entries()) hold(name, await texts[i]);
  postMessage({{ id, reply: answer(question) }});
}};
async function start() {{
  const python = await loadPyodide();
  python.unpackArchive(await wheel, "wheel");
  const {{ answer, hold }} = python.pyimport("calculators.kit.browser");
  postMessage({{ stage: "calculators" }});
  return {{ answer, hold }};
}}
"""


class Measure(NamedTuple):
    """One figure: the median, the extremes, and the limit that it must not pass (none: it is only reported)."""

    name: str
    value: float | None
    unit: str
    min: float | None
    max: float | None
    limit: float | None = None
    at_least: bool = False  # the limit is the least that will do, not the most

    @property
    def ok(self) -> bool | None:
        """Whether it keeps to its limit; None if there is none, or if this browser cannot tell."""
        if self.limit is None or self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_dict(self) -> dict[str, Any]:
        """As the command line's JSON has it."""
        return {"name": self.name, "value": self.value, "unit": self.unit, "min": self.min, "max": self.max,
                "limit": self.limit, "ok": self.ok}


class BenchError(Exception):
    """It cannot be measured here; a sentence says why."""


def run(runs: int, engine: str) -> tuple[str, list[Measure]]:
    """Measure everything; return the browser's name and the figures. Raises BenchError, PackError."""
    with tempfile.TemporaryDirectory() as work, built_site(Path(work)) as site, opened(engine) as found:
        measures = list(first_results(found, site, runs))
        for slug in calculators.SLUGS:
            say(f"recomputing {slug}")
            measures += [recompute(found, site, slug), identical(found, site, slug)]
        for page in sorted((site.folder / "data").glob("*/index.html")):
            measures += list(table_page(found, site, page))
        say(f"building {BUILDS} times with calculators and without")
        measures.append(builds(Path(work)))
        return f"{engine} {found.version.partition('.')[0]}", measures


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)


@contextmanager
def opened(engine: str) -> Iterator[Any]:
    """A browser. Raises BenchError if there is none of that engine."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            found = browser.launch(playwright) if engine == "chromium" else getattr(playwright, engine).launch()
        except Error as error:
            raise BenchError(f"Playwright has no {engine} here: {str(error).splitlines()[0]}") from None
        yield found
        found.close()


@contextmanager
def built_site(work: Path) -> Iterator[Site]:
    """The site on a local port, with a stock copy of each calculator's page at <slug>-stock/."""
    say("building the site")
    port = free_port()
    build(PROJECT / "mkdocs.yml", work / "site", port)
    add_stock(work / "site")
    with serving(Site(work / "site", "br"), port) as site:
        for file in sorted((work / "site" / "assets" / "runtime").rglob("*.*")):
            for encoding in ("br", "gzip"):  # beforehand, so that no measured request waits for the compressor
                site.packed(file, encoding)
        yield site


def build(config: Path, target: Path, port: int = 8000) -> float:
    """Run mkdocs build; return the seconds it took. Raises BenchError."""
    environment = os.environ | {"SITE_URL": f"http://127.0.0.1:{port}/", "NO_MKDOCS_2_WARNING": "1"}
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", str(config), "-d", str(target)],
                          cwd=PROJECT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"mkdocs build failed: {done.stderr.strip()[-300:]}")
    return time.perf_counter() - start


def add_stock(folder: Path) -> None:
    """Put stock Pyodide, our package as a wheel of sources, and pages that use them beside ours."""
    stock = folder / STOCK
    shutil.copytree(pack.pyodide_core(), stock)
    with zipfile.ZipFile(stock / WHEEL, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in pack.package_files():
            wheel.writestr(name, content)
        wheel.writestr("calculators-0.dist-info/METADATA", "Metadata-Version: 2.1\nName: calculators\nVersion: 0\n")
        wheel.writestr("calculators-0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    for name, content in pack.facts_files():
        (stock / name).write_bytes(content)
    (stock / "worker.mjs").write_text(STOCK_WORKER)
    for slug in calculators.SLUGS:
        page = (folder / "calculators" / slug / "index.html").read_text("utf-8")
        other = folder / "calculators" / f"{slug}-stock"
        other.mkdir()
        (other / "index.html").write_text(page.replace(pack.path(), STOCK), "utf-8")


def first_results(found: Any, site: Site, runs: int) -> Iterator[Measure]:
    """From the first touch to the first live result, ours and stock in turn; bytes on the wire; the longest task."""
    slug = FIRST
    times: dict[str, list[float]] = {name: [] for name in ("cold", "cold-stock", "warm", "warm-stock")}
    tasks: list[float | None] = []
    before: list[float] = []
    for i in range(runs):
        say(f"first result, pair {i + 1} of {runs}")
        # The order within a pair alternates, so that neither side always runs on the warmer machine.
        for kind in ("", "-stock") if i % 2 == 0 else ("-stock", ""):
            visits = two_visits(found, site, slug, kind)
            times[f"cold{kind}"].append(visits.cold["milliseconds"])
            times[f"warm{kind}"].append(visits.warm["milliseconds"])
            if not kind:
                tasks += [visits.cold["task"], visits.warm["task"]]
                before.append(visits.before)
    for state in ("cold", "warm"):
        ours, stock = times[state], times[f"{state}-stock"]
        yield spread(f"first_result_{state}_ratio", "ratio",
                     [a / b for a, b in zip(ours, stock, strict=True)], FIRST_RESULT_LIMIT)
        yield spread(f"first_result_{state}_ms", "ms", ours)
    yield spread("longest_task_ms", "ms", tasks, TASK_LIMIT_MS)
    yield spread("before_intent_bytes", "B", before, 0)
    for encoding, name in (("br", "brotli"), ("gzip", "gzip")):
        site.encoding = encoding
        yield spread(f"wire_{name}_bytes", "B", [two_visits(found, site, slug, "").wire])
        yield spread(f"stock_{name}_bytes", "B", [two_visits(found, site, slug, "-stock").wire])
    site.encoding = "br"


class Visits(NamedTuple):
    """A first visit with nothing cached, and a second one: what MEASURE returned, and bytes of the runtime."""

    cold: dict[str, Any]
    warm: dict[str, Any]
    before: int  # bytes of the runtime that went over the wire before the first touch
    wire: int  # and up to the first live result


def two_visits(found: Any, site: Site, slug: str, kind: str) -> Visits:
    """Visit a page with an empty cache, then again."""
    context = found.new_context(base_url=site.url)
    field, value = next(edits(calculators.get(slug)))
    site.sent.clear()
    page = visit(context, f"calculators/{slug}{kind}/")
    before = runtime_bytes(site)
    cold = page.evaluate(MEASURE, [field, value])
    wire = runtime_bytes(site)
    page.close()
    page = visit(context, f"calculators/{slug}{kind}/")
    warm = page.evaluate(MEASURE, [field, value])
    context.close()
    return Visits(cold, warm, before, wire)


def visit(context: Any, path: str) -> Any:
    """Open a page and wait until it is still."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(path, wait_until="networkidle")
    page.wait_for_selector("section.calculator[data-mounted]", state="attached")
    return page


def runtime_bytes(site: Site) -> int:
    """What of the runtime has gone over the wire."""
    return sum(size for path, size in site.sent if "/runtime/" in path)


def recompute(found: Any, site: Site, slug: str) -> Measure:
    """From a change to the new result and chart in the document, once Python runs: the 95th percentile."""
    context = found.new_context(base_url=site.url)
    page = visit(context, f"calculators/{slug}/")
    changes = edits(calculators.get(slug))
    page.evaluate(MEASURE, list(next(changes)))
    times = sorted(page.evaluate(MEASURE, list(next(changes)))["milliseconds"] for _ in range(RECOMPUTES))
    context.close()
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
    return Measure(f"recompute_p95_ms.{slug}", round(p95, 1), "ms", round(times[0], 1), round(times[-1], 1),
                   RECOMPUTE_LIMIT_MS)


# Runs in the page: type into the table's search box and wait until the picture with the rows that are left is drawn.
FILTER = """async (text) => {
  const input = document.querySelector(".data-table input[type=search]");
  const start = performance.now();
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector(".data-table .scroll").getBoundingClientRect();
  return performance.now() - start;
}"""


def table_page(found: Any, site: Site, page: Path) -> Iterator[Measure]:
    """The weight of a page with tables as it goes over the wire, and the time that its search takes, layout included."""
    name = page.parent.name
    weight = len(gzip.compress(page.read_bytes(), 6, mtime=0))
    yield Measure(f"page_gzip_bytes.{name}", weight, "B", weight, weight, PAGE_LIMIT_BYTES)
    context = found.new_context(base_url=site.url)
    opened_page = context.new_page()
    opened_page.goto(f"data/{name}/", wait_until="networkidle")
    if opened_page.locator(".data-table input[type=search]").count():
        words = ("a", "1", "", "nothing of the kind")
        times = [opened_page.evaluate(FILTER, words[i % len(words)]) for i in range(FILTERS)]
        yield spread(f"filter_ms.{name}", "ms", times, FILTER_LIMIT_MS)
    context.close()


def page_start(slug: str) -> dict[str, str]:
    """The values that the form of a calculator's own page begins with, where they are not the defaults."""
    text = (DOCS / "calculators" / f"{slug}.md").read_text("utf-8")
    return fence.start_of(text.partition("```calculator\n")[2].partition("\n")[0])[1]


def edits(calculator: Calculator) -> Iterator[tuple[str, str]]:
    """Changes without end, each other than the one before and each with an answer, going round the fields that the page of a
    calculator asks."""
    from calculators.buildtime import data

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


def identical(found: Any, site: Site, slug: str) -> Measure:
    """Whether the live result at the defaults is the built one, byte for byte: 1 if it is."""
    built = (site.folder / "calculators" / slug / "index.html").read_text("utf-8")
    context = found.new_context(base_url=site.url)
    same = 1.0 if live_html(context.new_page(), slug) in built else 0.0
    context.close()
    return Measure(f"identical_html.{slug}", same, "yes_no", same, same, 1, at_least=True)


def live_html(page: Any, slug: str) -> str:
    """What Python in the browser answers for the form as it was built: the worker's own text, before the page parses it. What
    comes a moment later stands in the place that the first reply keeps for it."""
    replies: list[dict[str, Any]] = []
    page.expose_function("keepReply", lambda text: replies.append(json.loads(text)))
    page.add_init_script(KEEP_REPLIES)
    page.goto(f"calculators/{slug}/")
    page.wait_for_selector("section.calculator[data-mounted]", state="attached")
    page.evaluate("document.querySelector('form.calculator-form').requestSubmit()")
    for _ in range(PATIENCE_MS // 100):
        if replies and len(replies) > bool(replies[0]["more"]):
            first, later = replies[0], replies[-1]
            html = str(first["html"])
            for place, name in ((render.NO_CHANCES, "chances"), (render.NO_FLIPS, "flips")):
                html = html.replace(place, render.filled(place, later[name])) if first["more"] else html
            return html
        page.wait_for_timeout(100)
    raise BenchError(f"Python did not answer for {slug} within {PATIENCE_MS // 1000} s.")


KEEP_REPLIES = """
const Plain = Worker;
window.Worker = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => data.reply && keepReply(data.reply));
  }
};"""


def builds(work: Path) -> Measure:
    """mkdocs build with a warm cache, against the same pages without their calculators; in turn."""
    plain = work / "plain"
    shutil.copytree(DOCS, plain / "docs", ignore=shutil.ignore_patterns("runtime"))
    for page in (plain / "docs").rglob("*.md"):
        page.write_text(re.sub(r"```calculator\n.*?\n```\n", "", page.read_text("utf-8"), flags=re.DOTALL), "utf-8")
    config = plain / "mkdocs.yml"
    config.write_text(f"INHERIT: {PROJECT / 'mkdocs.yml'}\ndocs_dir: {plain / 'docs'}\nhooks: []\nwatch: []\n"
                      f"theme: {{custom_dir: {plain / 'docs' / 'overrides'}}}\n", "utf-8")
    pairs = [(build(PROJECT / "mkdocs.yml", work / "with"), build(config, work / "without")) for _ in range(BUILDS)]
    return spread("build_ratio", "ratio", [ours / without for ours, without in pairs])


def spread(name: str, unit: str, values: Sequence[float | None], limit: float | None = None) -> Measure:
    """Median, least and most of what was measured."""
    known = [v for v in values if v is not None]
    if not known:
        return Measure(name, None, unit, None, None, limit)
    middle, low, high = (round(f(known), 3) for f in (statistics.median, min, max))
    return Measure(name, middle, unit, low, high, limit)


def as_text(engine: str, measures: Sequence[Measure]) -> str:
    """A line a figure, for a terminal."""
    lines = [f"{m.name:<32} {_shown(m.value):>11} {m.unit:<12} {_shown(m.min):>11} to {_shown(m.max):<11} {_verdict(m)}"
             for m in measures]
    return "\n".join(line.rstrip() for line in [engine, *lines])


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}"


def _verdict(measure: Measure) -> str:
    if measure.limit is None:
        return ""
    said = {None: "cannot be told here", True: "kept", False: "MISSED"}[measure.ok]
    return f"limit {measure.limit:g}: {said}"
