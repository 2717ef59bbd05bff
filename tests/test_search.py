"""The search for the value at which an answer changes. Every expected value is the root of the function beside it."""

import math

import pytest

from calculators.kit.search import Change, changes, last_whole


def found(gap, now, low, high, **more):
    return {change.beyond: change.value for change in changes(gap, now, low, high, **more)}


def test_a_line_is_crossed_where_its_equation_says() -> None:
    # 1000 - 2x is nothing at 500
    assert found(lambda x: 1000 - 2 * x, 100, 0, 1e6) == {"above": pytest.approx(500, rel=1e-11)}


def test_both_sides() -> None:
    # (x - 10)(90 - x) is nothing at 10 and at 90, and less outside
    assert found(lambda x: (x - 10) * (90 - x), 50, 0, 1000) == {
        "above": pytest.approx(90, rel=1e-9), "below": pytest.approx(10, rel=1e-9)}


def test_the_value_is_the_last_at_which_the_answer_holds() -> None:
    for slope in (1e-9, 3, 7e8):
        (change,) = changes(lambda x, s=slope: (1 / 3 - x) * s, 0.1, 0, 1)
        assert change.value <= 1 / 3
        assert change.value == pytest.approx(1 / 3, rel=1e-11)


def test_a_step_is_found_at_its_corner() -> None:
    # a price list that jumps for prompts of more than 272,000
    def gap(x: float) -> float:
        return 5.0 if x <= 272_000 else -1.0

    assert found(gap, 1000, 0, 1e6) == {"above": pytest.approx(272_000, rel=1e-11)}


def test_a_narrow_dip_between_two_corners_is_seen_at_its_corner() -> None:
    # dearer only from 200,000 to 200,100
    def gap(x: float) -> float:
        return -1.0 if 200_000 < x <= 200_100 else 1.0

    assert found(gap, 1000, 0, 1e6, corners=(200_001,)) == {"above": pytest.approx(200_000, rel=1e-8)}
    assert found(gap, 1000, 0, 1e6) == {}


def test_infinities_are_steps() -> None:
    # the model is not sold beyond 64,000
    def gap(x: float) -> float:
        return math.inf if x < 100 else 1 if x <= 64_000 else -math.inf

    assert found(gap, 5000, 0, 1e6) == {"above": pytest.approx(64_000, rel=1e-11)}


def test_a_curve() -> None:
    # 2 - x^3 is nothing at the cube root of 2
    assert found(lambda x: 2 - x**3, 0, 0, 10) == {"above": pytest.approx(2 ** (1 / 3), rel=1e-11)}


def test_no_change_is_an_empty_list_and_a_tie_is_no_change() -> None:
    assert changes(lambda x: 1.0, 5, 0, 10) == []
    assert changes(lambda x: 0.0, 5, 0, 10) == []


def test_a_tie_today_that_breaks_at_once_changes_here() -> None:
    assert changes(lambda x: 5 - x, 5, 0, 10) == [Change(pytest.approx(5, rel=1e-11), "above")]


def test_ends() -> None:
    assert changes(lambda x: -1.0 if x == 10 else 1.0, 5, 0, 10)[0].value == pytest.approx(10, rel=1e-11)
    assert changes(lambda x: 1 - x, 0, 0, 0) == []
    with pytest.raises(ValueError, match="not between"):
        changes(lambda x: x, 11, 0, 10)


def test_a_line_takes_few_looks() -> None:
    """A page asks for a dozen of these in a few milliseconds."""
    looks = []

    def gap(x: float) -> float:
        looks.append(x)
        return 1000 - 2 * x

    changes(gap, 100, 0, 1e6)
    assert len(looks) <= 30


def test_the_last_whole_number_is_found_wherever_it_lies_and_neither_end_is_asked() -> None:
    for last in range(3, 10):
        asked: list[int] = []
        assert last_whole(lambda n, last=last, asked=asked: asked.append(n) or n <= last, 3, 10) == last
        assert set(asked) <= set(range(4, 10))
    assert last_whole(lambda n: n**3 <= 10**12, 0, 10**9) == 10_000
