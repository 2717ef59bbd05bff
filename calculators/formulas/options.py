"""The ways to run a language model, what rules each of them out, and how those that remain compare.

Plain functions of plain values. A way is ruled out by findings: an answer and why it does not allow the way. What remains
is scored by factor from 0 to 10, each score with its range, and the scores are weighed. Rules and points that rest on
judgement are data: data/decision-rules.yaml and data/decision-scores.yaml.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from calculators.kit.facts import Value
from calculators.kit.shape import NoValue
from calculators.kit.units import Range

PROPRIETARY, REGIONAL, HOSTED, CLOUD, OWN, EDGE = "proprietary", "regional", "hosted", "cloud", "own", "edge"
ROUTE, BURST = "route", "burst"
OPTIONS = {
    PROPRIETARY: "Proprietary API",
    REGIONAL: "Proprietary model in a region or by agreement",
    HOSTED: "Hosted open weights",
    CLOUD: "Open weights on rented GPUs",
    OWN: "Open weights on your own hardware",
    EDGE: "Open weights on the device",
    ROUTE: "Hybrid: easy requests to open weights",
    BURST: "Hybrid: rented GPUs, a host for the peaks",
}
"""What each way is called, in the order of the page."""

COST, QUALITY, PRIVACY, LAUNCH = "cost", "quality", "privacy", "launch"
OPERATIONS, CUSTOMISATION, INDEPENDENCE, LATENCY = "operations", "customisation", "independence", "latency"
FACTORS = {
    COST: "Cost",
    QUALITY: "Quality",
    PRIVACY: "Privacy and control",
    LAUNCH: "Time to launch",
    OPERATIONS: "Little to operate",
    CUSTOMISATION: "Customisation",
    INDEPENDENCE: "Independence of a vendor",
    LATENCY: "Latency",
}
"""What is weighed. More points are better for each, so those of operations are for little of it."""

MOST = 10.0  # points
LEAST_USD = 1.0  # a month; what costs less counts as this, so that cents decide nothing and 0 has a place
UNKNOWN = Range(0.0, MOST / 2, MOST)  # of a factor that nothing is known about
# Answers about what the model must do, and not about where: of a route's halves one that does it is enough.
ABILITIES = frozenset({"score_floor", "needs_newest", "needs_images", "context_tokens", "tuning"})


SHORT = {
    PROPRIETARY: "the proprietary API",
    REGIONAL: "the regional one",
    HOSTED: "hosted open weights",
    CLOUD: "rented GPUs",
    OWN: "own hardware",
    EDGE: "the device",
    ROUTE: "the hybrid by difficulty",
    BURST: "the hybrid for peaks",
}
"""The same within a sentence."""


class Finding(NamedTuple):
    """Why a way is ruled out: the field whose answer does it, and a sentence, in which braces cite facts."""

    question: str
    says: str


class Rule(NamedTuple):
    """What some answers to a question do to some ways: rule them out, or move the score of a factor by so many points."""

    id: str
    question: str
    answers: frozenset[str]
    options: frozenset[str]
    says: str
    factor: str = ""
    points: float = 0.0


Findings = dict[str, list[Finding]]  # by way; a way without any remains
Scores = Mapping[str, Mapping[str, Range]]  # points by way and factor


def rules_of(rows: Mapping[str, Mapping[str, Value]]) -> list[Rule]:
    """The rules of data/decision-rules.yaml."""
    return [Rule(key, str(row["question"]), frozenset(str(row["answers"]).split()), frozenset(str(row["options"]).split()),
                 _reason(row), str(row.get("factor", "")), float(row.get("points", 0))) for key, row in rows.items()]


def _reason(row: Mapping[str, Value]) -> str:
    """Why a rule holds, with the figure that it rests on in braces."""
    return f"{str(row['says']).removesuffix('.')}: {{{row['figure']}}}." if "figure" in row else str(row["says"])


def by_rule(rules: Iterable[Rule], answers: Mapping[str, str]) -> Findings:
    """What the rules rule out, before the hybrids are looked at; `answers` by question, as the rules write them."""
    found: Findings = {option: [] for option in OPTIONS}
    for rule in rules:
        if not rule.factor and answers.get(rule.question) in rule.answers:
            for option in rule.options:
                found[option].append(Finding(rule.question, rule.says))
    return found


def with_hybrids(found: Mapping[str, Sequence[Finding]]) -> Findings:
    """The same with what the hybrids are ruled out by: the half that they cannot do without.

    A route needs a host and a proprietary model, in whichever of its two ways hands on less. What it must be able to do is
    enough in one half, since it is for the router to send such requests there. The halves of a burst run the same weights:
    it needs rented GPUs and a host, each as able as if it were alone.
    """
    whole: Findings = {option: list(findings) for option, findings in found.items()}
    direct, regional = (_of_halves(dear, found[dear], HOSTED, found[HOSTED], ABILITIES) for dear in (PROPRIETARY, REGIONAL))
    whole[ROUTE] += direct if len(direct) <= len(regional) else regional
    whole[BURST] += _of_halves(CLOUD, found[CLOUD], HOSTED, found[HOSTED], frozenset())
    return whole


def _of_halves(first: str, one: Sequence[Finding], second: str, other: Sequence[Finding],
               enough_once: frozenset[str]) -> list[Finding]:
    """What two halves hand on to their hybrid, each question once; of what is enough in one half, only what both lack."""
    lacking = {finding.question for finding in one} & {finding.question for finding in other}
    handed: dict[str, Finding] = {}
    for half, findings in ((first, one), (second, other)):
        for finding in findings:
            if finding.question not in enough_once or finding.question in lacking:
                handed.setdefault(finding.question, Finding(finding.question, f"{OPTIONS[half]} is half of it. {finding.says}"))
    return list(handed.values())


def adjusted(scores: Scores, rules: Iterable[Rule], answers: Mapping[str, str]) -> dict[str, dict[str, Range]]:
    """The scores as the rules that move them leave them, never beyond 0 and 10."""
    found = {option: dict(by_factor) for option, by_factor in scores.items()}
    for rule in rules:
        if rule.factor and answers.get(rule.question) in rule.answers:
            for option in rule.options:
                found[option][rule.factor] = Range(*(_clamped(part + rule.points) for part in found[option][rule.factor]))
    return found


def _clamped(points: float) -> float:
    return min(MOST, max(0.0, points))


def judged(rows: Mapping[str, Mapping[str, Value]]) -> dict[str, dict[str, Range]]:
    """The points of data/decision-scores.yaml."""
    found: dict[str, dict[str, Range]] = {option: {} for option in OPTIONS}
    for row in rows.values():
        found[str(row["option"])][str(row["factor"])] = Range(float(row["low"]), float(row["score"]), float(row["high"]))
    return found


def cost_points(costs: Mapping[str, Range | NoValue]) -> dict[str, Range]:
    """Points for cost of the ways that are compared, from what a month of each costs (USD).

    Counted from the cheapest at its central estimate, with the cost at each of its ends. A way whose cost is not known may
    have anything.
    """
    known = [cost.central for cost in costs.values() if isinstance(cost, Range)]
    least = min(known, default=0.0)
    return {option: UNKNOWN if isinstance(cost, NoValue) else
            Range(*(points_of_cost(usd, least) for usd in (cost.high, cost.central, cost.low)))
            for option, cost in costs.items()}


def points_of_cost(usd: float, least_usd: float) -> float:
    """Points for a month's cost (USD) where the cheapest costs `least_usd`: 10, less one each time that it doubles from there.

    People compare costs by their ratio, so equal ratios are worth equal points; at 1,024 times the cheapest there are none.
    Source: docs/calculators/decision.md#scores.
    """
    return _clamped(MOST - math.log2(max(usd, LEAST_USD) / max(least_usd, LEAST_USD)))


def weighed(scores: Mapping[str, Range], weights: Mapping[str, float]) -> Range:
    """The mean of the points of one way by weight; 0 if nothing has a weight.

    The ranges are taken to be independent of each other, so their parts add up as squares do.
    """
    together = central = down = up = 0.0
    for factor, weight in weights.items():
        low, middle, high = scores[factor]
        together += weight
        central += weight * middle
        down += (weight * (middle - low)) ** 2
        up += (weight * (high - middle)) ** 2
    if together <= 0:
        return Range(0.0, 0.0, 0.0)
    return Range((central - math.sqrt(down)) / together, central / together, (central + math.sqrt(up)) / together)


SAME = 12  # decimals to which points that are equal may differ by the rounding of their sums


def level(one: Range, other: Range) -> bool:
    """Whether two ways have the same points together."""
    return round(one.central, SAME) == round(other.central, SAME)


def ranked(totals: Mapping[str, Range], costs: Mapping[str, Range | NoValue]) -> list[str]:
    """The ways that remain, most points first; of equals the cheaper, then the one that comes first in OPTIONS."""
    def key(option: str) -> tuple[float, float, int]:
        cost = costs[option]
        return place(option, totals[option].central, cost.central if isinstance(cost, Range) else math.inf)

    return sorted(totals, key=key)


PLACES = {option: number for number, option in enumerate(OPTIONS)}


def place(option: str, points: float, usd: float) -> tuple[float, float, int]:
    """What ways are ordered by, the first the least: from points together and a month's cost in USD, infinite if unknown."""
    return -round(points, SAME), usd, PLACES[option]


