"""The command bench: everything measured in turn."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import calculators
from calculators.buildtime.bench.builds import BUILDS, builds
from calculators.buildtime.bench.figures import Measure, as_text
from calculators.buildtime.bench.first_result import first_results
from calculators.buildtime.bench.live import identical
from calculators.buildtime.bench.progress import say
from calculators.buildtime.bench.recompute import recompute
from calculators.buildtime.bench.site import built_site
from calculators.buildtime.bench.table_page import table_page
from calculators.buildtime.bench.visits import opened
from calculators.kit.export import SCHEMA


def add(command: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    command.add_argument("--runs", type=int, default=9)
    command.add_argument("--browser", choices=("chromium", "firefox", "webkit"), default="chromium")
    command.add_argument("--json", action="store_true", dest="as_json")


def command(call: argparse.Namespace) -> int:
    """Measure, print, and say by the exit status whether every limit was kept."""
    if call.runs < 1:
        print(f"--runs must be at least 1 (got {call.runs}).", file=sys.stderr)
        return 2
    engine, measures = run(call.runs, call.browser)
    if call.as_json:
        rows = [measure.as_dict() for measure in measures]
        print(json.dumps({"schema": SCHEMA, "runs": call.runs, "browser": engine, "measures": rows}))
    else:
        print(as_text(engine, measures))
    return 1 if any(measure.ok is False for measure in measures) else 0


def run(runs: int, engine: str) -> tuple[str, list[Measure]]:
    """Measure everything; return the browser's name and the figures. Raises BenchError, PackError."""
    with tempfile.TemporaryDirectory() as work, built_site(Path(work)) as site, opened(engine) as found:
        measures = list(first_results(found, site, runs))
        for slug in calculators.SLUGS:
            say(f"recomputing {slug}")
            measures += [recompute(found, site, slug), identical(found, site, slug)]
        for page in sorted((site.folder / "data").glob("*/index.html")):
            measures += list(table_page(found, site, page))
        say(f"building {BUILDS} times with calculators and without")
        measures.append(builds(Path(work)))
        return f"{engine} {found.version.partition('.')[0]}", measures
