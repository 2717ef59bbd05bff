"""Charts as data, and as SVG that is the same at build, in the browser and on paper.

Colour comes from the style sheet (classes series-1, series-2, ...); every series has its own dash or marker as well, so that
none is told by colour alone. Every chart has its data as a table.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from calculators.kit.chances import Chances, Swing
from calculators.kit.units import UNITS, Range, number, show

WIDTH, HEIGHT = 520, 340
LEFT, RIGHT, TOP, BOTTOM = 66, 14, 14, 46
ROW = 17  # height of a line of text
TALL_ROW = 2 * ROW + 8  # a line of text and what is drawn under it
MARGIN = 12  # left of what has its labels above it
CHARACTER = 6.6  # width of a character at the chart's text size, near enough to keep labels apart


class Line(NamedTuple):
    """One curve: its points by x, and whether it moves in steps (a value holds until the next point).

    `names` says what stands at each point, "" for nothing: a dot there, the name beside its value in the table, and the
    last name in the picture.
    """

    label: str
    points: Sequence[tuple[float, float]]
    steps: bool = False
    dots: bool = False
    names: Sequence[str] = ()

    @property
    def marked(self) -> list[tuple[tuple[float, float], str]]:
        """The points that have a dot, each with its name, if it has one."""
        if self.names:
            return [(point, name) for point, name in zip(self.points, self.names, strict=True) if name]
        return [(point, "") for point in self.points] if self.dots else []


class Lines(NamedTuple):
    """Curves over one axis. `mark` is a place on the x axis with what to call it: the reader's own value."""

    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    lines: Sequence[Line]
    table_x: Sequence[float]
    mark: tuple[float, str] | None = None
    log: bool = False
    x_text: Callable[[float], str] | None = None  # how an x is written, when it is no plain number
    tick_text: Callable[[float], str] | None = None  # how it is written under the axis, if that is another way


class Bars(NamedTuple):
    """Groups of horizontal bars: a value for each series in each group."""

    title: str
    unit: str
    series: Sequence[str]
    groups: Sequence[tuple[str, Sequence[float]]]
    by: str = "Part"  # what a group is, over their names in the table


class Intervals(NamedTuple):
    """Figures with their intervals, one under the other over one axis."""

    title: str
    unit: str
    rows: Sequence[tuple[str, Range]]
    by: str = "Part"  # what a row is, over their names in the table
    decimals: int = 2  # shown at most


class Tornado(NamedTuple):
    """What one result becomes when one input alone goes to either end of its range; the widest first, round one line."""

    title: str
    unit: str
    central: float
    rows: Sequence[Swing]


def tornado(found: Chances) -> Tornado:
    """The swings of a result as a picture."""
    title = f"What moves this most: {found.result[:1].lower()}{found.result[1:]}"
    return Tornado(title, found.unit, found.swings[0].central, found.swings)


class Stack(NamedTuple):
    """Horizontal bars, each cut into the same parts. `mark` is a value to compare their length with: a line through all.

    A part is told by its letter as well as by its colour.
    """

    title: str
    unit: str
    parts: Sequence[str]
    groups: Sequence[tuple[str, Sequence[float]]]
    mark: tuple[float, str] | None = None
    by: str = "Part"  # what a bar is, over their names in the table
    decimals: int = 1  # shown at most
    rest: int = 0  # how many of the last parts are left over, and are not counted with the others

    def together(self, values: Sequence[float]) -> float:
        """What a bar comes to."""
        return sum(values[:len(values) - self.rest])


class Points(NamedTuple):
    """Named points over two axes: for each its name, the number of its series (from 0), x and y."""

    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    series: Sequence[str]
    points: Sequence[tuple[str, int, float, float]]
    by: str = "Part"  # what a point is, over their names in the table


class Scatter(NamedTuple):
    """Many points over two logarithmic axes of the same quantity, with the diagonal and the lines at twice and half of it:
    for each point its name, the number of its series (from 0), x and y."""

    title: str
    x_label: str
    y_label: str
    unit: str
    series: Sequence[str]
    points: Sequence[tuple[str, int, float, float]]
    by: str = "Part"  # what a point is, over their names in the table


Chart = Lines | Bars | Intervals | Stack | Points | Scatter | Tornado


