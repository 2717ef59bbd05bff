"""What is sold by the token of the two models of a decision, and what the conditions have against each offer."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from calculators.formulas import prices
from calculators.formulas.decision_inputs import CLOUD_HOSTS, Inputs
from calculators.formulas.options import Finding
from calculators.kit.facts import Facts, Value
from calculators.kit.shape import NoValue
from calculators.kit.units import show


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
