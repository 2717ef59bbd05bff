"""What formulas.throughput says of a measured row, and how far off that is."""

import math
from typing import NamedTuple

from calculators.buildtime.measured import Row
from calculators.formulas.throughput import GIB, Speed, Work, rates, resident_bytes, speed, work
from calculators.kit.facts import Facts

Factors = dict[str, float]


class Point(NamedTuple):
    """A measured row with what it moves and computes, which no factor changes."""

    row: Row
    work: Work


class DoesNotFit(ValueError):
    """The weights are too large for the GPUs. `needed_bytes` and `usable_bytes` are per GPU."""

    def __init__(self, needed_bytes: float, usable_bytes: float) -> None:
        super().__init__(f"the weights need {needed_bytes / GIB:.1f} GiB on each GPU, and {usable_bytes / GIB:.1f} GiB are "
                         "usable")
        self.needed_bytes, self.usable_bytes = needed_bytes, usable_bytes


class Rules(NamedTuple):
    """How much memory the runs behind measured rows are taken to have had for their cache."""

    usable: float  # share of the memory for weights, cache and workspace
    free: float  # of what the weights leave, the share that TensorRT-LLM takes instead
    workspace_bytes: float
    edge: float  # weights up to this share of what is usable ran, starved of cache


def rules(facts: Facts) -> Rules:
    """The assumptions on memory in data/serving-assumptions.yaml."""
    usable, free, workspace, edge = (float(facts[f"serving-assumptions.fit.{name}"].value) for name in
                                     ("usable-percent", "free-percent", "workspace-gb", "edge-ratio"))
    return Rules(usable / 100, free / 100, workspace * 1e9, edge)


def room(row: Row, given: Rules) -> float:
    """Bytes for cache on each GPU of a measured row, which ran, whatever its engine took: the calculator counts otherwise.

    Raises DoesNotFit well past the edge; near it there is room for one request at the least.
    """
    together = row.setup.gpus if row.setup.by_layer else 1  # GPUs that hold whole layers count as one with all the memory
    memory = row.gpu.memory_bytes * together
    needed = resident_bytes(row.architecture, row.setup) * together
    usable = memory * given.usable
    if needed > usable * given.edge:
        raise DoesNotFit(needed, usable)
    if row.setup.engine.startswith("tensorrt"):
        return max(0.0, memory - needed - given.workspace_bytes) * given.free
    return max(0.0, usable - needed - given.workspace_bytes)


def point(row: Row, given: Rules) -> Point:
    """A row with what it moves and computes. Raises DoesNotFit, and ValueError for a layout that is not modelled."""
    return Point(row, work(row.architecture, row.setup, row.load, room(row, given)))


def predicted(point: Point, factors: Factors) -> Speed:
    """The prediction for a row.

    A run of "offline" names no number of requests. TensorRT-LLM's benchmark queues thousands, so as many as fit are in
    flight; with the others it is a batch of about a hundred that drains, and the mean in flight is fitted.
    """
    load = point.row.load
    if load.requests is None and not point.row.setup.engine.startswith("tensorrt-llm"):
        load = load._replace(requests=factors["offline-requests"])
    return speed(point.work, rates(point.row.gpu, point.row.setup, factors), load)


def tokens_per_s(point: Point, factors: Factors) -> float:
    """What was measured of a row, as predicted: tokens/s of all requests, or of one."""
    found = predicted(point, factors)
    return found.user_tokens_per_s if point.row.per_user else found.output_tokens_per_s


def throughput_error(point: Point, factors: Factors) -> float:
    """ln(predicted / measured)."""
    return math.log(tokens_per_s(point, factors) / point.row.measured)


def first_error(point: Point, factors: Factors) -> float:
    """ln(predicted / measured) of the time to the first token of a request that is alone."""
    return math.log(predicted(point, factors).first_s * 1000 / (point.row.first_ms or math.nan))
