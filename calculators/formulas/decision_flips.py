"""What would change a decision: for each input alone, the answers and values that put another way first."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from calculators.formulas import clauses, options, three_ways
from calculators.formulas.decision_inputs import JOB, LENGTHS, WEIGHTS, Inputs, labels, weights_of
from calculators.formulas.two_models import score_of
from calculators.formulas.verdict import NEXT_TO_NOTHING, Bench, bench_of
from calculators.kit.facts import Facts
from calculators.kit.fields import Field
from calculators.kit.search import crossing
from calculators.kit.shape import Flip, NoValue
from calculators.kit.units import Range

TABLES = ("proprietary_model", "model", "gpu")
REACH = (3.0, 100.0)  # how many times today's value the search looks, up and down
REACH_OF_SHARES = (4.0,)  # the same of lengths and shares, where a look takes longer
NUDGE = 1e-6  # a part of a value, to step over it
NO_FLIP = "no value of it alone changes the answer"
Limit = tuple[float, str, str]  # a value, the side beyond it upwards, the side beyond it downwards


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each input alone: the answers and values that put another way first, or that there is none."""
    bench = bench_of(inputs, facts)
    found = []
    for name, field in labels().items():
        if name != "mode":
            turns = list(_turns(name, field, bench))
            found += turns or [Flip(name, None, field.unit, why="too many to try each here: choose another above"
                                    if name in TABLES else NO_FLIP)]
    return found


def _turns(name: str, field: Field, bench: Bench) -> Iterator[Flip]:
    """The flips of one input."""
    if name in TABLES:
        return
    now = getattr(bench.inputs, name)
    if field.kind in ("choice", "yes_no"):
        others: list[Any] = [not now] if field.kind == "yes_no" else [one for one in field.options(bench.facts) if one != now]
        for other in others:
            then = bench.judge(**{name: other}).headline
            if then != bench.base.headline:
                yield Flip(name, other, field.unit, then, beyond="")
    elif name in WEIGHTS.values():
        yield from _weight_turns(name, field, bench)
    elif name == "target_tokens_per_s":
        yield from _speed_turns(name, field, bench)
    elif name in LIMITS:
        yield from _limit_turns(name, field, bench, sorted(set(LIMITS[name](bench))))
    else:
        yield from _number_turns(name, field, bench)


def _weight_turns(name: str, field: Field, bench: Bench) -> Iterator[Flip]:
    factor = next(factor for factor, weight in WEIGHTS.items() if weight == name)
    verdict = bench.base
    if not verdict.order:
        return
    most = float(field.max or 0)
    for value, side in options.weight_turns(verdict.scores, weights_of(bench.inputs), verdict.order, factor, most):
        then = bench.judge(**{name: value * (1 + NUDGE if side == "above" else 1 - NUDGE)}).headline
        if then != verdict.headline:
            yield Flip(name, value, field.unit, then, beyond=side)


def _limit_turns(name: str, field: Field, bench: Bench, limits: Sequence[Limit]) -> Iterator[Flip]:
    """The nearest limits, upwards and downwards, beyond which another way is first. Between limits nothing changes.

    A limit is a value and the sides on which what it decides changes: upwards and downwards.
    """
    now = getattr(bench.inputs, name)
    at = math.inf if now is None else float(now)
    sides = ([(value, up) for value, up, _ in limits if _beyond(value, up, at)],
             [(value, down) for value, _, down in reversed(limits) if _beyond(value, down, at)])
    for side in sides:
        for value, beyond in side:
            probe = _probe(value, beyond, field)
            if (field.min is not None and probe < field.min) or (field.max is not None and probe > field.max):
                continue
            then = bench.judge(**{name: probe}).headline
            if then != bench.base.headline:
                yield Flip(name, value, field.unit, then, beyond=beyond)
                break


def _beyond(value: float, side: str, at: float) -> bool:
    """Whether today's value lies on the near side of a limit."""
    return {"above": at <= value, "from": at < value, "up to": at > value, "below": at >= value}[side]


def _probe(value: float, side: str, field: Field) -> float:
    """A value just on the far side of a limit."""
    if field.kind == "whole":
        return {"above": math.floor(value) + 1, "from": math.ceil(value), "up to": math.floor(value),
                "below": math.ceil(value) - 1}[side]
    return {"above": value * (1 + NUDGE) or NUDGE, "from": value, "up to": value, "below": value * (1 - NUDGE)}[side]


def _windows(bench: Bench) -> list[Limit]:
    market = bench.market(bench.inputs)
    own = bench.facts.rows("models")[bench.inputs.model].get("context_tokens")
    sold = (one.window for way in market for one in way)
    return [(value, "above", "up to") for value in (*sold, *([float(own)] if own else [])) if value < math.inf]


def _scores(bench: Bench) -> list[Limit]:
    known = (score_of(name, bench.inputs.benchmark, bench.facts) for name, _ in bench.names(bench.inputs))
    return [(score.central, "above", "up to") for score in known if score] + [(0.0, "above", "up to")]


def _users(bench: Bench) -> list[Limit]:
    held = clauses.rules(bench.facts).get(str(bench.facts.rows("models")[bench.inputs.model]["licence"]), ())
    return [(rule.per_year, "from", "below") if rule.side == "from" else (rule.per_year, "above", "up to")
            for rule in held if rule.field == "monthly_users"]


def _devices(bench: Bench) -> list[Limit]:
    return [(bench.weights_gb(bench.inputs), "from", "below")]


