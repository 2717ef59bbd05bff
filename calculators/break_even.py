"""Which of three ways costs least, and at what volume a server of one's own costs less than an API.

Two forms: the original's five numbers (simple), whose formulas are in formulas/whole_servers, and three ways for one's own
workload (full), which is formulas/three_ways.
"""

import math
from dataclasses import dataclass
from typing import Any

from calculators.formulas import three_ways, three_ways_chart, three_ways_further, three_ways_result, three_ways_steps
from calculators.formulas.three_ways import FULL, SIMPLE
from calculators.formulas.three_ways_chances import chances_of
from calculators.formulas.three_ways_flips import flips_of
from calculators.formulas.whole_servers import capacity_tokens, first_break_even, last_break_even, servers_for
from calculators.formulas.whole_servers_chart import by_volume
from calculators.kit.chances import Chances
from calculators.kit.chart import Chart
from calculators.kit.facts import Facts
from calculators.kit.fields import FromFact, InputError, number, when, whole
from calculators.kit.shape import LEFT_OUT, Calculator, Flip, Link, NoValue, Step, output
from calculators.kit.units import HOURS_PER_MONTH, TOKENS_PER_MTOK, show, whole_up

EXAMPLE = "original.break-even-example"
SELF_HOSTING = "Self-hosting saves money"
API = "API is more cost-effective"


def _simple(declared: Any) -> Any:
    return when(declared, "mode", SIMPLE)


@dataclass(frozen=True, kw_only=True)
class Inputs(three_ways.Inputs):
    """Those of the full form, and the original's five. Its `utilization`, a ratio, is asked in per cent here."""

    monthly_tokens: int = _simple(whole(
        "Tokens per month", unit="tokens/month", default=FromFact(f"{EXAMPLE}.monthly-tokens"), min=0, max=1e15,
        help="Input and output together. 100M, 1e8 and 100,000,000 are the same.",
    ))
    api_cost_per_million: float = _simple(number(
        "API price", unit="USD/Mtok", default=FromFact(f"{EXAMPLE}.api-cost-per-million"), min=0, max=1e6,
        help="One price for input and output: weigh the two by your own mix. A hosted open model is an API too.",
    ))
    hosting_cost_per_hour: float = _simple(number(
        "Server price", unit="USD/hour", default=FromFact(f"{EXAMPLE}.hosting-cost-per-hour"), min=0, max=1e6,
        help="All GPUs of one server that serves the model, rented round the clock.",
    ))
    tokens_per_second: float = _simple(number(
        "Throughput of one server", unit="tokens/s", default=FromFact(f"{EXAMPLE}.tokens-per-second"), above=0, max=1e9,
        help="All requests together, batched, as you measured it. The default is about one request at a time.",
    ))
    utilisation_percent: float = _simple(number(
        "Utilisation", unit="%", default=FromFact(f"{EXAMPLE}.utilisation-percent"), above=0, max=100,
        help="The share of the month in which the server is busy at that throughput.",
    ))


@dataclass(frozen=True, kw_only=True)
class Outputs(three_ways_result.Outputs):
    """Those of the full form, and those of the simple one: exact arithmetic on its inputs, so bare numbers, with no estimate of
    ours in them. The outputs of the other form are left out."""

    api_monthly_cost: float = output("API, a month", unit="USD/month")
    hosting_monthly_cost: float = output("Self-hosting, a month", unit="USD/month")
    servers_needed: int = output("Servers needed", unit="servers")
    hosting_capacity: float = output("Capacity of one server", unit="tokens/month")
    monthly_savings: float = output("Saved by self-hosting", unit="USD/month")
    savings_percent: float = output("Saved, of the API bill", unit="%")
    api_cost_per_million: float = output("API, per million tokens", unit="USD/Mtok")
    hosting_cost_per_million: float | NoValue = output("Self-hosting, per million tokens at this load", unit="USD/Mtok")
    break_even_tokens: float | NoValue = output("Self-hosting is first cheaper above", unit="tokens/month")
    always_cheaper_tokens: float | NoValue = output("Self-hosting stays cheaper above", unit="tokens/month")
    tokens_per_second_needed: float | NoValue = output("Throughput at which a full server breaks even", unit="tokens/s")
    capacity_needed: float | NoValue = output("The same, as capacity of one server", unit="tokens/month")


