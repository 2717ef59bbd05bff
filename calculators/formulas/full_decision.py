"""The full form of the decision as it is shown: figures, tables, working, what would change the answer, and the record.

What is asked and what the answers come to is in formulas/verdict; calculators/decision registers this beside its quick form.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from calculators import licence
from calculators.formulas import options, prices, three_ways
from calculators.formulas.options import (
    BURST,
    CLOUD,
    EDGE,
    FACTORS,
    HOSTED,
    OPTIONS,
    OWN,
    PROPRIETARY,
    REGIONAL,
    ROUTE,
    Finding,
)
from calculators.formulas.verdict import (
    FULL,
    JOB,
    NO_BENCHMARK,
    WEIGHTS,
    Bench,
    Inputs,
    Verdict,
    bench_of,
    licence_rules,
    weights_of,
)
from calculators.kit.carry import link
from calculators.kit.chart import Stack
from calculators.kit.facts import Facts, Value
from calculators.kit.record import Considered, Draft, cells, said, written
from calculators.kit.result import Result
from calculators.kit.search import crossing
from calculators.kit.shape import LEFT_OUT, Field, Flip, Input, Link, NoValue, Step, Table, fill, output
from calculators.kit.units import Range, show, significant

STAYS = "nothing"  # what rules out a way that is left
COST_DIGITS = 4  # significant, of a month's cost
MEASURE = {
    options.COST: "Your own throughput with your requests, and the price that you are offered.",
    options.QUALITY: "Some hundred tasks of your own, judged blind.",
    options.PRIVACY: "The contract: what is kept, where, for how long, and who may read it.",
    options.LAUNCH: "How long your last service of this kind took, from decision to first user.",
    options.OPERATIONS: "Hours a month that people spend on a service of this kind today.",
    options.CUSTOMISATION: "Whether prompts and retrieved documents reach your goal without tuning.",
    options.INDEPENDENCE: "How long it takes you to move to another model, tried once.",
    options.LATENCY: "Time to the first token and tokens a second, from where you are, at your busiest hour.",
}
"""What would narrow the points of each factor."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Costs rest on prices and on estimated throughput, points on costs, scores and judgement: each with its range."""

    recommendation: str = output("Recommendation", headline=True)
    why: str | NoValue = output("Why")
    how_sure: str | NoValue = output("How sure")
    first_cost: Range | float | NoValue = output("A month of it", unit="USD/month", range=True,
                                                     digits=COST_DIGITS)
    first_points: Range | NoValue = output("Its points, of 10", unit="points", range=True, decimals=1)
    lead: float | NoValue = output("Ahead of the second", unit="points", decimals=1)
    conflict: str | NoValue = output("What would bring a way back")
    ruled: Table | NoValue = output("What ruled out what", table=True)
    points: Table | NoValue = output("Points of what remains, by factor", table=True)
    costs: Table | NoValue = output("What a month costs", table=True)
    measure: Table | NoValue = output("What to measure first", table=True)
    reasons: Table | NoValue = output("The original's reasons, and what they do here", table=True, closed=True)
    verdict: Verdict | None


NAMES = tuple(name for name in Outputs.__dataclass_fields__ if name not in ("recommendation", "verdict"))
"""The outputs that the quick form has not."""


def labels() -> dict[str, Field]:
    """The fields of the full form by name."""
    return {name: spec.metadata["field"] for name, spec in Inputs.__dataclass_fields__.items()}


