"""Whether the difference of two benchmark scores is more than chance, and how many questions it takes to see it."""

import math
from dataclasses import dataclass, replace
from typing import Any

from calculators.formulas.intervals import difference, wilson
from calculators.kit.chart import Intervals
from calculators.kit.facts import Facts
from calculators.kit.fields import FromFact, choice, number, when, whole
from calculators.kit.shape import LEFT_OUT, Calculator, Flip, Link, NoValue, Step, output
from calculators.kit.units import Range, whole_up

FIRST = "The first model is better by more than chance"
SECOND = "The second model is better by more than chance"
CHANCE = "The difference is within what chance makes"
UNFIT = "The counts do not fit together: more answers differ than there are questions"

# Two-sided quantiles of the normal distribution: this share of it lies within so many standard errors.
QUANTILES = {"90": 1.6448536269514722, "95": 1.959963984540054, "99": 2.5758293035489004}
POWER_QUANTILE = 0.8416212335729143  # one-sided, 80 %: a true difference is seen in four of five comparisons
FEW_ANSWERS = 10  # right, or wrong, below which the normal approximation of a score is rough
FEW_GROUPS = 30
MOST_QUESTIONS = 1_000_000

BENCHMARKS = {
    "mmlu": "MMLU",
    "mmlu-redux": "MMLU-Redux",
    "mmlu-pro": "MMLU-Pro",
    "arc-challenge": "ARC-Challenge",
    "gpqa-diamond": "GPQA Diamond",
    "simpleqa": "SimpleQA",
    "simpleqa-verified": "SimpleQA Verified",
    "drop": "DROP",
    "ifeval": "IFEval",
    "gsm8k": "GSM8K",
    "mgsm": "MGSM",
    "math-500": "MATH-500",
    "aime-2024": "AIME 2024",
    "aime-2025": "AIME 2025",
    "humaneval": "HumanEval",
    "bigcodebench": "BigCodeBench",
    "livecodebench": "LiveCodeBench",
    "swe-bench-verified": "SWE-bench Verified",
    "aider-polyglot": "Aider polyglot",
    "custom": "Another",
}
DESIGNS = {
    "unpaired": "The two scores alone",
    "clustered": "Questions come in groups",
    "inflated": "The error is larger",
    "paired": "Answers by question",
}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Two scores, what they were measured on, and what is known beyond them."""

    first_percent: float = number(
        "First score", unit="%", default=FromFact("original-scores.gpt-4o.humaneval"), min=0, max=100,
        help="Share of questions answered rightly. The default is the original's GPT-4o on HumanEval.",
    )
    second_percent: float = number(
        "Second score", unit="%", default=FromFact("original-scores.claude-3-5-sonnet.humaneval"), min=0, max=100,
        help="On the same questions, in the same setting. The default is the original's Claude 3.5 Sonnet.",
    )
    benchmark: str = choice(
        "Benchmark", choices=BENCHMARKS, default="humaneval", help="Brings its number of questions with it.",
    )
    questions: int = when(whole(
        "Number of questions", unit="count", default=FromFact("benchmarks.humaneval.items"), min=2, max=MOST_QUESTIONS,
        help="Of the benchmark that is not listed.",
    ), "benchmark", "custom")
    confidence: str = choice(
        "Confidence", choices={"90": "90 %", "95": "95 %", "99": "99 %"}, default="95",
        help="How often the interval would hold the true score, were the test repeated with other questions.",
    )
    design: str = choice(
        "What is known", choices=DESIGNS, default="unpaired",
        help="Published scores are the first. If you have every answer, the last sees smaller differences.",
    )
    group_size: int = when(whole(
        "Questions in a group", unit="count", default=10, min=1, max=MOST_QUESTIONS,
        help="Questions on one text, or translations of one problem. 10 is MGSM's ten languages.",
    ), "design", "clustered")
    group_correlation: float = when(number(
        "Likeness within a group", unit="ratio", default=0.5, min=0, max=1,
        help="0 if answers of a group are independent, 1 if all are the same. The default is a guess.",
    ), "design", "clustered")
    error_inflation: float = when(number(
        "Error larger by", unit="ratio", default=FromFact("score-statistics.planning.clustering"), min=1, max=100,
        help="How many times the plain one. The default is the largest published, on DROP.",
    ), "design", "inflated")
    only_first: int = when(whole(
        "Right in the first alone", unit="count", default=5, min=0, max=MOST_QUESTIONS,
        help="The first model right, the second wrong. The default is made up.",
    ), "design", "paired")
    only_second: int = when(whole(
        "Right in the second alone", unit="count", default=8, min=0, max=MOST_QUESTIONS,
        help="The second model right, the first wrong. The default is made up.",
    ), "design", "paired")
    runs: int = whole(
        "Runs of each question", unit="count", default=1, min=1, max=MOST_QUESTIONS,
        help="For planning alone: how often each question is asked and the answers averaged.",
    )


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Exact arithmetic on the inputs; what is uncertain by nature comes as an interval."""

    verdict: str = output("Answer", headline=True)
    first_interval: Range = output("First score, with its interval", unit="%", range=True, decimals=1)
    second_interval: Range = output("Second score, with its interval", unit="%", range=True, decimals=1)
    difference: Range | NoValue = output("Second less first", unit="points", range=True, decimals=1)
    difference_newcombe: Range | NoValue = output("The same, safer near 0 and 100 %", unit="points", range=True, decimals=1)
    chance_points: float | NoValue = output("Difference that chance alone makes", unit="points", digits=2)
    z: float | NoValue = output("Difference in standard errors (z)", unit="ratio", decimals=2)
    chance_percent: float | NoValue = output("Chance of so large a difference between equals", unit="%", digits=2)
    questions_used: int = output("Questions", unit="count")
    effective_questions: float = output("Independent questions they are worth", unit="count", digits=3)
    questions_needed: int | NoValue = output("Questions needed to see it four times in five, about", unit="count", digits=2)
    planned_questions: int | NoValue = output("Questions to plan for, by a paper's assumptions, about", unit="count", digits=2)
    planned_smallest_points: float = output("Smallest difference seen by them, with these questions", unit="points", digits=2)


