"""The folder data/: its files by their stems, its facts on a day, and every problem in it."""

import datetime
import functools
from pathlib import Path

from calculators.buildtime import DATA
from calculators.buildtime.bundling import Bundle, bundle, keys
from calculators.buildtime.problems import BadData, Problem
from calculators.buildtime.reading import load
from calculators.buildtime.schema import PLACEHOLDER, File
from calculators.kit.facts import Facts


@functools.cache
def read(stem: str, folder: Path = DATA) -> File:
    """A checked file by its stem. Raises FileNotFoundError or BadData."""
    path = folder / f"{stem}.yaml"
    if not path.is_file():
        raise FileNotFoundError(path)
    return load(path)


@functools.cache
def bundled(stem: str, folder: Path = DATA) -> Bundle:
    """The bundled form of a file by its stem."""
    return bundle(read(stem, folder))


def forget() -> None:
    """Read every file anew from now on: `mkdocs serve` builds again after a change."""
    read.cache_clear()
    bundled.cache_clear()


def facts(as_of: str | None = None) -> Facts:
    """The facts of data/ as they stood on an ISO date, today if none is given."""
    return Facts(bundled, as_of or datetime.date.today().isoformat())


def stems(folder: Path = DATA) -> list[str]:
    """Every data file."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def check(folder: Path = DATA) -> list[Problem]:
    """Every problem in a folder of data, the references between its files included."""
    problems: list[Problem] = []
    files: dict[str, File] = {}
    for stem in stems(folder):
        try:
            files[stem] = load(folder / f"{stem}.yaml")
        except BadData as error:
            problems += error.problems
    if not files and not problems:
        return [Problem(str(folder), "folder", "holds no .yaml file")]
    there = {f"{stem}.{name}" for stem, file in files.items() for name in keys(bundle(file))}
    for stem, file in files.items():
        for claim_id, claim in (file.claims or {}).items():
            problems += [Problem(f"{stem}.yaml", claim_id, f"there is no figure {key}")
                         for key in PLACEHOLDER.findall(claim.now) if key not in there]
    return problems
