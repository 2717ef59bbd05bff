"""The facts of the day that is asked for: those of data/, or those of a JSON file."""

import datetime
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from calculators.kit.facts import Facts, MissingFact, Source
from calculators.kit.fields import InputError
from calculators.kit.units import UNITS
from calculators.terminal.given_json import not_json


def checked_day(text: object) -> str:
    """An ISO date. Raises InputError."""
    try:
        return datetime.date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise InputError("as_of", f"The date must be written as 2026-11-24 (got {str(text)[:40]}).") from None


def reader(path: str | None) -> Callable[[str], Facts]:
    """What makes the facts of a day: from data/, or from a JSON file of bundles by stem. Raises InputError."""
    if path is None:
        from calculators.buildtime import data
        from calculators.buildtime.problems import BadData

        def read(stem: str) -> dict[str, Any]:
            try:
                return data.bundled(stem)
            except BadData as error:
                raise MissingFact(str(error)) from None
    else:
        files = bundles(path)

        def read(stem: str) -> dict[str, Any]:
            if stem not in files:
                raise MissingFact(f"{path} has no {stem!r}.")
            return files[stem]

    return lambda day: Facts(read, day)


def bundles(path: str) -> dict[str, dict[str, Any]]:
    """A JSON file of data files in their bundled form, by stem. Raises InputError of kind "usage"."""
    try:
        files = json.loads(Path(path).read_text("utf-8"), parse_constant=not_json)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise InputError(None, f"Cannot read the facts in {path}: {reason}.", "usage") from None
    where = "it"
    try:
        for stem, file in files.items():
            where = stem
            sources = {source: Source(source, **row) for source, row in file["sources"].items()}
            for name, fact in figures(file):
                where = f"{stem}.{name}"
                _check_fact(fact, sources)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(None, f"Cannot use the facts in {path}: {where} is not in the form that data/ is bundled in.",
                         "usage") from None
    return dict(files)


def figures(file: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every figure of a bundled file in the form of a single one, tables cell by cell."""
    if "rows" not in file:
        yield from file["facts"].items()
        return
    for row, versions in file["rows"].items():
        for start, recorded, source, note, _, values in versions:
            for name, value in values.items():
                label, unit = file["columns"][name]
                yield f"{row}.{name}", {"label": label, "unit": unit, "values": [[start, recorded, value, source, note]]}


def _check_fact(fact: dict[str, Any], sources: dict[str, Source]) -> None:
    """Raises KeyError, TypeError or ValueError for what is no fact."""
    kind = {"text": str, "url": str, "date": str, "yes_no": bool}.get(fact["unit"], int | float)
    if fact["unit"] not in UNITS or not isinstance(fact["label"], str):
        raise ValueError
    for start, recorded, value, source, note in fact["values"]:
        sound = isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) and isinstance(note, str)
        if not sound or source not in sources or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError
        for day in (start, recorded):
            if day != datetime.date.fromisoformat(day).isoformat():
                raise ValueError