def standard_error(first: float, second: float, questions: float) -> float:
    """The standard error of the difference of two shares, as a share: √((p1(1−p1) + p2(1−p2)) / n).

    Each score with its own variance, as E. Miller, arXiv 2411.00640, recommends; not pooled, so that test and interval agree.
    """
    return math.sqrt((first * (1 - first) + second * (1 - second)) / questions)


def two_sided(z: float) -> float:
    """The chance, 0 to 1, of a normal value at least so far from 0 on either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided chance, 0 to 1, of counts so unequal if the models were equal (McNemar's test).

    Each question on which one model alone is right is then a fair coin: the chance is twice the lower tail of a binomial
    with n = only_first + only_second and p = 1/2. Exact, because such counts are often small, where a z of
    (b − c)/√(b + c) is wrong; for large ones the two agree. Terms are summed downwards from the largest until they
    no longer count.
    """
    n, k = only_first + only_second, min(only_first, only_second)
    if only_first == only_second:
        return 1.0
    term = math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
    tail = 0.0
    while k >= 0 and term > tail * 1e-17:
        tail += term
        term *= k / (n - k + 1)
        k -= 1
    return min(1.0, 2 * tail)


def questions_to_see(difference: float, variance: float, quantile: float) -> float:
    """Questions at which a true difference (a share) is seen four times in five: (z + 0.8416)² × variance / difference².

    `variance` is that of one question's contribution to the difference. E. Miller, arXiv 2411.00640, section on power.
    """
    return (quantile + POWER_QUANTILE) ** 2 * variance / difference**2


def smallest_difference(questions: float, variance: float, quantile: float) -> float:
    """The true difference (a share) that so many questions show four times in five: the inverse of questions_to_see."""
    return (quantile + POWER_QUANTILE) * math.sqrt(variance / questions)