class Scale(NamedTuple):
    """Where a value lies between two ends of the picture."""

    low: float
    high: float
    start: float
    end: float
    log: bool

    def at(self, value: float) -> float:
        """The coordinate of a value, to a tenth of a unit so that every machine writes the same text."""
        low, high, value = (math.log10(v) for v in (self.low, self.high, value)) if self.log else (
            self.low, self.high, value)
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 1)


def svg(chart: Chart, name: str) -> str:
    """The picture. `name` makes its ids unique on the page."""
    height, body = (_lines(chart) if isinstance(chart, Lines) else _bars(chart) if isinstance(chart, Bars)
                    else _stack(chart) if isinstance(chart, Stack)
                    else _points(chart) if isinstance(chart, Points)
                    else _tornado(chart) if isinstance(chart, Tornado)
                    else _scatter(chart) if isinstance(chart, Scatter) else _intervals(chart))
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"{_places(chart)}>'
        f'<title id="{name}-title">{escape(chart.title)}</title>'
        f'<desc id="{name}-desc">{escape(describe(chart))}</desc>{body}</svg>'
    )


def describe(chart: Chart) -> str:
    """One or two sentences for who cannot see the picture."""
    if isinstance(chart, Bars):
        parts = "; ".join(f"{label}: " + ", ".join(
            f"{s.lower()} {show(v, chart.unit)}" for s, v in zip(chart.series, values, strict=True) if v
        ) for label, values in chart.groups if any(values))
        return f"Bars of {' and '.join(s.lower() for s in chart.series)}. {parts or 'All are nothing'}."
    if isinstance(chart, Stack):
        return f"Bars cut into {', '.join(part.lower() for part in chart.parts)}. " + "; ".join(
            f"{label}: " + ", ".join(f"{part.lower()} {_shown(v, chart)}" for part, v in zip(chart.parts, values, strict=True)
                                     if round(v, chart.decimals))
            for label, values in chart.groups) + "." + (f" Marked: {chart.mark[1]}." if chart.mark else "")
    if isinstance(chart, Intervals):
        return "Dots with their intervals. " + "; ".join(
            f"{label}: {show(_rounded(figure, chart.decimals), chart.unit)}" for label, figure in chart.rows) + "."
    if isinstance(chart, Tornado):
        return f"Now {_about(chart.central, chart)}; with one input alone moved: " + "; ".join(
            f"{row.label} {row.low_at}: {_about(row.low, chart)}, {row.high_at}: {_about(row.high, chart)}"
            for row in chart.rows) + "."
    if isinstance(chart, Points):
        return f"{chart.y_label} by {chart.x_label.lower()}. " + "; ".join(
            f"{name} ({chart.series[i].lower()}): {show(x, chart.x_unit)}, {show(y, chart.y_unit)}"
            for name, i, x, y in chart.points) + "."
    if isinstance(chart, Scatter):
        near = sum(0.5 <= y / x <= 2 for _, _, x, y in chart.points)
        return (f"{chart.y_label} against {chart.x_label.lower()}, {len(chart.points)} points, {near} of them within half and "
                "double. The same figures follow as a table.")
    curves = " and ".join(line.label for line in chart.lines)
    mark = f" Marked: {chart.mark[1]}." if chart.mark else ""
    return f"{chart.y_label} by {chart.x_label.lower()}: {curves}.{mark} The same figures follow as a table."


def table(chart: Chart) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of the chart's data, as text."""
    if isinstance(chart, Bars):
        head = [chart.by, *chart.series]
        return head, [[label, *(show(v, chart.unit) for v in values)] for label, values in chart.groups]
    if isinstance(chart, Stack):
        return [chart.by, *chart.parts, "Together"], [
            [label, *(_shown(v, chart) for v in (*values, chart.together(values)))] for label, values in chart.groups]
    if isinstance(chart, Intervals):
        return [chart.by, "Low", "Figure", "High"], [
            [label, *(show(part, chart.unit) for part in _rounded(figure, chart.decimals))] for label, figure in chart.rows]
    if isinstance(chart, Tornado):
        return ["Input", "From", "Result", "To", "Result"], [
            [row.label, row.low_at, _about(row.low, chart), row.high_at, _about(row.high, chart)] for row in chart.rows]
    if isinstance(chart, Points):
        return [chart.by, "Kind", chart.x_label, chart.y_label], [
            [name, chart.series[i], show(x, chart.x_unit), show(y, chart.y_unit)] for name, i, x, y in chart.points]
    if isinstance(chart, Scatter):
        return [chart.by, "Kind", chart.x_label, chart.y_label], [
            [name, chart.series[i], *(show(float(f"{v:.3g}"), chart.unit) for v in (x, y))] for name, i, x, y in chart.points]
    x_text = chart.x_text or (lambda x: show(x, chart.x_unit))
    head = [chart.x_label, *(line.label for line in chart.lines)]
    return head, [
        [x_text(x), *(_value_at(line, x, chart) for line in chart.lines)] for x in chart.table_x
    ]


