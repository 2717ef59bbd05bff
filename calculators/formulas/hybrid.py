"""What the four ways to use two kinds of model together cost: plain functions of plain numbers."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from calculators.kit.units import DAYS_PER_MONTH, SECONDS_PER_HOUR, whole_up

EXACT_UP_TO = 200  # servers whose failures are counted one by one; beyond that the normal curve is as good


class Mix(NamedTuple):
    """What requests are like and how a router errs, as shares from 0 to 1.

    The cheap model fails every hard request that reaches it, and `rejected` of the easy ones; what fails is noticed and
    goes to the dear model.
    """

    easy: float
    sent_up: float  # of the easy requests, to the dear model
    sent_down: float  # of the hard requests, to the cheap model
    rejected: float  # of the cheap model's answers to easy requests


class Routed(NamedTuple):
    """A request in the mean: what it costs, and the shares that the cheap model tries and that the dear one answers."""

    usd: float
    cheap_share: float
    dear_share: float


def routed(mix: Mix, dear_usd: float, cheap_usd: float, router_usd: float) -> Routed:
    """Send each request by how hard it looks, and retry on the dear model what the cheap one fails.

    Takes and returns USD per request. All requests are answered in the end, so this is the cost of an accepted answer too.
    The expectation over the four cases, easy or hard and sent up or down.
    """
    easy, hard = mix.easy * (1 - mix.sent_up), (1 - mix.easy) * mix.sent_down
    dear_share = 1 - easy - hard + easy * mix.rejected + hard
    return Routed(router_usd + (easy + hard) * cheap_usd + dear_share * dear_usd, easy + hard, dear_share)


def cheap_first(mix: Mix, dear_usd: float, cheap_usd: float) -> Routed:
    """Try every request on the cheap model and retry what fails: no router, so every hard request is paid for twice."""
    return routed(mix._replace(sent_up=0, sent_down=1), dear_usd, cheap_usd, 0)


def accepted_alone(mix: Mix) -> float:
    """The share of requests (0 to 1) that the cheap model answers well with nothing behind it."""
    return mix.easy * (1 - mix.rejected)


def split_usd(dear_usd: float, cheap_usd: float, development: float, repeated: float) -> float:
    """A request in the mean, in USD, if development runs on the cheap model and users get the dear one.

    `development`: the share of all requests (0 to 1) that developing and testing makes; `repeated`: the share of those that
    is run on the dear model as well, since that is what users get.
    """
    return development * (cheap_usd + repeated * dear_usd) + (1 - development) * dear_usd


class Load(NamedTuple):
    """A stretch of a month: how many servers it would keep busy (a real number), and its hours."""

    servers: float
    hours: float


def month_of(weights: Sequence[float], weekend: float, work: float) -> list[Load]:
    """The hours of a month by load, heaviest first, equal loads together.

    `weights`: the 24 hours of a day, whose sum is 1; `weekend`: an hour at the weekend to the same on a weekday; `work`: hours
    of one server's work on an average day of a week of five weekdays and two others. Five sevenths of the month are weekdays.
    """
    weekday = work * 7 / (5 + 2 * weekend)
    hours: dict[float, float] = {}
    for servers, share in ((weekday, 5), (weekday * weekend, 2)):
        for weight in weights:
            hours[weight * servers] = hours.get(weight * servers, 0) + DAYS_PER_MONTH * share / 7
    return sorted((Load(*load) for load in hours.items()), reverse=True)


def scaled(month: Sequence[Load], factor: float) -> list[Load]:
    """The same month with so many times the work."""
    return [Load(servers * factor, hours) for servers, hours in month]


def server_hour_tokens(tokens_per_s: float, utilisation: float) -> float:
    """Tokens that one server handles in an hour at the share (0 to 1] of its throughput that it is planned for."""
    return tokens_per_s * SECONDS_PER_HOUR * utilisation


def peak_servers(month: Sequence[Load]) -> int:
    """Whole servers for the busiest hour."""
    return whole_up(month[0].servers)


def overflow_hours(month: Sequence[Load], servers: float) -> float:
    """Hours of a server's work in a month, heaviest load first, that `servers` cannot take."""
    over = 0.0
    for load, hours in month:
        if load <= servers:
            break
        over += hours * (load - servers)
    return over


def burst_usd(month: Sequence[Load], servers: float, server_usd: float, overflow_usd: float) -> float:
    """A month of `servers`, with an API for what they cannot take, in USD. No failures are counted.

    `server_usd`: a server for a month, busy or not; `overflow_usd`: an hour of a server's work, done by the API.
    """
    return servers * server_usd + overflow_hours(month, servers) * overflow_usd


