"""What pictures are drawn with: scales, ticks, axes, curves, marks and the places of labels, as pieces of SVG.

The same text at build, in the browser and on paper. Colour comes from the style sheet (classes series-1, series-2, ...); every
series has its own dash or marker as well, so that none is told by colour alone.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from calculators.kit.units import UNITS

WIDTH, HEIGHT = 520, 340
LEFT, RIGHT, TOP, BOTTOM = 66, 14, 14, 46
FLOOR = HEIGHT - BOTTOM  # where the x axis of a picture with two axes runs
ROW = 17  # height of a line of text
TALL_ROW = 2 * ROW + 8  # a line of text and what is drawn under it
MARGIN = 12  # left of what has its labels above it
CHARACTER = 6.6  # width of a character at the chart's text size, near enough to keep labels apart

Point = tuple[float, float]


class Drawn(NamedTuple):
    """A picture: its height, its marks and, for a read-out, where on the x axis the rows of its table stand, if they do."""

    height: int
    marks: Sequence[str]
    places: Sequence[float] | None = None


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


# --- axes -------------------------------------------------------------------------------------------------------------


def span(low: float, high: float, log: bool) -> tuple[float, float]:
    """The two ends of an axis. A flat picture, or one of a single point, still needs a height and a width."""
    most = max(abs(low), abs(high))
    if high - low > max(1e-9 * most, 1e-200):
        return low, high
    if log:
        return low / 10, high * 10
    room = most if most > 1e-200 else 1
    return low - room, high + room


def padded(ends: tuple[float, float], share: float) -> tuple[float, float]:
    """With a margin at each end, so that nothing stands on an axis."""
    room = (ends[1] - ends[0]) * share
    return ends[0] - room, ends[1] + room


def x_scale(low: float, high: float, log: bool) -> Scale:
    """Across a picture with two axes."""
    return Scale(low, high, LEFT, WIDTH - RIGHT, log)


def y_scale(low: float, high: float, log: bool, legend: int) -> Scale:
    """Up a picture with two axes, to under the so many lines of its legend."""
    return Scale(low, high, FLOOR, TOP + legend * ROW + 8, log)


def ticks(low: float, high: float, log: bool) -> list[float]:
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


def short(value: float) -> str:
    """A tick where room is scarce: 10k, 2M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.6g}{letter}"
    return f"{value:.6g}"


def x_axis(scale: Scale, label: str, unit: str, write: Callable[[float], str]) -> list[str]:
    """The line under a picture with its ticks, those labels that have room, and what it is of."""
    parts = [f'<path class="axis" d="M{LEFT} {FLOOR}H{WIDTH - RIGHT}"/>']
    edge = 0.0
    for tick in ticks(scale.low, scale.high, scale.log):
        at, text = scale.at(tick), write(tick)
        half = len(text) * CHARACTER / 2
        parts.append(f'<path class="axis" d="M{at:g} {FLOOR}v5"/>')
        if at - half > edge and at + half < WIDTH:
            parts.append(f'<text class="tick" x="{at:g}" y="{FLOOR + 18}" text-anchor="middle">{escape(text)}</text>')
            edge = at + half + 8
    return [*parts, f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8}" text-anchor="middle">'
                    f"{escape(_of(label, unit))}</text>"]


