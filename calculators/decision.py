"""Which kind of model to look at first.

Two forms: the original document's six questions with its points (quick), and conditions, costs and weights over eight ways
(full), which formulas/full_decision shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from calculators.formulas import decision_flips, decision_inputs, decision_record, decision_steps, full_decision, verdict
from calculators.formulas.decision_inputs import FULL, QUICK
from calculators.kit.chart import Bars, Chart
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import FromFact, when, whole, yes_no
from calculators.kit.shape import LEFT_OUT, Calculator, Flip, Link, NoValue, Step, output

OPEN = "Consider open-weight models"
PROPRIETARY = "Consider proprietary APIs"
RULE = "original.decision-rule"

# The original's thresholds and points. data/original.yaml holds the same figures with their source; a test compares.
HIGH_VOLUME_TOKENS = 500_000_000
LOW_VOLUME_TOKENS = 10_000_000


class Score(NamedTuple):
    """Points that one answer gives to each side, and the name of the figure behind them."""

    open: int = 0
    proprietary: int = 0
    figure: str = ""


NOTHING = Score()


def _quick(declared: Any) -> Any:
    return when(declared, "mode", QUICK)


@dataclass(frozen=True, kw_only=True)
class Inputs(decision_inputs.Inputs):
    """Those of the full form, and the original's six questions under the keys of its dictionary."""

    data_must_stay_private: bool = _quick(yes_no(
        "Must your data stay with you?", help="Yes if it may not be sent to any third party, under any contract."))
    monthly_tokens: int = _quick(whole(
        "Tokens per month", unit="tokens/month", default=FromFact("original.break-even-example.monthly-tokens"),
        min=0, max=1e15, help="Input and output together. 100M, 1e8 and 100,000,000 are the same."))
    has_ml_team: bool = _quick(yes_no(
        "Do you have people who can run models?", help="Yes if somebody is there to deploy, watch and repair them."))
    needs_best_quality: bool = _quick(yes_no(
        "Do you need the best quality there is?", help="Yes if a model somewhat behind the best would not do."))
    needs_fine_tuning: bool = _quick(yes_no(
        "Do you need a fine-tuned model?", help="Yes if prompts and retrieved examples are not enough."))
    needs_fast_launch: bool = _quick(yes_no(
        "Do you need to launch fast?", help="Yes if days matter more than the running cost."))


@dataclass(frozen=True, kw_only=True)
class Outputs(full_decision.Outputs):
    """Those of the full form, and of the quick one the points, in all. The outputs of the other form are left out."""

    open_factors: int | NoValue = output("Points for open weights", unit="points")
    proprietary_factors: int | NoValue = output("Points for a proprietary API", unit="points")


QUESTIONS: dict[str, Callable[[Value], Score]] = {
    "data_must_stay_private": lambda yes: Score(open=3, figure="private-data-points") if yes else NOTHING,
    "monthly_tokens": lambda tokens: (
        Score(open=2, figure="high-volume-points") if float(tokens) > HIGH_VOLUME_TOKENS
        else Score(proprietary=1, figure="low-volume-points") if float(tokens) < LOW_VOLUME_TOKENS
        else NOTHING
    ),
    "has_ml_team": lambda yes: (
        Score(open=1, figure="ml-team-points") if yes else Score(proprietary=2, figure="no-ml-team-points")
    ),
    "needs_best_quality": lambda yes: Score(proprietary=2, figure="best-quality-points") if yes else NOTHING,
    "needs_fine_tuning": lambda yes: Score(open=2, figure="fine-tuning-points") if yes else NOTHING,
    "needs_fast_launch": lambda yes: Score(proprietary=2, figure="fast-launch-points") if yes else NOTHING,
}


def scores(requirements: Mapping[str, Value]) -> dict[str, Score]:
    """The points of each of the six questions. A question left out counts as no, or as 0 tokens a month."""
    return {name: score(requirements.get(name) or 0) for name, score in QUESTIONS.items()}


def recommend_model_type(requirements: Mapping[str, Value]) -> str:
    """Recommend proprietary vs open based on requirements: the original's function, unchanged in its answers.

    Takes the original's dictionary: `data_must_stay_private`, `has_ml_team`, `needs_best_quality`, `needs_fine_tuning`,
    `needs_fast_launch` (true or false) and `monthly_tokens` (tokens/month); what is left out counts as false or 0.
    Returns one of its two sentences. A tie goes to the proprietary API, as there.
    """
    found = scores(requirements).values()
    return OPEN if sum(s.open for s in found) > sum(s.proprietary for s in found) else PROPRIETARY


