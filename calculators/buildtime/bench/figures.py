"""A figure that was measured, beside the limit that it must keep to."""

import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple


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
