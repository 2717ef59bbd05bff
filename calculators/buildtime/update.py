"""What the commands have in common that bring a file of data/ up to date from packages: refresh and flags."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from calculators.buildtime import DATA, data
from calculators.buildtime.problems import BadData
from calculators.buildtime.upstream import UpstreamError
from calculators.buildtime.upstream.sheet import Sheet
from calculators.buildtime.upstream.wheels import Wheel
from calculators.kit.export import SCHEMA

Say = Callable[[str], None]


class CallerError(Exception):
    """What was asked for cannot be: the folder given with --from."""


class Report(Protocol):
    """What a run did: a named tuple of lists, in the form of the command's JSON."""

    def _asdict(self) -> dict[str, Any]: ...


def dated(wheel: Wheel, sheet: Sheet, say: Say) -> Wheel:
    """A wheel with the day on which it came out, from the file if no lock file tells it."""
    if wheel.dated:
        return wheel
    if wheel.id in sheet.sources:
        return wheel._replace(released=sheet.sources[wheel.id]["released"])
    say(f"The day on which {wheel.name} {wheel.version} came out is unknown; the day of the file stands for it")
    return wheel


def no_older(sheet: Sheet, found: dict[str, Wheel]) -> None:
    """Refuse wheels older than those that the file was made from: they would undo changes."""
    for wheel in found.values():
        newer = [s for s in sheet.sources.values() if s.get("package") == wheel.name and s["released"] > wheel.released]
        if newer and wheel.id not in sheet.sources:
            raise UpstreamError(f"{wheel.name} {wheel.version} is older than {newer[-1]['version']}, which {sheet.name} "
                                "was made from. Nothing was changed.")


def write(folder: Path, path: Path, text: str, say: Say) -> None:
    """Check the whole of data/ with the new text in a copy, then put it in place in one step."""
    say("Checking data/")
    with tempfile.TemporaryDirectory(prefix="refresh-") as temporary:
        copy = Path(temporary)
        for other in folder.glob("*.yaml"):
            shutil.copy(other, copy)
        (copy / path.name).write_text(text, "utf-8")
        problems = data.check(copy)
    if problems:
        raise BadData(problems)
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, "utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def add(parser: argparse.ArgumentParser) -> None:
    """The flags that both commands have."""
    parser.add_argument("--from", type=Path, dest="source")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--data", type=Path, default=DATA)


def reported[R: Report](report: R, make: Callable[[Say], R], text: Callable[[R], str], as_json: bool) -> int:
    """Run it, print its report, and return the exit status: 0 done, 1 our fault or no network, 2 the caller's.

    `report` is an empty one, which stands in the JSON if there is an error.
    """
    wrong, status = "", 0
    try:
        report = make(_say)
    except CallerError as error:
        wrong, status = str(error), 2
    except (UpstreamError, BadData, OSError) as error:
        wrong, status = str(error), 1
    if wrong:
        print(wrong, file=sys.stderr)
    if as_json:
        shown = {"schema": SCHEMA, "ok": not wrong, **report._asdict()} | ({"error": wrong} if wrong else {})
        print(json.dumps(shown, ensure_ascii=False, allow_nan=False))
    elif not wrong:
        print(text(report))
    return status


def _say(message: str) -> None:
    """Progress."""
    print(message, file=sys.stderr, flush=True)
