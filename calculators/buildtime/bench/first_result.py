"""The wait for the first live result, ours and stock Pyodide's, and the bytes that it takes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import calculators
from calculators.buildtime.bench.edits import edits
from calculators.buildtime.bench.figures import Measure, spread
from calculators.buildtime.bench.progress import say
from calculators.buildtime.bench.visits import MEASURE, runtime_bytes, visit
from calculators.buildtime.serve import Site

FIRST_RESULT_LIMIT = 0.40  # of stock's time
TASK_LIMIT_MS = 50.0
FIRST = "break-even"  # the calculator whose first result is timed: the one that the guide's readers meet first


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