def calculate(inputs: Inputs, facts: Facts) -> dict[str, Any]:
    """The outputs of the full form by name."""
    bench = bench_of(inputs, facts)
    verdict = bench.base
    left = bool(verdict.order)
    sure = options.surety(verdict.totals, verdict.order)
    return {
        "recommendation": verdict.headline,
        "why": _why(inputs, verdict) if left else LEFT_OUT,
        "how_sure": _how_sure(inputs, verdict, sure) if left else LEFT_OUT,
        "first_cost": _narrow(verdict.costs[verdict.first]) if left else LEFT_OUT,
        "first_points": verdict.totals[verdict.first] if left else LEFT_OUT,
        "lead": sure.gap if len(verdict.order) > 1 else LEFT_OUT,
        "conflict": LEFT_OUT if left else _conflict(verdict),
        "ruled": _ruled(verdict, facts),
        "points": _points(verdict) if left else LEFT_OUT,
        "costs": _costs(inputs, verdict),
        "measure": _measure(inputs, verdict) if len(verdict.order) > 1 else LEFT_OUT,
        "reasons": _reasons(bench),
        "verdict": verdict,
    }


def _narrow(cost: Range | NoValue) -> Range | float | NoValue:
    """A cost without a range is one figure."""
    return cost.central if isinstance(cost, Range) and cost.low == cost.high else cost


def _why(inputs: Inputs, verdict: Verdict) -> str:
    """Why the first is first, in a sentence without figures."""
    if len(verdict.order) == 1:
        return "The conditions rule out everything else."
    first, second = verdict.order[:2]
    if options.level(verdict.totals[first], verdict.totals[second]):
        return (f"Level with {options.SHORT[second]}, which comes second: of equals the cheaper is first, of equally dear ones "
                "the one that is listed first.")
    ahead = options.advantages(verdict.scores, weights_of(inputs), first, second)
    names = " and ".join(FACTORS[factor].lower() for factor, _ in ahead[:2])
    return f"Ahead of {options.SHORT[second]}, which comes second, most of all in {names}."


def _how_sure(inputs: Inputs, verdict: Verdict, sure: options.Surety) -> str:
    if sure.word == options.ONLY:
        return f"It is {options.ONLY}: no weight changes that."
    widest = options.doubts(verdict.scores, weights_of(inputs), verdict.order)
    level = options.level(*(verdict.totals[way] for way in verdict.order[:2]))
    lead = "level with" if level else f"{show(round(sure.gap, 1), 'points')} ahead of"
    words = f"{sure.word[:1].upper()}{sure.word[1:]}: {lead} the second, where their ranges leave " \
            f"{show(round(sure.doubt, 1), 'points')} open"
    return f"{words}, most of it in {FACTORS[widest[0][1]].lower()}." if widest else f"{words}."


def _conflict(verdict: Verdict) -> str:
    """What giving up the fewest conditions would bring back; and that other models may meet what these do not."""
    choices = options.relaxations(verdict.findings)
    fields = labels()
    texts = []
    for questions, back in choices[:3]:
        asked = " and ".join(f"“{fields[name].label}”" for name in questions)
        texts.append(f"{asked} brings back {_named(back)}")
    models = " Or choose other models: what a model must do is asked of those two alone." if any(
        options.ABILITIES & set(questions) for questions, _ in choices[:3]) else ""
    return f"Another answer to {'; to '.join(texts)}.{models}"


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# --- tables --------------------------------------------------------------------------------------------------------------


def _ruled(verdict: Verdict, facts: Facts) -> Table:
    """What each way is ruled out by. Two columns, so that a phone shows both."""
    return Table((("Way", "text"), ("Ruled out by", "text")), tuple(
        (OPTIONS[way], (_against(found, facts) or STAYS,)) for way, found in verdict.findings.items()))


def _against(found: Sequence[Finding], facts: Facts) -> str:
    """The answers against a way, each with its reasons; "" if there are none."""
    fields, reasons = labels(), dict[str, list[str]]()
    for one in found:
        said_so_far = reasons.setdefault(fields[one.question].label, [])
        if (says := sentence(one, facts)) not in said_so_far:
            said_so_far.append(says)
    return " ".join(f"“{label}”: {' '.join(said)}" for label, said in reasons.items())


def sentence(finding: Finding, facts: Facts) -> str:
    """The sentence of a finding with the facts that it cites."""
    return fill(finding.says, {}, facts)[0] if "{" in finding.says else finding.says


