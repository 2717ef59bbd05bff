"""Calculators for the choice between open-weight and proprietary language models.

The registry, in the order of the guide. A calculator is imported when it is asked for, because the browser asks for one.
"""

import sys

if sys.version_info < (3, 12):  # noqa: UP036  pip may have been told to ignore what we require
    sys.exit("This needs Python 3.12 or newer (this is {}.{}).".format(*sys.version_info[:2]))

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calculators.break_even import calculate_breakeven
    from calculators.decision import recommend_model_type
    from calculators.kit.shape import Calculator

__all__ = ["SLUGS", "calculate_breakeven", "get", "recommend_model_type", "run"]

SLUGS = (
    "frontier",
    "significance",
    "gpu-memory",
    "serving",
    "deploy",
    "api-cost",
    "break-even",
    "fine-tuning",
    "routing",
    "licence",
    "decision",
)

# The two functions that the original document gave, under the names it gave them.
_ORIGINALS = {"calculate_breakeven": "break_even", "recommend_model_type": "decision"}


def get(slug: str) -> "Calculator":
    """The calculator of a slug. Raises KeyError with a sentence naming those that exist."""
    if slug not in SLUGS:
        raise KeyError(f"There is no calculator {slug!r}; there are {', '.join(SLUGS)}.")
    module = import_module(f"calculators.{slug.replace('-', '_')}")
    return module.CALCULATOR  # type: ignore[no-any-return]


def run(slug: str, *, as_of: str | None = None, **inputs: object) -> Any:
    """The outputs of a calculator as its dataclass, with the facts of `as_of` (ISO date; today if left out).

    Raises KeyError for the slug, kit.fields.InputError for the inputs, kit.facts.MissingFact for what data/ lacks.
    """
    from calculators.buildtime.data import facts

    calculator = get(slug)
    known = facts(as_of)
    return calculator.calculate(calculator.read(inputs, known), known)


def __getattr__(name: str) -> Any:
    if name in _ORIGINALS:
        return getattr(import_module(f"calculators.{_ORIGINALS[name]}"), name)
    raise AttributeError(f"module 'calculators' has no attribute {name!r}")