CLEAR, LIKELY, CLOSE, ONLY = "clear", "likely", "too close to call", "the only way left"


class Surety(NamedTuple):
    """How sure the first place is: in a word, and the two figures behind it in points."""

    word: str
    gap: float  # between the first and the second
    doubt: float  # what the ranges of the two leave open


def surety(totals: Mapping[str, Range], order: Sequence[str]) -> Surety:
    """The gap between first and second against what their ranges leave open, which add up as squares do."""
    if len(order) < 2:
        return Surety(ONLY, math.inf, 0.0)
    first, second = totals[order[0]], totals[order[1]]
    gap = first.central - second.central
    doubt = math.hypot(first.central - first.low, second.high - second.central)
    return Surety(CLEAR if gap > doubt else LIKELY if gap > doubt / 2 else CLOSE, gap, doubt)


def doubts(scores: Scores, weights: Mapping[str, float], order: Sequence[str]) -> list[tuple[str, str, float]]:
    """Which ranges keep the first two apart or not: way, factor and points of the total, the widest first."""
    together = sum(weights.values()) or 1.0
    found = []
    for place, option in enumerate(order[:2]):
        for factor, weight in weights.items():
            points = scores[option][factor]
            wide = points.central - points.low if place == 0 else points.high - points.central
            found.append((option, factor, weight * wide / together))
    return sorted((one for one in found if one[2] > 0), key=lambda one: -one[2])


