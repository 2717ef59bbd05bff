"""The working of the four hybrid strategies."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from calculators.formulas import hybrid
from calculators.formulas.prices import TABLE as PRICES
from calculators.formulas.routing_ways import (
    DEVELOPMENT,
    FALLBACK,
    LAST_RESORT,
    SPECIALISED,
    TIERED,
    best_of,
    choices,
    fleet_of,
    tiers,
    ways_of,
)
from calculators.kit.shape import LEFT_OUT, NoValue, Step
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.routing import Inputs, Outputs


def steps(inputs: "Inputs", outputs: "Outputs", results: Iterable[str]) -> list[Step]:
    """A line for each figure; `results` are the names of the outputs."""
    how = {
        TIERED: "Dear share: what the router sends up, and what the cheap model fails. Published savings, on benchmarks and "
                "models of their own: {routing.savings.routellm-mt-bench} and {routing.savings.frugalgpt-headlines} at most",
        DEVELOPMENT: "{development_percent} of requests on the cheap model, {repeated_percent} of those again on the dear one, "
                     "the rest on the dear one",
        FALLBACK: "Each hour of the month: servers are paid for busy or not, the API for what they cannot take, at "
                  "{tokens_per_second} × {utilisation_percent} a server. The form starts with two H100, "
                  "{routing.server.price} and at most {routing.server.throughput}",
        SPECIALISED: "Every combination of models that meet the floors, on their cheapest hosts; {upkeep_usd} for each further "
                     "model",
    }[inputs.strategy]
    used = [(inputs.dear_model, outputs.prices.dear), (inputs.cheap_model, outputs.prices.cheap)]
    if inputs.strategy == FALLBACK:
        used = used[:1] if inputs.rest_model == "dear" else used[1:]
    if inputs.strategy == SPECIALISED:
        models = {model.row: model.label for choice in choices(inputs, outputs.prices) if choice for model in choice.models}
        used = list(models.items())
    texts = {name: f"{{{name}}}" for name in results} | {
        name: text for name, text in (("saved_usd", "{pure_usd} − {hybrid_usd} = {saved_usd}"),
                                      ("saved_percent", "{saved_usd} ÷ {pure_usd} = {saved_percent}"))
        if not isinstance(getattr(outputs, name), NoValue)
    } | _working(inputs, outputs)
    return [
        *(Step("ways", f"{label}: input {{{PRICES}.{row}.input}}, output {{{PRICES}.{row}.output}}") for row, label in used),
        Step("ways", how),
        *(Step(name, text) for name, text in texts.items() if name != "ways" and getattr(outputs, name) != LEFT_OUT),
    ]


def _working(inputs: "Inputs", outputs: "Outputs") -> dict[str, str]:
    """How the figures of the asked strategy come about, by output; nothing where they have no value."""
    prices, requests = outputs.prices, "{requests_per_day} × 30 days"
    if isinstance(outputs.hybrid_usd, NoValue):
        return {}
    dear, cheap = (show(usd, "USD") if usd < math.inf else "" for usd in (prices.dear_usd, prices.cheap_usd))
    pure = best_of([way for way in ways_of(inputs, prices) if not way.mixed])
    found = {"pure_usd": f"{pure.name}, the cheapest that uses one thing for everything and will do: {{pure_usd}}"
             if pure.usd < LAST_RESORT else "{pure_usd}"}
    if inputs.strategy == TIERED:
        by_router, first = tiers(inputs, prices)
        better = min(by_router, first, key=lambda routed: routed.usd)
        router = "{router_usd} ÷ 1,000 + " if better is by_router else ""
        return found | {
            "hybrid_usd": f"{requests} × {{accepted_usd}} + {{upkeep_usd}} = {{hybrid_usd}}",
            "dear_share_percent": ("what the router sends up, {sent_up_percent} of easy requests and all but "
                                   "{sent_down_percent} of hard ones" if better is by_router else "every hard request")
            + ", and what the cheap model fails: {dear_share_percent}",
            "accepted_usd": f"{router}{show(better.cheap_share * 100, '%')} × ({cheap} + {{check_usd}} ÷ 1,000) + "
                            f"{{dear_share_percent}} × {dear} = {{accepted_usd}}; all requests are answered in the end",
        }
    if inputs.strategy == DEVELOPMENT:
        users = f"(100 % − {{development_percent}}) × {dear}"
        each = f"{{development_percent}} × ({cheap} + {{repeated_percent}} × {dear}) + {users}"
        return found | {"hybrid_usd": f"{requests} × ({each}) + {{upkeep_usd}} = {{hybrid_usd}}"}
    fleet = fleet_of(inputs, prices) if inputs.strategy == FALLBACK else None
    if fleet:
        rest = show(hybrid.overflow_hours(fleet.month, fleet.best), "hours")
        return found | {
            "hybrid_usd": f"{show(fleet.best, 'servers')} × {{server_usd_per_hour}} × 720 hours + {rest} left × "
                          f"{show(fleet.hour_usd, 'USD')} an hour on the API + {{upkeep_usd}} = {{hybrid_usd}}",
            "servers": "of all numbers from none to the peak the one with the cheapest month: {servers}",
            "overflow_percent": "the hours of a server's work that so many cannot take, of all: {overflow_percent}",
            "answered_alone_percent": "each server is up {server_up_percent} of the time, independently: what those "
                                      "that are up can take, in the mean over the month: {answered_alone_percent}",
            "answered_both_percent": f"the same for {show(fleet.best, 'servers')}, and of the rest {{api_up_percent}} by the "
                                     "API: {answered_both_percent}",
        }
    return found | {"hybrid_usd": "the kinds of task in the table, each at its model's price, and {upkeep_usd} for each model "
                                  "beyond the first: {hybrid_usd}"}
