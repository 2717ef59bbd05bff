"""Charts of the guide's data, by name, for the facts fence: `frontier chart=frontier`."""

import datetime

from calculators.kit.chart import Chart, Line, Lines
from calculators.kit.facts import Facts


def make(name: str, facts: Facts) -> Chart:
    """The chart of that name. Raises MissingFact or KeyError."""
    return {"frontier": frontier}[name](facts)


def frontier(facts: Facts) -> Lines:
    """The best score so far on the Epoch Capabilities Index, open weights against proprietary, over time."""
    rows: dict[str, dict[str, str | float]] = {}
    for key in facts.keys("frontier"):
        _, row, column = key.split(".")
        rows.setdefault(row, {})[column] = facts[key].value
    lines = [
        Line(label, _records([(str(r["date"]), float(r["score"])) for r in rows.values() if r.get("access") == access]),
             steps=True)
        for access, label in (("proprietary", "Proprietary, best so far"), ("open", "Open weights, best so far"))
    ]
    last = max(_years(str(r["date"])) for r in rows.values())
    lines = [line._replace(points=[*line.points, (last, line.points[-1][1])]) for line in lines]
    first = max(line.points[0][0] for line in lines)
    years = [y for y in range(int(first) + 1, int(last) + 1)]
    return Lines(
        title="Best score so far: open weights against proprietary (Epoch Capabilities Index)",
        x_label="Release date", x_unit="count", y_label="Index", y_unit="points", lines=lines,
        table_x=[*(y + half / 2 for y in years for half in (0, 1) if y + half / 2 <= last), last], x_text=_month,
    )


def _records(scored: list[tuple[str, float]]) -> list[tuple[float, float]]:
    """The points at which the best so far rises."""
    best, points = float("-inf"), []
    for day, score in sorted(scored):
        if score > best:
            best = score
            points.append((_years(day), score))
    return points


def _years(day: str) -> float:
    """A date as a number of years, for the axis."""
    date = datetime.date.fromisoformat(day)
    return date.year + (date.timetuple().tm_yday - 1) / 366


def _month(years: float) -> str:
    """A number of years as year and month."""
    return f"{int(years)}-{int((years - int(years)) * 12 + 0.01) + 1:02d}"
