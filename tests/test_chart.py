"""Charts: where things stand in the picture, worked out by hand from the chart's own measures, and what makes it sound.

The picture is 520 x 340; the plot runs from x = 66 to 506 and, with one curve in the legend, from y = 294 (bottom) to
14 + 17 + 8 = 39 (top). The height of a linear axis is padded by 6 % at each end.
"""

import itertools
import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import calculators
from calculators.buildtime import data
from calculators.kit import chart, drawing
from calculators.kit.chart import Bars, Intervals, Line, Lines
from calculators.kit.drawing import Scale
from calculators.kit.result import answer
from calculators.kit.units import Range

HOSTILE = '<script>alert("1")</script> & \'"]]>'


def lines(*curves: Line, log: bool = False, mark: tuple[float, str] | None = None, title: str = "Cost") -> Lines:
    return Lines(title=title, x_label="Volume", x_unit="tokens/month", y_label="Cost", y_unit="USD/month", lines=curves,
                 table_x=[x for x, _ in curves[0].points], mark=mark, log=log)


def parsed(picture: chart.Chart) -> ElementTree.Element:
    text = chart.svg(picture, "it")
    assert not re.search(r"\b(nan|inf)\b", text, re.IGNORECASE)
    return ElementTree.fromstring(text)


def curve(root: ElementTree.Element, number: int = 1) -> str:
    """The first path of a series: the curve itself; the second is its sample in the legend."""
    return next(p.get("d", "") for p in root.iter("path") if p.get("class") == f"series-{number}")


def ticks(root: ElementTree.Element, anchor: str) -> list[str]:
    return [t.text or "" for t in root.iter("text") if t.get("class") == "tick" and t.get("text-anchor") == anchor]


def test_a_scale_is_even_or_even_in_powers() -> None:
    even = Scale(0, 10, 66, 506, False)
    assert [even.at(v) for v in (0, 2.5, 10)] == [66, 176, 506]  # 66 + 440/4 = 176
    powers = Scale(1, 10_000, 66, 506, True)
    assert [powers.at(v) for v in (1, 100, 1000, 10_000)] == [66, 286, 396, 506]  # 440/4 = 110 for each power
    falling = Scale(0, 3, 294, 39, False)  # y grows downwards in a picture
    assert [falling.at(v) for v in (0, 1, 3)] == [294, 209, 39]  # 255/3 = 85
    assert Scale(0, 3, 0, 100, False).at(1) == 33.3  # a tenth of a unit, the same text on every machine


def test_a_straight_line_in_the_picture() -> None:
    """Values 0 and 100 are padded to -6 and 106: 0 lies 6/112 of 255 above the bottom, 280.3; 100 at 52.7."""
    root = parsed(lines(Line("API", [(0, 0), (10, 100)])))
    assert curve(root) == "M66 280.3L506 52.7"


def test_a_staircase_goes_across_and_then_up() -> None:
    """x = 5 is the middle, 286. y = 294 - 255 x (value + 6) / 112: 0 at 280.3, 50 at 166.5, 100 at 52.7."""
    root = parsed(lines(Line("Servers", [(0, 0), (5, 50), (10, 100)], steps=True)))
    assert curve(root) == "M66 280.3H286V166.5H506V52.7"


def test_a_staircase_does_not_draw_a_step_of_no_height() -> None:
    root = parsed(lines(Line("Servers", [(0, 0), (5, 0), (10, 100)], steps=True)))
    assert curve(root) == "M66 280.3H286H506V52.7"


def test_logarithmic_axes() -> None:
    """Three powers across: 146.7 each. One up: y runs from 1 at 294 to 10 at 39; the root of 10 lies between, 166.5."""
    root = parsed(lines(Line("API", [(1, 1), (10, 10**0.5), (1000, 10)]), log=True))
    assert curve(root) == "M66 294L212.7 166.5L506 39"
    assert ticks(root, "middle") == ["1", "10", "100"]  # "1,000" around 506 would end at 522.5, outside the picture
    assert ticks(root, "end") == ["1", "10"]