def _points(verdict: Verdict) -> Table:
    columns = (("Way", "text"), ("Together", "count"), *((label, "count") for label in FACTORS.values()))
    return Table(columns, tuple((OPTIONS[way], (
        round(verdict.totals[way].central, 2), *(round(verdict.scores[way][factor].central, 1) for factor in FACTORS)))
        for way in verdict.order))


def _costs(inputs: Inputs, verdict: Verdict) -> Table:
    columns = (("Way", "text"), ("Low", "USD"), ("Central", "USD"), ("High", "USD"), ("With", "text"))
    rows = []
    for way in OPTIONS:
        cost = verdict.costs[way]
        parts: tuple[Value | NoValue, ...] = (cost, cost, cost) if isinstance(cost, NoValue) else tuple(
            significant(part, COST_DIGITS) for part in cost)
        rows.append((OPTIONS[way], (*parts, _with(way, inputs, verdict))))
    return Table(columns, tuple(rows))


def _with(way: str, inputs: Inputs, verdict: Verdict) -> str:
    """What a way is priced with."""
    sold, servers = verdict.sold, verdict.servers
    if way in sold:
        return sold[way].label + (", by agreement" if sold[way].agreed else "")
    number = show(servers.gpus, "GPUs")
    if way in (CLOUD, OWN) and not servers.why:
        return f"{number} to a copy of the model"
    if way == ROUTE and HOSTED in sold and (PROPRIETARY in sold or REGIONAL in sold):
        return f"{sold[HOSTED].label} and {_dear(inputs, verdict)}"
    if way == BURST and HOSTED in sold and not servers.why:
        return f"{number} to a copy of the model, and {sold[HOSTED].label}"
    return ""


def _dear(inputs: Inputs, verdict: Verdict) -> str:
    """The proprietary half of the route: the cheaper of the two."""
    both = [verdict.sold[way] for way in (PROPRIETARY, REGIONAL) if way in verdict.sold]
    return min(both, key=lambda one: one.usd(inputs.residency)).label


def _measure(inputs: Inputs, verdict: Verdict) -> Table:
    columns = (("What", "text"), ("How", "text"), ("Points that it leaves open", "count"))
    widest = options.doubts(verdict.scores, weights_of(inputs), verdict.order)[:4]
    return Table(columns, tuple((f"{FACTORS[factor]} of {options.SHORT[way]}", (MEASURE[factor], round(points, 2)))
                                for way, factor, points in widest))


class Reason(NamedTuple):
    """One of the original's reasons, as a row of data/decision-reasons.yaml."""

    words: str
    list: str
    question: str
    stated: Input
    without: Input


def reasons_of(facts: Facts) -> dict[str, Reason]:
    """The original's reasons, by their row."""
    fields = labels()

    def read(question: str, text: Value) -> Input:
        return fields[question].read(question, str(text), facts)

    return {key: Reason(str(row["words"]), str(row["list"]), str(row["question"]),
                        read(str(row["question"]), row["stated"]), read(str(row["question"]), row.get("without", "")))
            for key, row in facts.rows("decision-reasons").items()}


def _reasons(bench: Bench) -> Table:
    columns = (("Reason", "text"), ("What it does here, or would do", "text"))
    return Table(columns, tuple((f"{reason.list}: {reason.words}", (effect(bench, reason),))
                                for reason in reasons_of(bench.facts).values()))


def effect(bench: Bench, reason: Reason) -> str:
    """What a reason does where it holds, against the answer without it; or would do if it held."""
    now, field = getattr(bench.inputs, reason.question), labels()[reason.question]
    if holds(now, reason):
        return f"Said: “{field.label}” {difference(bench.judge(**{reason.question: reason.without}), bench.base, 's')}."
    stated = field.shown(reason.stated, bench.facts)
    found = difference(bench.base, bench.judge(**{reason.question: reason.stated}))
    return f"Not said: “{field.label}” answered “{stated}” would {found}."


