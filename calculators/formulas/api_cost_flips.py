"""Where another model becomes the cheapest as one input of API cost moves."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from calculators.formulas.prices import Cache, Clock, Job, Offer, Rates, Workload, offer_of, peak_rates, request_usd
from calculators.kit.facts import Value
from calculators.kit.fields import Field
from calculators.kit.search import Change, changes, just_beyond
from calculators.kit.shape import Flip, NoValue

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.api_cost import Inputs

NONE_FITS = "None of these models can take this request"

# What an input is called in a Job, and how much of it makes one there.
_MOVES = {
    "input_tokens": ("input_tokens", 1),
    "output_tokens": ("output_tokens", 1),
    "reasoning_tokens": ("reasoning_tokens", 1),
    "overhead_tokens": ("overhead_tokens", 1),
    "cached_share_percent": ("repeated", 100),
    "reads_per_write": ("reads_per_write", 1),
    "batch_share_percent": ("waiting", 100),
}
_At = Callable[[float], tuple[list[Offer], Job]]
_TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens")


def flips_of(inputs: "Inputs", load: Workload, ratios: Mapping[str, float], caches: Mapping[str, Cache],
             rows: Mapping[str, Mapping[str, Value]], fields: Mapping[str, Field]) -> list[Flip]:
    """For each number alone, the nearest values above and below at which another model becomes the cheapest.

    `ratios`, `caches` and `rows` (of the price list) by the row that was chosen, `fields` by the input's name.
    """
    job = load.job
    offers = [offer for row in sorted(inputs.models)
              if not isinstance(offer := offer_of(row, rows[row], load.clock, ratios[row], caches[row]), NoValue)]
    best = _cheapest(offers, job)
    if best is None or not load.requests_per_month or not request_usd(best, job) or load.surcharge == -1:
        return []
    found = []
    for name, (part, scale) in _MOVES.items():
        corners = (_corners(name, best, offers, job) if part in _TOKENS else set()) | _cache_corners(part, scale, offers, job)
        found += _flips_of(fields[name], name, getattr(inputs, name), best, _moving(offers, job, part, scale), corners)
    peaks = {offer.row: peak_rates(rows[offer.row], caches[offer.row]) for offer in offers if offer.off_peak}
    if peaks:
        offset = fields["utc_offset_hours"]

        def at_offset(value: float) -> tuple[list[Offer], Job]:
            then = load.clock._replace(utc_offset=value)
            return [_at_clock(offer, rows[offer.row], then, caches[offer.row]) for offer in offers], job

        found += ([_no_flip("utc_offset_hours", offset)] if _whatever_the_hour(best, offers, peaks, job)
                  else _flips_of(offset, "utc_offset_hours", inputs.utc_offset_hours, best, at_offset, set()))
    alike = "no value of this changes which is the cheapest: every model's cost moves in the same proportion"
    return found + [Flip(name, None, "", why=alike) for name in ("requests_per_day", "growth_percent", "surcharge_percent")]


def _whatever_the_hour(best: Offer, offers: Sequence[Offer], peaks: Mapping[str, Rates], job: Job) -> bool:
    """Whether a model stays the cheapest if all of its requests come at its peak, and those of the others never do."""
    worst = best._replace(usual=peaks.get(best.row, best.usual))
    others = (o._replace(usual=o.off_peak) if o.off_peak else o for o in offers if o is not best)
    return request_usd(worst, job) < min((request_usd(o, job) for o in others), default=math.inf)


def _at_clock(offer: Offer, values: Mapping[str, Value], clock: Clock, cache: Cache) -> Offer:
    """An offer with the requests at other hours."""
    moved = offer_of(offer.row, values, clock, offer.ratio, cache) if offer.off_peak else offer
    return offer if isinstance(moved, NoValue) else moved


def _moving(offers: list[Offer], job: Job, part: str, scale: float) -> _At:
    """The same offers and the job with one part of it moved."""
    return lambda value: (offers, job._replace(**{part: value / scale}))


def _cheapest(offers: Sequence[Offer], job: Job) -> Offer | None:
    """The model with the cheapest request, the first by its row among equals, or None if none can take it."""
    usd, _, best = min(((request_usd(offer, job), offer.row, offer) for offer in offers), default=(math.inf, "", None))
    return best if usd < math.inf else None


def _flips_of(spec: Field, name: str, now: float, best: Offer, at: _At, corners: set[float]) -> list[Flip]:
    """The flips of one input. `at` gives the offers and the job at a value of it."""

    def gap(value: float) -> float:
        offers, job = at(value)
        own, other = math.inf, math.inf
        for offer in offers:
            usd = request_usd(offer, job)
            if offer.row == best.row:
                own = usd
            elif usd < other:
                other = usd
        if own == math.inf:
            return -math.inf
        return other - own if abs(other - own) > 1e-12 * own else 0.0

    offers, job = at(now)
    tokens, high = name in _TOKENS, spec.max or 0
    if tokens:
        high = min(high, max([now, *(offer.window / offer.ratio for offer in offers if offer.window < math.inf)]) * 1.01)
    found = []
    # Between corners a bill is a line in every input (in 1 / (reads + 1) for the reads), so few looks are enough, unless
    # what can wait goes another way from some value on, or the hours move.
    bends = (job.waiting and name != "batch_share_percent") or name == "utc_offset_hours"
    for value, beyond in changes(gap, now, spec.min or 0, high, corners, points=10 if bends else 4):
        change = Change(now if abs(value - now) <= 1e-6 * max(1, abs(now)) else value, beyond)
        then = _cheapest(*at(just_beyond(change, whole=tokens, low=spec.min or 0, high=high)))
        found.append(Flip(name, change.value, spec.unit, f"{then.label} is the cheapest" if then else NONE_FITS, beyond=beyond))
    return found or [_no_flip(name, spec)]


def _no_flip(name: str, spec: Field) -> Flip:
    return Flip(name, None, spec.unit, why="no value of this changes it")


def _corners(name: str, best: Offer, offers: Sequence[Offer], job: Job) -> set[float]:
    """Where a count of tokens meets the limits of an offer (window, longest answer, tiers): those values, the last
    before an offer gets dearer or drops out, and the ones just above those of today's cheapest."""
    now, prompt, together = getattr(job, name), job.input_tokens + job.overhead_tokens, sum(job[:4])
    found = set()
    for offer in offers:
        limits = [(offer.window, together)]
        if name in ("input_tokens", "overhead_tokens"):
            limits += [(above, prompt) for above, _ in offer.tiers]
        else:
            limits.append((offer.longest_answer, job.output_tokens + job.reasoning_tokens))
        turns = [limit / offer.ratio - (total - now) for limit, total in limits if limit < math.inf]
        found |= set(turns)
        if offer is best:
            found |= {turn * (1 + 1e-11) for turn in turns}
    return found


def _cache_corners(part: str, scale: float, offers: Sequence[Offer], job: Job) -> set[float]:
    """Where the stretch that repeats becomes long enough to be cached, and the values just below."""
    other = {"input_tokens": job.repeated, "repeated": job.input_tokens}.get(part, 0)
    turns = {offer.smallest / offer.ratio / other * scale for offer in offers if other and offer.smallest}
    return turns | {turn * (1 - 1e-11) for turn in turns}