SIMPLE_NAMES = tuple(name for name in Outputs.__dataclass_fields__
                     if name not in three_ways_result.Outputs.__dataclass_fields__)
"""The outputs that the simple form has and the full one has not."""


def calculate(inputs: Inputs, facts: Facts | None = None) -> Outputs:
    """Compare a month of API calls with whole servers for the same tokens, in the form that was asked for.

    The simple form corrects the original, which computes the capacity of the server and never uses it. The full one needs
    the facts, and is three_ways.calculate.
    """
    if inputs.mode == FULL:
        assert facts is not None
        left_out: dict[str, Any] = dict.fromkeys(SIMPLE_NAMES, LEFT_OUT)
        return Outputs(**left_out, **three_ways_result.calculate(inputs, facts))
    capacity = capacity_tokens(inputs.tokens_per_second, inputs.utilisation_percent)
    servers = servers_for(inputs.monthly_tokens, capacity)
    api_usd = inputs.monthly_tokens / TOKENS_PER_MTOK * inputs.api_cost_per_million
    server_usd = inputs.hosting_cost_per_hour * HOURS_PER_MONTH
    hosting_usd = servers * server_usd
    saves = hosting_usd < api_usd
    first = first_break_even(inputs.api_cost_per_million, server_usd, capacity)
    never = NoValue("never at this throughput")
    needed = _needed(inputs, server_usd)
    others: dict[str, Any] = dict.fromkeys(three_ways_result.NAMES, LEFT_OUT)
    return Outputs(
        **others, setting=None, crossings=three_ways_result.NOTHING,
        recommendation=SELF_HOSTING if saves else API,
        api_monthly_cost=api_usd,
        hosting_monthly_cost=hosting_usd,
        servers_needed=servers,
        hosting_capacity=capacity,
        monthly_savings=api_usd - hosting_usd if saves else 0,
        savings_percent=(api_usd - hosting_usd) / api_usd * 100 if saves else 0,
        api_cost_per_million=inputs.api_cost_per_million,
        hosting_cost_per_million=(
            hosting_usd / inputs.monthly_tokens * TOKENS_PER_MTOK if inputs.monthly_tokens
            else NoValue("no tokens, so no cost per token")
        ),
        break_even_tokens=never if first is None else first,
        always_cheaper_tokens=never if first is None else last_break_even(first, capacity),
        tokens_per_second_needed=needed,
        capacity_needed=(
            needed if isinstance(needed, NoValue) else capacity_tokens(needed, inputs.utilisation_percent)
        ),
    )


def _needed(inputs: Inputs, server_usd: float) -> float | NoValue:
    """The throughput (tokens/s) at which one full server costs as much as the API."""
    if inputs.api_cost_per_million <= 0:
        return NoValue("no throughput is enough against a free API")
    tokens = server_usd / inputs.api_cost_per_million * TOKENS_PER_MTOK
    return tokens / capacity_tokens(1, inputs.utilisation_percent)


def calculate_breakeven(
    monthly_tokens: float,
    api_cost_per_million: float,
    hosting_cost_per_hour: float,
    tokens_per_second: float,
    utilization: float = 0.7,
) -> dict[str, object]:
    """Calculate break-even point for self-hosting: the original's function, with its one fault corrected.

    Takes tokens/month, USD per million tokens, USD/hour of one server, tokens/s of one server, and utilisation as a
    ratio (0 to 1]. Returns the original's five keys (USD/month, per cent, text) and, beyond them: `hosting_capacity`
    (tokens/month of one server), `servers_needed`, `break_even_tokens` and `always_cheaper_tokens` (tokens/month, None
    for never), `tokens_per_second_needed` (None against a free API), the two costs per million tokens, and `corrected`,
    which says what differs from the original. Raises InputError, a ValueError, for what has no answer.
    """
    if isinstance(utilization, bool) or not isinstance(utilization, int | float) or not 0 < utilization <= 1:
        raise InputError("utilization", f"Utilisation must be a ratio more than 0 and at most 1 (got {utilization}).")
    given = {"monthly_tokens": monthly_tokens, "api_cost_per_million": api_cost_per_million,
             "hosting_cost_per_hour": hosting_cost_per_hour, "tokens_per_second": tokens_per_second}
    fields = CALCULATOR.fields()
    inputs = Inputs(**{name: fields[name].read(name, value) for name, value in given.items()},  # type: ignore[arg-type]
                    utilisation_percent=utilization * 100)
    outputs = calculate(inputs)
    result: dict[str, object] = {
        name: None if isinstance(getattr(outputs, name), NoValue) else getattr(outputs, name)
        for name in ("recommendation", *SIMPLE_NAMES)
    }
    first = {name: result.pop(name) for name in (
        "api_monthly_cost", "hosting_monthly_cost", "recommendation", "monthly_savings", "savings_percent")}
    return first | result | {"corrected": correction(outputs)}