def holds(now: Input, reason: Reason) -> bool:
    """Whether an answer states a reason: it is the one that does, or a number at least as far in its direction."""
    stated, without = reason.stated, reason.without
    if isinstance(now, bool) or not isinstance(now, int | float) or not isinstance(stated, int | float):
        return now == stated
    return now <= stated if isinstance(without, int | float) and stated < without else now >= stated


def difference(before: Verdict, after: Verdict, s: str = "") -> str:
    """What differs between two verdicts, the gravest alone: what is out, what is back, who is first, whose points moved.

    `s`: the ending of the verb.
    """
    out = [way for way in OPTIONS if way in before.order and way not in after.order]
    back = [way for way in OPTIONS if way in after.order and way not in before.order]
    if out or back:
        return " and ".join(f"{word} {_named(ways)}" for word, ways in ((f"rule{s} out", out), (f"allow{s}", back)) if ways)
    if before.first != after.first:
        return f"put{s} {options.SHORT[after.first]} before {options.SHORT[before.first]}"
    moved = {way: after.totals[way].central - before.totals[way].central for way in after.order}
    way = max(moved, key=lambda one: abs(moved[one]), default="")
    if not way or abs(moved[way]) < 0.005:
        return f"change{s} nothing"
    return f"move{s} {options.SHORT[way]} most, by {'+' if moved[way] > 0 else '−'}{show(round(abs(moved[way]), 2), 'points')}"


def _named(ways: Sequence[str]) -> str:
    """Several ways in a sentence."""
    return _and([options.SHORT[way] for way in ways])


# --- working -------------------------------------------------------------------------------------------------------------


def explain(inputs: Inputs, outputs: Any) -> list[Step]:
    """What rules each way out, what each costs, what the points of the first two rest on."""
    verdict: Verdict = outputs.verdict
    steps = [Step("ruled", f"{OPTIONS[way]}: {finding.says}") for way, found in verdict.findings.items() for finding in found]
    steps.append(Step("ruled", f"{len(verdict.order)} of {len(OPTIONS)} ways are left"))
    steps += [Step("costs", text) for text in _cost_texts(inputs, verdict)]
    steps += [Step("points", text) for text in _point_texts(inputs, verdict)]
    steps += [
        Step("first_points", "the mean of its points by weight: {first_points}"),
        Step("lead", "the difference of the first two: {lead}"),
        Step("first_cost", "{first_cost}"),
        Step("measure", "the widest ranges of the first two, times their weights: each alone may move the total so far"),
        Step("reasons", "each answer against the one without the reason, all others as given"),
        Step("conflict", "the fewest answers whose change leaves something"),
        Step("why", "{why}"),
        Step("how_sure", "clear if the lead is more than the ranges leave open, likely if it is more than half of that; "
                         "ranges add up as squares do"),
        Step("recommendation", "of what the conditions leave, the way with the most points; of equals the cheaper, then "
                               "the one that is listed first"),
    ]
    return [step for step in steps if getattr(outputs, step.of) != LEFT_OUT]


def _cost_texts(inputs: Inputs, verdict: Verdict) -> Iterator[str]:
    for way in (PROPRIETARY, REGIONAL, HOSTED):
        if way in verdict.sold:
            one = verdict.sold[way]
            text = (f"{OPTIONS[way]}, {one.label}: input {{{prices.TABLE}.{one.row}.input}}, output "
                    f"{{{prices.TABLE}.{one.row}.output}}; one request "
                    f"{show(significant(one.usd(inputs.residency), 4), 'USD')}")
            if one.surcharge and inputs.residency in one.regions:
                text += f", {{{one.terms_key}.region_surcharge}} for the region included"
            yield f"{text}; {{requests_per_day}} × 30 days"
    servers = verdict.servers
    if servers.why:
        yield f"Servers: {servers.why}"
        return
    capacity = show(significant(servers.case.capacity, 3), "count")
    yield (f"A copy of the model takes {capacity} requests an hour at a planned load of "
           "{operations.running.planned-load-percent}, and there is {operations.running.reserve} in reserve; people: "
           "{engineers} × {operations.people.engineer} ÷ 12")
    given = inputs.gpu_hour_usd is not None
    yield f"{OPTIONS[CLOUD]}: {'{gpu_hour_usd}' if given else servers.rents[three_ways.ON_DEMAND].words}"
    yield f"{OPTIONS[OWN]}: {servers.rents[three_ways.BOUGHT].words}, over {{operations.owning.years}}, with power and space"
    if ROUTE in verdict.order:
        yield f"{OPTIONS[ROUTE]}: {{easy_percent}} easy, with the errors and the price of a router that its page starts from"
    if BURST in verdict.order:
        yield f"{OPTIONS[BURST]}: as many copies as pay, the host for the rest of the hours"


