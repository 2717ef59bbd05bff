"""What a model on GPUs of one's own costs by volume, rented or bought: plain functions of plain numbers.

A replica is one copy of the model on as many GPUs as it takes. Replicas come whole, and as many are had as the busiest hour
needs. Volumes are requests on an average day; a month has 30 days. All costs are USD.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from calculators.formulas import hybrid
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_DAY, HOURS_PER_MONTH, whole_up

MONTHS_PER_YEAR = 12
MINUTES_PER_MONTH = HOURS_PER_MONTH * 60
ALWAYS, HOURLY, TO_ZERO = "always", "hourly", "zero"  # how the number of replicas follows the load
MOST_STEPS = 2000  # replicas added one by one when crossings are looked for
PAYBACK_MONTHS = 120  # no further than ten years


# --- money for machines -----------------------------------------------------------------------------------------------


def annuity_usd(price_usd: float, years: float, capital_percent: float) -> float:
    """What a purchase costs a month over its life: the equal payments that repay it with interest. USD and USD/month.

    The formula of an annuity, price x i / (1 - (1 + i)^-n), with a month's interest i a twelfth of the year's.
    """
    months, interest = years * MONTHS_PER_YEAR, capital_percent / 100 / MONTHS_PER_YEAR
    if interest <= 0:
        return price_usd / months
    return price_usd * interest / -math.expm1(-months * math.log1p(interest))


def power_usd(kw: float, pue: float, usd_per_kwh: float) -> float:
    """Electricity of a month in USD for machines that draw `kw` in the mean, with what cools them."""
    return kw * pue * HOURS_PER_MONTH * usd_per_kwh


def lost_share(interruptions: float, minutes: float) -> float:
    """The share of a month (0 to 1) in which a server does not serve: so many interruptions of so many minutes."""
    return min(1.0, interruptions * minutes / MINUTES_PER_MONTH)


# --- replicas -----------------------------------------------------------------------------------------------------------


class Fleet(NamedTuple):
    """When requests come, and how replicas follow."""

    levels: tuple[tuple[float, float], ...]  # of an hour: requests for each on an average day; and such hours a month
    busiest_day: float  # requests of a mean hour of the busiest day, for each on an average day
    waiting: float  # share of the requests (0 to 1) that may wait until the day's quiet hours
    scaling: str  # ALWAYS: what the busiest hour needs, round the clock; HOURLY: one at least; TO_ZERO
    reserve: float  # replicas
    staging: float
    awake_hours: float  # how long a request keeps a sleeping service up

    @property
    def peak(self) -> float:
        """Requests of the hour that decides how many replicas there are, for each request on an average day.

        What may wait fills the quiet hours of its day, and so counts only as far as the whole day is full.
        """
        return max((1 - self.waiting) * self.levels[0][0], self.busiest_day)


def levels_of(hours: Sequence[float], weekend: float) -> tuple[tuple[tuple[float, float], ...], float]:
    """The levels and the busiest day of a Fleet. `hours`: 24 weights whose sum is 1; `weekend`: an hour there to one on a
    weekday."""
    month = hybrid.month_of(hours, weekend, 1)
    weekday = 7 / (5 + 2 * weekend)
    return tuple((load.servers, load.hours) for load in month if load.servers), max(1, weekend) * weekday / HOURS_PER_DAY


def replicas_for(fleet: Fleet, requests_per_day: float, capacity: float) -> int:
    """Whole replicas for the busiest hour, one at least. `capacity`: requests that one answers in an hour."""
    return max(1, whole_up(requests_per_day * fleet.peak / capacity))


class Hours(NamedTuple):
    """Replica-hours that are paid for in a month: for the load, in reserve, and for tests."""

    serving: float
    reserve: float
    staging: float

    @property
    def total(self) -> float:
        """All of them."""
        return self.serving + self.reserve + self.staging


def hours_paid(fleet: Fleet, requests_per_day: float, capacity: float) -> Hours:
    """Replica-hours of a month. `capacity`: requests that one replica answers in an hour.

    ALWAYS: the replicas of the busiest hour, all month. HOURLY: in each hour what it needs, one at least. TO_ZERO: the same,
    but with less than one replica's load it is up only while requests, evenly spaced, keep it awake. What may wait runs
    where paid hours are idle, and only what is left of it adds hours.
    """
    staging = fleet.staging * HOURS_PER_MONTH
    if fleet.scaling == ALWAYS:
        serving = float(replicas_for(fleet, requests_per_day, capacity) * HOURS_PER_MONTH)
        return Hours(serving, fleet.reserve * HOURS_PER_MONTH, staging)
    serving, up = 0.0, 0.0
    now = requests_per_day * (1 - fleet.waiting)
    awake = max(fleet.awake_hours, 1 / capacity)
    for rate, hours in fleet.levels:
        needed = whole_up(now * rate / capacity)
        open_share = 1.0 if fleet.scaling == HOURLY or needed > 1 else min(1.0, now * rate * awake)
        serving += hours * (needed if needed > 1 else open_share)
        up += hours * open_share
    if fleet.scaling == HOURLY:
        idle = HOURS_PER_MONTH - sum(hours for _, hours in fleet.levels)
        serving, up = serving + idle, float(HOURS_PER_MONTH)
    work = requests_per_day * DAYS_PER_MONTH / capacity
    return Hours(max(serving, work), fleet.reserve * up, staging)


# --- the three ways by volume ---------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """A month's costs as functions of the volume: all that decides which way is the cheapest. An API that cannot take the
    request costs infinity, and so does a replica that is not to be had."""

    requests_per_day: float
    proprietary_usd: float  # a request
    hosted_usd: float  # a request
    capacity: float  # requests that one replica answers in an hour, at the load it is planned for
    fleet: Fleet
    replica_usd: float  # an hour of one replica
    fixed_usd: float  # a month, whatever the volume
    traffic_usd: float  # a request


class Month(NamedTuple):
    """What a month costs by each way, in USD."""

    proprietary: float
    hosted_open: float
    own: float


def own_usd(case: Case, requests_per_day: float) -> float:
    """A month of one's own replicas in USD, at a volume."""
    if case.replica_usd == math.inf:
        return math.inf
    hours = hours_paid(case.fleet, requests_per_day, case.capacity).total
    return case.fixed_usd + requests_per_day * DAYS_PER_MONTH * case.traffic_usd + hours * case.replica_usd