def design_effect(inputs: Inputs) -> float:
    """How many times larger the variance is than with independent questions; no unit, 1 at least.

    With groups of m questions whose answers correlate by r: 1 + (m − 1) r (L. Kish, Survey Sampling, 1965). With a known
    larger standard error: its square.
    """
    if inputs.design == "clustered":
        return 1 + (inputs.group_size - 1) * inputs.group_correlation
    return inputs.error_inflation**2 if inputs.design == "inflated" else 1.0


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Intervals of both scores, the test of their difference, and what it would take to see it."""
    questions = inputs.questions
    if inputs.benchmark != "custom":
        questions = int(facts[f"benchmarks.{inputs.benchmark}.items"].value)
    quantile = QUANTILES[inputs.confidence]
    effective = questions / design_effect(inputs)
    first = wilson(inputs.first_percent / 100, effective, quantile)
    second = wilson(inputs.second_percent / 100, effective, quantile)
    assumed = _assumed_variance(inputs.runs, facts)
    found = (_paired(inputs, questions, quantile) if inputs.design == "paired"
             else _unpaired(first, second, effective, quantile))
    away = abs(found["difference"].central) / 100 if isinstance(found["difference"], Range) else 0.0
    equal = NoValue("none: there is no difference to see")
    return Outputs(
        **found, first_interval=_times_100(first), second_interval=_times_100(second),
        questions_used=questions, effective_questions=effective,
        questions_needed=equal if away < 1e-9 else whole_up(
            questions_to_see(away, _variance(inputs, questions), quantile)) or NoValue("none: the scores leave no chance"),
        planned_questions=equal if away < 1e-9 else whole_up(questions_to_see(away, assumed, quantile)),
        planned_smallest_points=100 * smallest_difference(questions, assumed, quantile),
    )


def _unpaired(first: Range, second: Range, questions: float, quantile: float) -> dict[str, Any]:
    """The test of two scores by themselves: z, or Newcombe's interval where no answer varies."""
    away = second.central - first.central
    error = standard_error(first.central, second.central, questions)
    safer = difference(first, second)
    beyond = abs(away) > quantile * error if error else not safer.low <= 0 <= safer.high
    z = away / error if error else NoValue("none: no answer varies in either score")
    return {
        "verdict": _verdict(away, beyond),
        "difference": _times_100(Range(away - quantile * error, away, away + quantile * error)),
        "difference_newcombe": _times_100(safer),
        "chance_points": 100 * quantile * error,
        "z": z,
        "chance_percent": _percent(two_sided(z)) if not isinstance(z, NoValue) else z,
    }


def _paired(inputs: Inputs, questions: int, quantile: float) -> dict[str, Any]:
    """The test of two models' answers, question by question: McNemar's, exact."""
    only_first, only_second = inputs.only_first, inputs.only_second
    differ = only_first + only_second
    if differ > questions:
        nothing = NoValue(f"none: {differ:,} answers differ, and there are {questions:,} questions")
        return {"verdict": UNFIT, "difference": nothing, "difference_newcombe": LEFT_OUT, "chance_points": nothing,
                "z": nothing, "chance_percent": nothing}
    away = (only_second - only_first) / questions
    error = math.sqrt(_paired_variance(only_first, only_second, questions) / questions)
    chance = mcnemar(only_first, only_second)
    return {
        "verdict": _verdict(away, chance < 1 - float(inputs.confidence) / 100),
        "difference": _times_100(Range(away - quantile * error, away, away + quantile * error)),
        "difference_newcombe": LEFT_OUT,
        "chance_points": 100 * quantile * math.sqrt(differ) / questions,
        "z": (only_second - only_first) / math.sqrt(differ) if differ else NoValue("none: no answer differs"),
        "chance_percent": _percent(chance),
    }


def _paired_variance(only_first: int, only_second: int, questions: int) -> float:
    """The variance of one question's difference, which is −1, 0 or 1."""
    return (only_first + only_second) / questions - ((only_second - only_first) / questions) ** 2


def _variance(inputs: Inputs, questions: int) -> float:
    """The variance of one question's contribution to the difference, as these inputs give it."""
    if inputs.design == "paired":
        return _paired_variance(inputs.only_first, inputs.only_second, questions)
    first, second = inputs.first_percent / 100, inputs.second_percent / 100
    return (first * (1 - first) + second * (1 - second)) * design_effect(inputs)


def _assumed_variance(runs: int, facts: Facts) -> float:
    """Miller's: how much the models differ from question to question, and each model's own wavering over its runs."""
    between = float(facts["score-statistics.assumed.questions"].value)
    within = float(facts["score-statistics.assumed.answers"].value)
    return between + 2 * within / runs


def _verdict(away: float, beyond: bool) -> str:
    if not beyond or not away:
        return CHANCE
    return SECOND if away > 0 else FIRST


def _times_100(shares: Range) -> Range:
    return Range(*(100 * share for share in shares))