def _point_texts(inputs: Inputs, verdict: Verdict) -> Iterator[str]:
    if inputs.benchmark != NO_BENCHMARK:
        yield "Quality: a tenth of the score in {benchmark}, with its interval; anything from 0 to 10 where there is no score"
    yield ("Cost: 10 less one for each doubling from the cheapest that is left, 10 − log₂(cost ÷ cheapest), not below 0; less "
           f"than {show(options.LEAST_USD, 'USD/month')} counts as that; anything from 0 to 10 where it is not known")
    weights = weights_of(inputs)
    for way in verdict.order[:2]:
        for factor in FACTORS:
            if weights[factor] and factor not in (options.COST, options.QUALITY):
                points = show(Range(*(round(part, 1) for part in verdict.scores[way][factor])), "points")
                yield f"{OPTIONS[way]}, {FACTORS[factor].lower()}: {points}. {{decision-scores.{way}-{factor}.says}}"


def chart(inputs: Inputs, outputs: Any) -> list[Stack]:
    """The points of each way that is left, cut into factors; none if nothing is left."""
    verdict: Verdict = outputs.verdict
    weights = weights_of(inputs)
    together = sum(weights.values()) or 1.0
    groups = [(OPTIONS[way], [weights[factor] * verdict.scores[way][factor].central / together for factor in FACTORS])
              for way in verdict.order]
    return [Stack("Points of what is left, by factor", "points", list(FACTORS.values()), groups, by="Way",
                  decimals=2)] if groups else []


# --- what would change the answer ----------------------------------------------------------------------------------------

TABLES = ("proprietary_model", "model", "gpu")
REACH = (3.0, 100.0)  # how many times today's value the search looks, up and down
REACH_OF_SHARES = (4.0,)  # the same of lengths and shares, where a look takes longer
NO_FLIP = "no value of it alone changes the answer"


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


NUDGE = 1e-6  # a part of a value, to step over it


def _limit_turns(name: str, field: Field, bench: Bench, limits: Sequence[tuple[float, str, str]]) -> Iterator[Flip]:
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


Limit = tuple[float, str, str]  # a value, the side beyond it upwards, the side beyond it downwards


def _windows(bench: Bench) -> list[Limit]:
    market = bench.market(bench.inputs)
    own = bench.facts.rows("models")[bench.inputs.model].get("context_tokens")
    sold = (one.window for one in (*market.proprietary, *market.regional, *market.hosted))
    return [(value, "above", "up to") for value in (*sold, *([float(own)] if own else [])) if value < math.inf]


def _scores(bench: Bench) -> list[Limit]:
    known = (bench.score(name, bench.inputs.benchmark) for name, _ in bench.names(bench.inputs))
    return [(score.central, "above", "up to") for score in known if score] + [(0.0, "above", "up to")]


def _users(bench: Bench) -> list[Limit]:
    held = licence_rules(bench.facts).get(str(bench.facts.rows("models")[bench.inputs.model]["licence"]), ())
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
            return -1.0 if first not in verdict.totals else min(-1e-12, verdict.totals[first].central
                                                                - verdict.totals[verdict.first].central)
        others = [verdict.totals[way].central for way in verdict.order[1:2]]
        return max(0.0, verdict.totals[first].central - others[0]) if others else 1.0

    return gap


