"""Benchmark scores by model, for calculators that set quality beside price."""

from calculators.formulas.prices import plain_name
from calculators.kit.facts import Facts

TABLE = "benchmark-scores"
FRONTIER = "frontier"
INDEX = "eci"
BENCHMARKS = {
    "gpqa": "GPQA Diamond, run by Epoch AI",
    "swe-bench": "SWE-bench Verified, run by Epoch AI",
    "terminal-bench": "Terminal-Bench 2.1, run by Artificial Analysis",
    "swe-bench-pro": "SWE-bench Pro, run by Scale AI",
}
"""What each benchmark is called that is run by one party for many models, in per cent."""

_ROWS = {("GPQA Diamond", "Epoch AI"): "gpqa", ("SWE-bench Verified", "Epoch AI"): "swe-bench",
         ("Terminal-Bench 2.1", "Artificial Analysis"): "terminal-bench", ("SWE-bench Pro", "Scale AI"): "swe-bench-pro"}


def by_model(facts: Facts) -> dict[str, dict[str, float]]:
    """The scores of BENCHMARKS by benchmark, for each model by its plain name; of several the best."""
    found: dict[str, dict[str, float]] = {}
    for row in facts.rows(TABLE).values():
        benchmark = _ROWS.get((str(row["benchmark"]), str(row["run_by"])))
        if benchmark:
            of = found.setdefault(plain_name(row["model"]), {})
            of[benchmark] = max(float(row["score"]), of.get(benchmark, 0))
    return found


def scores(benchmark: str, facts: Facts) -> dict[str, float]:
    """The scores of one benchmark, or of INDEX (in points), by the plain name of the model; none for a name that is neither."""
    if benchmark == INDEX:
        return {plain_name(row["model"]): float(row["score"]) for row in facts.rows(FRONTIER).values()}
    return {model: of[benchmark] for model, of in by_model(facts).items() if benchmark in of}
