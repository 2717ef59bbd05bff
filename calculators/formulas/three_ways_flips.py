"""Where another of the three ways becomes the cheapest, as one input of break-even's full form moves."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from calculators.formulas import hosting
from calculators.formulas.hosting import Case, Crossings, Month
from calculators.formulas.three_ways import (
    ACQUISITION,
    ANSWERS,
    ON_DEMAND,
    OWN,
    SCALING,
    SPOT,
    Inputs,
    Setting,
    at_nothing,
    case_of,
    crossings_of,
    setting_of,
    speed_of,
)
from calculators.kit.facts import Facts
from calculators.kit.fields import Field
from calculators.kit.search import changes, varied
from calculators.kit.shape import Flip, NoValue

STRAIGHT = ("gpu_hour_usd", "purchase_usd", "gpu_kw", "pue", "kwh_usd", "hosting_kw_usd", "reserve_replicas",
            "staging_replicas", "engineers", "engineer_usd", "storage_gb", "storage_usd", "traffic_bytes", "traffic_usd")
"""Inputs in which one's own cost is a straight line, and the APIs' bills do not move."""
CURVED = ("years", "capital_percent", "awake_minutes", "surcharge_percent")
COUNTS = ("input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens")
NOT_THERE = "no value of this changes it: the model does not run on these GPUs, or they have no price"
ASIDE = {
    "set_up_usd": "it counts for the payback alone, not for a month's cost",
    "volume_range_percent": "it counts for the chances alone",
    "growth_percent": "it counts for the months ahead and the payback, not for this month's cost",
    "horizon_months": "it counts for the months ahead and the payback, not for this month's cost",
}


@functools.lru_cache(maxsize=4)
def flips_of(inputs: Inputs, facts: Facts) -> tuple[Flip, ...]:
    """For each input alone, where another way becomes the cheapest."""
    setting = setting_of(inputs, facts)
    best = hosting.cheapest_of(hosting.month_of(setting.case))
    if not best:
        return ()
    search = _Search(inputs, setting, best)
    found = search.volume(crossings_of(inputs, facts))
    for name in COUNTS:
        found += search.counted(name)
    for name in ("cached_share_percent", "batch_share_percent", "reads_per_write", *CURVED):
        found += search.curved(name)
    for name in ("replica_tokens_per_s", "planned_load_percent", "interruptions", "restart_minutes"):
        found += search.capacity(name)
    for name in STRAIGHT:
        found += search.straight(name)
    for name, options in (("acquisition", ACQUISITION), ("scaling", SCALING)):
        found += search.choices(name, tuple(options))
    order = list(Inputs.__dataclass_fields__)
    found += [Flip(name, None, "", why=why) for name, why in ASIDE.items()]
    return tuple(sorted(found, key=lambda flip: order.index(flip.input)))


class _Search(NamedTuple):
    """Where the answer changes as one input moves."""

    inputs: Inputs
    setting: Setting
    best: str

    def gap(self, case: Case) -> float:
        """By how much the others cost more than today's cheapest; less than 0 where another is."""
        month = hosting.month_of(case)
        own: float = getattr(month, self.best)
        other = min(usd for name, usd in zip(Month._fields, month, strict=True) if name != self.best)
        if own == math.inf:
            return -math.inf
        if hosting.cheapest_of(month) == self.best:
            return max(0.0, other - own)
        return min(-1e-300, other - own)

    def case(self, name: str, value: Any) -> Case:
        """The case with one input moved."""
        return case_of(varied(self.inputs, {name: value}), self.setting.base)

    def flip(self, name: str, value: float, beyond: str, then: Case) -> list[Flip]:
        return [Flip(name, value, field_of(name).unit, ANSWERS[hosting.cheapest_of(hosting.month_of(then))], beyond=beyond)]

    def none(self, name: str, why: str = "no value of this changes it") -> list[Flip]:
        return [Flip(name, None, field_of(name).unit, why=why)]

    def volume(self, crossings: Crossings) -> list[Flip]:
        """The nearest crossing above the reader's volume and the nearest below."""
        now, found = self.inputs.requests_per_day, []
        answers = {c.requests_per_day: c.then for c in crossings.found}
        before = [volume for volume in answers if volume < now * (1 - 1e-9)]
        after = [volume for volume in answers if volume >= now * (1 - 1e-9)]
        if before:
            earlier = [answers[v] for v in before[:-1]]
            was = earlier[-1] if earlier else at_nothing(self.setting.case)
            # A step belongs to what was before it, and so does a bill that is equal.
            found.append(Flip("requests_per_day", before[-1], "count", ANSWERS[was], beyond="up to"))
        if after:
            found.append(Flip("requests_per_day", after[0], "count", ANSWERS[answers[after[0]]], beyond="above"))
        return found or self.none("requests_per_day")

    def counted(self, name: str) -> list[Flip]:
        """Whole numbers of tokens: the nearest above and below, to the token."""
        now, most = getattr(self.inputs, name), field_of(name).max
        windows = [offer.window for offer in (self.setting.base.proprietary, self.setting.base.hosted)
                   if not isinstance(offer, NoValue) and offer.window < math.inf]
        most = int(min(most, max([*windows, now]) * 1.01 + 1))
        found = []
        for end, step in ((most, 1), (0, -1)):
            inside, reach = now, max(1, now // 10)
            while inside != end:
                outside = min(end, inside + reach) if step > 0 else max(end, inside - reach)
                if self.gap(self.case(name, outside)) < 0:
                    outside = self._between(name, inside, outside)
                    found += self.flip(name, outside, "from" if step > 0 else "up to", self.case(name, outside))
                    break
                inside, reach = outside, reach * 4
        return found or self.none(name)

    def _between(self, name: str, inside: int, outside: int) -> int:
        """The whole number at which today's answer ends, between one at which it holds and one at which it does not."""
        at_inside, at_outside = (self.gap(self.case(name, value)) for value in (inside, outside))
        for turn in range(200):
            if abs(outside - inside) <= 1:
                break
            middle = (inside + outside) // 2
            if turn % 3 < 2 and math.isfinite(at_inside - at_outside):
                # A straight-line guess, a hair to either side in turn; every third time a half, for steps.
                guess = inside + (outside - inside) * at_inside / (at_inside - at_outside)
                middle = math.floor(guess) if (turn % 3 == 0) == (outside > inside) else math.ceil(guess)
                middle = min(max(middle, min(inside, outside) + 1), max(inside, outside) - 1)
            at_middle = self.gap(self.case(name, middle))
            if at_middle < 0:
                outside, at_outside = middle, at_middle
            else:
                inside, at_inside = middle, at_middle
        return outside

    def curved(self, name: str) -> list[Flip]:
        """Any other number, by a search on either side."""
        if not counts(self.inputs, name):
            return []
        spec, now = field_of(name), float(getattr(self.inputs, name))
        low = spec.min if spec.min is not None else (spec.above or 0) + 1e-6
        if name == "surcharge_percent":
            low = min(now, -99.0)  # at -100 % nothing costs anything, and all are equal
        found = []

        def gap(value: float) -> float:
            return self.gap(self.case(name, value))

        for value, beyond in changes(gap, now, low, spec.max or now, points=5, precision=1e-9):
            step = max(abs(value), 1e-6) * 1e-7
            beside = value + step if beyond == "above" else max(low, value - step)
            found += self.flip(name, value, beyond, self.case(name, beside))
        return found or self.none(name)

    def capacity(self, name: str) -> list[Flip]:
        """What makes a replica answer more or fewer requests: replicas come whole, so the steps are looked at."""
        if not counts(self.inputs, name):
            return []
        case, spec = self.setting.case, field_of(name)
        if case.replica_usd == math.inf:
            return self.none(name, NOT_THERE)
        now, of = self._capacity(name)
        needed = case.requests_per_day * case.fleet.peak
        replicas = hosting.replicas_for(case.fleet, case.requests_per_day, case.capacity)
        # Own is cheapest just where one replica less is enough, and so are the places worth a look.
        corners = [at for n in range(1, min(2 * replicas + 3, 40)) if (at := self._value(name, needed / n, now))]
        low = spec.min if spec.min is not None else max((spec.above or 0), 1e-6)
        found = []

        def gap(value: float) -> float:
            return self.gap(case._replace(capacity=max(of(value), 1e-9)))

        for value, beyond in changes(gap, now, low, spec.max or now, corners, 8, 1e-9):
            step = max(abs(value), 1e-6) * 1e-7
            then = case._replace(capacity=max(of(value + step if beyond == "above" else value - step), 1e-9))
            found += self.flip(name, value, beyond, then)
        return found or self.none(name)

    def _capacity(self, name: str) -> tuple[float, Callable[[float], float]]:
        """The value of an input now, and the capacity (requests an hour) at another value of it."""
        inputs, capacity = self.inputs, self.setting.case.capacity
        if name in ("interruptions", "restart_minutes"):
            other = inputs.restart_minutes if name == "interruptions" else inputs.interruptions
            now = float(getattr(inputs, name))
            kept = 1 - hosting.lost_share(now, other)
            return now, lambda v: capacity / kept * (1 - hosting.lost_share(v, other)) if kept else 0.0
        now = inputs.planned_load_percent if name == "planned_load_percent" else self._tokens_per_s()
        return now, lambda v: capacity * v / now

    def _tokens_per_s(self) -> float:
        return self.inputs.replica_tokens_per_s or speed_of(self.setting) or 1.0

    def _value(self, name: str, capacity: float, now: float) -> float:
        """The value of an input that gives a capacity, a hair on the side where a replica less is enough; 0 for none."""
        if name in ("interruptions", "restart_minutes"):
            return 0.0
        return now * capacity / self.setting.case.capacity * (1 + 1e-9)

    def straight(self, name: str) -> list[Flip]:
        """A straight line of one's own cost against bills that stand still: its root."""
        if not counts(self.inputs, name):
            return []
        spec, now = field_of(name), getattr(self.inputs, name)
        if self.setting.case.replica_usd == math.inf and name not in ("gpu_hour_usd", "purchase_usd"):
            return self.none(name, NOT_THERE)
        one, two = (now, now + 1) if now is not None else (1.0, 2.0)
        first, second = (hosting.month_of(self.case(name, value)) for value in (one, two))
        slope, api = second.own - first.own, min(first.proprietary, first.hosted_open)
        if not math.isfinite(slope) or slope <= 0 or api == math.inf:
            return self.none(name)
        root = one + (api - first.own) / slope
        if not (spec.min or 0) <= root <= (spec.max or math.inf) or (self.best == OWN and root < one * (1 - 1e-9)):
            return self.none(name)
        beyond = "from" if self.best == OWN else "below"
        nudge = max(abs(root), 1e-6) * 1e-7
        return self.flip(name, root, beyond, self.case(name, root + nudge if beyond == "from" else root - nudge))

    def choices(self, name: str, options: Sequence[str]) -> list[Flip]:
        """The other options of a choice that would make another way the cheapest."""
        if not counts(self.inputs, name):
            return []
        found = []
        for option in options:
            then = hosting.cheapest_of(hosting.month_of(self.case(name, option)))
            if option != getattr(self.inputs, name) and then != self.best:
                found.append(Flip(name, option, "", ANSWERS[then], beyond=""))
        return found or self.none(name, "no other choice changes it")


def counts(inputs: Inputs, name: str) -> bool:
    """Whether an input is asked with the others as they are."""
    return all(getattr(inputs, other) in wanted for other, wanted in field_of(name).asked_if) and (
        name != "awake_minutes" or inputs.acquisition in (ON_DEMAND, SPOT))


def field_of(name: str) -> Field:
    """How an input was declared."""
    found: Field = Inputs.__dataclass_fields__[name].metadata["field"]
    return found