LENGTHS = ("input_tokens", "output_tokens", "reasoning_tokens")


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


def next_pages(inputs: Inputs, outputs: Any) -> list[Link]:
    """The pages that go deeper, with what was entered here."""
    load: dict[str, Input] = {name: getattr(inputs, name) for name in (
        "requests_per_day", "input_tokens", "output_tokens", "reasoning_tokens", "cached_share_percent", "day_shape")}
    verdict: Verdict = outputs.verdict
    found = [link("The three ways by volume, with everything that servers cost: break-even in full", "calculators/break-even/",
                  mode=three_ways.FULL, model=inputs.model, gpu=inputs.gpu, gpu_hour_usd=inputs.gpu_hour_usd,
                  proprietary_model=inputs.proprietary_model, **load)]
    if verdict.first in (PROPRIETARY, REGIONAL, HOSTED, ROUTE):
        rows = tuple(dict.fromkeys([inputs.proprietary_model, *(one.row for one in verdict.sold.values())]))
        found.append(link("These models and others by the token: API cost", "calculators/api-cost/", models=rows, **load))
    if verdict.first in (CLOUD, OWN, BURST):
        found.append(link("What one copy of the model yields: serving", "calculators/serving/", model=inputs.model,
                          gpu=inputs.gpu, input_tokens=inputs.input_tokens, output_tokens=max(1, inputs.output_tokens)))
    if verdict.first in (ROUTE, BURST):
        found.append(Link("Four hybrids with their numbers", "calculators/routing/"))
    found.append(link("What the licence asks for", "calculators/licence/", model=inputs.model, commercial=inputs.commercial,
                      monthly_users=inputs.monthly_users, redistributes=inputs.redistributes, shows_name=inputs.shows_name))
    return [*found, Link("Between somebody else's API and GPUs of your own: where data go", "guide/privacy/"),
            Link("What providers do with data", "data/terms/")]


def warnings(inputs: Inputs, outputs: Any) -> list[str]:
    """What the reader must know before the answer is signed."""
    verdict: Verdict = outputs.verdict
    found = []
    if verdict.first and options.surety(verdict.totals, verdict.order).word == options.CLOSE:
        found.append("The first two are too close to call: measure what is listed before you decide.")
    together = inputs.input_tokens + inputs.output_tokens + inputs.reasoning_tokens
    if together > inputs.context_tokens:
        found.append(f"A request of your workload has {show(together, 'tokens')}, more than the context that you ask for: the "
                     "larger of the two should hold.")
    if verdict.first in verdict.sold and verdict.sold[verdict.first].agreed:
        found.append("Its terms have to be agreed with the host first, and may be refused.")
    if HOSTED in verdict.sold and verdict.first in (HOSTED, ROUTE, BURST) and verdict.sold[HOSTED].terms is None:
        found.append(f"The terms of {verdict.sold[HOSTED].host} were not read for this guide.")
    if verdict.first == OWN and verdict.servers.outlay_usd:
        found.append(f"To be bought first: {_outlay(inputs, verdict)}. The cost of a month repays it with interest.")
    if verdict.first in (CLOUD, OWN, EDGE, BURST) and verdict.licence.verdict in (licence.UNCLEAR, licence.DUTIES):
        word = "Whether its licence allows this is unclear" if verdict.licence.verdict == licence.UNCLEAR else (
            "Its licence allows this with duties")
        found.append(f"{word}: {' '.join(verdict.licence.sentences)}")
    if inputs.score_floor and inputs.benchmark != NO_BENCHMARK:
        found.append("A benchmark is not your task: let your own test decide before the score does.")
    if (inputs.target_tokens_per_s, inputs.first_token_ms) != (None, None):
        found.append("How fast an API is was not measured here: the limits on speed rule out servers of your own alone.")
    return [*found, "Licences, terms and rules of law are read for orientation; this is no legal advice."]