def month_of(case: Case) -> Month:
    """A month at the case's volume by each way."""
    requests = case.requests_per_day * DAYS_PER_MONTH
    return Month(_bill(requests, case.proprietary_usd), _bill(requests, case.hosted_usd), own_usd(case, case.requests_per_day))


def _bill(requests: float, usd: float) -> float:
    return requests * usd if usd < math.inf else math.inf


def cheapest_of(month: Month) -> str:
    """The field of Month that is the least, "" if none is possible. Of equals to a part in 10^12 the first: an API before
    servers of one's own, which must be cheaper to be the answer."""
    least = min(month)
    if least == math.inf:
        return ""
    return next(name for name, usd in zip(Month._fields, month, strict=True) if usd - least <= 1e-12 * abs(least))


class Crossing(NamedTuple):
    """A volume (requests on an average day) at which the cheapest way changes, and what is the cheapest beyond it."""

    requests_per_day: float
    then: str  # a field of Month
    by_step: bool  # a further replica does it, not the slow rise of the bills


class Crossings(NamedTuple):
    """The changes by volume, lowest first. `up_to`: nothing beyond was looked at, infinite if all of it was."""

    found: tuple[Crossing, ...]
    up_to: float


class _Event(NamedTuple):
    """Where the paid hours jump or bend: more hours from there on, of serving and in reserve; and more hours per request."""

    at: float
    serving: float
    serving_slope: float
    reserve: float
    reserve_slope: float


def crossings_of(case: Case, most: float, *, first_alone: bool = False) -> Crossings:
    """Every volume up to `most` at which the cheapest way changes.

    Between two steps each cost is a straight line in the volume, so each step and each line's root is worked out, none
    searched for. Which API is the cheaper does not depend on the volume. Beyond the volume where even one replica more
    would leave the answer as it is, it stays. At most MOST_STEPS steps are walked. `first_alone`: no further than the first.
    """
    api = "proprietary" if case.proprietary_usd <= case.hosted_usd else "hosted_open"
    api_usd = min(case.proprietary_usd, case.hosted_usd) * DAYS_PER_MONTH
    if api_usd == math.inf or case.replica_usd == math.inf:
        return Crossings((), math.inf)
    end = min(most, _settled(case, api_usd))
    events, up_to = _events(case, end)
    found: list[Crossing] = []
    own_is_best = False
    for first, last, at_first, at_last in _pieces(case, events, min(end, up_to)):
        if found and first_alone:
            break
        # The gap is what own saves; at a piece's very start, just past a step, another replica is there already.
        gap, gap_end = api_usd * first - at_first, api_usd * last - at_last
        if first > 0 and _saves(gap, at_first) != own_is_best:
            own_is_best = not own_is_best
            found.append(Crossing(first, "own" if own_is_best else api, by_step=True))
        if _saves(gap_end, at_last) != own_is_best:
            own_is_best = not own_is_best
            root = first + (last - first) * min(1.0, max(0.0, gap / (gap - gap_end))) if gap != gap_end else first
            found.append(Crossing(root, "own" if own_is_best else api, by_step=False))
    return Crossings(tuple(found), math.inf if up_to >= end else up_to)