def test_dots_stand_on_the_points() -> None:
    root = parsed(lines(Line("Scores", [(0, 0), (10, 100)], dots=True)))
    assert [(c.get("class"), c.get("cx"), c.get("cy")) for c in root.iter("circle")] == [
        ("dot-1", "66.0", "280.3"), ("dot-1", "506.0", "52.7")]


def test_each_curve_has_its_own_class_and_its_name_in_the_legend() -> None:
    root = parsed(lines(Line("API", [(0, 1), (1, 2)]), Line("Own", [(0, 2), (1, 1)])))
    assert curve(root, 1) != curve(root, 2)
    named = {t.text: t.get("y") for t in root.iter("text")}
    assert (named["API"], named["Own"]) == ("14", "31")  # the second row is 17 below the first


@pytest.mark.parametrize(("mark", "anchor", "x"), [
    ((0.0, "yours: 0"), "start", "71"),  # 5 to the right of 66
    ((10.0, "yours: 10"), "end", "501"),  # no room to the right of 506, so 5 to the left
])
def test_the_readers_own_value_is_marked_where_there_is_room(mark: tuple[float, str], anchor: str, x: str) -> None:
    root = parsed(lines(Line("API", [(0, 0), (10, 100)]), mark=mark))
    label = next(t for t in root.iter("text") if t.get("class") == "mark-label")
    assert (label.text, label.get("text-anchor"), label.get("x")) == (mark[1], anchor, x)


def test_a_mark_outside_the_picture_is_left_out() -> None:
    root = parsed(lines(Line("API", [(0, 0), (10, 100)]), mark=(11, "far")))
    assert not [p for p in root.iter("path") if p.get("class") == "mark"]


@pytest.mark.parametrize(("low", "high", "log", "expected"), [
    (0, 10, False, [0, 2, 4, 6, 8, 10]),  # a seventh is 1.43, the next round step 2
    (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    (0, 10.05, False, [0, 2, 4, 6, 8, 10]),
    (-6, 106, False, [0, 20, 40, 60, 80, 100]),  # 112/7 = 16
    (2023, 2026.5, False, [2023, 2023.5, 2024, 2024.5, 2025, 2025.5, 2026, 2026.5]),  # 3.5/7 = 0.5
    (-1, 1, False, [-1, -0.5, 0, 0.5, 1]),  # 2/7 = 0.29
    (1e-14, 5e-14, False, [1e-14, 2e-14, 3e-14, 4e-14, 5e-14]),
    (0, 1.5e9, False, [0, 2.5e8, 5e8, 7.5e8, 1e9, 1.25e9, 1.5e9]),
    (1, 1000, True, [1, 10, 100, 1000]),
    (2, 8, True, [2, 3, 4, 5, 6, 7, 8]),  # holds no power of ten
    (5, 50, True, [10, 20, 30, 40, 50]),  # holds one, and one is no scale
    (0.01, 1, True, [0.01, 0.1, 1]),
    (1, 1e14, True, [1, 1e3, 1e6, 1e9, 1e12]),  # 15 powers are too many: every third
])
def test_ticks(low: float, high: float, log: bool, expected: list[float]) -> None:
    assert drawing.ticks(low, high, log) == expected


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e3))
def test_even_ticks_are_three_to_eight_and_lie_between_the_ends(low: float, share: float) -> None:
    high = low + max(abs(low), 1) * share
    found = drawing.ticks(low, high, False)
    assert 3 <= len(found) <= 8
    assert found == sorted(set(found))
    slack = 1e-6 * (high - low) + 1e-11 * abs(low)
    assert all(low - slack <= tick <= high + slack for tick in found)


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (950, "950"), (1000, "1k"), (2500, "2.5k"), (2e6, "2M"), (1.5e9, "1.5B"), (3e12, "3T"),
    (-4000, "-4k"), (0.01, "0.01"),
])
def test_a_tick_of_the_y_axis_is_short(value: float, text: str) -> None:
    assert drawing.short(value) == text


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("points", [
    [(1, 1)], [(5, 5), (5, 5)],  # one point
    [(1, 7), (2, 7), (3, 7)], [(1, 1e20), (2, 1e20)], [(1, 1e-9), (2, 1e-9)],  # flat
    [(3, 1), (3, 2)],  # upright
    [(1, 1), (1 + 1e-15, 1 + 1e-15)],  # as good as one point
    [(1e-6, 1e15), (1e15, 1e-6)], [(2, 3), (3, 4)],
])
def test_flat_lines_and_single_points_have_a_picture_with_ticks(points: list[tuple[float, float]], log: bool) -> None:
    root = parsed(lines(Line("It", points, dots=True), log=log))
    assert ticks(root, "end")
    for circle in root.iter("circle"):
        assert 66 <= float(circle.get("cx", "")) <= 506
        assert 39 <= float(circle.get("cy", "")) <= 294
    assert len([p for p in root.iter("path") if p.get("class") == "grid"]) >= 2


