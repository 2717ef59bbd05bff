"""Which of the three ways costs least at which volume: in a sentence, as a table, and from where on one's own is cheaper."""

import math

from calculators.formulas import hosting
from calculators.formulas.hosting import Case, Crossings
from calculators.formulas.three_ways import CALLED, MOST_REQUESTS, PROPRIETARY, Setting, at_nothing
from calculators.formulas.three_ways_ranges import COST, ends_of, first_of, rounded
from calculators.kit.facts import Value
from calculators.kit.shape import NoValue, Table
from calculators.kit.units import DAYS_PER_MONTH, Range, significant
from calculators.kit.units import number as show_number

MOST_ROWS = 24  # of the table of volumes


def by_volume(case: Case, crossings: Crossings) -> str:
    """What is the cheapest at which volume, in a sentence."""
    first, found = at_nothing(case), crossings.found
    if not first:
        return "none is possible at any volume"
    beyond = f"; beyond {_requests(crossings.up_to)} it was not looked" if crossings.up_to < math.inf else ""
    if not found:
        return f"{CALLED[first]} at every volume{beyond}"
    if len(found) == 1:
        return f"{CALLED[first]} up to {_requests(found[0].requests_per_day)}, then {CALLED[found[0].then]}{beyond}"
    last = found[-1]
    return (f"{CALLED[first]} up to {_requests(found[0].requests_per_day)}; then it changes {len(found) - 1} times more, as "
            f"each further replica has to fill up; {CALLED[last.then]} beyond {_requests(last.requests_per_day)}{beyond}")


def beats(setting: Setting, way: str, tokens: float) -> Range | float | NoValue:
    """The volume (tokens a month) above which one's own is first cheaper than one API, whatever the other costs.

    `tokens`: of a request."""
    if setting.why_not:
        return NoValue(setting.why_not)
    if not tokens:
        return NoValue("no tokens")
    found = [_first(case._replace(hosted_usd=math.inf) if way == PROPRIETARY else case._replace(proprietary_usd=math.inf))
             for case in ends_of(setting)]
    return first_of(found, "tokens/month", tokens * DAYS_PER_MONTH, "never: at no volume of the form", "above")


def _first(case: Case) -> float | None:
    """The first volume (requests a day) beyond which one's own is the cheapest, or None."""
    if min(case.proprietary_usd, case.hosted_usd) == math.inf:
        return None
    found = hosting.crossings_of(case, MOST_REQUESTS, first_alone=True).found
    return found[0].requests_per_day if found else None


def _requests(volume: float) -> str:
    return f"{show_number(significant(volume, COST))} requests per day"


def volumes_table(case: Case, crossings: Crossings, tokens: float) -> Table:
    """The volumes at which the cheapest way changes, from nothing on; `tokens` of a request."""
    columns = (("From there on", "text"), ("Requests per day", "count"), ("Tokens a month", "count"),
               ("Cost there", "USD/month"), ("Why", "text"))
    first = at_nothing(case)
    if not first:
        return Table(columns, ())
    rows: list[tuple[str, tuple[Value | NoValue, ...]]] = [
        (CALLED[first], (0, 0, _cost_at(case, first, 0.0), "the smallest volumes"))]
    for crossing in crossings.found if len(crossings.found) <= MOST_ROWS else (
            *crossings.found[:MOST_ROWS - 1], crossings.found[-1]):
        at = crossing.requests_per_day
        figures = rounded((at, at * tokens * DAYS_PER_MONTH, _cost_at(case, crossing.then, at)))
        rows.append((CALLED[crossing.then], (*figures, "a further replica" if crossing.by_step else "the bills meet")))
    if len(crossings.found) > MOST_ROWS:
        left = len(crossings.found) - MOST_ROWS
        rows.insert(-1, (f"and {left} changes more", (*[NoValue("between")] * 3, "further replicas")))
    return Table(columns, tuple(rows))


def _cost_at(case: Case, way: str, volume: float) -> float:
    return float(getattr(hosting.month_of(case._replace(requests_per_day=volume)), way))
