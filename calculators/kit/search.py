"""Where an answer changes as one number moves: a search that does not mind steps."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple


def varied[T](inputs: T, change: Mapping[str, Any]) -> T:
    """Inputs with some answers changed, as dataclasses.replace gives them, which takes ten times as long: searches need it
    hundreds of times."""
    other: T = object.__new__(type(inputs))
    vars(other).update(vars(inputs), **change)
    return other


class Change(NamedTuple):
    """The value at which the answer changes, and on which side of it the other answer holds."""

    value: float
    beyond: str  # above | below


def changes(
    gap: Callable[[float], float], now: float, low: float, high: float, corners: Iterable[float] = (), points: int = 10,
    precision: float = 1e-12,
) -> list[Change]:
    """The nearest value above `now` and the nearest below at which `gap` falls under nothing; at most one of each.

    `gap` is 0 or more wherever today's answer holds, `now` included, and less than 0 where another one does; infinities
    are allowed. It may jump. The search looks at `points` values a side, ever further apart, and at `corners`: the values
    beside its jumps and turns, on the side where it is lowest. What lies between two values and is narrower is missed.
    The value is right to the share `precision` of itself.
    No unit. Raises ValueError if `now` is not between `low` and `high`.
    """
    if not low <= now <= high:
        raise ValueError(f"{now} is not between {low} and {high}")
    found = []
    for end, beyond in ((high, "above"), (low, "below")):
        value = _first(gap, now, _places(now, end, corners, points), precision)
        if value is not None:
            found.append(Change(value, beyond))
    return found


def just_beyond(change: Change, *, whole: bool, low: float, high: float) -> float:
    """A value a millionth beyond a change, between `low` and `high`, to ask for the other answer: at the change itself both
    may hold. The next whole number for an input that takes no other."""
    away = 1 if change.beyond == "above" else -1
    if whole:
        near = round(change.value)
        on = near if abs(change.value - near) <= 1e-6 * max(1, abs(near)) else None
        found = float(on + away if on is not None else math.floor(change.value) + (away > 0))
    else:
        found = change.value + away * max(abs(change.value), 1e-3) * 1e-6
    return min(high, max(low, found))


def _places(now: float, end: float, corners: Iterable[float], points: int) -> list[float]:
    """Where to look between `now` and an end, nearest first."""
    places = set(_spread(now, end, points)) if end != now else set()
    low, high = min(now, end), max(now, end)
    return sorted(places | {at for at in corners if low <= at <= high and at != now}, reverse=end < now)


def _spread(now: float, end: float, points: int) -> Iterator[float]:
    """Values from near `now` to the end itself, each step as many times as long as the one before."""
    reach = end - now
    nearest = min(abs(reach), max(abs(now), abs(reach) / 1000) / 50)
    if nearest:  # it is nothing where the end is as near as a float can be
        ratio = (abs(reach) / nearest) ** (1 / (points - 1))
        yield from (now + math.copysign(nearest * ratio**i, reach) for i in range(points - 1))
    yield end


def _first(gap: Callable[[float], float], now: float, places: list[float], precision: float) -> float | None:
    """The first crossing on the way through the places, or None."""
    inside, at_inside = now, gap(now)
    for place in places:
        at_place = gap(place)
        if at_place < 0:
            return crossing(gap, inside, place, at_inside, at_place, precision)
        inside, at_inside = place, at_place
    return None


def crossing(gap: Callable[[float], float], inside: float, outside: float, at_inside: float, at_outside: float,
             precision: float = 1e-12) -> float:
    """Where `gap` falls under nothing between a value where it is 0 or more and one where it is less.

    Straight-line steps where the gap is a line, halving where it jumps or is infinite; to the share `precision` of itself. At
    a jump it is the last value before it, within that.
    """
    for turn in range(200):
        if abs(outside - inside) <= precision * max(abs(inside), abs(outside), 1e-9):
            break
        middle = (inside + outside) / 2
        height = at_inside - at_outside
        if turn % 3 < 2 and 0 < height < math.inf:
            # On a line the first step lands on the root; a nudge each way then closes the interval around it.
            guess = inside + (outside - inside) * (at_inside / height)
            nudge = (outside - inside) * 1e-13 + math.copysign(abs(guess) * 4e-13, outside - inside)
            guess += nudge if turn % 3 == 0 else -nudge
            middle = guess if min(inside, outside) < guess < max(inside, outside) else middle
        at_middle = gap(middle)
        if at_middle < 0:
            outside, at_outside = middle, at_middle
        else:
            inside, at_inside = middle, at_middle
    return inside


def last_whole(holds: Callable[[int], bool], inside: int, outside: int) -> int:
    """The last whole number for which something holds, from `inside`, for which it does, on, before `outside`, for which it
    does not; neither is asked. Halving: it holds up to some number and not beyond."""
    while outside - inside > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside
