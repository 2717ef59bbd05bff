"""The two models of a decision: their scores, what they are not able to do, what the licence of the open one has against it."""

import functools

from calculators import licence
from calculators.formulas import architecture, clauses, memory, prices, scores
from calculators.formulas.decision_inputs import BENCHMARKS, NO_BENCHMARK, Inputs
from calculators.formulas.options import BURST, CLOUD, EDGE, HOSTED, OWN, PROPRIETARY, REGIONAL, ROUTE, UNKNOWN, Finding
from calculators.kit.facts import Facts
from calculators.kit.units import Range, show

EDGE_FORMAT = "q4-k-m"  # in data/precisions.yaml: what programs on devices commonly load


@functools.lru_cache(maxsize=2)
def _scores(facts: Facts) -> dict[str, dict[str, Range]]:
    """Scores by benchmark and plain name of the model, in per cent: the best of several settings, with its interval."""
    found: dict[str, dict[str, Range]] = {benchmark: {} for benchmark in scores.BENCHMARKS}
    for model, of in scores.by_model(facts).items():
        for benchmark, score in of.items():
            found[benchmark][model] = Range(score, score, score)
    runs = found["gpqa"]
    for row in facts.rows("gpqa").values():
        plain, score = prices.plain_name(str(row["model"]).rpartition("/")[2]), float(row["score"])
        known = runs.get(plain)
        if known is None or known.low == known.high or known.central < score:
            runs[plain] = Range(float(row["low"]), score, float(row["high"]))
    return found


def score_of(name: str, benchmark: str, facts: Facts) -> Range | None:
    """A model's score in a benchmark in per cent, with its interval where one is given."""
    return _scores(facts).get(benchmark, {}).get(prices.plain_name(name))


def quality_points(dear: Range | None, cheap: Range | None, easy: float) -> dict[str, Range]:
    """Points for quality by way: a tenth of the score in per cent. Nothing is known of a model without a score.

    A router that makes no error gives easy requests to the cheap model, where that does no harm: the hybrid lies between the
    mean by shares, which is its low end, and the dear model.
    """
    high = Range(*(part / 10 for part in dear)) if dear else UNKNOWN
    low = Range(*(part / 10 for part in cheap)) if cheap else UNKNOWN
    mean = easy * low.central + (1 - easy) * high.central
    route = Range(min(mean, high.low), (mean + high.central) / 2, max(mean, high.high))
    if not (dear and cheap):
        route = UNKNOWN
    return {PROPRIETARY: high, REGIONAL: high, HOSTED: low, CLOUD: low, OWN: low, EDGE: low, ROUTE: route, BURST: low}


def inabilities(name: str, model_id: str, inputs: Inputs, facts: Facts) -> list[Finding]:
    """What a model is not able to do of what it must: take images, reach a score."""
    found = []
    if inputs.needs_images and model_id not in facts.rows("vision"):
        found.append(Finding("needs_images", f"{name} is not among the models that are known to take images."))
    if inputs.score_floor and inputs.benchmark != NO_BENCHMARK:
        score = score_of(name, inputs.benchmark, facts)
        if score is None or score.central < inputs.score_floor:
            has = "no score is known" if score is None else f"it has {show(score.central, '%')}"
            found.append(Finding("score_floor", f"Of {name} {has} in {BENCHMARKS[inputs.benchmark]}."))
    return found


def licence_of(inputs: Inputs, facts: Facts) -> clauses.Decision:
    """What the licence of the open model says to whoever holds its weights, as the licence page answers."""
    model = facts.rows("models")[inputs.model]
    asked = licence.Inputs(commercial=inputs.commercial, monthly_users=inputs.monthly_users, shows_name=inputs.shows_name,
                           redistributes=inputs.redistributes, multimodal=inputs.needs_images)
    return clauses.decide(clauses.rules(facts).get(str(model["licence"]), ()), asked, inputs.model)


def licence_findings(decision: clauses.Decision) -> list[Finding]:
    """What a licence has against a use, with the answer that it hangs on."""
    if decision.verdict != clauses.NO:
        return []
    rule = decision.rules[0]
    asks = {name for name, _ in rule.answers}
    question = ("monthly_users" if rule.field else "shows_name" if rule.shows else
                "redistributes" if "redistributes" in asks else "commercial")
    return [Finding(question, f"{{licence-rules.{rule.id}.says}}")]


def weights_gb(inputs: Inputs, facts: Facts) -> float:
    """The weights of the open model as a device would load them, in GB."""
    form = memory.format_of(facts.rows("precisions")[EDGE_FORMAT])
    return memory.weights(architecture.of(facts, inputs.model), form).total / memory.GB