def _outlay(inputs: Inputs, verdict: Verdict) -> str:
    """What the GPUs of one's own take to buy."""
    gpus = verdict.servers.gpus_to_buy(inputs.requests_per_day)
    return f"{show(gpus, 'GPUs')} with their share of the servers, about " \
           f"{show(significant(gpus * verdict.servers.outlay_usd, 3), 'USD')}"


# --- the record ----------------------------------------------------------------------------------------------------------

GOOD, BAD = 7.0, 4.0  # points from which a factor speaks for a way, and up to which against it


def record(answer: Result) -> str:
    """The record of a full decision; "" for the quick form, which decides nothing that a team could sign."""
    if answer.inputs["mode"] != FULL:
        return ""
    ruled, points, costs, measure = (cells(answer.outputs[name]) for name in ("ruled", "points", "costs", "measure"))
    first = next(iter(points), "")
    considered = [Considered(way, _month_text(costs[way]), _fate(way, first, ruled[way]), *_for_and_against(way, points))
                  for way in OPTIONS.values()]
    conditions = [f"{labels()[name].label.rstrip('?')}: {answer.asked[name]}" for name in CONDITIONS if name in answer.asked
                  and name in answer.changed]
    weights = [f"{FACTORS[factor].lower()} {answer.asked[name]}" for factor, name in WEIGHTS.items()]
    good, bad = _for_and_against(first, points)
    return written(answer, Draft(
        title=f"How to run the language model: {answer.headline}",
        context=_context(answer), drivers=[*conditions, f"Weights, of 5: {', '.join(weights)}"], considered=considered,
        outcome=f"Chosen: {first}. {said(answer.outputs['why'])} How sure: {said(answer.outputs['how_sure'])}" if first else (
            f"{answer.headline}. {said(answer.outputs['conflict'])}"),
        good=good, bad=[*bad, *answer.warnings[:-1]], watch=[f"Measure: {what}. {row[0]}" for what, row in measure.items()],
        note=answer.warnings[-1],
    ))


CONDITIONS = ("data_may_go", "residency", "connection", "score_floor", "needs_newest", "needs_images", "context_tokens",
              "tuning", "commercial", "monthly_users", "redistributes", "shows_name", "team", "target_tokens_per_s",
              "first_token_ms", "budget_usd")
"""The inputs that can rule a way out by themselves."""


def _context(answer: Result) -> str:
    """The workload and the models, in a sentence or two."""
    told = answer.asked
    return (f"Which way to run a language model for {told['requests_per_day']} requests a day, each with "
            f"{told['input_tokens']} in and {told['output_tokens']} out? Shape of the day: {told['day_shape'].lower()}. "
            f"Looked at were {told['proprietary_model']} as the proprietary model and {told['model']} as the open one, on "
            f"{told['gpu']} where it is run on GPUs.")


def _month_text(row: Sequence[str]) -> str:
    """A row of the table of costs in words."""
    low, central, high = row[:3]
    if not central[:1].isdigit():
        return central
    return f"{central} USD" if low == high else f"{central} ({low} to {high}) USD"


def _fate(way: str, first: str, row: Sequence[str]) -> str:
    return "chosen" if way == first else "left" if row[0] == STAYS else f"ruled out. {row[0]}"


def _for_and_against(way: str, points: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """The factors that speak for a way and against it, with their points of 10; a sentence of each."""
    if way not in points:
        return [], []
    named = [(label.lower(), float(cell)) for label, cell in zip(FACTORS.values(), points[way][1:], strict=True)]
    good = [f"{label} ({value:g} of 10 points)" for label, value in named if value >= GOOD]
    bad = [f"{label} ({value:g} of 10 points)" for label, value in named if value <= BAD]
    return ([f"of {_and(good)}"] if good else []), ([f"of {_and(bad)}"] if bad else [])