def _percent(chance: float) -> float:
    """A chance in per cent; below a trillionth it counts as none."""
    return 100 * chance if chance > 1e-12 else 0.0


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    source = "the number typed" if inputs.benchmark == "custom" else f"{{benchmarks.{inputs.benchmark}.items}} in {{benchmark}}"
    steps = [
        Step("questions_used", f"{source}: {{questions_used}}"),
        Step("effective_questions", _effective_text(inputs)),
        Step("first_interval", "Wilson's interval of {first_percent} at {confidence}: {first_interval}"),
        Step("second_interval", "Wilson's interval of {second_percent} at {confidence}: {second_interval}"),
        *(_paired_steps(inputs, outputs) if inputs.design == "paired" else _unpaired_steps(inputs, outputs)),
        Step("planned_questions", "by Miller's formula with variances of {score-statistics.assumed.questions} between "
             "questions and {score-statistics.assumed.answers} within each model, runs of each question: {runs}: about "
             "{planned_questions}"),
        Step("planned_smallest_points", "the same formula the other way round, for {questions_used}: "
             "{planned_smallest_points}"),
    ]
    return [*steps, Step("verdict", _verdict_text(inputs, outputs))]


def _effective_text(inputs: Inputs) -> str:
    if inputs.design == "clustered":
        return ("{questions_used} ÷ (1 + ({group_size} − 1) × {group_correlation}) = {effective_questions}")
    if inputs.design == "inflated":
        return "{questions_used} ÷ {error_inflation}² = {effective_questions}"
    return "each counts as one: {effective_questions}"


def _unpaired_steps(inputs: Inputs, outputs: Outputs) -> list[Step]:
    return [
        Step("chance_points", "{confidence} of a normal distribution lies within "
             f"{QUANTILES[inputs.confidence]:.3f} standard errors; one is "
             "√((p₁(1 − p₁) + p₂(1 − p₂)) ÷ {effective_questions}), so {chance_points}"),
        Step("difference", "{second_percent} − {first_percent}, and {chance_points} to each side: {difference}"),
        Step("difference_newcombe", "from the two Wilson intervals (Newcombe): {difference_newcombe}"),
        Step("z", "the difference in standard errors: {z}"),
        Step("chance_percent", "how often chance alone makes as large a z, to either side: {chance_percent}"),
        Step("questions_needed", _needed_text(outputs, "(p₁(1 − p₁) + p₂(1 − p₂))", inputs)),
    ]


def _paired_steps(inputs: Inputs, outputs: Outputs) -> list[Step]:
    return [
        Step("difference", "({only_second} − {only_first}) ÷ {questions_used}, with the interval of a paired difference: "
             "{difference}"),
        Step("chance_points", "what the questions on which one alone is right make by chance, about: {chance_points}"),
        Step("z", "({only_second} − {only_first}) ÷ √({only_second} + {only_first}) = {z}, for comparison"),
        Step("chance_percent", "McNemar's test, exact: as many coins as answers differ, each fair, fall at least as unevenly "
             "in {chance_percent} of tries"),
        Step("questions_needed", _needed_text(outputs, "the variance of one question's difference", inputs)),
    ]


def _needed_text(outputs: Outputs, variance: str, inputs: Inputs) -> str:
    if isinstance(outputs.questions_needed, NoValue):
        return "{questions_needed}"
    quantile = f"({QUANTILES[inputs.confidence]:.3f} + {POWER_QUANTILE:.3f})²"
    grouped = " × {questions_used} ÷ {effective_questions}" if inputs.design in ("clustered", "inflated") else ""
    return f"{quantile} × {variance}{grouped} ÷ difference²: about {{questions_needed}}, were the scores the true ones"


