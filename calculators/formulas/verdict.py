"""What the answers of a decision come to: what the conditions leave, what it costs, and in which order its points put it.

A bench holds a question and its variants, for the searches that ask what would change the answer. What it weighs is looked up
in market, own_servers, way_costs and two_models; the arithmetic of rules and points is in options.
"""

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from calculators.formulas import clauses, hybrid, options, prices, three_ways
from calculators.formulas.decision_inputs import JOB, Inputs, answers_of, weights_of
from calculators.formulas.market import Market, Sold, cheapest, market_of
from calculators.formulas.options import (
    CLOUD,
    EDGE,
    HOSTED,
    MOST,
    OPTIONS,
    OWN,
    PROPRIETARY,
    REGIONAL,
    UNKNOWN,
    Finding,
    Findings,
)
from calculators.formulas.own_servers import HAD, Servers, base_of, fastest, first_token, job_of, servers_of, shortfalls
from calculators.formulas.two_models import inabilities, licence_findings, licence_of, quality_points, score_of, weights_gb
from calculators.formulas.way_costs import costs_of
from calculators.kit.facts import Facts
from calculators.kit.search import varied
from calculators.kit.shape import NoValue
from calculators.kit.units import Range, show

DATA = (*three_ways.DATA, "benchmark-scores", "gpqa", "licences", "licence-rules", "terms", "host-terms", "vision",
        "lag", "decision-rules", "decision-scores", "decision-reasons")

NEXT_TO_NOTHING = 1e-12  # points, where equals change places
NOTHING_LEFT = "Nothing is left: no way meets all of these conditions"


class Verdict(NamedTuple):
    """What the answers come to."""

    findings: Findings
    costs: Mapping[str, Range | NoValue]  # a month in USD, by way
    scores: Mapping[str, Mapping[str, Range]]  # of what remains
    totals: Mapping[str, Range]
    order: Sequence[str]  # what remains, first to last
    sold: Mapping[str, Sold]  # the offer of each way that buys tokens
    servers: Servers
    licence: clauses.Decision

    @property
    def first(self) -> str:
        """The way that comes first, "" if none remains."""
        return self.order[0] if self.order else ""

    @property
    def headline(self) -> str:
        """The answer in words."""
        return f"{OPTIONS[self.first]} first" if self.first else NOTHING_LEFT


# The answers on which each look-up depends.
_MODEL, _TEAM, _DAY = (operator.attrgetter(name) for name in ("model", "team", "day_shape"))
_MACHINES = operator.attrgetter("model", "gpu", "day_shape")
_MODELS = operator.attrgetter("proprietary_model", "model", "day_shape")
_USE = operator.attrgetter("model", "commercial", "monthly_users", "redistributes", "shows_name", "needs_images")
_OF_REQUESTS = (*JOB, "proprietary_model", "model", "gpu", "day_shape")
_REQUESTS = operator.attrgetter(*_OF_REQUESTS)
_REPLICAS = operator.attrgetter(*_OF_REQUESTS, "target_tokens_per_s", "first_token_ms")
_OF_OFFERS = (*_OF_REQUESTS, "data_may_go", "residency", "tuning", "context_tokens")
_OFFERS = operator.attrgetter(*_OF_OFFERS)
_BILLS = operator.attrgetter(*_OF_OFFERS, "requests_per_day", "engineers", "gpu_hour_usd", "easy_percent",
                             "target_tokens_per_s", "first_token_ms")


