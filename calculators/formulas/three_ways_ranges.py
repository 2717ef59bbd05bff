"""How sure break-even's full form is of a figure: its range from the dear end of what is estimated to the cheap one, and its
digits."""

import math
from collections.abc import Callable, Sequence

from calculators.formulas.hosting import Case
from calculators.formulas.three_ways import Setting
from calculators.kit.shape import NoValue
from calculators.kit.units import Range, show, significant

COST, ESTIMATE = 4, 3  # significant digits: of a cost, with which the reader can calculate on, and of other estimates


def ends_of(setting: Setting) -> tuple[Case, Case, Case]:
    """The case at the dear end of what is estimated, in the middle, and at the cheap end: the throughput at its low end with
    GPUs at the high end of their price, and the other way round."""
    case, (slow, fast), rent = setting.case, setting.span, setting.rent
    return (case._replace(capacity=case.capacity * slow, replica_usd=case.replica_usd * rent.high), case,
            case._replace(capacity=case.capacity * fast, replica_usd=case.replica_usd * rent.low))


def over(setting: Setting, of: Callable[[Case], float]) -> Range | float | NoValue:
    """A figure that rests on the throughput or on the price of a GPU: a Range, or a bare number if neither moves it."""
    if setting.why_not:
        return NoValue(setting.why_not)
    found = [of(case) for case in ends_of(setting)]
    return ranged(found[1], found)


def ranged(central: float, found: Sequence[float]) -> Range | float:
    """A Range over the figures found, or the bare number if they are the same."""
    low, high = min(found), max(found)
    return central if math.isclose(low, high, rel_tol=1e-12) else Range(low, central, high)


def first_of(found: Sequence[float | None], unit: str, times: float, never: str, word: str) -> Range | float | NoValue:
    """When something first happens, from its values at the dear end, in the middle and at the cheap end; None is never.

    What happens at some of them alone is said in words, `word` before the value. `times` turns the values into the unit.
    """
    known = [value * times for value in found if value is not None]
    if len(known) == len(found):
        return ranged(known[1], known)
    texts = [show(significant(value, ESTIMATE), unit) for value in known]
    if not texts:
        return NoValue(never)
    if found[1] is None:
        return NoValue(f"never in the middle of the range; {word} {texts[-1]} at its cheap end")
    cheap = f", {texts[-1]} at its cheap end" if texts[-1] != texts[0] else ""
    return NoValue(f"{texts[0]} in the middle of the range{cheap}, never at its dear end")


def rounded(cells: Sequence[float | NoValue]) -> tuple[float | NoValue, ...]:
    """Numbers of a table with no more digits than they are sure of."""
    return tuple(cell if isinstance(cell, NoValue) else significant(cell, COST) for cell in cells)


def middle(figure: Range | float | NoValue) -> float | NoValue:
    """The middle of a range, or the bare number that has none."""
    return figure.central if isinstance(figure, Range) else figure
