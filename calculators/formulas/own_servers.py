"""Replicas of one's own for the workload of a decision, as the break-even page would plan them: their cost and their speed."""

import functools
import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from calculators.formulas import hosting, prices, three_ways, throughput
from calculators.formulas.decision_inputs import JOB, Inputs
from calculators.formulas.options import CLOUD, OWN, Finding
from calculators.formulas.placement import Refusal
from calculators.kit import search
from calculators.kit.facts import Facts
from calculators.kit.fields import FromFact
from calculators.kit.shape import NoValue
from calculators.kit.units import HOURS_PER_MONTH, Range, show, significant

HAD = {CLOUD: three_ways.ON_DEMAND, OWN: three_ways.BOUGHT}
"""How the GPUs of each way are had."""


def exact(usd: float) -> Range:
    """A figure without a spread."""
    return Range(usd, usd, usd)


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
            return exact(self.gpus * (given or 0.0))
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

        return exact(month(1, hour.central)) if central else Range(
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
    case, job, card = three_ways.case_of(asked, base), job_of(inputs, base), base.rents[three_ways.BOUGHT]
    engine = base.engines.of(job)
    bought = card if card.usd is None else card._replace(
        usd=sum(three_ways.owned_parts(asked, base, card.usd)) / HOURS_PER_MONTH)
    rents = {three_ways.ON_DEMAND: base.rents[three_ways.ON_DEMAND], three_ways.BOUGHT: bought}
    engineer = asked.engineer_usd / hosting.MONTHS_PER_YEAR
    if isinstance(engine, Refusal):
        return Servers(case, (1.0, 1.0), rents, 0, engineer, None, None, f"{engine.headline}.")
    span, gpus = engine.plan.span, engine.plan.setup.gpus
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


def _alone(inputs: Inputs, base: three_ways.Base) -> tuple[three_ways.Engine, throughput.Speed] | None:
    """One copy of the model with one request and nothing else running; None if the model cannot be run."""
    job = job_of(inputs, base)
    engine = base.engines.of(job)
    return None if isinstance(engine, Refusal) else (engine, speed_at(engine, job, 1))


def first_token(inputs: Inputs, base: three_ways.Base) -> Range | None:
    """Until the first token (ms) of a request with nothing else running; None if the model cannot be run."""
    alone = _alone(inputs, base)
    return throughput.spread(alone[1].first_s * 1000, alone[0].plan.first_span) if alone else None


def fastest(inputs: Inputs, base: three_ways.Base) -> float:
    """The high end of the speed (tokens/s) of one request alone on one copy of the model; 0 if there is none."""
    alone = _alone(inputs, base)
    return alone[1].user_tokens_per_s * alone[0].plan.span[1] if alone else 0.0


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
    return search.last_whole(lambda count: speed_at(engine, job, count).user_tokens_per_s >= target, 1, most + 1)


def shortfalls(inputs: Inputs, servers: Servers) -> list[Finding]:
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