def best_servers(month: Sequence[Load], server_usd: float, overflow_usd: float) -> int:
    """The number of servers (one at least, the peak at most) with the cheapest month; the fewest of equals.

    A further server pays if it would work more hours than its price buys from the API. Cost is a convex chain of straight
    lines over the number of servers, with corners at the loads, so the best whole number lies beside the corner that the
    rule finds.
    """
    corner, hours = 0.0, 0.0
    for load in month:
        hours += load.hours
        if hours * overflow_usd > server_usd:
            corner = load.servers
            break
    most = max(1, peak_servers(month))
    around = sorted({min(most, max(1, whole)) for whole in (math.floor(corner), whole_up(corner))})
    return min(around, key=lambda servers: burst_usd(month, servers, server_usd, overflow_usd))


def answered_share(month: Sequence[Load], servers: int, up: float) -> float:
    """The share of a month's requests (0 to 1) that servers answer with nothing behind them.

    Each server is up for the share `up` of the time, failures independent of each other and of the load; those that are up
    take what they can. The mean of min(load, servers up) over the binomial distribution; of more servers than EXACT_UP_TO
    over the normal one with the same mean and spread.
    """
    wanted = sum(load.hours * load.servers for load in month)
    if wanted <= 0:
        return 1.0 if servers else 0.0
    if servers <= EXACT_UP_TO:
        chances = [(math.comb(servers, n) * up**n * (1 - up) ** (servers - n), n) for n in range(servers + 1)]
        taken = sum(load.hours * sum(chance * min(load.servers, n) for chance, n in chances if chance > 1e-15)
                    for load in month)
    else:
        taken = sum(load.hours * _mean_of_less(load.servers, servers, up) for load in month)
    return min(1.0, max(0.0, taken / wanted))


def _mean_of_less(load: float, servers: int, up: float) -> float:
    """The mean of min(load, servers up), by the normal curve."""
    mean, spread = servers * up, math.sqrt(servers * up * (1 - up))
    if not spread:
        return min(load, mean)
    z = (load - mean) / spread
    return load - (load - mean) * (1 + math.erf(z / math.sqrt(2))) / 2 - spread * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def with_fallback(answered: float, api_up: float) -> float:
    """The share of requests answered if an API, up for `api_up` of the time, takes what the servers do not; independent."""
    return answered + (1 - answered) * api_up


class Kind(NamedTuple):
    """A kind of task: its share of the requests (0 to 1), and the score that its model must have in a benchmark."""

    share: float
    benchmark: str
    floor: float


class Candidate(NamedTuple):
    """A model for some kinds of task: what a request costs in USD, and its scores by benchmark."""

    row: str
    label: str
    usd: float
    scores: Mapping[str, float]


class Choice(NamedTuple):
    """What each kind of task runs on, and what a month of it costs in USD."""

    models: tuple[Candidate, ...]
    usd: float


def undominated(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that may be the cheapest for some floors, cheapest first: none costs less and scores no worse."""
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda c: (c.usd, c.row)):
        if not any(all(other.scores.get(name, -math.inf) >= score for name, score in one.scores.items()) for other in kept):
            kept.append(one)
    return kept


def meeting(kinds: Sequence[Kind], candidates: Sequence[Candidate]) -> dict[tuple[bool, ...], Candidate]:
    """By which of the floors are met, the first of the candidates, which come cheapest first.

    A dearer one that meets the same floors could take its place in any combination, at no gain.
    """
    floors = [(kind.benchmark, kind.floor) for kind in kinds]
    groups: dict[tuple[bool, ...], Candidate] = {}
    for candidate in candidates:
        scores = candidate.scores
        groups.setdefault(tuple([name in scores and scores[name] >= floor for name, floor in floors]), candidate)
    return groups


def cheapest_one(kinds: Sequence[Kind], groups: Mapping[tuple[bool, ...], Candidate], requests: float) -> Choice | None:
    """The cheapest model that meets every floor, and a month of `requests` on it in USD; None if there is none."""
    model = groups.get((True,) * len(kinds))
    return Choice((model,) * len(kinds), requests * model.usd) if model else None


def sets_of(groups: Mapping[tuple[bool, ...], Candidate], kinds: int) -> list[tuple[tuple[Candidate, ...], int]]:
    """Every way to give each of so many kinds of task a model that meets its floor, with two models or more in all, and how
    many models there are beyond the first. `groups` as `meeting` gives them."""
    able = [[model for met, model in groups.items() if met[i]] for i in range(kinds)]
    sets = [(models, len({model.row for model in models}) - 1) for models in itertools.product(*able)]
    return [found for found in sets if found[1]]


def cheapest_set(kinds: Sequence[Kind], sets: Sequence[tuple[tuple[Candidate, ...], int]], requests: float,
                 upkeep_usd: float) -> Choice | None:
    """The cheapest two models or more, one for each kind of task, by trying every combination; None if there is none.

    Where one model is the cheapest for every kind, it beats any set, and which sets are tried beside it is left open.
    `sets` as `sets_of` gives them; `requests` in a month; `upkeep_usd`: a month of each model beyond the first.
    """
    shares = [kind.share * requests for kind in kinds]
    best = None
    for models, further in sets:
        usd = upkeep_usd * further
        for share, model in zip(shares, models, strict=True):
            usd += share * model.usd
        if best is None or usd < best.usd:
            best = Choice(models, usd)
    return best
