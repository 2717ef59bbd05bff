"""Many questions to one calculator: a line of JSON each, and a line of JSON for each."""

import errno
import io
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from calculators.kit.export import as_dict, error_dict
from calculators.kit.facts import Facts, MissingFact
from calculators.kit.fields import InputError
from calculators.kit.result import answer
from calculators.kit.shape import Calculator
from calculators.terminal.facts import checked_day
from calculators.terminal.given_json import as_object


def batch(calculator: Calculator, path: str, facts_of: Callable[[str], Facts], today: str) -> int:
    """One compact result a line for each line of the file, in order; errors too. 2 if any input failed."""
    worst = 0
    with opened(path) as lines:
        for status, found in results(calculator, lines, facts_of, today):
            worst = max(worst, status)
            print(json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False), flush=path == "-")
    return worst


def opened(path: str) -> TextIO:
    """The lines of a file, or of standard input. What is no UTF-8 in them is kept apart, as lone surrogates.

    Raises InputError of kind "usage".
    """
    how: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape"}
    try:
        if path == "-" and isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(**how)
        if path == "-" and sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return sys.stdin if path == "-" else open(path, **how)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there is no such file"
        raise InputError(None, f"Cannot read {path}: {reason}.", "usage") from None


def results(
    calculator: Calculator, lines: TextIO, facts_of: Callable[[str], Facts], today: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """For each line that is not blank: its exit status and its JSON."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        echo: dict[str, Any] = {}
        try:
            given = as_object(line)
            if "id" in given:
                echo = {"id": given.pop("id")}
            day = checked_day(given.pop("as_of", today))
            yield 0, echo | as_dict(answer(calculator, given, facts_of(day), chances=True))
        except InputError as error:
            yield 2, echo | error_dict(calculator.slug, error) | {"line": number}
        except MissingFact as error:
            yield 1, echo | error_dict(calculator.slug, error) | {"line": number}
