"""The bundled form of a file of data/, which look-ups use in CPython and in the browser: see kit.facts.Facts."""

import datetime
from typing import Any

from calculators.buildtime.schema import ROW_KEYS, Cell, File, table_rows
from calculators.kit.facts import Facts

Bundle = dict[str, Any]


def bundle(file: File) -> Bundle:
    """A file in that form."""
    facts: dict[str, Any] = {}
    for group, named in (file.facts or {}).items():
        for name, fact in named.items():
            facts[f"{group}.{name}"] = {"label": fact.label, "unit": fact.unit, "values": [
                [str(start), str(v.recorded), _plain(v.value), v.source or fact.source, v.note or fact.note]
                for start, v in fact.rows()]}
    found: Bundle = {"title": file.title, "sources": {i: s.bundled() for i, s in file.sources.items()}}
    if file.table is None:
        return found | {"facts": facts}
    rows: dict[str, list[Any]] = {}
    for row_id, row in table_rows(file):
        values = {name: _plain(value) for name, value in row.items() if name not in ROW_KEYS}
        rows.setdefault(row_id, []).append([str(row["from"]), str(row["recorded"]), str(row["source"]),
                                            str(row.get("note", "")), str(row.get("also", "")).split(), values])
    columns = {name: [column.label, column.unit] for name, column in file.table.columns.items()}
    return found | {"columns": columns, "rows": rows}


def keys(bundled: Bundle) -> set[str]:
    """Every figure of a bundled file, by its key within the file."""
    known = Facts(lambda _: bundled, "9999-12-31")
    return {key.partition(".")[2] for key in known.keys("file")}


def _plain(value: Cell) -> bool | int | float | str | None:
    return str(value) if isinstance(value, datetime.date) else value