def test_a_flat_line_at_nothing_lies_in_the_middle() -> None:
    """0 on an axis from -1 to 1: halfway between 294 and 39."""
    assert curve(parsed(lines(Line("It", [(0, 0), (1, 0)])))) == "M66 166.5L506 166.5"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e15, 1e15), st.floats(-1e15, 1e15)), min_size=1, max_size=8), st.booleans())
def test_any_points_give_a_sound_picture(points: list[tuple[float, float]], steps: bool) -> None:
    picture = lines(Line("It", sorted(points), steps=steps, dots=True))
    root = parsed(picture)
    numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", " ".join(p.get("d", "") for p in root.iter("path")))
    assert all(0 <= float(n) <= 520 for n in numbers)
    head, rows = picture.table()
    assert all(len(row) == len(head) and all(row) for row in rows)


def test_hostile_labels_are_text() -> None:
    for picture in (lines(Line(HOSTILE, [(0, 0), (1, 1)]), mark=(0, HOSTILE), title=HOSTILE),
                    Bars(HOSTILE, "points", [HOSTILE], [(HOSTILE, [1.0])])):
        root = parsed(picture)
        assert root.findtext("title") == HOSTILE
        assert HOSTILE in [t.text for t in root.iter("text")]
        assert not list(root.iter("script"))


def test_the_picture_is_named_by_its_title_and_description() -> None:
    root = parsed(lines(Line("API", [(0, 0), (1, 1)])))
    ids = {root[0].get("id"), root[1].get("id")}
    assert ids == {"it-title", "it-desc"}
    assert root.get("aria-labelledby") == "it-title it-desc"
    assert root.get("viewBox") == "0 0 520 340"


def test_descriptions() -> None:
    picture = lines(Line("API", [(0, 0), (1, 1)]), Line("Own", [(0, 1), (1, 1)]), mark=(1, "yours: 1"))
    assert picture.describe() == "Cost by volume: API and Own. Marked: yours: 1. The same figures follow as a table."
    bars = Bars("Points", "points", ("Open", "Proprietary"), [("Private?", (3, 0)), ("Team?", (0, 2)), ("Fast?", (0, 0))])
    assert bars.describe() == "Bars of open and proprietary. Private?: open 3 points; Team?: proprietary 2 points."
    assert Bars("Points", "points", ("Open",), [("Private?", (0,))]).describe() == "Bars of open. All are nothing."


def test_the_table_of_lines() -> None:
    """Halfway along a straight line is halfway between its ends; a staircase keeps its height; past the end is nothing."""
    picture = lines(Line("API", [(0, 0), (10, 100)]), Line("Own", [(0, 7), (10, 9)], steps=True),
                    Line("Late", [(4, 1), (6, 3)]))
    picture = picture._replace(table_x=[0, 5, 10, 11])
    assert picture.table() == (["Volume", "API", "Own", "Late"], [
        ["0 tokens/month", "0 USD/month", "7 USD/month", ""],
        ["5 tokens/month", "50 USD/month", "7 USD/month", "2 USD/month"],
        ["10 tokens/month", "100 USD/month", "9 USD/month", ""],
        ["11 tokens/month", "", "9 USD/month", ""],
    ])


def test_the_table_of_a_staircase_left_of_nothing() -> None:
    picture = lines(Line("It", [(-10, 1), (-5, 2), (0, 3)], steps=True))
    assert [row[1] for row in picture.table()[1]] == ["1 USD/month", "2 USD/month", "3 USD/month"]


