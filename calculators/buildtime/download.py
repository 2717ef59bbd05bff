"""Each file of data/ as CSV and JSON at an address that stays: data/<stem>.csv and data/<stem>.json under the site's root."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from calculators.buildtime import DOCS, data
from calculators.buildtime.bundling import bundle
from calculators.buildtime.schema import File, claim_text
from calculators.kit.export import SCHEMA
from calculators.kit.facts import Fact, Facts

KINDS = ("csv", "json")
FOLDER = DOCS / "data"
SOURCE_COLUMNS = ("from", "recorded", "source", "source_publisher", "source_title", "source_url", "source_via",
                  "source_checked", "source_also", "note")


def path(stem: str, kind: str) -> str:
    """Where a file lies, relative to the site's root."""
    return f"data/{stem}.{kind}"


def write(as_of: str) -> list[Path]:
    """Write the files of every table that is not written yet as it should be; return all of them."""
    known = data.facts(as_of)
    written = []
    for stem in data.stems():
        file = data.read(stem)
        for kind, text in (("csv", csv_text(stem, file, known)), ("json", json_text(stem, file))):
            target = FOLDER / f"{stem}.{kind}"
            # Left alone if nothing changed: `mkdocs serve` builds again when a file is touched.
            if not target.exists() or target.read_text("utf-8") != text:
                target.write_text(text, "utf-8", newline="")
            written.append(target)
    for kind in KINDS:
        for stray in set(FOLDER.glob(f"*.{kind}")) - set(written):
            stray.unlink()  # of a file that data/ no longer has
    return written


def csv_text(stem: str, file: File, known: Facts) -> str:
    """The figures in force as CSV: a row a row for a table, a row a figure for facts, a row a claim."""
    out = io.StringIO()
    lines = csv.writer(out)
    if file.table:
        lines.writerow(["id", *file.table.columns, *SOURCE_COLUMNS])
        for row_id in file.table.rows:
            held = [known.get(f"{stem}.{row_id}.{name}") for name in file.table.columns]
            latest = max((fact for fact in held if fact), key=lambda fact: fact.start, default=None)
            if latest:
                lines.writerow([row_id, *("" if fact is None else fact.value for fact in held), *_sourced(latest)])
    elif file.claims:
        lines.writerow(["id", "original", "verdict", "now", "as_of", "sources"])
        for claim_id, claim in file.claims.items():
            now = claim_text(claim, lambda key: str(known[key].value))
            lines.writerow([claim_id, claim.original, claim.verdict, now, claim.as_of, " ".join(claim.sources)])
    else:
        lines.writerow(["key", "label", "unit", "value", *SOURCE_COLUMNS])
        for key in known.keys(stem):
            fact = known.get(key)
            if fact:
                lines.writerow([key, fact.label, fact.unit, fact.value, *_sourced(fact)])
    return out.getvalue()


def _sourced(fact: Fact) -> list[str]:
    source = fact.source
    return [fact.start, fact.recorded, source.id, source.publisher, source.title, source.url, source.via, source.checked,
            " ".join(fact.also), fact.note]


def json_text(stem: str, file: File) -> str:
    """Everything as JSON: every value with its dates, past and announced ones too."""
    found: dict[str, Any] = {"schema": SCHEMA, "file": stem, "about": file.about}
    if file.claims:
        found |= {"sources": {i: s.bundled() for i, s in file.sources.items()},
                  "claims": {i: claim.model_dump(mode="json") for i, claim in file.claims.items()}}
    else:
        found |= bundle(file)
        found["each_is"] = (["from", "recorded", "source", "note", "also", "values by column"] if file.table
                            else ["from", "recorded", "value", "source", "note"])
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