def y_axis(scale: Scale, label: str, unit: str) -> list[str]:
    """The lines across a picture with their values, and what they are of."""
    parts = []
    for tick in ticks(scale.low, scale.high, scale.log):
        at = scale.at(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {at:g}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{at + 4:g}" text-anchor="end">{short(tick)}</text>')
    middle = (scale.start + scale.end) / 2
    return [*parts, f'<text x="12" y="{middle:g}" text-anchor="middle" transform="rotate(-90 12 {middle:g})">'
                    f"{escape(_of(label, unit))}</text>"]


def _of(label: str, unit: str) -> str:
    return f"{label} ({UNITS[unit]})" if UNITS[unit] else label


def under_each_other(ends: Sequence[float], rows: int, unit: str) -> tuple[Scale, int, list[str]]:
    """The ground of rows over one axis: its scale, the height of the picture, and its lines with their figures."""
    scale = Scale(*padded(span(min(ends), max(ends), False), 0.04), MARGIN, WIDTH - RIGHT, False)
    bottom = TOP + rows * TALL_ROW
    parts = []
    for tick in ticks(scale.low, scale.high, False):
        at = scale.at(tick)
        parts.append(f'<path class="grid" d="M{at:g} {TOP}V{bottom}"/>')
        parts.append(f'<text class="tick" x="{at:g}" y="{bottom + 18}" text-anchor="middle">{escape(short(tick))}</text>')
    parts.append(f'<path class="axis" d="M{MARGIN} {bottom}H{WIDTH - RIGHT}"/>')
    parts.append(f'<text x="{(MARGIN + WIDTH - RIGHT) / 2:g}" y="{bottom + 36}" text-anchor="middle">'
                 f"{escape(UNITS[unit])}</text>")
    return scale, bottom + 46, parts


# --- marks ------------------------------------------------------------------------------------------------------------


def legend_row(i: int) -> int:
    """Where a line of the legend stands, from 0."""
    return TOP + i * ROW


def legend_name(i: int, name: str) -> str:
    """A name in the legend of a picture with two axes; its sample stands left of it."""
    return f'<text x="{LEFT + 34}" y="{legend_row(i)}">{escape(name)}</text>'


def curve(points: Sequence[Point], steps: bool) -> str:
    """The `d` of a curve through points of the picture. A staircase goes across at the old height, then up."""
    text, last_y = "", 0.0
    for x, y in points:
        if not text:
            text = f"M{x:g} {y:g}"
        elif steps:
            text += f"H{x:g}" + (f"V{y:g}" if y != last_y else "")
        else:
            text += f"L{x:g} {y:g}"
        last_y = y
    return text


def dot(series: int, x: float, y: float) -> str:
    """A round dot for the first series, a square one for the others: told by more than colour."""
    if series == 1:
        return f'<circle class="dot-1" cx="{x:g}" cy="{y:g}" r="4"/>'
    return f'<rect class="dot-{series}" x="{round(x - 4, 1):g}" y="{round(y - 4, 1):g}" width="8" height="8"/>'


def small_mark(series: int, x: float, y: float) -> str:
    """A mark of the first four series: dot, square, diamond, triangle."""
    shape = ("m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z", "m-2.2 -2.2h4.4v4.4h-4.4z", "m0 -3.2l3.2 3.2l-3.2 3.2l-3.2 -3.2z",
             "m0 -3l3 5.2h-6z")[series - 1]
    return f'<path class="part-{series}" d="M{x:g} {y:g}{shape}"/>'


# --- labels -----------------------------------------------------------------------------------------------------------


def fitting(text: str) -> str:
    """A text that stays within the picture; the table under it has it whole."""
    most = int((WIDTH - RIGHT - 12) / CHARACTER)
    return text if len(text) <= most else text[:most - 1].rstrip() + "…"


def free_row(curves: Sequence[Sequence[Point]], steps: Sequence[bool], start: float, wide: float, scale: Scale) -> float:
    """The lowest place for a mark's label, this wide from `start` on, that no curve runs through, or the lowest."""
    heights = {y for points, step in zip(curves, steps, strict=True) for i in range(9)
               if (y := _height(points, start + i * wide / 8, step)) is not None}
    rows = [scale.start - 8 - i * ROW for i in range(int((scale.start - scale.end) / ROW) - 1)] or [scale.start - 8]
    return next((row for row in rows if not any(row - ROW < y < row + 5 for y in heights)), rows[0])


def _height(points: Sequence[Point], x: float, step: bool) -> float | None:
    """Where a curve is at x, in the picture; None where it does not reach."""
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 <= x <= x1:
            return y0 if step or x0 == x1 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return None


def beside(dots: Sequence[tuple[str, float, float]]) -> list[Point]:
    """Where the names of dots stand, each beside its dot; a name that would cover one before it moves down."""
    taken: list[tuple[float, float, float]] = []
    for name, x, y in dots:
        width = len(name) * CHARACTER
        left = x + 8 + width > WIDTH
        start = max(2.0, x - 8 - width) if left else x + 8
        line = y + 4
        while any(abs(line - y0) < ROW - 5 and start < end and begin < start + width for begin, end, y0 in taken):
            line += 3
        taken.append((start, start + width, line))
    return [(round(start, 1), round(line, 1)) for start, _, line in taken]
