"""The full form of the decision as it is shown: figures, tables, picture, links and warnings.

What is asked is in decision_inputs, and what the answers come to in verdict; calculators/decision registers this beside its
quick form. The working is in decision_steps, what would change the answer in decision_flips, the record in decision_record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from calculators.formulas import clauses, options, three_ways
from calculators.formulas.decision_inputs import JOB, NO_BENCHMARK, Inputs, labels, weights_of
from calculators.formulas.decision_reasons import effect, reasons_of
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
from calculators.formulas.verdict import Bench, Verdict, bench_of
from calculators.kit.carry import link
from calculators.kit.chart import Stack
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import Input
from calculators.kit.shape import LEFT_OUT, Link, NoValue, Table, fill, output
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
        texts.append(f"{asked} brings back {options.named(back)}")
    models = " Or choose other models: what a model must do is asked of those two alone." if any(
        options.ABILITIES & set(questions) for questions, _ in choices[:3]) else ""
    return f"Another answer to {'; to '.join(texts)}.{models}"


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


def _reasons(bench: Bench) -> Table:
    columns = (("Reason", "text"), ("What it does here, or would do", "text"))
    return Table(columns, tuple((f"{reason.list}: {reason.words}", (effect(bench, reason),))
                                for reason in reasons_of(bench.facts).values()))


def chart(inputs: Inputs, outputs: Any) -> list[Stack]:
    """The points of each way that is left, cut into factors; none if nothing is left."""
    verdict: Verdict = outputs.verdict
    weights = weights_of(inputs)
    together = sum(weights.values()) or 1.0
    groups = [(OPTIONS[way], [weights[factor] * verdict.scores[way][factor].central / together for factor in FACTORS])
              for way in verdict.order]
    return [Stack("Points of what is left, by factor", "points", list(FACTORS.values()), groups, by="Way",
                  decimals=2)] if groups else []


def next_pages(inputs: Inputs, outputs: Any) -> list[Link]:
    """The pages that go deeper, with what was entered here."""
    load: dict[str, Input] = {name: getattr(inputs, name) for name in ("requests_per_day", *JOB, "day_shape")}
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
    if verdict.first in (CLOUD, OWN, EDGE, BURST) and verdict.licence.verdict in (clauses.UNCLEAR, clauses.DUTIES):
        word = "Whether its licence allows this is unclear" if verdict.licence.verdict == clauses.UNCLEAR else (
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