def _places(chart: Chart) -> str:
    """Where the rows of the table stand on the x axis, for a read-out under the pointer; nothing if there is no such axis."""
    if not isinstance(chart, Lines):
        return ""
    scale = _x_scale(chart)
    return f' data-at="{" ".join(f"{scale.at(x):g}" for x in chart.table_x)}"'


def _x_scale(chart: Lines) -> Scale:
    xs = [x for line in chart.lines for x, _ in line.points]
    return Scale(*_span(min(xs), max(xs), chart.log), LEFT, WIDTH - RIGHT, chart.log)


def _value_at(line: Line, x: float, chart: Lines) -> str:
    """The value of a curve at x as text; between points of a straight line it is interpolated."""
    near = abs(x) * 1e-12
    before = [p for p in line.points if p[0] <= x + near]
    after = [p for p in line.points if p[0] >= x - near]
    if not before or (not after and not line.steps):
        return ""
    left = before[-1]
    if line.steps or not after or left[0] == after[0][0]:
        name = next((n for n in reversed(line.names[:len(before)]) if n), "")
        return show(left[1], chart.y_unit) + (f", {name}" if name else "")
    share = (x - left[0]) / (after[0][0] - left[0])
    return show(left[1] + share * (after[0][1] - left[1]), chart.y_unit)


def _lines(chart: Lines) -> tuple[int, str]:
    legend = len(chart.lines) * ROW
    ys = [y for line in chart.lines for _, y in line.points]
    bottom = HEIGHT - BOTTOM
    y_low, y_high = _span(min(ys), max(ys), chart.log)
    if not chart.log and min(ys) < max(ys):
        pad = (y_high - y_low) * 0.06
        y_low, y_high = y_low - pad, y_high + pad
    x_scale = _x_scale(chart)
    y_scale = Scale(y_low, y_high, bottom, TOP + legend + 8, chart.log)
    parts = _x_axis(chart, x_scale, bottom) + _y_axis(chart, y_scale)
    for i, line in enumerate(chart.lines, 1):
        parts.append(f'<path class="series-{i}" d="{_path(line, x_scale, y_scale)}"/>')
        parts += [f'<circle class="dot-{i}" cx="{x_scale.at(x)}" cy="{y_scale.at(y)}" r="3"'
                  + (f"><title>{escape(name)}</title></circle>" if name else "/>") for (x, y), name in line.marked]
        if line.names and line.marked:
            parts.append(_last_name(line, i == 1, x_scale, y_scale))
        row = TOP + (i - 1) * ROW
        parts.append(f'<path class="series-{i}" d="M{LEFT} {row - 4}h26"/>')
        parts.append(f'<text x="{LEFT + 34}" y="{row}">{escape(line.label)}</text>')
    if chart.mark and x_scale.low <= chart.mark[0] <= x_scale.high:
        parts += _mark(chart.mark, x_scale, y_scale, chart.lines)
    return HEIGHT, "".join(parts)


def _last_name(line: Line, above: bool, x_scale: Scale, y_scale: Scale) -> str:
    """The name of the last marked point, at the right end: above its curve, or below all of the curve that it spans."""
    (_, y), name = line.marked[-1]
    left = WIDTH - RIGHT - len(name) * CHARACTER
    first = max((i for i, (x, _) in enumerate(line.points) if x_scale.at(x) <= left), default=0)
    lowest = max(y_scale.at(height) for _, height in line.points[first:])
    at = y_scale.at(y) - 7 if above else lowest + 16
    return f'<text class="point-name" x="{WIDTH - RIGHT}" y="{at:g}" text-anchor="end">{escape(name)}</text>'


def _span(low: float, high: float, log: bool) -> tuple[float, float]:
    """The two ends of an axis. A flat picture, or one of a single point, still needs a height and a width."""
    most = max(abs(low), abs(high))
    if high - low > max(1e-9 * most, 1e-200):
        return low, high
    if log:
        return low / 10, high * 10
    room = most if most > 1e-200 else 1
    return low - room, high + room


