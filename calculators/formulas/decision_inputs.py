"""What the full form of the decision asks, step by step, and the answers as the rules and the weighing take them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calculators.formulas import options, prices, scores
from calculators.formulas.options import FACTORS
from calculators.kit import workload
from calculators.kit.facts import Value
from calculators.kit.fields import Field, FromFact, choice, number, stepped, when, yes_no

QUICK, FULL = "quick", "full"
DATA_ANSWERS = {
    "anything": "They may go to any provider",
    "processor": "Only to a processor whose terms say that it does not train on them",
    "unkept": "Only to a processor that keeps nothing after the answer",
    "machines": "Only to machines that we alone run, rented ones too",
    "organisation": "They may not leave the organisation",
}
RESIDENCY = {"any": "Anywhere", "eu": "In the European Union", "us": "In the United States",
             "other": "In another region of our choice", "premises": "On our own premises"}

NETWORK = {"online": "Yes", "site": "No: the site has no network to the outside",
           "device": "No: it runs on a device that may be offline"}

TUNING = {"none": "No: prompts and documents are enough", "tuned": "Yes, wherever the tuned model runs",
          "weights": "Yes, and the tuned weights must be ours"}

TEAM = {"have": "Yes, we have them", "hire": "Not yet: we would hire or buy them in", "none": "No, and there will be none"}
NO_BENCHMARK = "none"
BENCHMARKS = {NO_BENCHMARK: "None", **scores.BENCHMARKS}
CLOUD_HOSTS = ("Amazon Bedrock", "Microsoft Azure")  # that sell other vendors' proprietary models in a region
STEPS = {"data": "Your data", "model": "What the model must do", "load": "Your workload", "ways": "Models and machines",
         "licence": "Licence", "limits": "People, speed and money", "weights": "What matters to you"}


def _step(declared: Any, step: str) -> Any:
    return stepped(when(declared, "mode", FULL), STEPS[step])


def _weight(factor: str, default: float, help: str) -> Any:
    return _step(number(f"Weight: {FACTORS[factor].lower()}", unit="count", default=default, min=0, max=5, help=help),
                 "weights")


def not_its_own(values: Mapping[str, Value]) -> str:
    """Why a row of the prices is no proprietary model at its own vendor's API."""
    if values["access"] != prices.PROPRIETARY:
        return "has open weights"
    return prices.retired(values) or ("is sold there by another than its vendor" if values["host"] in CLOUD_HOSTS
                                      and str(values["vendor"]) not in str(values["host"]) else "")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The full form, step by step."""

    mode: str = choice("Form", default=QUICK, choices={QUICK: "Quick: the original's six questions",
                                                       FULL: "In full: conditions, costs and weights"},
                       help="The quick form has the original's points; the full one rules out, prices and weighs eight ways.")
    data_may_go: str = _step(choice("Where may your data go?", default="anything", choices=DATA_ANSWERS,
                             help="What is sent to the model: prompts, documents, personal data."), "data")
    residency: str = _step(choice("Where must they be processed?", default="any", choices=RESIDENCY,
                                  help="By law or contract. A region or no retention is often all that is asked for."), "data")
    connection: str = _step(choice("Is there a network where it runs?", default="online", choices=NETWORK,
                                help="An air-gapped site has none to the outside."), "data")
    benchmark: str = _step(choice("Quality is judged by", default="gpqa", choices=BENCHMARKS,
                                  help="None of them is your task: your own test counts for more."), "model")
    score_floor: float = _step(when(number(
        "Score at least", unit="%", default=0, min=0, max=100,
        help="In that benchmark. A model without a score is ruled out; 0 asks for nothing."), "benchmark",
        *scores.BENCHMARKS), "model")
    needs_newest: bool = _step(yes_no("Must new capabilities be there at once?",
                                      help="Yes if some months behind the best would not do."), "model")
    needs_images: bool = _step(yes_no("Must it take images?", help="As input, beside text."), "model")
    context_tokens: int = _step(workload.context_tokens(), "model")
    tuning: str = _step(choice("Must the model be tuned on your data?", default="none", choices=TUNING,
                               help="Yes if prompts and retrieved examples were tried and are not enough."), "model")
    requests_per_day: float = _step(workload.requests_per_day(), "load")
    input_tokens: int = _step(workload.input_tokens(2000), "load")
    output_tokens: int = _step(workload.output_tokens(400), "load")
    reasoning_tokens: int = _step(workload.reasoning_tokens(), "load")
    cached_share_percent: float = _step(workload.cached_share_percent(50), "load")
    day_shape: str = _step(workload.day_shape("office"), "load")
    easy_percent: float = _step(number(
        "Easy requests", unit="%", default=70, min=0, max=100,
        help="Those that the open model is able to answer: the hybrid sends it these."), "load")
    proprietary_model: str = _step(choice(
        "Proprietary model", default="anthropic-claude-sonnet-5-5", table=prices.TABLE, named=("model", "host"),
        refused=not_its_own, help="Behind its vendor's own API."), "ways")
    model: str = _step(workload.model("gpt-oss-120b", custom=False), "ways")
    gpu: str = _step(workload.gpu(), "ways")
    gpu_hour_usd: float | None = _step(workload.gpu_hour_usd(), "ways")
    device_gb: float = _step(number(
        "Memory of the device for the model", unit="GB", default=16, min=0, max=10_000,
        help="What a program may use on the users' devices, or at the edge."), "ways")
    commercial: bool = _step(workload.commercial(), "licence")
    monthly_users: int = _step(workload.monthly_users(), "licence")
    redistributes: bool = _step(yes_no("Do you pass on weights?",
                                       help="To customers, or in a program on their devices."), "licence")
    shows_name: bool = _step(yes_no("Would you show the name or notice that is asked for?", default=True,
                                    help="Such as “Built with Llama”, or a notice file beside the weights."), "licence")
    team: str = _step(choice("Are there people who can run servers?", default="have", choices=TEAM,
                             help="To deploy, watch and repair them. Their time counts as a cost in any case."), "limits")
    engineers: float = _step(number(
        "Engineers", unit="count", default=FromFact("operations.people.full-time"), min=0, max=1000,
        help="Full-time equivalents that running the model takes, beyond what an API takes."), "limits")
    target_tokens_per_s: float | None = _step(number(
        "Wanted for each user", unit="tokens/s", default=None, above=0, max=100_000,
        help="How fast an answer must appear. Of APIs it is not known here: measure it."), "limits")
    first_token_ms: float | None = _step(number(
        "First token after at most", unit="ms", default=None, above=0, max=1e6,
        help="With nothing else running. Of APIs it is not known here: measure it."), "limits")
    budget_usd: float | None = _step(number(
        "A month may cost at most", unit="USD/month", default=None, min=0, max=1e12,
        help="Left empty: no limit. A way is ruled out if even its low estimate is above."), "limits")
    weight_cost: float = _weight(options.COST, 3, "0: does not matter. 5: matters most.")
    weight_quality: float = _weight(options.QUALITY, 3, "By the benchmark above.")
    weight_privacy: float = _weight(options.PRIVACY, 3, "Beyond the conditions above, which are musts.")
    weight_launch: float = _weight(options.LAUNCH, 2, "How much it matters to start soon.")
    weight_operations: float = _weight(options.OPERATIONS, 2, "How much it matters to have little to look after.")
    weight_customisation: float = _weight(options.CUSTOMISATION, 1, "Tuning, formats, engines of your choice.")
    weight_independence: float = _weight(options.INDEPENDENCE, 1, "That no vendor can raise the price or end the model.")
    weight_latency: float = _weight(options.LATENCY, 1, "Beyond the limits above, which are musts.")


WEIGHTS = {factor: f"weight_{factor}" for factor in FACTORS}
LENGTHS = ("input_tokens", "output_tokens", "reasoning_tokens")
JOB = (*LENGTHS, "cached_share_percent")  # what one request is made of


def labels() -> dict[str, Field]:
    """The fields of the full form by name."""
    return {name: spec.metadata["field"] for name, spec in Inputs.__dataclass_fields__.items()}


def weights_of(inputs: Inputs) -> dict[str, float]:
    """The weight of each factor."""
    return {factor: float(getattr(inputs, name)) for factor, name in WEIGHTS.items()}


def answers_of(inputs: Inputs) -> dict[str, str]:
    """The answers that the rules of data/decision-rules.yaml look at."""
    return {"data_may_go": inputs.data_may_go, "residency": inputs.residency, "connection": inputs.connection,
            "tuning": inputs.tuning, "team": inputs.team, "needs_newest": "yes" if inputs.needs_newest else "no"}