def advantages(scores: Scores, weights: Mapping[str, float], first: str, second: str) -> list[tuple[str, float]]:
    """Where the first is ahead of the second, in points of the total, the largest lead first."""
    together = sum(weights.values()) or 1.0
    found = [(factor, weight * (scores[first][factor].central - scores[second][factor].central) / together)
             for factor, weight in weights.items()]
    return sorted((one for one in found if one[1] > 0), key=lambda one: -one[1])


def weight_turns(scores: Scores, weights: Mapping[str, float], order: Sequence[str], factor: str,
                 most: float) -> list[tuple[float, str]]:
    """The weights of one factor at which another way is first: the nearest below and above today's, with the side.

    The first is ahead of another by a straight line over the weight, so the place where that is nothing is exact. Sides are
    "below" and "above".
    """
    first, now = order[0], weights[factor]
    nearest: dict[str, float] = {}
    for other in order[1:]:
        ahead = {name: scores[first][name].central - scores[other][name].central for name in weights}
        rest = sum(weight * ahead[name] for name, weight in weights.items() if name != factor)
        slope = ahead[factor]
        if not slope:
            continue
        turn, side = -rest / slope, "below" if slope > 0 else "above"
        if (side == "below" and 0 < turn <= now) or (side == "above" and now <= turn < most):
            known = nearest.get(side)
            nearest[side] = turn if known is None else max(known, turn) if side == "below" else min(known, turn)
    return [(turn, side) for side, turn in sorted(nearest.items(), reverse=True)]


def relaxations(found: Mapping[str, Sequence[Finding]]) -> list[tuple[tuple[str, ...], list[str]]]:
    """If nothing remains: the fewest questions to relax, and which ways each choice of them brings back, most first.

    A way comes back when every question that rules it out is relaxed.
    """
    against = {option: frozenset(finding.question for finding in findings) for option, findings in found.items()}
    questions = sorted(frozenset().union(*against.values()))
    for size in range(1, len(questions) + 1):
        choices = [(combination, [option for option, blocked in against.items() if blocked <= frozenset(combination)])
                   for combination in itertools.combinations(questions, size)]
        choices = [(combination, back) for combination, back in choices if back]
        if choices:
            return sorted(choices, key=lambda choice: -len(choice[1]))
    return []


def joined(words: Sequence[str]) -> str:
    """Words in a row, as a sentence has them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def named(ways: Sequence[str]) -> str:
    """Several ways in a sentence."""
    return joined([SHORT[way] for way in ways])
