"""The files to take away say what data/ says."""

import csv
import io
import json

import pytest

from calculators.buildtime import data, download
from calculators.buildtime.bundling import keys
from calculators.kit.export import SCHEMA

DAY = "2026-11-26"


@pytest.mark.parametrize("stem", data.stems())
def test_csv_and_json_hold_every_figure_in_force(stem: str) -> None:
    file, known = data.read(stem), data.facts(DAY)
    rows = list(csv.DictReader(io.StringIO(download.csv_text(stem, file, known))))
    found = json.loads(download.json_text(stem, file))
    assert found["schema"] == SCHEMA
    if file.claims is not None:
        assert [row["id"] for row in rows] == list(file.claims)
        assert all("{" not in row["now"] for row in rows)
        return
    figures = {key: fact for key in known.keys(stem) if (fact := known.get(key))}
    held = ({f"{stem}.{row['id']}.{name}": row[name] for row in rows for name in file.table.columns if row[name] != ""}
            if file.table else {row["key"]: row["value"] for row in rows})
    assert held == {key: str(fact.value) for key, fact in figures.items()}
    assert keys(found) == {key.partition(".")[2] for key in known.keys(stem)}
    assert all(row["source_url"] and row["source_checked"] for row in rows)