def _path(line: Line, x_scale: Scale, y_scale: Scale) -> str:
    """The `d` of a curve. A staircase goes across at the old height, then up."""
    text, last_y = "", 0.0
    for x, y in line.points:
        at_x, at_y = x_scale.at(x), y_scale.at(y)
        if not text:
            text = f"M{at_x:g} {at_y:g}"
        elif line.steps:
            text += f"H{at_x:g}" + (f"V{at_y:g}" if at_y != last_y else "")
        else:
            text += f"L{at_x:g} {at_y:g}"
        last_y = at_y
    return text


def _x_axis(chart: Lines, scale: Scale, bottom: float) -> list[str]:
    write = chart.tick_text or chart.x_text or number
    parts = [f'<path class="axis" d="M{LEFT} {bottom}H{WIDTH - RIGHT}"/>']
    edge = 0.0
    for tick in _ticks(scale.low, scale.high, scale.log):
        at, label = scale.at(tick), write(tick)
        half = len(label) * CHARACTER / 2
        parts.append(f'<path class="axis" d="M{at:g} {bottom}v5"/>')
        if at - half > edge and at + half < WIDTH:
            parts.append(f'<text class="tick" x="{at:g}" y="{bottom + 18}" text-anchor="middle">{escape(label)}</text>')
            edge = at + half + 8
    label = f"{chart.x_label} ({UNITS[chart.x_unit]})" if UNITS[chart.x_unit] else chart.x_label
    return [*parts, f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle">'
                    f"{escape(label)}</text>"]