def _saves(gap: float, own: float) -> bool:
    return gap > 1e-12 * own


def _settled(case: Case, api_usd: float) -> float:
    """The volume beyond which the answer stays; 0 if one's own is never cheaper.

    `api_usd`: a month's bill for one request a day. One's own lies between a line and the same line a replica higher.
    """
    fleet = case.fleet
    per = HOURS_PER_MONTH * fleet.peak if fleet.scaling == ALWAYS else float(DAYS_PER_MONTH)
    slope = DAYS_PER_MONTH * case.traffic_usd + per / case.capacity * case.replica_usd
    if api_usd <= slope:
        return 0.0
    beside = (1 + fleet.reserve + fleet.staging) * HOURS_PER_MONTH * case.replica_usd
    return (case.fixed_usd + beside) / (api_usd - slope) * (1 + 1e-9)


def _events(case: Case, end: float) -> tuple[list[_Event], float]:
    """The steps up to a volume, in order, those at 0 for what is paid without a request; and up to where they are whole."""
    fleet, capacity = case.fleet, case.capacity
    share = 1 - fleet.waiting
    levels: Sequence[tuple[float, float]] = ((fleet.peak, float(HOURS_PER_MONTH)),) if fleet.scaling == ALWAYS else [
        (rate * share, hours) for rate, hours in fleet.levels]
    found: list[_Event] = []
    if fleet.scaling == TO_ZERO:
        found.append(_Event(0.0, 0.0, 0.0, 0.0, 0.0))
        awake = max(fleet.awake_hours, 1 / capacity)
        for rate, hours in levels:
            if rate:
                slope, kink = hours * rate * awake, 1 / (rate * awake)
                found += [_Event(0.0, 0.0, slope, 0.0, slope * fleet.reserve),
                          _Event(kink, hours, -slope, hours * fleet.reserve, -slope * fleet.reserve)]
    else:
        found.append(_Event(0.0, float(HOURS_PER_MONTH), 0.0, fleet.reserve * HOURS_PER_MONTH, 0.0))
    rates = sum(rate for rate, _ in levels)
    up_to = min(end, MOST_STEPS * capacity / rates) if rates else end
    for rate, hours in levels:
        for n in range(1, math.ceil(up_to * rate / capacity) + 1 if rate else 1):
            found.append(_Event(n * capacity / rate, hours, 0.0, 0.0, 0.0))
    return sorted(event for event in found if event.at < up_to or event.at == 0), up_to if rates else math.inf


def _pieces(case: Case, events: Sequence[_Event], end: float) -> Iterator[tuple[float, float, float, float]]:
    """The straight pieces of one's own monthly cost: where each begins and ends, and the cost there, in order.

    A piece does not contain its own start, where a step may be.
    """
    work = DAYS_PER_MONTH / case.capacity
    fixed = case.fixed_usd + case.fleet.staging * HOURS_PER_MONTH * case.replica_usd
    traffic = DAYS_PER_MONTH * case.traffic_usd
    hours = slope = reserve = reserve_slope = 0.0
    for i, event in enumerate(events):
        hours, slope = hours + event.serving, slope + event.serving_slope
        reserve, reserve_slope = reserve + event.reserve, reserve_slope + event.reserve_slope
        last = min(end, events[i + 1].at if i + 1 < len(events) else end)
        if last <= event.at:
            continue
        stops = [event.at, last]
        if case.fleet.scaling != ALWAYS and slope != work:
            full = hours / (work - slope)
            if event.at < full < last:
                stops.insert(1, full)

        def cost(at: float, h: float = hours, s: float = slope, r: float = reserve, rs: float = reserve_slope) -> float:
            serving = h + s * at if case.fleet.scaling == ALWAYS else max(h + s * at, work * at)
            return fixed + traffic * at + (serving + r + rs * at) * case.replica_usd

        for a, b in itertools.pairwise(stops):
            yield a, b, cost(a), cost(b)


# --- over the months ------------------------------------------------------------------------------------------------------


def mean_usd(monthly: Callable[[float], float], requests_per_day: float, months: int, growth: float) -> float:
    """The mean month of the months ahead, USD. `monthly`: a month's cost by volume; `growth`: a month's on the one before."""
    return sum(monthly(requests_per_day * (1 + growth) ** month) for month in range(months)) / months


def payback_months(saved_usd: Callable[[int], float], set_up_usd: float) -> float | None:
    """Months until what is saved has paid for the set-up; None if not within PAYBACK_MONTHS.

    `saved_usd`: what each month saves, by its number from 0; a month in part saves that part.
    """
    left = set_up_usd
    if left <= 0:
        return 0.0
    for month in range(PAYBACK_MONTHS):
        saved = saved_usd(month)
        if saved >= left:
            return month + left / saved
        left -= saved
    return None
