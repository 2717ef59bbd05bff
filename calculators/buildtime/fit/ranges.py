"""The ranges that predictions are shown with, from the errors of rows left out."""

import math
from collections.abc import Hashable, Iterable, Sequence

from calculators.buildtime.fit.left_out import LeftOut
from calculators.formulas.throughput import quantile, span_names

ENOUGH = 30  # rows for a range of their own
TAIL = 0.1  # the share of rows below, and above, a range
THIN = 8  # configurations of a GPU family below which it is taken to be hardly known

Ranges = dict[str, tuple[float, float]]


def ranges(tested: Iterable[LeftOut]) -> Ranges:
    """The quantiles of measured over predicted: a tenth of the rows lie below, a tenth above.

    By mode, and by mode and kind of architecture where there are ENOUGH rows of it.
    """
    found: dict[str, list[float]] = {}
    for one in tested:
        for name in span_names(one.point.row.mode, bool(one.point.row.architecture.experts)):
            found.setdefault(name, []).append(-one.error)
    return {name: tails(errors) for name, errors in found.items() if len(errors) >= ENOUGH or "-" not in name}


def tails(errors: list[float]) -> tuple[float, float]:
    """Factors low and high of logarithms of measured over predicted.

    The next row falls below the k-th smallest of n with a chance of k / (n + 1), so the quantiles lie a little further out
    than those of the n themselves (split conformal prediction, arXiv 2107.07511, section 1).
    """
    n = len(errors)
    share = min(1.0, max(0.0, (TAIL * (n + 1) - 1) / (n - 1))) if n > 1 else 0.0
    return math.exp(quantile(errors, share)), math.exp(quantile(errors, 1 - share))


def unseen(families: Iterable[LeftOut], sources: Iterable[LeftOut]) -> tuple[float, float]:
    """Factors low and high where nothing alike was measured: a tenth below, a tenth above, of the errors of families and
    sources that were left out whole. Each family and each source counts the same, however many rows it has."""
    groups: dict[tuple[str, str], list[float]] = {}
    for one in families:
        groups.setdefault(("family", one.point.row.gpu.family), []).append(-one.error)
    for one in sources:
        groups.setdefault(("source", one.point.row.source), []).append(-one.error)
    weighted = sorted((error, 1 / len(errors)) for errors in groups.values() for error in errors)
    return math.exp(weighted_quantile(weighted, TAIL)), math.exp(weighted_quantile(weighted, 1 - TAIL))


def weighted_quantile(weighted: Sequence[tuple[float, float]], share: float) -> float:
    """A quantile of sorted values with weights, by linear interpolation between the middles of their weights."""
    total, before = sum(weight for _, weight in weighted), 0.0
    last_at, last = 0.0, weighted[0][0]
    for value, weight in weighted:
        at = (before + weight / 2) / total
        if share <= at:
            return value if at == last_at else last + (value - last) * (share - last_at) / (at - last_at)
        last_at, last, before = at, value, before + weight
    return last


def own_ranges(tested: Sequence[LeftOut], families: Iterable[LeftOut], usual: Ranges) -> Ranges:
    """Ranges of their own, for GPUs whose rows the usual range says too little about.

    A family of fewer than THIN configurations: the errors of its rows by a fit that left out all of them, since a new
    configuration of it is nearly as new as the first; the middle eight tenths, which are wide enough for a fit that has
    them. A single GPU of another family: the errors of its rows by fits
    without their configuration, if the usual range held fewer of them than of all rows by more than the chance of so few.
    That is two standard errors of a share, sqrt(p (1 - p) / n), with p that of all rows and n the rows of the GPU.
    """
    configurations: dict[str, set[Hashable]] = {}
    held: dict[str, list[tuple[bool, float]]] = {}
    for one in tested:
        row = one.point.row
        configurations.setdefault(row.gpu.family, set()).add(row.configuration)
        low, high = next(usual[name] for name in span_names(row.mode, bool(row.architecture.experts)) if name in usual)
        held.setdefault(row.gpu_id, []).append((low <= math.exp(-one.error) <= high, -one.error))
    thin = {family for family, found in configurations.items() if len(found) < THIN}
    wide: dict[str, list[float]] = {}
    for one in families:
        if one.point.row.gpu.family in thin:
            wide.setdefault(f"family-{one.point.row.gpu.family}", []).append(-one.error)
    share = sum(inside for of in held.values() for inside, _ in of) / len(tested)
    in_thin = {one.point.row.gpu_id for one in tested if one.point.row.gpu.family in thin}
    for gpu, of in held.items():
        chance = 2 * math.sqrt(share * (1 - share) / len(of))
        if gpu not in in_thin and sum(inside for inside, _ in of) / len(of) < share - chance:
            wide[f"gpu-{gpu}"] = [error for _, error in of]
    return {name: tails(errors) if name.startswith("gpu-") else (
        math.exp(quantile(errors, TAIL)), math.exp(quantile(errors, 1 - TAIL))) for name, errors in wide.items()}


def spans(tested: Sequence[LeftOut], families: Sequence[LeftOut], sources: Sequence[LeftOut]) -> Ranges:
    """All ranges that a prediction may be shown with, as throughput.range_of takes them."""
    usual = ranges(tested)
    return usual | own_ranges(tested, families, usual) | {"unseen": unseen(families, sources)}