def _verdict_text(inputs: Inputs, outputs: Outputs) -> str:
    if outputs.verdict == UNFIT:
        return "{chance_percent}"
    if inputs.design == "paired":
        return f"{{chance_percent}} is {'not ' * (outputs.verdict == CHANCE)}less than 100 % − {{confidence}}"
    if isinstance(outputs.z, NoValue):
        return "judged by Newcombe's interval, {difference_newcombe}: whether 0 lies within it"
    if outputs.verdict == CHANCE:
        return "the interval of the difference, {difference}, holds 0"
    return "the interval of the difference, {difference}, does not hold 0"


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Intervals:
    """The two scores with their intervals."""
    return Intervals(
        title=f"The two scores with their {inputs.confidence} % intervals", unit="%", by="Score",
        rows=[(name, Range(*(round(part, 1) for part in interval)))
              for name, interval in (("First", outputs.first_interval), ("Second", outputs.second_interval))],
    )


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For the inputs that can turn the answer by themselves, the value at which they do."""
    now = calculate(inputs, facts)
    if now.verdict == UNFIT:
        return []
    if inputs.design == "paired":
        return [_confidence_flip(inputs, now, facts)]
    questions = [_questions_flip(inputs, now)] if inputs.benchmark == "custom" else []
    return [*_score_flips(inputs, now), *questions, _confidence_flip(inputs, now, facts)]


def _score_flips(inputs: Inputs, now: Outputs) -> list[Flip]:
    """The second scores at which the difference is just what chance makes, the first one given.

    (q − p)² = k (p(1−p) + q(1−q)) with k = z²/n is a quadratic in q: (1+k)q² − (2p+k)q + p² − kp(1−p) = 0.
    """
    p, k = inputs.first_percent / 100, QUANTILES[inputs.confidence] ** 2 / now.effective_questions
    middle = (2 * p + k) / 2 / (1 + k)
    half = math.sqrt(max(0.0, middle**2 - (p * p - k * p * (1 - p)) / (1 + k)))
    low, high = (100 * min(1.0, max(0.0, q)) for q in (middle - half, middle + half))
    if now.verdict == SECOND:
        return [Flip("second_percent", high, "%", CHANCE, beyond="up to")]
    if now.verdict == FIRST:
        return [Flip("second_percent", low, "%", CHANCE)]
    found = [Flip("second_percent", high, "%", SECOND, beyond="above")] if high < 100 * (1 - 1e-9) else []
    found += [Flip("second_percent", low, "%", FIRST, beyond="below")] if low > 1e-7 else []
    return found or [Flip("second_percent", None, "%", why="no second score is more than chance away")]


def _questions_flip(inputs: Inputs, now: Outputs) -> Flip:
    """The number of questions at which the same scores would just be more than chance apart."""
    if isinstance(now.difference, NoValue) or isinstance(now.z, NoValue) or not now.z:
        return Flip("questions", None, "count", why="no number changes it for these scores")
    edge = math.floor(now.questions_used * (QUANTILES[inputs.confidence] / now.z) ** 2)
    if now.verdict != CHANCE:
        return (Flip("questions", edge, "count", CHANCE, beyond="up to") if edge >= 2 else
                Flip("questions", None, "count", why="no smaller number changes it"))
    if edge >= MOST_QUESTIONS:
        return Flip("questions", None, "count", why="it would take more than a million")
    return Flip("questions", edge, "count", SECOND if now.z > 0 else FIRST, beyond="above")


def _confidence_flip(inputs: Inputs, now: Outputs, facts: Facts) -> Flip:
    """The nearest other confidence with another answer."""
    for other in ("90", "95", "99") if now.verdict != CHANCE else ("99", "95", "90"):
        then = calculate(replace(inputs, confidence=other), facts).verdict
        if then != now.verdict:
            return Flip("confidence", other, "text", then, beyond="")
    return Flip("confidence", None, "text", why="none of the three changes the answer")


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    return [Link("What to check before comparing two scores", "guide/interpreting-scores/"),
            Link("How the best models of each kind compare over time", "calculators/frontier/")]


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    found = []
    if inputs.design == "paired":
        if isinstance(outputs.difference, Range) and abs(
                outputs.difference.central - inputs.second_percent + inputs.first_percent) > 0.1 + 50 / outputs.questions_used:
            found.append("The counts give another difference than the two scores; the counts are used.")
        return found
    if inputs.benchmark == "mgsm" and inputs.design == "unpaired":
        found.append("MGSM is 250 problems in ten languages: choose groups of 10, or the error comes out too small.")
    rare = min(outputs.effective_questions * min(p, 100 - p) / 100 for p in (inputs.first_percent, inputs.second_percent))
    if rare < FEW_ANSWERS:
        found.append("Few answers are right, or few are wrong: the plain interval of the difference is rough here, and the "
                     "safer one is the better guide.")
    safer = outputs.difference_newcombe
    if isinstance(safer, Range) and (safer.low <= 0 <= safer.high) != (outputs.verdict == CHANCE):
        found.append("The safer interval disagrees with the answer: the difference lies just at the edge of chance.")
    if inputs.design == "clustered" and outputs.questions_used / inputs.group_size < FEW_GROUPS:
        found.append("There are few groups: the true intervals are wider still.")
    return found


CALCULATOR = Calculator(
    slug="significance",
    title="Significance",
    question="Is the difference between two benchmark scores more than chance?",
    version="1.1",
    data=("original-scores", "benchmarks", "score-statistics"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
)
