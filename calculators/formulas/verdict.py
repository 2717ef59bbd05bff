"""What the full form of the decision asks, and what the answers come to: conditions first, then costs and points.

Here are the inputs and the look-ups: which host may be used, what the licence says, how fast a server is. The arithmetic of
rules and points is in options, what a month costs in prices and hosting, what a replica yields in three_ways; full_decision
shows the verdict.
"""

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from calculators import licence, routing, serving
from calculators.formulas import architecture, hosting, hybrid, memory, options, prices, scores, three_ways, throughput
from calculators.formulas.options import (
    BURST,
    CLOUD,
    EDGE,
    FACTORS,
    HOSTED,
    MOST,
    OPTIONS,
    OWN,
    PROPRIETARY,
    REGIONAL,
    ROUTE,
    UNKNOWN,
    Finding,
    Findings,
)
from calculators.kit import workload
from calculators.kit.facts import Facts, Value
from calculators.kit.shape import FromFact, NoValue, choice, number, stepped, when, whole, yes_no
from calculators.kit.units import DAYS_PER_MONTH, HOURS_PER_MONTH, Range, show, significant

QUICK, FULL = "quick", "full"
DATA = (*three_ways.DATA, "benchmark-scores", "gpqa", "licences", "licence-rules", "terms", "host-terms", "vision",
        "lag", "decision-rules", "decision-scores", "decision-reasons")
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
ENGINEERS = 0.5  # as in data/operations.yaml, where its source is; no default of the form may wait for a day of the facts
NO_BENCHMARK = "none"
BENCHMARKS = {NO_BENCHMARK: "None", **scores.BENCHMARKS}
CLOUD_HOSTS = ("Amazon Bedrock", "Microsoft Azure")  # that sell other vendors' proprietary models in a region
EDGE_FORMAT = "q4-k-m"  # in data/precisions.yaml: what programs on devices commonly load
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
    commercial: bool = _step(yes_no("Is the use commercial?", default=True,
                                    help="Yes for any use in or for a business, inside it too."), "licence")
    monthly_users: int = _step(whole(
        "Monthly users of the product", unit="users", default=10_000, min=0, max=10_000_000_000,
        help="Active users in a month of the product that uses the model."), "licence")
    redistributes: bool = _step(yes_no("Do you pass on weights?",
                                       help="To customers, or in a program on their devices."), "licence")
    shows_name: bool = _step(yes_no("Would you show the name or notice that is asked for?", default=True,
                                    help="Such as “Built with Llama”, or a notice file beside the weights."), "licence")
    team: str = _step(choice("Are there people who can run servers?", default="have", choices=TEAM,
                             help="To deploy, watch and repair them. Their time counts as a cost in any case."), "limits")
    engineers: float = _step(number(
        "Engineers", unit="count", default=ENGINEERS, min=0, max=1000,
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


NEXT_TO_NOTHING = 1e-12  # points, where equals change places


WEIGHTS = {factor: f"weight_{factor}" for factor in FACTORS}
JOB = ("input_tokens", "output_tokens", "reasoning_tokens", "cached_share_percent")  # what one request is made of


def weights_of(inputs: Inputs) -> dict[str, float]:
    """The weight of each factor."""
    return {factor: float(getattr(inputs, name)) for factor, name in WEIGHTS.items()}


# --- what is sold by the token -----------------------------------------------------------------------------------------


class Sold(NamedTuple):
    """A model by the token at one host, on one set of terms."""

    row: str  # in data/prices.yaml
    host: str
    label: str
    offer: prices.Offer | NoValue
    surcharge: float  # for a fixed region, as a share
    window: float  # tokens
    model_id: str
    open: bool
    terms: Mapping[str, Value] | None  # a row of data/host-terms.yaml
    regions: tuple[str, ...]  # the answers on residency that its terms can be bound to
    plain_usd: float = math.inf  # a request without a region, infinite if it cannot take it

    def priced(self, job: prices.Job) -> "Sold":
        """The same with what a request costs."""
        return self if isinstance(self.offer, NoValue) else self._replace(plain_usd=prices.request_usd(self.offer, job))

    def misfit(self, job: prices.Job) -> str:
        """Why it cannot take a request."""
        return self.offer.why if isinstance(self.offer, NoValue) else prices.misfit(self.offer, job)

    def usd(self, residency: str) -> float:
        """A request in USD, processed where it must be."""
        return self.plain_usd * (1 + self.surcharge) if residency in self.regions else self.plain_usd

    @property
    def terms_key(self) -> str:
        """Its row in data/terms.yaml."""
        return f"terms.{self.terms['terms']}" if self.terms else ""

    @property
    def agreed(self) -> bool:
        """Whether its terms have to be agreed first."""
        return bool(self.terms and self.terms["agreed"])


class Market(NamedTuple):
    """What is sold of the two models, by the way that it belongs to."""

    proprietary: tuple[Sold, ...]
    regional: tuple[Sold, ...]
    hosted: tuple[Sold, ...]


    def priced(self, job: prices.Job) -> "Market":
        """The same for another request."""
        return Market(*(tuple(one.priced(job) for one in way) for way in self))


@functools.lru_cache(maxsize=2)
def _terms_by_host(facts: Facts) -> dict[str, list[Mapping[str, Value]]]:
    found: dict[str, list[Mapping[str, Value]]] = {}
    for terms in facts.rows("host-terms").values():
        found.setdefault(str(terms["host"]), []).append(terms)
    return found


@functools.lru_cache(maxsize=2)
def _rows_by_model(facts: Facts) -> dict[str, list[str]]:
    """The rows of the table of prices that may be bought, by the id of the model."""
    found: dict[str, list[str]] = {}
    for row, values in facts.rows(prices.TABLE).items():
        if not prices.retired(values):
            found.setdefault(str(values["model_id"]), []).append(row)
    return found


def market_of(inputs: Inputs, facts: Facts) -> Market:
    """Every offer of the two models, not yet priced."""
    rows, clock = facts.rows(prices.TABLE), prices.clock_of(inputs, facts.rows("day-shapes"))
    chosen = rows[inputs.proprietary_model]

    def sold(row: str) -> list[Sold]:
        return [_sold(row, rows[row], terms, clock, facts)
                for terms in _terms_by_host(facts).get(str(rows[row]["host"])) or (None,)]

    own, by_model = sold(inputs.proprietary_model), _rows_by_model(facts)
    elsewhere = [one for row in by_model[str(chosen["model_id"])]
                 if rows[row]["host"] in CLOUD_HOSTS and row != inputs.proprietary_model for one in sold(row)]
    hosted = [one for row in by_model.get(inputs.model, ()) if rows[row]["access"] != prices.PROPRIETARY for one in sold(row)]
    return Market(tuple(one for one in own if not one.agreed),
                  (*(one for one in own if one.agreed), *elsewhere), tuple(hosted))


def _sold(row: str, values: Mapping[str, Value], terms: Mapping[str, Value] | None, clock: prices.Clock, facts: Facts) -> Sold:
    offer = prices.offer_of(row, values, clock, 1, prices.cache_of(facts.rows("caches").get(row, {})))
    surcharge = float(facts.rows("terms")[str(terms["terms"])].get("region_surcharge", 0)) / 100 if terms else 0.0
    window = float(values.get("context_tokens", math.inf))
    return Sold(row, str(values["host"]), prices.called(values), offer, surcharge, window, str(values["model_id"]),
                values["access"] != prices.PROPRIETARY, terms,
                tuple(str(terms.get("regions", "")).split()) if terms else ())


def objections(one: Sold, inputs: Inputs) -> list[Finding]:
    """What the conditions have against an offer, each with its reason."""
    terms, found = one.terms, []
    if inputs.data_may_go in ("processor", "unkept") and not (terms and terms["no_training"]):
        found.append(Finding("data_may_go", f"No terms of {one.host} were read that rule out training on what is sent."))
    elif inputs.data_may_go == "unkept" and terms and (
            not terms["nothing_kept"] or _begins(one.model_id, terms, "keeps_models")):
        found.append(Finding("data_may_go", f"{one.host} may keep what is sent. By its terms: {{{one.terms_key}.zero}}."))
    if inputs.residency in ("eu", "us", "other") and inputs.residency not in one.regions:
        found.append(Finding("residency", f"No terms of {one.host} were read that bind it to that region."))
    if inputs.tuning == "tuned" and not (terms and _tunes(one, terms)):
        found.append(Finding("tuning", f"No offer of {one.host} was read to tune this model and serve it."))
    if inputs.context_tokens > one.window:
        found.append(Finding("context_tokens", f"Its window at {one.host} is {show(one.window, 'tokens')}."))
    return found


def _begins(model_id: str, terms: Mapping[str, Value], column: str) -> bool:
    return any(model_id.startswith(start) for start in str(terms.get(column, "")).split())


def _tunes(one: Sold, terms: Mapping[str, Value]) -> bool:
    return (one.open and terms.get("tunes") == "*") or _begins(one.model_id, terms, "tunes")


def cheapest(offered: Sequence[Sold], inputs: Inputs, job: prices.Job) -> tuple[Sold | None, list[Finding]]:
    """The cheapest offer that the conditions allow; or none, and what they have against the one that comes nearest."""
    if not offered:
        return None, [Finding("model", "It is sold by no host in the table of prices.")]
    against = [(one, objections(one, inputs)) for one in offered]
    free = [one for one, found in against if not found]
    if not free:
        _, found = min(against, key=lambda pair: (len(pair[1]), pair[0].plain_usd))
        return None, _common(against) or found
    best = min(free, key=lambda one: one.usd(inputs.residency))
    return (None, [Finding("input_tokens", f"{best.label}: {best.misfit(job)}.")]) if best.plain_usd == math.inf else (best, [])


def _common(against: Sequence[tuple[Sold, list[Finding]]]) -> list[Finding]:
    """What every offer is refused for, with the reason of the cheapest of them."""
    shared = set.intersection(*({finding.question for finding in found} for _, found in against))
    _, first = min(against, key=lambda pair: pair[0].plain_usd)
    return [finding for finding in first if finding.question in shared]


# --- servers -------------------------------------------------------------------------------------------------------------


class Servers(NamedTuple):
    """Replicas of one's own for the workload, rented or bought."""

    case: hosting.Case  # rented, at the central estimate, without people
    span: tuple[float, float]  # factors low and high on the throughput
    rents: Mapping[str, three_ways.Rent]  # of one GPU for an hour, by three_ways.ON_DEMAND and BOUGHT
    gpus: int  # of one replica
    engineer_usd: float  # a month of one engineer
    user: Range | None  # output tokens/s of one request at the load that the case is planned for, if a speed is wanted
    first_ms: Range | None  # until the first token, if that is limited
    why: str  # there are none; "" if there are
    outlay_usd: float = 0.0  # to buy one GPU with its share of a server; 0 if no price is known

    def gpus_to_buy(self, requests_per_day: float) -> int:
        """GPUs of all replicas, those in reserve included, at the central estimate."""
        fleet = self.case.fleet
        replicas = hosting.replicas_for(fleet, requests_per_day, self.case.capacity) + fleet.reserve + fleet.staging
        return math.ceil(replicas * self.gpus)

    def fixed_usd(self, inputs: Inputs) -> float:
        """People and storage of a month in USD, whatever the volume."""
        return self.case.fixed_usd + inputs.engineers * self.engineer_usd

    def hour(self, how: str, given: float | None) -> Range | NoValue:
        """An hour of one replica in USD: at the rent that was given, or that of the lists with its spread."""
        rent = self.rents[how]
        if self.why or (given is None and rent.usd is None):
            return NoValue(self.why or rent.words)
        if given is not None or rent.usd is None:
            return _exact(self.gpus * (given or 0.0))
        return Range(*(self.gpus * rent.usd * part for part in (rent.low, 1.0, rent.high)))

    def month(self, how: str, inputs: Inputs, *, central: bool = False) -> Range | NoValue:
        """A month in USD, by how the GPUs are had. Low: the throughput's high end at the low end of the rent. `central`: the
        central estimate alone, for searches."""
        hour, fixed = self.hour(how, inputs.gpu_hour_usd if how == three_ways.ON_DEMAND else None), self.fixed_usd(inputs)
        if isinstance(hour, NoValue):
            return hour

        def month(speed: float, usd: float) -> float:
            case = self.case._replace(capacity=self.case.capacity * speed, replica_usd=usd, fixed_usd=fixed)
            return hosting.own_usd(case, inputs.requests_per_day)

        return _exact(month(1, hour.central)) if central else Range(
            month(self.span[1], hour.low), month(1, hour.central), month(self.span[0], hour.high))


@functools.lru_cache(maxsize=2)
def _figures(facts: Facts) -> dict[str, Any]:
    """The break-even page's defaults that are figures of data/."""
    return {field.name: facts[field.default.key].value for field in fields(three_ways.Inputs)
            if isinstance(field.default, FromFact)}


def _asked_there(inputs: Inputs, facts: Facts) -> three_ways.Inputs:
    """The question as the break-even page would be asked it, in full; what is not asked for here has its default there."""
    same = {name: getattr(inputs, name) for name in (*JOB, "day_shape", "model", "gpu")}
    return three_ways.Inputs(**(_figures(facts) | same | {"mode": three_ways.FULL, "engineers": 0.0}))


@functools.lru_cache(maxsize=8)
def _machines(model: str, gpu: str, facts: Facts) -> three_ways.Base:
    """What the break-even page looks up for a model and a GPU, on an even day."""
    return three_ways.base_of(three_ways.Inputs(**(_figures(facts) | {
        "mode": three_ways.FULL, "model": model, "gpu": gpu, "day_shape": "flat"})), facts)


def base_of(inputs: Inputs, facts: Facts) -> three_ways.Base:
    """What the break-even page looks up for a model, a GPU and a day; its request is not that of the inputs: see `job_of`."""
    base, clock = _machines(inputs.model, inputs.gpu, facts), prices.clock_of(inputs, facts.rows("day-shapes"))
    levels, busiest_day = hosting.levels_of(clock.hours, clock.weekend)
    return base._replace(load=base.load._replace(clock=clock), levels=levels, busiest_day=busiest_day)


def job_of(inputs: Inputs, base: three_ways.Base) -> prices.Job:
    """One request."""
    return base.load.job._replace(input_tokens=inputs.input_tokens, output_tokens=inputs.output_tokens,
                                  reasoning_tokens=inputs.reasoning_tokens, repeated=inputs.cached_share_percent / 100)


def servers_of(inputs: Inputs, facts: Facts, base: three_ways.Base) -> Servers:
    """The replicas that the break-even page would plan for the workload, no more requests at once than the speed allows."""
    asked = _asked_there(inputs, facts)
    case, engine, card = three_ways.case_of(asked, base), base.engines.of(job_of(inputs, base)), base.rents[three_ways.BOUGHT]
    bought = card if card.usd is None else card._replace(
        usd=sum(three_ways.owned_parts(asked, base, card.usd)) / HOURS_PER_MONTH)
    rents = {three_ways.ON_DEMAND: base.rents[three_ways.ON_DEMAND], three_ways.BOUGHT: bought}
    engineer = asked.engineer_usd / hosting.MONTHS_PER_YEAR
    if isinstance(engine, serving.Refusal):
        return Servers(case, (1.0, 1.0), rents, 0, engineer, None, None, f"{engine.headline}.")
    job, span, gpus = job_of(inputs, base), engine.plan.span, engine.plan.setup.gpus
    most = min(int(engine.plan.work.room_bytes / _each(engine, job) * (1 + 1e-12)), throughput.MOST_IN_FLIGHT)
    if most < 1:
        return Servers(case, span, rents, gpus, engineer, None, None, "Not even one request fits beside the weights.")
    user = first = None
    if inputs.target_tokens_per_s is not None:
        at_once = _most_for(inputs.target_tokens_per_s, engine, job, most)
        speed = speed_at(engine, job, at_once)
        slower = speed.output_tokens_per_s / speed_at(engine, job, most).output_tokens_per_s
        case = case._replace(capacity=case.capacity * min(1.0, slower))
        user = throughput.spread(speed.user_tokens_per_s, span)
    if inputs.first_token_ms is not None:
        first = first_token(inputs, base)
    return Servers(case, span, rents, gpus, engineer, user, first, "", card.usd or 0.0)


def first_token(inputs: Inputs, base: three_ways.Base) -> Range | None:
    """Until the first token (ms) of a request with nothing else running; None if the model cannot be run."""
    job = job_of(inputs, base)
    engine = base.engines.of(job)
    return None if isinstance(engine, serving.Refusal) else throughput.spread(
        speed_at(engine, job, 1).first_s * 1000, engine.plan.first_span)


def fastest(inputs: Inputs, base: three_ways.Base) -> float:
    """The high end of the speed (tokens/s) of one request alone on one copy of the model; 0 if there is none."""
    job = job_of(inputs, base)
    engine = base.engines.of(job)
    return 0.0 if isinstance(engine, serving.Refusal) else (
        speed_at(engine, job, 1).user_tokens_per_s * engine.plan.span[1])


def _each(engine: three_ways.Engine, job: prices.Job) -> float:
    """Bytes of one request's cache on the fullest GPU."""
    return engine.need._replace(context_tokens=sum(three_ways.lengths(job))).request(engine.split)


def speed_at(engine: three_ways.Engine, job: prices.Job, at_once: int) -> throughput.Speed:
    """One replica with so many requests in flight, the whole prompt computed anew."""
    plan = engine.plan
    load = throughput.Load(*three_ways.lengths(job), at_once)
    work = throughput.work(plan.arch, plan.setup, load, plan.work.room_bytes)
    return throughput.speed(work._replace(full_kv_bytes=_each(engine, job)), plan.rates, load)


def _most_for(target: float, engine: three_ways.Engine, job: prices.Job, most: int) -> int:
    """The most requests at once that each get the target by the central estimate; one if none do."""
    low, high = 1, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if speed_at(engine, job, middle).user_tokens_per_s >= target else (low, middle)
    return low


# --- what the model is ---------------------------------------------------------------------------------------------------


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


licence_rules = functools.lru_cache(maxsize=2)(licence.rules)


@functools.lru_cache(maxsize=2)
def _rules(facts: Facts) -> tuple[options.Rule, ...]:
    return tuple(options.rules_of(facts.rows("decision-rules")))


@functools.lru_cache(maxsize=2)
def _judged(facts: Facts) -> dict[str, dict[str, Range]]:
    return options.judged(facts.rows("decision-scores"))


def licence_of(inputs: Inputs, facts: Facts) -> licence.Decision:
    """What the licence of the open model says to whoever holds its weights, by the licence calculator's rules."""
    model = facts.rows("models")[inputs.model]
    asked = licence.Inputs(commercial=inputs.commercial, monthly_users=inputs.monthly_users, shows_name=inputs.shows_name,
                           redistributes=inputs.redistributes, multimodal=inputs.needs_images)
    return licence.decide(licence_rules(facts).get(str(model["licence"]), ()), asked, inputs.model)


def licence_findings(decision: licence.Decision) -> list[Finding]:
    """What a licence has against a use, with the answer that it hangs on."""
    if decision.verdict != licence.NO:
        return []
    rule = decision.rules[0]
    asks = {name for name, _ in rule.answers}
    question = ("monthly_users" if rule.field else "shows_name" if rule.shows else
                "redistributes" if "redistributes" in asks else "commercial")
    return [Finding(question, f"{{licence-rules.{rule.id}.says}}")]


def weights_gb(model: str, facts: Facts) -> float:
    """The weights of a model as a device would load them, in GB."""
    row = facts.rows("models")[model]
    arch = architecture.from_dict({name: value for name, value in row.items() if name in _ARCHITECTURE})
    return memory.weights(arch, memory.format_of(facts.rows("precisions")[EDGE_FORMAT])).total / memory.GB


_ARCHITECTURE = frozenset(architecture.Architecture.__dataclass_fields__)


# --- the verdict ---------------------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    """What the answers come to."""

    findings: Findings
    costs: Mapping[str, Range | NoValue]  # a month in USD, by way
    scores: Mapping[str, Mapping[str, Range]]  # of what remains
    totals: Mapping[str, Range]
    order: Sequence[str]  # what remains, first to last
    sold: Mapping[str, Sold]  # the offer of each way that buys tokens
    servers: Servers
    licence: licence.Decision

    @property
    def first(self) -> str:
        """The way that comes first, "" if none remains."""
        return self.order[0] if self.order else ""

    @property
    def headline(self) -> str:
        """The answer in words."""
        return f"{OPTIONS[self.first]} first" if self.first else NOTHING_LEFT


NOTHING_LEFT = "Nothing is left: no way meets all of these conditions"


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

    def _once(self, make: Any, inputs: Inputs, names: Callable[[Inputs], Any], *more: Any) -> Any:
        """What `make` gives of the inputs, the facts and what is given besides, kept by the answers that it depends on."""
        key = make, names(inputs)
        if key not in self._known:
            self._known[key] = make(inputs, self.facts, *more)
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

    def licence(self, inputs: Inputs) -> licence.Decision:
        """What the licence of the open model says."""
        return self._once(licence_of, inputs, _USE)  # type: ignore[no-any-return]

    def weights_gb(self, inputs: Inputs) -> float:
        """The weights as a device would load them, in GB."""
        return self._once(_weights_gb, inputs, _MODEL)  # type: ignore[no-any-return]

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
        return costs_of(inputs, self._once(self._allowed, inputs, _OFFERS)[0], self.servers(inputs), self._month(inputs))

    def _month(self, inputs: Inputs) -> list[hybrid.Load]:
        """A month in which an average day has one hour of a server's work."""
        return self._once(_month_of, inputs, _DAY)  # type: ignore[no-any-return]

    def _of_models(self, inputs: Inputs, servers: Servers, found: Findings) -> None:
        """Add what the two models, the licence, the servers and the device are not able to do."""
        rows, names = self.facts.rows("models"), self.names(inputs)
        for ways, name, model_id in (((PROPRIETARY, REGIONAL), *names[0]), ((HOSTED, CLOUD, OWN, EDGE), *names[1])):
            for finding in self._abilities(inputs, name, model_id):
                for way in ways:
                    found[way].append(finding)
        window = float(rows[inputs.model].get("context_tokens", math.inf))
        held = licence_findings(self.licence(inputs))
        for way in (CLOUD, OWN, EDGE):
            found[way] += held
            if inputs.context_tokens > window:
                found[way].append(Finding("context_tokens", f"{{models.{inputs.model}.name}} holds "
                                                            f"{{models.{inputs.model}.context_tokens}}."))
        for way, how in ((CLOUD, three_ways.ON_DEMAND), (OWN, three_ways.BOUGHT)):
            found[way] += _of_servers(inputs, servers, how)
        gb = self.weights_gb(inputs)
        if gb > inputs.device_gb:
            found[EDGE].append(Finding("device_gb", f"The weights take {show(round(gb, 1), 'GB')} at 4 bits."))

    def lead(self, name: str, value: float) -> float:
        """How far today's first is ahead of the best other, in points, with another value of one number that changes costs
        alone; less than nothing too where another of equal points is placed before it. Central estimates; for values within
        every window and without a budget this is what `judge` would find."""
        inputs, first = varied(self.inputs, {name: value}), self.base.first
        weight = inputs.weight_cost / (sum(weights_of(inputs).values()) or 1.0)
        costs = self._central(inputs)
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

    def _central(self, inputs: Inputs) -> dict[str, float]:
        """What a month of each way that is left costs in USD by the central estimate; infinite if it is not known."""
        left, residency = self.base.order, inputs.residency
        sold = self._once(self._allowed, inputs, _OFFERS)[0]
        usd = {way: sold[way].usd(residency) if way in sold else math.inf for way in (PROPRIETARY, REGIONAL, HOSTED)}
        requests = inputs.requests_per_day * DAYS_PER_MONTH
        found = {way: requests * usd[way] for way in left if way in usd}
        if ROUTE in left:
            found[ROUTE] = _routed(inputs, min(usd[PROPRIETARY], usd[REGIONAL]), usd[HOSTED]).central
        for way, how in ((CLOUD, three_ways.ON_DEMAND), (OWN, three_ways.BOUGHT)):
            if way in left:
                cost = self.servers(inputs).month(how, inputs, central=True)
                found[way] = cost.central if isinstance(cost, Range) else math.inf
        if BURST in left:
            cost = _burst(inputs, self.servers(inputs), usd[HOSTED], self._month(inputs), central=True)
            found[BURST] = cost.central if isinstance(cost, Range) else math.inf
        return found | {way: math.inf for way in left if way == EDGE}

    def names(self, inputs: Inputs) -> tuple[tuple[str, str], tuple[str, str]]:
        """Name and id of the proprietary and of the open model."""
        row = self.facts.rows(prices.TABLE)[inputs.proprietary_model]
        return ((str(row["model"]), str(row["model_id"])), (str(self.facts.rows("models")[inputs.model]["name"]), inputs.model))

    def score(self, name: str, benchmark: str) -> Range | None:
        """The score of a model in a benchmark."""
        return score_of(name, benchmark, self.facts)

    def _abilities(self, inputs: Inputs, name: str, model_id: str) -> list[Finding]:
        found = []
        if inputs.needs_images and model_id not in self.facts.rows("vision"):
            found.append(Finding("needs_images", f"{name} is not among the models that are known to take images."))
        if inputs.score_floor and inputs.benchmark != NO_BENCHMARK:
            score = self.score(name, inputs.benchmark)
            if score is None or score.central < inputs.score_floor:
                has = "no score is known" if score is None else f"it has {show(score.central, '%')}"
                found.append(Finding("score_floor", f"Of {name} {has} in {BENCHMARKS[inputs.benchmark]}."))
        return found

    def _points(self, inputs: Inputs, costs: Mapping[str, Range | NoValue], left: Sequence[str],
                servers: Servers) -> dict[str, dict[str, Range]]:
        """The points of what remains, by factor."""
        judged = self._once(_adjusted, inputs, _TEAM)
        cost = options.cost_points({way: costs[way] for way in left})
        (dear, _), (cheap, _) = self.names(inputs)
        quality = quality_points(self.score(dear, inputs.benchmark), self.score(cheap, inputs.benchmark),
                                 inputs.easy_percent / 100)
        found = {way: judged[way] | {options.COST: cost[way], options.QUALITY: quality[way]} for way in left}
        if inputs.target_tokens_per_s is not None and servers.user is not None:
            for way in {CLOUD, OWN} & set(left):
                found[way][options.LATENCY] = Range(*(min(MOST, MOST * part / inputs.target_tokens_per_s)
                                                      for part in servers.user))
        return found


def varied(inputs: Inputs, change: Mapping[str, Any]) -> Inputs:
    """Inputs with some answers changed, as dataclasses.replace gives them, which takes ten times as long."""
    other = object.__new__(type(inputs))
    vars(other).update(vars(inputs), **change)
    return other


@functools.lru_cache(maxsize=4)
def bench_of(inputs: Inputs, facts: Facts) -> Bench:
    """The bench of a question: what is calculated, explained and searched for shares one."""
    return Bench(inputs, facts)


def answers_of(inputs: Inputs) -> dict[str, str]:
    """The answers that the rules of data/decision-rules.yaml look at."""
    return {"data_may_go": inputs.data_may_go, "residency": inputs.residency, "connection": inputs.connection,
            "tuning": inputs.tuning, "team": inputs.team, "needs_newest": "yes" if inputs.needs_newest else "no"}


def _month_of(inputs: Inputs, facts: Facts) -> list[hybrid.Load]:
    clock = prices.clock_of(inputs, facts.rows("day-shapes"))
    return hybrid.month_of(clock.hours, clock.weekend, 1)


def _adjusted(inputs: Inputs, facts: Facts) -> dict[str, dict[str, Range]]:
    return options.adjusted(_judged(facts), _rules(facts), answers_of(inputs))


def _weights_gb(inputs: Inputs, facts: Facts) -> float:
    return weights_gb(inputs.model, facts)


def _of_servers(inputs: Inputs, servers: Servers, how: str) -> list[Finding]:
    """What replicas are not able to do: hold the model, be had at a known price, be fast enough."""
    if servers.why:
        return [Finding("gpu", servers.why)]
    found = []
    user, first, wanted, within = servers.user, servers.first_ms, inputs.target_tokens_per_s, inputs.first_token_ms
    if wanted is not None and user is not None and user.high < wanted:
        found.append(Finding("target_tokens_per_s", "One user alone gets "
                             f"{show(Range(*(significant(part, 3) for part in user)), 'tokens/s')} on this GPU."))
    if within is not None and first is not None and first.low > within:
        found.append(Finding("first_token_ms", "The first token takes "
                             f"{show(Range(*(significant(part, 3) for part in first)), 'ms')} on this GPU."))
    return found


def costs_of(inputs: Inputs, sold: Mapping[str, Sold], servers: Servers,
             month: Sequence[hybrid.Load]) -> dict[str, Range | NoValue]:
    """What a month of each way costs in USD; a range where it rests on throughput or on what GPUs are had for."""
    requests = inputs.requests_per_day * DAYS_PER_MONTH
    found: dict[str, Range | NoValue] = {}
    for way in (PROPRIETARY, REGIONAL, HOSTED):
        found[way] = _exact(requests * sold[way].usd(inputs.residency)) if way in sold else NoValue("no offer")
    found[CLOUD] = servers.month(three_ways.ON_DEMAND, inputs)
    found[OWN] = servers.month(three_ways.BOUGHT, inputs)
    found[EDGE] = NoValue("not counted")
    dear = [sold[way].usd(inputs.residency) for way in (PROPRIETARY, REGIONAL) if way in sold]
    host = sold[HOSTED].usd(inputs.residency) if HOSTED in sold else math.inf
    found[ROUTE] = _routed(inputs, min(dear), host) if dear and HOSTED in sold else NoValue("no offer")
    found[BURST] = _burst(inputs, servers, host, month) if HOSTED in sold else NoValue("no offer")
    return {way: found[way] for way in OPTIONS}


def _exact(usd: float) -> Range:
    return Range(usd, usd, usd)


def _routed(inputs: Inputs, dear_usd: float, cheap_usd: float) -> Range:
    """A month of tiered routing, with the errors and the price of a router that the hybrid page starts from."""
    usual = _routing_defaults()
    mix = hybrid.Mix(inputs.easy_percent / 100, usual["sent_up_percent"] / 100, usual["sent_down_percent"] / 100,
                     usual["rejected_percent"] / 100)
    routed = hybrid.routed(mix, dear_usd, cheap_usd + usual["check_usd"] / 1000, usual["router_usd"] / 1000)
    return _exact(inputs.requests_per_day * DAYS_PER_MONTH * routed.usd + usual["upkeep_usd"])


@functools.lru_cache(maxsize=1)
def _routing_defaults() -> dict[str, float]:
    """What the hybrid page starts from."""
    names = ("sent_up_percent", "sent_down_percent", "rejected_percent", "check_usd", "router_usd", "upkeep_usd")
    return {field.name: float(str(field.default)) for field in fields(routing.Inputs) if field.name in names}


def _burst(inputs: Inputs, servers: Servers, host_usd: float, month: Sequence[hybrid.Load], *,
           central: bool = False) -> Range | NoValue:
    """A month of as many rented replicas as pay, with a host for the rest; people and storage as without the host.

    `central`: the central estimate alone, for searches.
    """
    hour, case = servers.hour(three_ways.ON_DEMAND, inputs.gpu_hour_usd), servers.case
    if isinstance(hour, NoValue):
        return hour

    def usd(speed: float, hour_usd: float) -> float:
        capacity = case.capacity * speed
        loads = hybrid.scaled(month, inputs.requests_per_day / capacity)
        replica, overflow = hour_usd * HOURS_PER_MONTH, capacity * host_usd
        number = hybrid.best_servers(loads, replica, overflow)
        return servers.fixed_usd(inputs) + hybrid.burst_usd(loads, number, replica, overflow)

    return _exact(usd(1, hour.central)) if central else Range(
        usd(servers.span[1], hour.low), usd(1, hour.central), usd(servers.span[0], hour.high))


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