def calculate(inputs: Inputs, facts: Facts | None = None) -> Outputs:
    """Add up the points of the answers, and compare; in full, rule out, price and weigh, which needs the facts."""
    if inputs.mode == FULL:
        assert facts is not None
        return Outputs(open_factors=LEFT_OUT, proprietary_factors=LEFT_OUT, **full_decision.calculate(inputs, facts))
    answers = _answers(inputs)
    found = scores(answers).values()
    return Outputs(
        **dict.fromkeys(full_decision.NAMES, LEFT_OUT),
        verdict=None,
        recommendation=recommend_model_type(answers),
        open_factors=sum(s.open for s in found),
        proprietary_factors=sum(s.proprietary for s in found),
    )


def _answers(inputs: Inputs) -> dict[str, Value]:
    return {name: getattr(inputs, name) for name in QUESTIONS}


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """A line for each question that counts, then the two sums; in full, the working of the full form."""
    if inputs.mode == FULL:
        return decision_steps.explain(inputs, outputs)
    steps = []
    for name, score in scores(_answers(inputs)).items():
        label = CALCULATOR.fields()[name].label
        points = f"{{{RULE}.{score.figure}}}" if score.figure else "nothing to either side"
        of = "open_factors" if score.open else "proprietary_factors"
        side = " to open weights" if score.open else " to a proprietary API" if score.proprietary else ""
        steps.append(Step(of, f"{label} {{{name}}}: {points}{side}"))
    steps += [Step("open_factors", "in all {open_factors}"), Step("proprietary_factors", "in all {proprietary_factors}")]
    rule = ("{open_factors} is more than {proprietary_factors}" if outputs.recommendation == OPEN
            else "{open_factors} is not more than {proprietary_factors}")
    tie = "; a tie goes to the proprietary API in the original's rule" if (
        outputs.open_factors == outputs.proprietary_factors) else ""
    return [*steps, Step("recommendation", rule + tie)]


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> list[Chart]:
    """The points of each question, side by side; in full, those of each way, cut into factors."""
    if inputs.mode == FULL:
        return [*full_decision.chart(inputs, outputs)]
    fields = CALCULATOR.fields()
    return [Bars(
        title="Points by question", unit="points", series=("Open weights", "Proprietary API"), by="Question",
        groups=[(fields[name].label, (s.open, s.proprietary)) for name, s in scores(_answers(inputs)).items()],
    )]


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each question alone, the other answer that turns the recommendation round, or that there is none."""
    if inputs.mode == FULL:
        return decision_flips.flips(inputs, facts)
    return [_flip(name, _answers(inputs)) for name in QUESTIONS]


def _flip(name: str, answers: dict[str, Value]) -> Flip:
    now = recommend_model_type(answers)
    unit = CALCULATOR.fields()[name].unit
    for value, shown, beyond in _others(name, answers[name]):
        then = recommend_model_type(answers | {name: value})
        if then != now:
            return Flip(name, shown, unit, then, beyond=beyond)
    return Flip(name, None, unit, why="no other answer changes the recommendation")


def _others(name: str, value: Value) -> list[tuple[Value, Value, str]]:
    """The other answers worth trying: the value, how to name it, and on which side of that it lies."""
    if name != "monthly_tokens":
        return [(not value, not value, "")]
    return [
        (HIGH_VOLUME_TOKENS + 1, HIGH_VOLUME_TOKENS, "above"),
        (HIGH_VOLUME_TOKENS, HIGH_VOLUME_TOKENS, "up to"),
        (LOW_VOLUME_TOKENS, LOW_VOLUME_TOKENS, "from"),
        (LOW_VOLUME_TOKENS - 1, LOW_VOLUME_TOKENS, "below"),
    ]


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """What to read or calculate next, by what was answered."""
    if inputs.mode == FULL:
        return full_decision.next_pages(inputs, outputs)
    links = []
    if inputs.data_must_stay_private:
        links.append(Link("Data sent to a provider, and the middle ground", "guide/customisation/#fine-tuning-comparison"))
    if inputs.needs_fine_tuning:
        links.append(Link("Who still offers fine-tuning, and on what terms", "guide/customisation/#proprietary"))
    if inputs.needs_best_quality:
        links.append(Link("How large the quality gap is today", "guide/performance/#narrowing-gap"))
    links.append(Link("At what volume self-hosting pays: the break-even calculator", "calculators/break-even/"))
    links.append(Link("The third way: open weights behind a hosted API", "guide/when-to-use-each/#hosted-open"))
    return links


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the original's rule leaves out, and where its sum goes against a condition."""
    if inputs.mode == FULL:
        return full_decision.warnings(inputs, outputs)
    found = []
    if inputs.data_must_stay_private and outputs.recommendation == PROPRIETARY:
        found.append("You said that no data may go to a third party; a proprietary API sends it to one. In the original's "
                     "points other answers outweigh that. Take it as a condition, and look at open weights on your own GPUs.")
    return [*found, "This is the original's rule with its points. It knows two options; open weights behind a hosted API, "
            "which need no team of your own, are a third."]


CALCULATOR = Calculator(
    slug="decision",
    title="Decision",
    question="Which kind of model should you look at first?",
    version="1.1",
    data=("original", *verdict.DATA),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
    record=decision_record.record,
)
