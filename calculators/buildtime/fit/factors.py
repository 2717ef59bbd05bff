"""The factors of formulas.throughput, fitted to measured rows.

Each is drawn towards what it was taken to be beforehand: for a factor of one GPU family, format or engine that is 1, like all
others.
"""

from collections.abc import Mapping, Sequence

from calculators.buildtime.fit.least_squares import Prior, Problem, minimise
from calculators.buildtime.fit.predict import Factors, Point, first_error, throughput_error
from calculators.formulas.throughput import factor_names

COMMON: dict[str, Prior] = {
    "bandwidth": Prior(0.85, 0.1),
    "cache": Prior(0.6, 0.4),
    "experts": Prior(0.7, 0.4),
    "compute": Prior(0.6, 0.3),
    "attention": Prior(0.4, 0.4),
    "step-compute": Prior(0.8, 0.3),
    "layer-us": Prior(20, 0.7),
    "expert-layer-us": Prior(20, 0.7),
    "step-us": Prior(500, 0.8),
    "request-us": Prior(5, 1.0),
    "link-us.switched": Prior(10, 0.7),
    "link-us.pcie": Prior(40, 0.7),
    "link.switched": Prior(0.5, 0.5),
    "link.pcie": Prior(0.5, 0.5),
    "offline-requests": Prior(100, 0.3),
}
FIRST: dict[str, Prior] = {"first-ms": Prior(8, 0.7), "first-spread-ms": Prior(20, 0.7)}
OWN = {"bandwidth": 0.1, "compute": 0.2, "overhead": 0.3, "request": 0.5}
"""How far the factor of one GPU family, format or engine may stray from 1, by its kind."""


def fit(found: Sequence[Point], start: Mapping[str, float] | None = None) -> Factors:
    """The factors for these points; `start`: where to look first. The few of the first token follow the rest."""
    own = dict.fromkeys(name for point in found for name in factor_names(point.row.gpu, point.row.setup))
    own.pop("compute.bf16", None)  # what the others are measured by
    priors = COMMON | {name: Prior(1.0, OWN[name.partition(".")[0]]) for name in sorted(own)}
    first = {name: prior.central for name, prior in FIRST.items()}
    factors = minimise(Problem(found, priors, throughput_error, first, _touches), start or {}) | first
    alone = [point for point in found if point.row.first_ms]
    return factors | (minimise(Problem(alone, FIRST, first_error, factors, _touches), start or {}) if alone else first)


def _touches(name: str, point: Point) -> bool:
    return name in COMMON or name in FIRST or name in factor_names(point.row.gpu, point.row.setup)
