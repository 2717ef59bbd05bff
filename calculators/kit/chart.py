"""The kinds of chart, as data: each knows its picture, its sentence for who cannot see it, and its figures as a table.

A new kind is a NamedTuple with a title and these three, named in `Chart`.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from calculators.kit import drawing
from calculators.kit.chances import Chances, Swing
from calculators.kit.drawing import CHARACTER, LEFT, MARGIN, RIGHT, ROW, TALL_ROW, TOP, WIDTH, Drawn, Scale
from calculators.kit.units import Range, number, show

Grid = tuple[list[str], list[list[str]]]  # the head and the rows of a table, as text


def svg(chart: "Chart", name: str) -> str:
    """The picture. `name` makes its ids unique on the page."""
    drawn = chart.draw()
    places = f' data-at="{" ".join(f"{x:g}" for x in drawn.places)}"' if drawn.places is not None else ""
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {drawn.height}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"{places}>'
        f'<title id="{name}-title">{escape(chart.title)}</title>'
        f'<desc id="{name}-desc">{escape(chart.describe())}</desc>{"".join(drawn.marks)}</svg>'
    )


# --- curves -----------------------------------------------------------------------------------------------------------


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

    def value_at(self, x: float, unit: str) -> str:
        """The value at x as text, "" where there is none; between points of a straight line it is interpolated."""
        near = abs(x) * 1e-12
        before = [p for p in self.points if p[0] <= x + near]
        after = [p for p in self.points if p[0] >= x - near]
        if not before or (not after and not self.steps):
            return ""
        left = before[-1]
        if self.steps or not after or left[0] == after[0][0]:
            name = next((n for n in reversed(self.names[:len(before)]) if n), "")
            return show(left[1], unit) + (f", {name}" if name else "")
        share = (x - left[0]) / (after[0][0] - left[0])
        return show(left[1] + share * (after[0][1] - left[1]), unit)

    def draw(self, series: int, x_scale: Scale, y_scale: Scale) -> list[str]:
        """The curve with its dots and the last of their names, and its line of the legend."""
        at = [(x_scale.at(x), y_scale.at(y)) for x, y in self.points]
        parts = [f'<path class="series-{series}" d="{drawing.curve(at, self.steps)}"/>']
        parts += [f'<circle class="dot-{series}" cx="{x_scale.at(x)}" cy="{y_scale.at(y)}" r="3"'
                  + (f"><title>{escape(name)}</title></circle>" if name else "/>") for (x, y), name in self.marked]
        if self.names and self.marked:
            parts.append(self._last_name(series == 1, x_scale, y_scale))
        parts.append(f'<path class="series-{series}" d="M{LEFT} {drawing.legend_row(series - 1) - 4}h26"/>')
        return [*parts, drawing.legend_name(series - 1, self.label)]

    def _last_name(self, above: bool, x_scale: Scale, y_scale: Scale) -> str:
        """The name of the last marked point, at the right end: above its curve, or below all of the curve that it spans."""
        (_, y), name = self.marked[-1]
        left = WIDTH - RIGHT - len(name) * CHARACTER
        first = max((i for i, (x, _) in enumerate(self.points) if x_scale.at(x) <= left), default=0)
        lowest = max(y_scale.at(height) for _, height in self.points[first:])
        at = y_scale.at(y) - 7 if above else lowest + 16
        return f'<text class="point-name" x="{WIDTH - RIGHT}" y="{at:g}" text-anchor="end">{escape(name)}</text>'


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

    def describe(self) -> str:
        """What is drawn, in a sentence or two."""
        curves = " and ".join(line.label for line in self.lines)
        mark = f" Marked: {self.mark[1]}." if self.mark else ""
        return f"{self.y_label} by {self.x_label.lower()}: {curves}.{mark} The same figures follow as a table."

    def table(self) -> Grid:
        """A row for each x that is worth one, a column for each curve."""
        x_text = self.x_text or (lambda x: show(x, self.x_unit))
        return [self.x_label, *(line.label for line in self.lines)], [
            [x_text(x), *(line.value_at(x, self.y_unit) for line in self.lines)] for x in self.table_x]

    def draw(self) -> Drawn:
        """The curves, one over the other, under their legend."""
        xs, ys = ([point[axis] for line in self.lines for point in line.points] for axis in (0, 1))
        y_ends = drawing.span(min(ys), max(ys), self.log)
        if not self.log and min(ys) < max(ys):
            y_ends = drawing.padded(y_ends, 0.06)
        x_scale = drawing.x_scale(*drawing.span(min(xs), max(xs), self.log), self.log)
        y_scale = drawing.y_scale(*y_ends, self.log, len(self.lines))
        parts = drawing.x_axis(x_scale, self.x_label, self.x_unit, self.tick_text or self.x_text or number)
        parts += drawing.y_axis(y_scale, self.y_label, self.y_unit)
        for i, line in enumerate(self.lines, 1):
            parts += line.draw(i, x_scale, y_scale)
        if self.mark and x_scale.low <= self.mark[0] <= x_scale.high:
            parts += self._draw_mark(*self.mark, x_scale, y_scale)
        return Drawn(drawing.HEIGHT, parts, [x_scale.at(x) for x in self.table_x])

    def _draw_mark(self, value: float, label: str, x_scale: Scale, y_scale: Scale) -> list[str]:
        at = x_scale.at(value)
        wide = len(label) * CHARACTER + 5
        left = at + wide > WIDTH - RIGHT
        anchor, x = ("end", at - 5) if left else ("start", at + 5)
        curves = [[(x_scale.at(a), y_scale.at(b)) for a, b in line.points] for line in self.lines]
        y = drawing.free_row(curves, [line.steps for line in self.lines], at - wide if left else at, wide, y_scale)
        return [f'<path class="mark" d="M{at:g} {y_scale.end:g}V{y_scale.start:g}"/>',
                f'<text class="mark-label" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(label)}</text>']


# --- bars -------------------------------------------------------------------------------------------------------------


class Bars(NamedTuple):
    """Groups of horizontal bars: a value for each series in each group."""

    title: str
    unit: str
    series: Sequence[str]
    groups: Sequence[tuple[str, Sequence[float]]]
    by: str = "Part"  # what a group is, over their names in the table

    def describe(self) -> str:
        """All bars that are not nothing."""
        parts = "; ".join(f"{label}: " + ", ".join(
            f"{s.lower()} {show(v, self.unit)}" for s, v in zip(self.series, values, strict=True) if v
        ) for label, values in self.groups if any(values))
        return f"Bars of {' and '.join(s.lower() for s in self.series)}. {parts or 'All are nothing'}."

    def table(self) -> Grid:
        """A row for each group, a column for each series."""
        return [self.by, *self.series], [[label, *(show(v, self.unit) for v in values)] for label, values in self.groups]

    def draw(self) -> Drawn:
        """The groups, one under the other, each bar with its value behind it."""
        bar, gap, start = 13, 12, 8
        most = max((abs(v) for _, values in self.groups for v in values), default=0) or 1
        longest = max((len(show(v, self.unit)) for _, values in self.groups for v in values), default=0)
        room = WIDTH - RIGHT - start - max(90, 6 + longest * CHARACTER)
        parts, y = [], drawing.legend_row(len(self.series)) + 4
        for i, series in enumerate(self.series):
            row = drawing.legend_row(i)
            parts.append(f'<rect class="bar-{i + 1}" x="{start}" y="{row - 9}" width="20" height="10"/>')
            parts.append(f'<text x="{start + 28}" y="{row}">{escape(series)}</text>')
        for label, values in self.groups:
            y += ROW
            parts.append(f'<text x="{start}" y="{y - 4}">{escape(label)}</text>')
            for i, value in enumerate(values, 1):
                length = round(abs(value) / most * room, 1)
                parts.append(f'<rect class="bar-{i}" x="{start}" y="{y}" width="{length:g}" height="{bar - 2}"/>')
                parts.append(f'<text class="tick" x="{start + length + 6:g}" y="{y + bar - 3}">'
                             f"{escape(show(value, self.unit))}</text>")
                y += bar
            y += gap
        return Drawn(y + 4, parts)


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

    def describe(self) -> str:
        """All bars with those parts that would not be shown as nothing."""
        return f"Bars cut into {', '.join(part.lower() for part in self.parts)}. " + "; ".join(
            f"{label}: " + ", ".join(f"{part.lower()} {self._shown(v)}" for part, v in zip(self.parts, values, strict=True)
                                     if round(v, self.decimals))
            for label, values in self.groups) + "." + (f" Marked: {self.mark[1]}." if self.mark else "")

    def table(self) -> Grid:
        """A row for each bar, a column for each part."""
        return [self.by, *self.parts, "Together"], [
            [label, *(self._shown(v) for v in (*values, self.together(values)))] for label, values in self.groups]

    def draw(self) -> Drawn:
        """The bars, one under the other, each with its name and sum above it."""
        bar, tall = 20, ROW + 32
        letters = [chr(ord("a") + i) for i in range(len(self.parts))]
        parts, top = self._legend(letters)
        longest = max([sum(values) for _, values in self.groups] + ([self.mark[0]] if self.mark else []), default=0)
        scale = Scale(0, longest or 1, MARGIN, WIDTH - RIGHT, False)
        bottom = top + len(self.groups) * tall
        crossed = ""  # where the line of the mark runs: past every bar, and not through what stands above it
        for row, (label, values) in enumerate(self.groups):
            y, left = top + row * tall + ROW, float(MARGIN)
            if self.mark:
                crossed += f"M{scale.at(self.mark[0]):g} {y - 2}V{y + bar + 6}"
            together = self._shown(self.together(values))
            parts.append(f'<text x="{MARGIN}" y="{y - 5}">{escape(label)}: {escape(together)}</text>')
            for i, (letter, end) in enumerate(zip(letters, itertools.accumulate(values), strict=True), 1):
                right = scale.at(end)
                parts.append(f'<rect class="part-{i}" x="{left:g}" y="{y}" width="{right - left:.4g}" height="{bar}"/>')
                if right - left > 2 * CHARACTER:
                    parts.append(f'<text class="part-label" x="{(left + right) / 2:.5g}" y="{y + 14}" text-anchor="middle">'
                                 f"{letter}</text>")
                left = right
        if self.mark:
            at, label = scale.at(self.mark[0]), self.mark[1]
            half = len(label) * CHARACTER / 2
            anchor = "end" if at + half > WIDTH - RIGHT else "start" if at - half < MARGIN else "middle"
            parts.append(f'<path class="mark" d="{crossed}"/>')
            parts.append(f'<text class="mark-label" x="{at:g}" y="{bottom + 16}" text-anchor="{anchor}">{escape(label)}</text>')
        return Drawn(bottom + (26 if self.mark else 6), parts)

    def _legend(self, letters: Sequence[str]) -> tuple[list[str], int]:
        """A sample, letter and name for each part, in as many lines as they need; and where the bars may begin."""
        parts, x, y = [], float(MARGIN), TOP
        for i, (letter, name) in enumerate(zip(letters, self.parts, strict=True), 1):
            wide = 20 + (len(name) + 3) * CHARACTER
            if x > MARGIN and x + wide > WIDTH - RIGHT:
                x, y = float(MARGIN), y + ROW
            parts.append(f'<rect class="part-{i}" x="{x:g}" y="{y - 9}" width="14" height="11"/>'
                         f'<text x="{x + 19:g}" y="{y}">{letter} {escape(name)}</text>')
            x += wide + 10
        return parts, y + 8

    def _shown(self, value: float) -> str:
        return show(round(value, self.decimals), self.unit)


# --- rows over one axis -----------------------------------------------------------------------------------------------


class Intervals(NamedTuple):
    """Figures with their intervals, one under the other over one axis."""

    title: str
    unit: str
    rows: Sequence[tuple[str, Range]]
    by: str = "Part"  # what a row is, over their names in the table
    decimals: int = 2  # shown at most

    def describe(self) -> str:
        """All figures with their intervals."""
        return "Dots with their intervals. " + "; ".join(self._shown(label, figure) for label, figure in self.rows) + "."

    def table(self) -> Grid:
        """A row for each figure."""
        return [self.by, "Low", "Figure", "High"], [
            [label, *(show(part, self.unit) for part in self._rounded(figure))] for label, figure in self.rows]

    def draw(self) -> Drawn:
        """A dot for each figure on the line of its interval, its name and value above."""
        ends = [part for _, figure in self.rows for part in figure]
        scale, height, parts = drawing.under_each_other(ends, len(self.rows), self.unit)
        for i, (label, figure) in enumerate(self.rows, 1):
            row = TOP + (i - 1) * TALL_ROW + ROW
            middle = row + 12
            left, centre, right = (scale.at(part) for part in figure)
            parts.append(f'<text x="{MARGIN}" y="{row}">{escape(self._shown(label, figure))}</text>')
            parts.append(f'<path class="series-{i}" d="M{left:g} {middle}H{right:g}"/>')
            parts.append(f'<path class="axis" d="M{left:g} {middle - 5}v10M{right:g} {middle - 5}v10"/>')
            parts.append(f'<circle class="dot-{i}" cx="{centre:g}" cy="{middle}" r="4.5"/>')
        return Drawn(height, parts)

    def _shown(self, label: str, figure: Range) -> str:
        return f"{label}: {show(self._rounded(figure), self.unit)}"

    def _rounded(self, figure: Range) -> Range:
        return Range(*(round(part, self.decimals) for part in figure))


class Tornado(NamedTuple):
    """What one result becomes when one input alone goes to either end of its range; the widest first, round one line."""

    title: str
    unit: str
    central: float
    rows: Sequence[Swing]

    def describe(self) -> str:
        """The result now, and at either end of each input."""
        return f"Now {self._about(self.central)}; with one input alone moved: " + "; ".join(
            f"{row.label} {row.low_at}: {self._about(row.low)}, {row.high_at}: {self._about(row.high)}"
            for row in self.rows) + "."

    def table(self) -> Grid:
        """A row for each input."""
        return ["Input", "From", "Result", "To", "Result"], [
            [row.label, row.low_at, self._about(row.low), row.high_at, self._about(row.high)] for row in self.rows]

    def draw(self) -> Drawn:
        """A bar for each input from the result at its low end to that at its high end, and a line where the result is now."""
        ends = [self.central, *(end for row in self.rows for end in (row.low, row.high))]
        scale, height, parts = drawing.under_each_other(ends, len(self.rows), self.unit)
        now, line = scale.at(self.central), ""  # past every bar, and not through what stands above it
        for i, row in enumerate(self.rows):
            y = TOP + i * TALL_ROW + ROW
            line += f"M{now:g} {y + 3}v15"
            left, right = sorted((scale.at(row.low), scale.at(row.high)))
            label = drawing.fitting(f"{row.label}: {_from_to(row.low_at, row.high_at)}")
            parts.append(f'<text x="{MARGIN}" y="{y}">{escape(label)}</text>')
            parts.append(f'<rect class="bar-1" x="{left:g}" y="{y + 5}" width="{max(1, right - left):g}" height="11"/>')
        return Drawn(height, [*parts, f'<path class="mark" d="{line}"/>'])

    def _about(self, value: float) -> str:
        """A result of an estimate, to 3 significant digits."""
        return show(float(f"{value:.3g}"), self.unit)


def tornado(found: Chances) -> Tornado:
    """The swings of a result as a picture."""
    title = f"What moves this most: {found.result[:1].lower()}{found.result[1:]}"
    return Tornado(title, found.unit, found.swings[0].central, found.swings)


def _from_to(low: str, high: str) -> str:
    """Two ends in words, with what both end in said once: "1 to 4 USD"."""
    first, last = low.split(), high.split()
    same = 0
    while same < min(len(first), len(last)) - 1 and first[-1 - same] == last[-1 - same]:
        same += 1
    return f"{' '.join(first[:len(first) - same])} to {high}"


# --- points -----------------------------------------------------------------------------------------------------------


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

    def describe(self) -> str:
        """All points."""
        return f"{self.y_label} by {self.x_label.lower()}. " + "; ".join(
            f"{name} ({self.series[i].lower()}): {show(x, self.x_unit)}, {show(y, self.y_unit)}"
            for name, i, x, y in self.points) + "."

    def table(self) -> Grid:
        """A row for each point."""
        return [self.by, "Kind", self.x_label, self.y_label], [
            [name, self.series[i], show(x, self.x_unit), show(y, self.y_unit)] for name, i, x, y in self.points]

    def draw(self) -> Drawn:
        """Dots with their names beside them; a name that would cover another moves down."""
        xs, ys = [x for _, _, x, _ in self.points], [y for *_, y in self.points]
        x_low, x_high = drawing.padded(drawing.span(min(xs), max(xs), False), 0.08)
        y_ends = drawing.padded(drawing.span(min(ys), max(ys), False), 0.08)
        x_scale = drawing.x_scale(max(0.0, x_low) if x_high > 0 else x_low, x_high, False)
        y_scale = drawing.y_scale(*y_ends, False, len(self.series))
        parts = drawing.x_axis(x_scale, self.x_label, self.x_unit, number)
        parts += drawing.y_axis(y_scale, self.y_label, self.y_unit)
        parts += _legend(self.series, drawing.dot)
        placed = [(name, i, x_scale.at(x), y_scale.at(y)) for name, i, x, y in sorted(self.points, key=lambda p: -p[3])]
        names = drawing.beside([(name, x, y) for name, _, x, y in placed])
        for (name, i, x, y), (start, line) in zip(placed, names, strict=True):
            parts.append(drawing.dot(i + 1, x, y))
            parts.append(f'<text class="tick" x="{start:g}" y="{line:g}">{escape(name)}</text>')
        return Drawn(drawing.HEIGHT, parts)


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

    def describe(self) -> str:
        """How many points there are, and how many of them between the outer lines."""
        near = sum(0.5 <= y / x <= 2 for _, _, x, y in self.points)
        return (f"{self.y_label} against {self.x_label.lower()}, {len(self.points)} points, {near} of them within half and "
                "double. The same figures follow as a table.")

    def table(self) -> Grid:
        """A row for each point."""
        return [self.by, "Kind", self.x_label, self.y_label], [
            [name, self.series[i], *(show(float(f"{v:.3g}"), self.unit) for v in (x, y))] for name, i, x, y in self.points]

    def draw(self) -> Drawn:
        """Small marks, a shape for each series."""
        both = [v for _, _, x, y in self.points for v in (x, y)]
        low, high = 10 ** math.floor(math.log10(min(both))), 10 ** math.ceil(math.log10(max(both)))
        x_scale, y_scale = drawing.x_scale(low, high, True), drawing.y_scale(low, high, True, len(self.series))
        parts = drawing.x_axis(x_scale, self.x_label, self.unit, number) + drawing.y_axis(y_scale, self.y_label, self.unit)
        for times in (0.5, 1, 2):
            ends = max(low, low / times), min(high, high / times)
            line = drawing.curve([(x_scale.at(x), y_scale.at(x * times)) for x in ends], False)
            parts.append(f'<path class="{"axis" if times == 1 else "grid"}" d="{line}"/>')
        parts += _legend(self.series, drawing.small_mark)
        parts += [drawing.small_mark(i + 1, x_scale.at(x), y_scale.at(y)) for _, i, x, y in self.points]
        return Drawn(drawing.HEIGHT, parts)


def _legend(series: Sequence[str], mark: Callable[[int, float, float], str]) -> list[str]:
    """A mark and a name for each series."""
    return [part for i, name in enumerate(series)
            for part in (mark(i + 1, LEFT + 12, drawing.legend_row(i) - 4), drawing.legend_name(i, name))]


Chart = Lines | Bars | Stack | Intervals | Tornado | Points | Scatter
