"""What is wrong in a file of data/: each problem with its key and its reason."""

import datetime
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from calculators.buildtime.schema import PLACEHOLDER, ROW_KEYS, Cell, Column, File, check_value, listed, table_rows


class Problem(NamedTuple):
    """Something wrong in data/: where, and a sentence."""

    file: str
    key: str
    reason: str


class BadData(Exception):
    """data/ cannot be used. Says every problem, a line each: file: key: reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{p.file}: {p.key}: {p.reason}" for p in problems))
        self.problems = problems


def told(raw: Any, error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each key that is wrong, once, and why.

    Where a value may be of several kinds, pydantic has an error for each of them; the deepest says most.
    """
    found: dict[str, list[str]] = {}
    for row in error.errors():
        found.setdefault(_where(raw, row["loc"], missing=row["type"] == "missing"), []).append(_why(row))
    for key, reasons in found.items():
        if key == "file" or not any(other.startswith(f"{key}.") for other in found):
            yield key, " or ".join([reasons[0], *(r.removeprefix("Input should be ") for r in reasons[1:])])


def _where(raw: Any, loc: tuple[int | str, ...], *, missing: bool) -> str:
    """The key of an error: the path through what the file holds, without the names of types that pydantic puts between."""
    parts: list[str] = []
    for step in loc:
        if isinstance(raw, dict):
            key = next((key for key in raw if step in (key, str(key), repr(key))), None)
            if key is None:
                continue
            parts.append(str(key))
            raw = raw[key]
        elif isinstance(raw, list) and isinstance(step, int):
            parts.append(str(step))
            raw = raw[step]
    return ".".join([*parts, *([str(loc[-1])] if missing else [])]) or "file"


def _why(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error.get("input")
    return f"{message} (got {given!r})" if isinstance(given, str | int | float) and "ValueError" not in message else message


def inside(file: File) -> Iterator[tuple[str, str]]:
    """What one file alone shows to be wrong: references, rows, unused sources."""
    used: set[str] = set()
    ids = ", ".join(file.sources)

    def cite(key: str, source: str) -> Iterator[tuple[str, str]]:
        used.add(source)
        if source not in file.sources:
            yield key, f"source {source!r} is not among {ids}"

    for group, facts in (file.facts or {}).items():
        for name, fact in facts.items():
            yield from cite(f"{group}.{name}", fact.source)
            for _, version in fact.rows():
                if version.source:
                    yield from cite(f"{group}.{name}", version.source)
    for group in file.groups:
        if group not in (file.facts or {}):
            yield f"groups.{group}", "has no facts"
    for row_id, row in table_rows(file):
        yield from _check_row(row_id, row, file.table.columns if file.table else {})
        if "source" not in row:
            yield row_id, "source is missing"
            continue
        for source in [str(row.get("source")), *str(row.get("also", "")).split()]:
            yield from cite(row_id, source)
    for row_id, versions in (file.table.rows if file.table else {}).items():
        if isinstance(versions, list):
            yield from _check_versions(row_id, versions)
        yield from ((f"{row_id}.{name}", "null ends a figure, and there is none before it")
                    for row in listed(versions)[:1] for name, value in row.items() if value is None)
    for claim_id, claim in (file.claims or {}).items():
        for source in claim.sources:
            yield from cite(claim_id, source)
        if re.search(r"[{}]", PLACEHOLDER.sub("", claim.now)):
            yield claim_id, "a brace in now holds no key of a figure"
    for source in file.sources:
        if source not in used:
            yield f"sources.{source}", "is cited by nothing"


def _check_row(row_id: str, row: dict[str, Cell], columns: dict[str, Column]) -> Iterator[tuple[str, str]]:
    for key in ("from", "recorded"):
        if not isinstance(row.get(key), datetime.date):
            yield row_id, f"{key} must be a date"
    if set(row) <= set(ROW_KEYS):
        yield row_id, "holds no figure"
    for name, value in row.items():
        if name in ("source", "also", "note") and not isinstance(value, str):
            yield f"{row_id}.{name}", f"{value!r} is no text"
        if name in ROW_KEYS:
            continue
        if name not in columns:
            yield f"{row_id}.{name}", f"there is no column {name!r}; there are {', '.join(columns)}"
            continue
        try:
            if value is not None:
                check_value(value, columns[name].unit)
        except ValueError as error:
            yield f"{row_id}.{name}", str(error)


def _check_versions(row_id: str, versions: list[dict[str, Cell]]) -> Iterator[tuple[str, str]]:
    """The versions of a row: at least one, oldest first, and of one day's records each later than the one before."""
    if not versions:
        yield row_id, "has no versions"
    days = [(str(row.get("from")), str(row.get("recorded"))) for row in versions]
    if [start for start, _ in days] != sorted(start for start, _ in days):
        yield row_id, f"dates out of order: {', '.join(start for start, _ in days)}"
    for i, (start, recorded) in enumerate(days):
        for (start_before, recorded_before), row in zip(days[:i], versions[:i], strict=True):
            again = (set(row) & set(versions[i])) - set(ROW_KEYS)
            if again and start == start_before and recorded <= recorded_before:
                yield row_id, f"the records of {start} must each be later than the one before"
