"""python -m calculators.buildtime COMMAND

  check [--data DIR] [--json]     the data: every problem as "file: key: reason"; exit 1 if there is one
  stale --days N [--json]         sources that were read more than N days ago
  schema                          the JSON schema of a data file, for editors
  pack                            make the browser runtime (mkdocs does it by itself)
  refresh [--dry-run] [--from DIR] [--json]
                                  bring data/prices.yaml up to date from the newest upstream packages
  flags [--from DIR] [--json]     bring data/engine-flags.yaml up to date from the engines' own packages
  accuracy FILE.csv [--rows] [--json]
                                  predicted against measured throughput, for the rows of a file
  fit [--check] [--json]          fit the factors of the serving model to the measured rows of data/
  bench [--runs 9] [--browser chromium] [--json]
                                  what a reader waits for, against stock Pyodide; exit 1 if a limit is missed
"""

import argparse
import datetime
import json
import sys
import time
from pathlib import Path
from typing import NoReturn

from calculators.buildtime import DATA, accuracy, data, fitted, flags, pack, refresh
from calculators.buildtime.bench import command as bench
from calculators.buildtime.bench.progress import BenchError
from calculators.buildtime.problems import BadData
from calculators.buildtime.schema import json_schema
from calculators.kit.export import SCHEMA
from calculators.terminal.program import entry


class Parser(argparse.ArgumentParser):
    """argparse, but what is wrong is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2 and the sentence."""
        print(f"{message[:1].upper()}{message[1:]}. See python -m calculators.buildtime --help.", file=sys.stderr)
        sys.exit(2)


def main(arguments: list[str]) -> int:
    """Run one command; return its exit status."""
    parser = Parser(prog="python -m calculators.buildtime", usage=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)
    for name in ("check", "stale", "schema", "pack"):
        command = commands.add_parser(name, usage=__doc__)
        if name in ("check", "stale"):
            command.add_argument("--json", action="store_true", dest="as_json")
        if name in ("check", "stale"):
            command.add_argument("--data", type=Path, default=DATA)
        if name == "stale":
            command.add_argument("--days", type=int, required=True)
    bench.add(commands.add_parser("bench", usage=__doc__))
    refresh.add(commands.add_parser("refresh", usage=__doc__))
    accuracy.add(commands.add_parser("accuracy", usage=__doc__))
    fitted.add(commands.add_parser("fit", usage=__doc__))
    flags.add(commands.add_parser("flags", usage=__doc__))
    call = parser.parse_args(arguments)
    try:
        return RUN[call.command](call)
    except (BadData, pack.PackError, BenchError) as error:
        print(error, file=sys.stderr)
        return 1


def check(call: argparse.Namespace) -> int:
    """Check a folder of data."""
    start = time.perf_counter()
    problems = data.check(call.data)
    counts = count(call.data) if not problems else {}
    seconds = round(time.perf_counter() - start, 3)
    if call.as_json:
        rows = [problem._asdict() for problem in problems]
        print(json.dumps({"schema": SCHEMA, "ok": not problems, "seconds": seconds, "counts": counts, "problems": rows}))
    elif problems:
        print(BadData(problems))
    return 1 if problems else 0


def count(folder: Path) -> dict[str, int]:
    """How many figures, rows or claims each file holds."""
    files = {stem: data.read(stem, folder) for stem in data.stems(folder)}
    return {stem: len(file.claims) if file.claims else len(file.table.rows) if file.table
            else sum(len(group) for group in (file.facts or {}).values()) for stem, file in files.items()}


def stale(call: argparse.Namespace) -> int:
    """List sources by age. A report, not a test: it exits with 0."""
    today = datetime.date.today()
    rows = []
    if not data.stems(call.data):
        raise BadData(data.check(call.data))
    for stem in data.stems(call.data):
        for source_id, source in data.read(stem, call.data).sources.items():
            age = (today - (source.checked or source.released or today)).days
            if age > call.days:
                rows.append({"file": f"{stem}.yaml", "source": source_id, "days": age, "url": source.url})
    rows.sort(key=lambda row: -int(str(row["days"])))
    if call.as_json:
        print(json.dumps({"schema": SCHEMA, "stale": rows}))
    else:
        print("".join(f"{row['days']:>5} days  {row['file']}: {row['source']}  {row['url']}\n" for row in rows), end="")
    return 0


def schema(call: argparse.Namespace) -> int:
    """Print the JSON schema."""
    print(json.dumps(json_schema(), indent=1))
    return 0


def make_runtime(call: argparse.Namespace) -> int:
    """Pack, and say where."""
    print(pack.pack().relative_to(Path.cwd()) if pack.pack().is_relative_to(Path.cwd()) else pack.pack())
    return 0


RUN = {"check": check, "stale": stale, "schema": schema, "pack": make_runtime, "bench": bench.command,
       "refresh": refresh.command, "flags": flags.command, "accuracy": accuracy.command, "fit": fitted.command}

if __name__ == "__main__":
    sys.exit(entry(main))