class Bench:
    """A question and its variants: what does not depend on what is varied is looked up once."""

    def __init__(self, inputs: Inputs, facts: Facts) -> None:
        self.inputs, self.facts = inputs, facts
        self._known: dict[Any, Any] = {}
        self.base = self.judge()

    def _once(self, make: Any, inputs: Inputs, names: Callable[[Inputs], Any]) -> Any:
        """What `make` gives of the inputs and the facts, kept by the answers that it depends on."""
        key = make, names(inputs)
        if key not in self._known:
            self._known[key] = make(inputs, self.facts)
        return self._known[key]

    def three(self, inputs: Inputs) -> three_ways.Base:
        """What the break-even page looks up, for these inputs."""
        return self._once(base_of, inputs, _MACHINES)  # type: ignore[no-any-return]

    def market(self, inputs: Inputs) -> Market:
        """What is sold, for these inputs."""
        return self._once(self._priced, inputs, _REQUESTS)  # type: ignore[no-any-return]

    def _priced(self, inputs: Inputs, facts: Facts) -> Market:
        return self._once(market_of, inputs, _MODELS).priced(job_of(inputs, self.three(inputs)))  # type: ignore[no-any-return]

    def servers(self, inputs: Inputs) -> Servers:
        """The replicas, for these inputs."""
        return self._once(self._servers, inputs, _REPLICAS)  # type: ignore[no-any-return]

    def _servers(self, inputs: Inputs, facts: Facts) -> Servers:
        return servers_of(inputs, facts, self.three(inputs))

    def licence(self, inputs: Inputs) -> clauses.Decision:
        """What the licence of the open model says."""
        return self._once(licence_of, inputs, _USE)  # type: ignore[no-any-return]

    def weights_gb(self, inputs: Inputs) -> float:
        """The weights as a device would load them, in GB."""
        return self._once(weights_gb, inputs, _MODEL)  # type: ignore[no-any-return]

    def fastest(self, inputs: Inputs) -> float:
        """The high end of the speed (tokens/s) of one request alone on one copy of the model; 0 if there is none."""
        return fastest(inputs, self.three(inputs))

    def first_token(self, inputs: Inputs) -> Range | None:
        """Until the first token (ms) of a request with nothing else running; None if the model cannot be run."""
        return first_token(inputs, self.three(inputs))

    def judge(self, **change: Any) -> Verdict:
        """The verdict with some answers changed."""
        key = "judge", *change.items()
        if key not in self._known:
            self._known[key] = self._judge(varied(self.inputs, change) if change else self.inputs)
        return self._known[key]  # type: ignore[no-any-return]

    def _judge(self, inputs: Inputs) -> Verdict:
        servers, (sold, against) = self.servers(inputs), self._once(self._allowed, inputs, _OFFERS)
        found = options.by_rule(_rules(self.facts), answers_of(inputs))
        for way, findings in against.items():
            found[way] += findings
        self._of_models(inputs, servers, found)
        whole = options.with_hybrids(found)
        costs = self._once(self._costs, inputs, _BILLS)
        for way, cost in costs.items():
            if inputs.budget_usd is not None and isinstance(cost, Range) and cost.low > inputs.budget_usd:
                whole[way].append(Finding("budget_usd", f"A month costs {show(round(cost.low, 2), 'USD/month')} at least."))
        left = [way for way, against in whole.items() if not against]
        points = self._points(inputs, costs, left, servers)
        weights = weights_of(inputs)
        totals = {way: options.weighed(points[way], weights) for way in left}
        return Verdict(whole, costs, points, totals, options.ranked(totals, costs), sold, servers, self.licence(inputs))

    def _allowed(self, inputs: Inputs, facts: Facts) -> tuple[dict[str, Sold], Findings]:
        """The cheapest offer that the conditions allow for each way that buys tokens, and what they have against the others."""
        market, job, sold, against = self.market(inputs), job_of(inputs, self.three(inputs)), {}, {}
        for way, offered in zip((PROPRIETARY, REGIONAL, HOSTED), market, strict=True):
            one, against[way] = cheapest(offered, inputs, job)
            if one:
                sold[way] = one
        return sold, against

    def _costs(self, inputs: Inputs, facts: Facts) -> dict[str, Range | NoValue]:
        """What a month of each way costs."""
        sold, _ = self._once(self._allowed, inputs, _OFFERS)
        return costs_of(inputs, OPTIONS, sold, self.servers(inputs), self._month(inputs))

    def _month(self, inputs: Inputs) -> list[hybrid.Load]:
        """A month in which an average day has one hour of a server's work."""
        return self._once(_month_of, inputs, _DAY)  # type: ignore[no-any-return]

    def _of_models(self, inputs: Inputs, servers: Servers, found: Findings) -> None:
        """Add what the two models, the licence, the servers and the device are not able to do."""
        rows, names = self.facts.rows("models"), self.names(inputs)
        for ways, name, model_id in (((PROPRIETARY, REGIONAL), *names[0]), ((HOSTED, CLOUD, OWN, EDGE), *names[1])):
            for finding in inabilities(name, model_id, inputs, self.facts):
                for way in ways:
                    found[way].append(finding)
        window = float(rows[inputs.model].get("context_tokens", math.inf))
        held = licence_findings(self.licence(inputs))
        for way in (CLOUD, OWN, EDGE):
            found[way] += held
            if inputs.context_tokens > window:
                found[way].append(Finding("context_tokens", f"{{models.{inputs.model}.name}} holds "
                                                            f"{{models.{inputs.model}.context_tokens}}."))
        for way in HAD:
            found[way] += shortfalls(inputs, servers)
        gb = self.weights_gb(inputs)
        if gb > inputs.device_gb:
            found[EDGE].append(Finding("device_gb", f"The weights take {show(round(gb, 1), 'GB')} at 4 bits."))

    def lead(self, name: str, value: float) -> float:
        """How far today's first is ahead of the best other, in points, with another value of one number that changes costs
        alone; less than nothing too where another of equal points is placed before it. Central estimates; for values within
        every window and without a budget this is what `judge` would find."""
        inputs, first = varied(self.inputs, {name: value}), self.base.first
        weight = inputs.weight_cost / (sum(weights_of(inputs).values()) or 1.0)
        found = costs_of(inputs, self.base.order, self._once(self._allowed, inputs, _OFFERS)[0], self.servers(inputs),
                         self._month(inputs), central=True)
        costs = {way: cost.central if isinstance(cost, Range) else math.inf for way, cost in found.items()}
        least = min((usd for usd in costs.values() if usd < math.inf), default=0.0)
        totals = {}
        for way, usd in costs.items():
            points = UNKNOWN.central if usd == math.inf else options.points_of_cost(usd, least)
            total = self.base.totals[way].central + weight * (points - self.base.scores[way][options.COST].central)
            totals[way] = total
        best = min(costs, key=lambda way: options.place(way, totals[way], costs[way]))
        ahead = max((total for way, total in totals.items() if way != first), default=totals[first] - 1)
        gap = round(totals[first] - ahead, options.SAME)
        return max(0.0, gap) if best == first else min(-NEXT_TO_NOTHING, gap)

    def names(self, inputs: Inputs) -> tuple[tuple[str, str], tuple[str, str]]:
        """Name and id of the proprietary and of the open model."""
        row = self.facts.rows(prices.TABLE)[inputs.proprietary_model]
        return ((str(row["model"]), str(row["model_id"])), (str(self.facts.rows("models")[inputs.model]["name"]), inputs.model))

    def _points(self, inputs: Inputs, costs: Mapping[str, Range | NoValue], left: Sequence[str],
                servers: Servers) -> dict[str, dict[str, Range]]:
        """The points of what remains, by factor."""
        judged = self._once(_adjusted, inputs, _TEAM)
        cost = options.cost_points({way: costs[way] for way in left})
        (dear, _), (cheap, _) = self.names(inputs)
        quality = quality_points(score_of(dear, inputs.benchmark, self.facts),
                                 score_of(cheap, inputs.benchmark, self.facts), inputs.easy_percent / 100)
        found = {way: judged[way] | {options.COST: cost[way], options.QUALITY: quality[way]} for way in left}
        if inputs.target_tokens_per_s is not None and servers.user is not None:
            for way in {CLOUD, OWN} & set(left):
                found[way][options.LATENCY] = Range(*(min(MOST, MOST * part / inputs.target_tokens_per_s)
                                                      for part in servers.user))
        return found


@functools.lru_cache(maxsize=4)
def bench_of(inputs: Inputs, facts: Facts) -> Bench:
    """The bench of a question: what is calculated, explained and searched for shares one."""
    return Bench(inputs, facts)


@functools.lru_cache(maxsize=2)
def _rules(facts: Facts) -> tuple[options.Rule, ...]:
    return tuple(options.rules_of(facts.rows("decision-rules")))


@functools.lru_cache(maxsize=2)
def _judged(facts: Facts) -> dict[str, dict[str, Range]]:
    return options.judged(facts.rows("decision-scores"))


def _month_of(inputs: Inputs, facts: Facts) -> list[hybrid.Load]:
    clock = prices.clock_of(inputs, facts.rows("day-shapes"))
    return hybrid.month_of(clock.hours, clock.weekend, 1)


def _adjusted(inputs: Inputs, facts: Facts) -> dict[str, dict[str, Range]]:
    return options.adjusted(_judged(facts), _rules(facts), answers_of(inputs))