def test_bars() -> None:
    """The longest bar has 520 - 14 - 8 - 90 = 408; half of it is 204. Bars of a group stand 13 apart."""
    root = parsed(Bars("Points", "points", ("Open", "Proprietary"), [("Private?", (4, 2)), ("Team?", (0, 1))]))
    rects = [(r.get("class"), r.get("width"), int(r.get("y", ""))) for r in root.iter("rect") if r.get("height") == "11"]
    assert [(c, w) for c, w, _ in rects] == [("bar-1", "408"), ("bar-2", "204"), ("bar-1", "0"), ("bar-2", "102")]
    assert [b - a for (_, _, a), (_, _, b) in itertools.pairwise(rects)] == [13, 42, 13]  # 13 + 12 gap + 17 label
    assert [t.text for t in root.iter("text") if t.get("class") == "tick"] == ["4 points", "2 points", "0 points", "1 point"]
    assert int(root.get("viewBox", "").split()[3]) > rects[-1][2] + 11


def test_bars_of_nothing_and_below_nothing() -> None:
    none = parsed(Bars("Points", "points", ("Open",), [("Private?", (0,))]))
    assert [r.get("width") for r in none.iter("rect")] == ["20", "0"]  # the legend's and the bar's
    below = parsed(Bars("Saved", "USD", ("Own",), [("Now", (-50,)), ("Then", (100,))]))
    assert [r.get("width") for r in below.iter("rect")] == ["20", "204", "408"]
    assert "-50 USD" in [t.text for t in below.iter("text")]


def test_the_table_of_bars() -> None:
    bars = Bars("Points", "points", ("Open", "Proprietary"), [("Private?", (3, 0))])
    assert bars.table() == (["Part", "Open", "Proprietary"], [["Private?", "3 points", "0 points"]])


def test_intervals() -> None:
    """0 to 10 is padded by 4 % to -0.4 and 10.4, over 494 from 12 on: 0 at 30.3, 5 in the middle at 259, 10 at 487.7.

    The first row's dot is 14 + 17 + 12 = 43 from the top, the second 2 x 17 + 8 = 42 below it.
    """
    picture = Intervals("Scores", "points", [("A", Range(0, 5, 10)), (HOSTILE, Range(5, 5, 5))])
    root = parsed(picture)
    assert [curve(root, 1), curve(root, 2)] == ["M30.3 43H487.7", "M259 85H259"]
    assert [(c.get("cx"), c.get("cy")) for c in root.iter("circle")] == [("259", "43"), ("259", "85")]
    assert "A: 5 (0 to 10) points" in [t.text for t in root.iter("text")]
    assert picture.table()[1][0] == ["A", "0 points", "5 points", "10 points"]
    assert picture._replace(rows=picture.rows[:1]).describe() == "Dots with their intervals. A: 5 (0 to 10) points."


def test_a_single_figure_without_an_interval_has_a_picture() -> None:
    assert curve(parsed(Intervals("Scores", "points", [("A", Range(5, 5, 5))]))) == "M259 43H259"


def test_named_points_have_dots_and_stand_in_the_table() -> None:
    """A staircase from 0 to 100 over x = 0 to 10; the last point only ends it and has no name."""
    picture = lines(Line("Best", [(0, 0), (5, 100), (10, 100)], steps=True, names=("A", "B", "")))
    root = parsed(picture)
    dots = [(c.get("cx"), c.findtext("title")) for c in root.iter("circle")]
    assert dots == [("66.0", "A"), ("286.0", "B")]
    assert "B" in [t.text for t in root.iter("text")]
    assert [row[1] for row in picture.table()[1]] == ["0 USD/month, A", "100 USD/month, B", "100 USD/month, B"]


def test_the_charts_of_the_guide_are_sound() -> None:
    picture = answer(calculators.get("frontier"), {}, data.facts("2026-11-26")).chart
    root = parsed(picture)
    assert root.findtext("title") == picture.title
    assert isinstance(picture, Lines)
    assert all(math.isfinite(x) for x in picture.table_x)
