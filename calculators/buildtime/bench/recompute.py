"""The wait for each further result, once Python runs."""

import statistics
from typing import Any

import calculators
from calculators.buildtime.bench.edits import edits
from calculators.buildtime.bench.figures import Measure
from calculators.buildtime.bench.visits import MEASURE, visit
from calculators.buildtime.serve import Site

RECOMPUTE_LIMIT_MS = 50.0
RECOMPUTES = 40


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