def correction(outputs: Outputs) -> str:
    """What the correction changes for these inputs, in a sentence."""
    if outputs.servers_needed == 1:
        return "Servers are bought whole; one is enough here, as the original assumes."
    one = outputs.hosting_monthly_cost / outputs.servers_needed
    return (f"The original charges one server ({show(one, 'USD/month')}) at any volume; this volume needs "
            f"{outputs.servers_needed:,}.")


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The working, a line for each figure."""
    if inputs.mode == FULL:
        return three_ways_steps.steps(inputs, outputs)
    hours = f"{{{EXAMPLE}.hours-per-month}}"
    steps = [
        Step("api_monthly_cost", "{monthly_tokens} × {api_cost_per_million} = {api_monthly_cost}"),
        Step("hosting_capacity", "{tokens_per_second} × " + hours + " × 3,600 s × {utilisation_percent} = "
             "{hosting_capacity}"),
        Step("servers_needed", "{monthly_tokens} ÷ {hosting_capacity}, rounded up, and one at least = {servers_needed}"),
        Step("hosting_monthly_cost", "{servers_needed} × {hosting_cost_per_hour} × " + hours + " = "
             "{hosting_monthly_cost}"),
        Step("monthly_savings", _saving_text(outputs)),
        Step("savings_percent", "{monthly_savings} ÷ {api_monthly_cost} = {savings_percent}" if outputs.monthly_savings
             else "none, so {savings_percent}"),
        Step("api_cost_per_million", "the price you gave, {api_cost_per_million}"),
        Step("hosting_cost_per_million", "{hosting_monthly_cost} ÷ {monthly_tokens} = {hosting_cost_per_million}"
             if inputs.monthly_tokens else "{hosting_cost_per_million}"),
    ]
    return [*steps, *_break_even_steps(outputs), Step("recommendation", correction(outputs))]


def _saving_text(outputs: Outputs) -> str:
    if outputs.monthly_savings:
        return "{api_monthly_cost} − {hosting_monthly_cost} = {monthly_savings}"
    return "{hosting_monthly_cost} is no less than {api_monthly_cost}, so {monthly_savings}"


def _break_even_steps(outputs: Outputs) -> list[Step]:
    if isinstance(outputs.capacity_needed, NoValue):
        needed = [Step("tokens_per_second_needed", "{tokens_per_second_needed}"),
                  Step("capacity_needed", "{capacity_needed}")]
    else:
        needed = [
            Step("capacity_needed", "one server's month ÷ {api_cost_per_million} = {capacity_needed}, all of it used"),
            Step("tokens_per_second_needed", "{capacity_needed} in a month at {utilisation_percent} = "
                 "{tokens_per_second_needed}; self-hosting needs more than that to be cheaper at any volume"),
        ]
    if isinstance(outputs.break_even_tokens, NoValue):
        return [*needed, Step("break_even_tokens", "{break_even_tokens}: even a full server costs at least as much as "
                              "the API for the same tokens"), Step("always_cheaper_tokens", "{always_cheaper_tokens}")]
    return [
        *needed,
        Step("break_even_tokens", "the volume whose API bill pays for one server: {break_even_tokens}"),
        Step("always_cheaper_tokens", "above {always_cheaper_tokens}; below it, each newly added server can tip the "
             "answer back to the API until it fills up" if outputs.always_cheaper_tokens != outputs.break_even_tokens
             else "the same volume, {always_cheaper_tokens}: no later server tips the answer back"),
    ]


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> list[Chart]:
    """Cost against volume on two logarithmic axes: the bills of APIs are straight lines, servers climb in stairs."""
    return three_ways_chart.charts(inputs, outputs) if inputs.mode == FULL else [by_volume(inputs, outputs)]


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each input alone, the value at which the answer changes.

    Self-hosting must be cheaper, not as cheap, so the value itself still belongs to the API.
    """
    if inputs.mode == FULL:
        return list(flips_of(inputs, facts))
    now = calculate(inputs)
    own = now.recommendation == SELF_HOSTING
    other = API if own else SELF_HOSTING
    more, less = ("up to", "from") if own else ("above", "below")

    def flip(name: str, value: float | None, beyond: str, why: str) -> Flip:
        spec = CALCULATOR.fields()[name]
        if value is None or value > (spec.max or math.inf):
            return Flip(name, None, spec.unit, why=why)
        return Flip(name, value, spec.unit, other, beyond=beyond)

    price = now.hosting_monthly_cost / inputs.monthly_tokens * TOKENS_PER_MTOK if inputs.monthly_tokens else None
    hour = now.api_monthly_cost / now.servers_needed / HOURS_PER_MONTH or None
    capacity = _capacity_that_flips(inputs, now)
    speed = capacity and capacity / capacity_tokens(1, inputs.utilisation_percent)
    percent = capacity and capacity / capacity_tokens(inputs.tokens_per_second, 1)
    enough = "below" if own else "from"
    return [
        flip("monthly_tokens", _volume_that_flips(now), more, "no volume changes it at this throughput"),
        flip("api_cost_per_million", price, more, "no price changes it without tokens"),
        flip("hosting_cost_per_hour", hour, less, "no price changes it, since the API costs nothing"),
        flip("tokens_per_second", speed, enough, "no throughput changes it: the API costs no more than one server"),
        flip("utilisation_percent", percent, enough, "no utilisation changes it"),
    ]