def _y_axis(chart: Lines, scale: Scale) -> list[str]:
    parts = []
    for tick in _ticks(scale.low, scale.high, scale.log):
        at = scale.at(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {at:g}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{at + 4:g}" text-anchor="end">{_short(tick)}</text>')
    middle = (scale.start + scale.end) / 2
    unit = UNITS[chart.y_unit]
    label = f"{chart.y_label} ({unit})" if unit else chart.y_label
    return [*parts, f'<text x="12" y="{middle:g}" text-anchor="middle" transform="rotate(-90 12 {middle:g})">'
                    f"{escape(label)}</text>"]


def _short(value: float) -> str:
    """A tick of the y axis, where room is scarce: 10k, 2M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.6g}{letter}"
    return f"{value:.6g}"


def _ticks(low: float, high: float, log: bool) -> list[float]:
    """Round values between two ends: powers of ten if the axis is logarithmic and holds two, else even steps.

    There are three to eight even steps.
    """
    if log:
        powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        if len(powers) > 1:
            every = max(1, math.ceil(len(powers) / 7))
            return [10.0**p for p in powers if p % every == 0]
    rough = (high - low) / 7
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next(f for f in (1, 2, 2.5, 5, 10) if unit * f >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    # Twelve significant digits take off what binary adds to 3 x 0.1.
    return [float(f"{i * step:.12g}") for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _mark(mark: tuple[float, str], x_scale: Scale, y_scale: Scale, lines: Sequence[Line]) -> list[str]:
    at, label = x_scale.at(mark[0]), mark[1]
    wide = len(label) * CHARACTER + 5
    left = at + wide > WIDTH - RIGHT
    anchor, x = ("end", at - 5) if left else ("start", at + 5)
    y = _free_row([[(x_scale.at(a), y_scale.at(b)) for a, b in line.points] for line in lines], [line.steps for line in lines],
                  at - wide if left else at, wide, y_scale)
    return [f'<path class="mark" d="M{at:g} {y_scale.end:g}V{y_scale.start:g}"/>',
            f'<text class="mark-label" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(label)}</text>']


def _free_row(curves: Sequence[Sequence[tuple[float, float]]], steps: Sequence[bool], start: float, wide: float,
              y_scale: Scale) -> float:
    """The lowest place for a mark's label, this wide from `start` on, that no curve runs through, or the lowest."""
    heights = {y for curve, step in zip(curves, steps, strict=True) for i in range(9)
               if (y := _height(curve, start + i * wide / 8, step)) is not None}
    rows = [y_scale.start - 8 - i * ROW for i in range(int((y_scale.start - y_scale.end) / ROW) - 1)] or [y_scale.start - 8]
    return next((row for row in rows if not any(row - ROW < y < row + 5 for y in heights)), rows[0])


def _height(curve: Sequence[tuple[float, float]], x: float, step: bool) -> float | None:
    """Where a curve is at x, in the picture; None where it does not reach."""
    for (x0, y0), (x1, y1) in itertools.pairwise(curve):
        if x0 <= x <= x1:
            return y0 if step or x0 == x1 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return None


def _bars(chart: Bars) -> tuple[int, str]:
    bar, gap, start = 13, 12, 8
    legend = TOP + len(chart.series) * ROW
    most = max((abs(v) for _, values in chart.groups for v in values), default=0) or 1
    longest = max((len(show(v, chart.unit)) for _, values in chart.groups for v in values), default=0)
    room = WIDTH - RIGHT - start - max(90, 6 + longest * CHARACTER)
    parts, y = [], legend + 4
    for i, series in enumerate(chart.series, 1):
        row = TOP + (i - 1) * ROW
        parts.append(f'<rect class="bar-{i}" x="{start}" y="{row - 9}" width="20" height="10"/>')
        parts.append(f'<text x="{start + 28}" y="{row}">{escape(series)}</text>')
    for label, values in chart.groups:
        y += ROW
        parts.append(f'<text x="{start}" y="{y - 4}">{escape(label)}</text>')
        for i, value in enumerate(values, 1):
            length = round(abs(value) / most * room, 1)
            parts.append(f'<rect class="bar-{i}" x="{start}" y="{y}" width="{length:g}" height="{bar - 2}"/>')
            parts.append(f'<text class="tick" x="{start + length + 6:g}" y="{y + bar - 3}">'
                         f"{escape(show(value, chart.unit))}</text>")
            y += bar
        y += gap
    return y + 4, "".join(parts)


def _intervals(chart: Intervals) -> tuple[int, str]:
    ends = [part for _, figure in chart.rows for part in figure]
    scale, bottom, parts = _under_each_other(ends, len(chart.rows), chart.unit)
    for i, (label, figure) in enumerate(chart.rows, 1):
        row = TOP + (i - 1) * TALL_ROW + ROW
        middle = row + 12
        left, centre, right = (scale.at(part) for part in figure)
        shown = f"{label}: {show(_rounded(figure, chart.decimals), chart.unit)}"
        parts.append(f'<text x="{MARGIN}" y="{row}">{escape(shown)}</text>')
        parts.append(f'<path class="series-{i}" d="M{left:g} {middle}H{right:g}"/>')
        parts.append(f'<path class="axis" d="M{left:g} {middle - 5}v10M{right:g} {middle - 5}v10"/>')
        parts.append(f'<circle class="dot-{i}" cx="{centre:g}" cy="{middle}" r="4.5"/>')
    return bottom + 46, "".join(parts)


def _tornado(chart: Tornado) -> tuple[int, str]:
    """A bar for each input from the result at its low end to that at its high end, and a line where the result is now."""
    ends = [chart.central, *(end for row in chart.rows for end in (row.low, row.high))]
    scale, bottom, parts = _under_each_other(ends, len(chart.rows), chart.unit)
    now, line = scale.at(chart.central), ""  # past every bar, and not through what stands above it
    for i, row in enumerate(chart.rows):
        y = TOP + i * TALL_ROW + ROW
        line += f"M{now:g} {y + 3}v15"
        left, right = sorted((scale.at(row.low), scale.at(row.high)))
        label = _fitting(f"{row.label}: {_from_to(row.low_at, row.high_at)}")
        parts.append(f'<text x="{MARGIN}" y="{y}">{escape(label)}</text>')
        parts.append(f'<rect class="bar-1" x="{left:g}" y="{y + 5}" width="{max(1, right - left):g}" height="11"/>')
    parts.append(f'<path class="mark" d="{line}"/>')
    return bottom + 46, "".join(parts)


def _under_each_other(ends: Sequence[float], rows: int, unit: str) -> tuple[Scale, int, list[str]]:
    """The ground of rows over one axis: its scale, where it ends, and its lines with their figures."""
    low, high = _span(min(ends), max(ends), False)
    pad = (high - low) * 0.04
    scale = Scale(low - pad, high + pad, MARGIN, WIDTH - RIGHT, False)
    bottom = TOP + rows * TALL_ROW
    parts = []
    for tick in _ticks(scale.low, scale.high, False):
        at = scale.at(tick)
        parts.append(f'<path class="grid" d="M{at:g} {TOP}V{bottom}"/>')
        parts.append(f'<text class="tick" x="{at:g}" y="{bottom + 18}" text-anchor="middle">{escape(_short(tick))}</text>')
    parts.append(f'<path class="axis" d="M{MARGIN} {bottom}H{WIDTH - RIGHT}"/>')
    parts.append(f'<text x="{(MARGIN + WIDTH - RIGHT) / 2:g}" y="{bottom + 36}" text-anchor="middle">'
                 f"{escape(UNITS[unit])}</text>")
    return scale, bottom, parts


def _from_to(low: str, high: str) -> str:
    """Two ends in words, with what both end in said once: "1 to 4 USD"."""
    first, last = low.split(), high.split()
    same = 0
    while same < min(len(first), len(last)) - 1 and first[-1 - same] == last[-1 - same]:
        same += 1
    return f"{' '.join(first[:len(first) - same])} to {high}"


def _fitting(text: str) -> str:
    """A text that stays within the picture; the table under it has it whole."""
    most = int((WIDTH - RIGHT - 12) / CHARACTER)
    return text if len(text) <= most else text[:most - 1].rstrip() + "…"


def _about(value: float, chart: Tornado) -> str:
    """A result of an estimate, to 3 significant digits."""
    return show(float(f"{value:.3g}"), chart.unit)


def _rounded(figure: Range, decimals: int) -> Range:
    return Range(*(round(part, decimals) for part in figure))


def _stack(chart: Stack) -> tuple[int, str]:
    start, bar, tall = 12, 20, ROW + 32
    letters = [chr(ord("a") + i) for i in range(len(chart.parts))]
    legend, top = _stack_legend(chart.parts, letters, start)
    longest = max([sum(values) for _, values in chart.groups] + ([chart.mark[0]] if chart.mark else []), default=0)
    scale = Scale(0, longest or 1, start, WIDTH - RIGHT, False)
    bottom = top + len(chart.groups) * tall
    parts = list(legend)
    crossed = ""  # where the line of the mark runs: past every bar, and not through what stands above it
    for row, (label, values) in enumerate(chart.groups):
        y, left = top + row * tall + ROW, float(start)
        if chart.mark:
            crossed += f"M{scale.at(chart.mark[0]):g} {y - 2}V{y + bar + 6}"
        parts.append(f'<text x="{start}" y="{y - 5}">{escape(label)}: {escape(_shown(chart.together(values), chart))}</text>')
        for i, (letter, end) in enumerate(zip(letters, itertools.accumulate(values), strict=True), 1):
            right = scale.at(end)
            parts.append(f'<rect class="part-{i}" x="{left:g}" y="{y}" width="{right - left:.4g}" height="{bar}"/>')
            if right - left > 2 * CHARACTER:
                parts.append(f'<text class="part-label" x="{(left + right) / 2:.5g}" y="{y + 14}" text-anchor="middle">'
                             f"{letter}</text>")
            left = right
    if chart.mark:
        at, label = scale.at(chart.mark[0]), chart.mark[1]
        half = len(label) * CHARACTER / 2
        anchor = "end" if at + half > WIDTH - RIGHT else "start" if at - half < start else "middle"
        parts.append(f'<path class="mark" d="{crossed}"/>')
        parts.append(f'<text class="mark-label" x="{at:g}" y="{bottom + 16}" text-anchor="{anchor}">{escape(label)}</text>')
    return bottom + (26 if chart.mark else 6), "".join(parts)


def _stack_legend(names: Sequence[str], letters: Sequence[str], start: int) -> tuple[list[str], int]:
    """A sample, letter and name for each part, in as many lines as they need; and where the bars may begin."""
    parts, x, y = [], float(start), TOP
    for i, (letter, name) in enumerate(zip(letters, names, strict=True), 1):
        wide = 20 + (len(name) + 3) * CHARACTER
        if x > start and x + wide > WIDTH - RIGHT:
            x, y = float(start), y + ROW
        parts.append(f'<rect class="part-{i}" x="{x:g}" y="{y - 9}" width="14" height="11"/>'
                     f'<text x="{x + 19:g}" y="{y}">{letter} {escape(name)}</text>')
        x += wide + 10
    return parts, y + 8


def _shown(value: float, chart: Stack) -> str:
    return show(round(value, chart.decimals), chart.unit)


def _points(chart: Points) -> tuple[int, str]:
    """Dots with their names beside them; a name that would cover another moves down."""
    legend, bottom = len(chart.series) * ROW, HEIGHT - BOTTOM
    x_ends = _wider(_span(min(p[2] for p in chart.points), max(p[2] for p in chart.points), False))
    y_ends = _wider(_span(min(p[3] for p in chart.points), max(p[3] for p in chart.points), False))
    x_scale = Scale(max(0.0, x_ends[0]) if x_ends[1] > 0 else x_ends[0], x_ends[1], LEFT, WIDTH - RIGHT, False)
    y_scale = Scale(*y_ends, bottom, TOP + legend + 8, False)
    axes = Lines(chart.title, chart.x_label, chart.x_unit, chart.y_label, chart.y_unit, [], [])
    parts = _x_axis(axes, x_scale, bottom) + _y_axis(axes, y_scale)
    for i, series in enumerate(chart.series, 1):
        row = TOP + (i - 1) * ROW
        parts += [_dot(i, LEFT + 12, row - 4), f'<text x="{LEFT + 34}" y="{row}">{escape(series)}</text>']
    taken: list[tuple[float, float, float]] = []
    for name, i, x, y in sorted(chart.points, key=lambda p: -p[3]):
        at_x, at_y = x_scale.at(x), y_scale.at(y)
        width = len(name) * CHARACTER
        left = at_x + 8 + width > WIDTH
        start = max(2.0, at_x - 8 - width) if left else at_x + 8
        line = at_y + 4
        while any(abs(line - y0) < ROW - 5 and start < end and begin < start + width for begin, end, y0 in taken):
            line += 3
        taken.append((start, start + width, line))
        parts.append(_dot(i + 1, at_x, at_y))
        parts.append(f'<text class="tick" x="{round(start, 1):g}" y="{round(line, 1):g}">{escape(name)}</text>')
    return HEIGHT, "".join(parts)


def _scatter(chart: Scatter) -> tuple[int, str]:
    """Small marks, a shape for each series."""
    legend, bottom = len(chart.series) * ROW, HEIGHT - BOTTOM
    both = [v for _, _, x, y in chart.points for v in (x, y)]
    low, high = 10 ** math.floor(math.log10(min(both))), 10 ** math.ceil(math.log10(max(both)))
    x_scale, y_scale = Scale(low, high, LEFT, WIDTH - RIGHT, True), Scale(low, high, bottom, TOP + legend + 8, True)
    axes = Lines(chart.title, chart.x_label, chart.unit, chart.y_label, chart.unit, [], [], log=True)
    parts = _x_axis(axes, x_scale, bottom) + _y_axis(axes, y_scale)
    for times in (0.5, 1, 2):
        start, end = max(low, low / times), min(high, high / times)
        parts.append(f'<path class="{"axis" if times == 1 else "grid"}" d="M{x_scale.at(start):g} {y_scale.at(start * times):g}'
                     f'L{x_scale.at(end):g} {y_scale.at(end * times):g}"/>')
    for i, series in enumerate(chart.series):
        row = TOP + i * ROW
        parts += [_small_mark(i, LEFT + 12, row - 4), f'<text x="{LEFT + 34}" y="{row}">{escape(series)}</text>']
    parts += [_small_mark(i, x_scale.at(x), y_scale.at(y)) for _, i, x, y in chart.points]
    return HEIGHT, "".join(parts)


def _small_mark(series: int, x: float, y: float) -> str:
    """A mark of the first four series: dot, square, diamond, triangle."""
    shape = ("m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z", "m-2.2 -2.2h4.4v4.4h-4.4z", "m0 -3.2l3.2 3.2l-3.2 3.2l-3.2 -3.2z",
             "m0 -3l3 5.2h-6z")[series]
    return f'<path class="part-{series + 1}" d="M{x:g} {y:g}{shape}"/>'


def _wider(ends: tuple[float, float]) -> tuple[float, float]:
    """With a margin, so that no dot stands on an axis."""
    room = (ends[1] - ends[0]) * 0.08
    return ends[0] - room, ends[1] + room


def _dot(series: int, x: float, y: float) -> str:
    """A round dot for the first series, a square one for the others: told by more than colour."""
    if series == 1:
        return f'<circle class="dot-1" cx="{x:g}" cy="{y:g}" r="4"/>'
    return f'<rect class="dot-{series}" x="{round(x - 4, 1):g}" y="{round(y - 4, 1):g}" width="8" height="8"/>'
