"""python -m calculators.buildtime flags: bring data/engine-flags.yaml up to date from the engines' own packages.

The wheels are read as files, never installed or imported. Nothing is overwritten: a changed flag is a new dated version of
its row, and one that is gone ends with the release that lacks it. Engines without a Python package are kept by hand. All is
written or nothing: the result is checked with the rest of data/ before it takes the place of the file.
"""

import argparse
import datetime
import re
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from calculators.buildtime import update
from calculators.buildtime.bundling import bundle
from calculators.buildtime.reading import load
from calculators.buildtime.update import CallerError, Say, dated, no_older, reported, write
from calculators.buildtime.upstream import engines, wheels
from calculators.buildtime.upstream.engines import Flag
from calculators.buildtime.upstream.sheet import Sheet
from calculators.buildtime.upstream.wheels import Wheel
from calculators.kit.facts import Facts

STEM = "engine-flags"
ENGINES = (engines.VLLM, engines.SGLANG)
PACKAGE = "package"  # in the column `read`: read by this command, not by a person
COLUMNS = ("engine", "flag", "other_names", "sets", "takes", "values", "default", "engine_version", "released", "read")
_GROUPS = (("from", "recorded", "source"), COLUMNS, ("note",))
_PAGES = {engines.VLLM: "https://github.com/vllm-project/vllm", engines.SGLANG: "https://github.com/sgl-project/sglang"}
Cells = dict[str, Any]


class Report(NamedTuple):
    """What a run did: the packages read, the rows that are new, changed or gone, and the files written."""

    upstreams: list[dict[str, str]]
    added: list[str]
    changed: list[str]
    gone: list[str]
    written: list[str]


def run(folder: Path, source: Path | None, say: Say, today: datetime.date) -> Report:
    """Read the wheels, compare, check, write. Raises UpstreamError, CallerError or BadData; then nothing changed."""
    path = folder / f"{STEM}.yaml"
    held = Facts(lambda _: bundle(load(path)), today.isoformat()).rows(STEM)
    sheet = Sheet(path.read_text("utf-8"), _GROUPS, path.name)
    report = Report([], [], [], [], [])
    before = sheet.text()
    with tempfile.TemporaryDirectory(prefix="flags-") as temporary:
        found = {wheel.name: dated(wheel, sheet, say) for wheel in _wheels(source, Path(temporary), say)}
        no_older(sheet, found)
        for wheel in found.values():
            say(f"Reading {wheel.name} {wheel.version}")
            _compare(wheel, _rows(wheel), held, sheet, report, today)
    if sheet.text() != before:
        write(folder, path, sheet.text(), say)
        report.written.append(f"{folder.name}/{path.name}")
    return report


def _wheels(source: Path | None, temporary: Path, say: Say) -> list[Wheel]:
    """The newest wheel of each engine."""
    if source is None:
        wheels.download(ENGINES, (), temporary, say)
    elif not source.is_dir():
        raise CallerError(f"There is no folder {source}.")
    found = {name: wheels.newest(name, source or temporary) for name in ENGINES}
    for name, wheel in found.items():
        if wheel is None:
            raise CallerError(f"{source} holds no wheel of {name}.")
    return [wheel for wheel in found.values() if wheel]


def _rows(wheel: Wheel) -> dict[str, Cells]:
    """The rows of an engine by id: one for the engine itself, one for each flag."""
    engine = engines.NAMES[wheel.name]
    start = {"engine": engine, "flag": engines.START[wheel.name], "sets": "start", "engine_version": wheel.version,
             "released": wheel.released, "read": PACKAGE}
    return {wheel.name: start} | {
        f"{wheel.name}-{_plain(flag.name)}": _cells(engine, flag, engines.SETS[wheel.name].get(flag.name, ""))
        for flag in engines.flags(wheel)}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _cells(engine: str, flag: Flag, sets: str) -> Cells:
    also = " ".join(name for name in flag.names if name != flag.name)
    cells = {"engine": engine, "flag": flag.name, "other_names": also, "sets": sets, "takes": flag.takes,
             "values": ", ".join(flag.values), "default": flag.default, "read": PACKAGE}
    return {name: value for name, value in cells.items() if value}


def _compare(wheel: Wheel, rows: dict[str, Cells], held: dict[str, Any], sheet: Sheet, report: Report,
             today: datetime.date) -> None:
    """Enter into the sheet what is new, changed or gone, and into the report what that was."""
    head = {"from": wheel.released, "recorded": today, "source": wheel.id}
    ended = {row: dict.fromkeys(cells) for row, cells in held.items()
             if cells["engine"] == engines.NAMES[wheel.name] and cells["read"] == PACKAGE and row not in rows}
    for row, cells in (rows | ended).items():
        now = {name: str(value) for name, value in held.get(row, {}).items()}
        then = {name: str(value) for name, value in cells.items() if value is not None}
        if now == then:
            continue
        if not now:
            fresh = {**head, **cells}
            sheet.add_version(row, fresh) if row in sheet.rows else sheet.add_row(row, [fresh])
            report.added.append(row)
        else:
            sheet.add_version(row, {**head, **{name: cells.get(name) for name in COLUMNS
                                               if now.get(name) != then.get(name)}})
            (report.gone if row in ended else report.changed).append(row)
    if any(row in rows or row in ended for row in (*report.added, *report.changed, *report.gone)):
        sheet.add_source(wheel.id, _source(wheel), f"sha256 {wheel.sha256}")
    report.upstreams.append({"name": wheel.name, "version": wheel.version, "released": wheel.released.isoformat(),
                             "sha256": wheel.sha256})


def _source(wheel: Wheel) -> Cells:
    return {"publisher": engines.NAMES[wheel.name], "title": f"Release {wheel.version}, source in the package",
            "url": _PAGES[wheel.name], "via": "package", "package": wheel.name, "version": f'"{wheel.version}"',
            "released": wheel.released}


def text(report: Report) -> str:
    """A report for a person to read, a line each."""
    lines = [f"read     {u['name']} {u['version']}, released {u['released']}, sha256 {u['sha256']}" for u in report.upstreams]
    lines += [f"{kind:<8} {row}" for kind in ("added", "changed", "gone") for row in getattr(report, kind)]
    lines += [f"written  {name}" for name in report.written] or ["nothing written"]
    return "\n".join(lines)


def add(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    update.add(parser)


def command(call: argparse.Namespace) -> int:
    """Run it, print the report, and return the exit status."""
    return reported(Report([], [], [], [], []), lambda say: run(call.data, call.source, say, datetime.date.today()), text,
                    call.as_json)