def _volume_that_flips(now: Outputs) -> float | None:
    """The nearest volume (tokens/month) at which the answer changes, or None."""
    pays_for_one = now.break_even_tokens
    if isinstance(pays_for_one, NoValue):
        return None
    if now.recommendation == API:
        return now.servers_needed * pays_for_one
    # Down the stairs to the nearest on which the API is still cheaper at its start; see last_break_even.
    last = whole_up(now.hosting_capacity / (now.hosting_capacity - pays_for_one)) - 1
    return max(1, min(now.servers_needed, last)) * pays_for_one


def _capacity_that_flips(inputs: Inputs, now: Outputs) -> float | None:
    """The capacity of one server (tokens/month) at which the answer changes, or None.

    Self-hosting is cheaper with as many servers as cost less than the API bill, and so needs a server that is large
    enough for no more than those to be needed.
    """
    one = now.hosting_monthly_cost / now.servers_needed
    affordable = whole_up(now.api_monthly_cost / one) - 1 if one else 0
    return inputs.monthly_tokens / affordable if affordable >= 1 else None


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where to go from here."""
    if inputs.mode == FULL:
        return three_ways_further.next_pages(inputs, outputs)
    full = Link("Three ways, with your own workload: this form in full", "calculators/break-even/", values={"mode": FULL})
    if outputs.recommendation == API:
        return [full, Link("Hosted open models: the third price to compare with", "guide/cost-at-scale/#hosted-open"),
                Link("Is cost what decides it for you? The decision form", "calculators/decision/")]
    return [full, Link("What self-hosting costs beyond the servers", "guide/cost-at-scale/#when-self-hosting-wins"),
            Link("Is cost what decides it for you? The decision form", "calculators/decision/")]


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What the reader should know before using the figure."""
    if inputs.mode == FULL:
        return three_ways_further.warnings(inputs, outputs)
    found = []
    if outputs.hosting_capacity and inputs.monthly_tokens and outputs.servers_needed == 1 and (
        inputs.monthly_tokens < outputs.hosting_capacity / 100
    ):
        found.append("This volume would keep one server busy for less than a hundredth of its capacity.")
    if inputs.utilisation_percent > 90:
        found.append("More than 90 % round the clock leaves no room for peaks: few services reach it.")
    return found


def chances(inputs: Inputs, outputs: Outputs, facts: Facts) -> Chances | None:
    """How often each way is the cheapest; the simple form is exact, so it has none."""
    return chances_of(inputs, facts) if inputs.mode == FULL else None


CALCULATOR = Calculator(
    slug="break-even",
    title="Break-even",
    question="Which of three ways costs least for your workload, and at what volume does that change?",
    version="1.0",
    data=("original", *three_ways.DATA),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
    chances=chances,
    presets="workloads",
)