def _first_tokens(bench: Bench) -> list[Limit]:
    first = bench.first_token(bench.inputs)
    return [(first.low, "from", "below")] if first else []


def _budgets(bench: Bench) -> list[Limit]:
    return [(cost.low, "from", "below") for cost in bench.base.costs.values() if isinstance(cost, Range)]


LIMITS: Mapping[str, Callable[[Bench], list[Limit]]] = {
    "context_tokens": _windows, "score_floor": _scores, "monthly_users": _users, "device_gb": _devices,
    "first_token_ms": _first_tokens, "budget_usd": _budgets}
"""The inputs that decide at limits alone, and where those lie."""


def _speed_turns(name: str, field: Field, bench: Bench) -> Iterator[Flip]:
    """The speeds wanted, slower and faster, at which another way is first. Where none is asked for, the search begins at one
    token a second; beyond the fastest that one request alone gets, servers are out. The faster, the dearer servers are and the
    fewer points they have, and nothing else depends on it: the two ends tell whether there is a change between them."""
    fastest, now = bench.fastest(bench.inputs), bench.inputs.target_tokens_per_s
    if not fastest or not bench.base.first:
        return
    gap, start = _gap(name, bench), 1.0 if now is None else now
    if now is None and gap(start) < 0:
        yield Flip(name, None, field.unit, why="any speed asked for changes the answer, since the servers' is known here")
        return
    sides = [("above", fastest * (1 + NUDGE) if fastest > start else start)] + ([("below", 1e-3)] if now is not None else [])
    for beyond, end in sides:
        if end != start and gap(end) < 0:
            value = crossing(gap, start, end, gap(start), gap(end))
            yield Flip(name, value, field.unit, bench.judge(**{name: _probe(value, beyond, field)}).headline, beyond=beyond)


def _number_turns(name: str, field: Field, bench: Bench) -> Iterator[Flip]:
    """The nearest value above today's and the nearest below at which another way is first, by looking and closing in.

    What is looked at are a few values on each side and its end: a change and its reverse between two of them are missed.
    Lengths of a request end where a window does, beyond which the conditions have changed.
    """
    now = getattr(bench.inputs, name)
    if now is None:
        rent = bench.base.servers.rents[three_ways.ON_DEMAND].usd
        if rent is None or bench.base.servers.why:
            return
        now = rent
    if not bench.base.first:
        return
    gap = _gap(name, bench)
    most, limited = _room(name, field, bench)
    for beyond, end in (("above", most), ("below", float(field.min or 0))):
        inside, value = float(now), None
        for place in _places(float(now), end, field, REACH_OF_SHARES if name in (*JOB, "easy_percent") else REACH):
            if gap(place) < 0:
                value = _closed_in(gap, inside, place, field)
                break
            inside = place
        if value is None and beyond == "above" and limited:
            value = most
        if value is not None:
            then = bench.judge(**{name: _probe(value, beyond, field)}).headline
            if then != bench.base.headline:
                yield Flip(name, value, field.unit, then, beyond=beyond)


def _gap(name: str, bench: Bench) -> Callable[[float], float]:
    """How far the first is ahead of the best other by the value of one input; less than nothing where another is first."""
    first = bench.base.first
    if name not in ("easy_percent", "target_tokens_per_s") and bench.inputs.budget_usd is None:
        return lambda value: bench.lead(name, value)

    def gap(value: float) -> float:
        verdict = bench.judge(**{name: value})
        if verdict.first != first:
            return -1.0 if first not in verdict.totals else min(
                -NEXT_TO_NOTHING, verdict.totals[first].central - verdict.totals[verdict.first].central)
        others = [verdict.totals[way].central for way in verdict.order[1:2]]
        return max(0.0, verdict.totals[first].central - others[0]) if others else 1.0

    return gap


def _room(name: str, field: Field, bench: Bench) -> tuple[float, bool]:
    """How far up an input may go, and whether a window ends it there."""
    most, inputs = float(field.max or 0), bench.inputs
    if name not in LENGTHS:
        return most, False
    others = sum(getattr(inputs, other) for other in LENGTHS if other != name)
    market = bench.market(inputs)
    free = [one for way in market for one in way]
    limits = {one.window - others for one in free} | {
        one.offer.longest_answer - (inputs.output_tokens + inputs.reasoning_tokens - getattr(inputs, name))
        for one in free if name != "input_tokens" and not isinstance(one.offer, NoValue)}
    ahead = [limit for limit in limits if limit > getattr(inputs, name)]
    nearest = min(ahead, default=math.inf)
    return (nearest, True) if nearest < most else (most, False)


def _places(now: float, end: float, field: Field, reach: Sequence[float]) -> list[float]:
    """Where to look on the way to an end, nearest first."""
    up = end > now
    found = [(now or 1.0) * times if up else now / times for times in reach]
    inside = [place for place in found if (now < place < end if up else end < place < now)]
    whole = [float(round(place)) if field.kind == "whole" else place for place in (*inside, end)]
    return [place for place in dict.fromkeys(whole) if place != now]


def _closed_in(gap: Callable[[float], float], inside: float, outside: float, field: Field) -> float:
    """The last value on the near side: of whole numbers the last one, of others within a part in 10^12."""
    if field.kind != "whole":
        return crossing(gap, inside, outside, gap(inside), gap(outside))
    while abs(outside - inside) > 1:
        middle = float(int((inside + outside) / 2))
        inside, outside = (inside, middle) if gap(middle) < 0 else (middle, outside)
    return inside
