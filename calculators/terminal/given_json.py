"""JSON that the caller gives, more strictly than Python reads it."""

import json
import math
from typing import Any

from calculators.kit.fields import InputError


def as_object(line: str) -> dict[str, Any]:
    """A JSON object of inputs. Raises InputError of kind "usage"."""
    if any("\udc80" <= character <= "\udcff" for character in line):
        raise InputError(None, "This line is not UTF-8.", "usage")
    try:
        given = json.loads(line, parse_constant=not_json, parse_float=_finite)
        json.dumps(given)  # what is nested too deep to be echoed is refused here
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError(None, "This line is not JSON.", "usage") from None
    if not isinstance(given, dict):
        raise InputError(None, "This line is not a JSON object of inputs.", "usage")
    return given


def not_json(constant: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not have. Raises ValueError."""
    raise ValueError(constant)


def _finite(text: str) -> float:
    """A number of a line. Raises InputError of kind "usage" if there is no room for it."""
    value = float(text)
    if not math.isfinite(value):
        raise InputError(None, f"This line holds a number that is too large ({text[:40]}).", "usage")
    return value
