"""Tables of data/ as HTML: a small one inside the guide's text, or a whole file to browse, sort, filter and take away."""

import datetime
import re
from collections.abc import Sequence
from html import escape

from calculators.buildtime import download
from calculators.buildtime.schema import File, Table
from calculators.kit import render
from calculators.kit.facts import Fact, Facts
from calculators.kit.units import UNITS, number, show

STALE = "Figures of this kind change within {} days: check the source before you rely on one."
LONG_TEXT = 36  # characters
EXTRAS = {"source": "Source", "from": "From", "note": "Note"}


class TableError(Exception):
    """A fence asks a table for what it has not; a sentence says what."""


def plain(file: File, stem: str, wanted: list[str], columns: list[str], known: Facts) -> str:
    """The rows of a table, or those that are wanted, with the columns asked for."""
    table = _table(file)
    columns = columns or [*table.columns, "source"]
    _check_columns(table, stem, columns)
    for row_id in wanted:
        if row_id not in table.rows:
            raise TableError(f"There is no row {row_id!r} in data/{stem}.yaml.")
    head = "".join(_head(table, name) for name in columns)
    rows = [Row(file, stem, found, known) for found in wanted or table.rows]
    body = "".join(f"<tr>{''.join(cell(row.cell(name, columns)) for name in columns)}</tr>" for row in rows)
    read = [row.any_fact.source.checked for row in rows if row.any_fact]
    return scroll(file.title, f"<tr>{head}</tr>", body) + age(read, known.as_of, file.shelf_life_days)


def browse(file: File, stem: str, columns: list[str], filters: list[str], known: Facts) -> str:
    """A whole table: its age, a place for the filters that the page script makes, the rows, the columns' meaning, files."""
    table = _table(file)
    columns = columns or list(table.columns)
    _check_columns(table, stem, [*columns, *filters])
    shown = [*columns, *(name for name in ("source", "note") if name not in columns)]
    head = "".join(_head(table, name, filters) for name in shown)
    rows = [Row(file, stem, row_id, known) for row_id in table.rows]
    kept = [row for row in rows if row.any_fact]
    body = "".join(row.html(shown) for row in kept)
    read = [row.any_fact.source.checked for row in kept if row.any_fact]
    return (
        f'<div class="data-table" data-table="{stem}">'
        f'<p class="data-table-count" role="status">{len(kept)} rows</p>'
        f"{scroll(file.title, f'<tr>{head}</tr>', body)}{age(read, known.as_of, file.shelf_life_days)}{_files(stem)}"
        f"{about(file)}{_meanings(table, columns)}{_sources(file, stem)}</div>"
    )


class Row:
    """One row of a table as it stands on a day."""

    def __init__(self, file: File, stem: str, row_id: str, known: Facts) -> None:
        self.file, self.row_id, self.known, self.stem = file, row_id, known, stem
        self.held: dict[str, Fact] = {}
        for name in _table(file).columns:
            fact = known.get(f"{stem}.{row_id}.{name}")
            if fact:
                self.held[name] = fact
        self.any_fact = max(self.held.values(), key=lambda fact: fact.start, default=None)

    def cell(self, name: str, columns: Sequence[str] = ()) -> str:
        """What stands in a column, as HTML; in that of the source every source of the `columns` that are shown."""
        if name in self.held:
            return _value(self.held[name]) + self._mark(self.held[name])
        if not self.any_fact or name not in EXTRAS:
            return ""
        if name == "source":
            return "; ".join(render.source_html(shown.source) for shown in self._sourced(columns))
        notes = dict.fromkeys(fact.note for fact in self.held.values() if fact.note)
        return {"from": self.any_fact.start, "note": escape(" ".join(notes))}[name]

    def _sourced(self, columns: Sequence[str]) -> list[Fact]:
        """A fact from each source of the columns that are shown; the first column only says what the row is called."""
        facts = [self.held[name] for name in columns[1:] if name in self.held]
        shown: dict[str, Fact] = {}
        for fact in facts or [fact for fact in [self.any_fact] if fact]:
            shown.setdefault(fact.source.id, fact)
        return list(shown.values())

    def _mark(self, fact: Fact) -> str:
        """How sure a cell is, where it was read at second hand and other cells of its row were not."""
        if fact.source.via != "secondary" or all(other.source.via == "secondary" for other in self.held.values()):
            return ""
        return ' <small class="second-hand">(second-hand)</small>'

    def html(self, columns: list[str]) -> str:
        """The row of a table to browse: its first cell names it, and a change that is coming stands beside the figure."""
        first, *rest = columns
        cells = "".join(cell(self._browsed(name), self._sorting(name)) for name in rest)
        return f'<tr id="{self.stem}-{self.row_id}"><th scope="row">{self._browsed(first)}</th>{cells}</tr>'

    def _browsed(self, name: str) -> str:
        if name == "source" and self.any_fact:
            return self._short_source(self._sourced(list(self.held)))
        if name == "note":
            note = self.cell(name)
            return f"<details><summary>Note</summary>{note}</details>" if note else ""
        return self.cell(name) + "".join(f'<br><span class="coming">from {fact.start}: {_value(fact)}</span>'
                                         for fact in self._coming(name))

    def _coming(self, name: str) -> list[Fact]:
        return self.known.coming(f"{self.stem}.{self.row_id}.{name}") if name in self.held else []

    def _short_source(self, sourced: Sequence[Fact]) -> str:
        """Publisher and day, linked; the whole source is in the list below the table and in the tip."""
        fact = sourced[0]
        more = {other for found in sourced for other in found.also} | {found.source.id for found in sourced[1:]}
        also = f", and {len(more)} more" if more else ""
        tip = f"{fact.source.publisher}, {fact.source.title} ({fact.source.dated()}). Holds from {fact.start}."
        old = self.file.shelf_life_days and _days_between(fact.source.checked, self.known.as_of) > self.file.shelf_life_days
        return (f'<a href="#{self.stem}-source-{fact.source.id}" title="{escape(tip)}">{escape(fact.source.publisher)}</a> '
                f"{fact.source.checked}{also}{' <strong>(old)</strong>' if old else ''}")

    def _sorting(self, name: str) -> str:
        """What to sort by where the text shown does not sort by itself: 1.05 million, or a change beside the figure."""
        value = self.held[name].value if name in self.held else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        alone = number(value).replace(",", "") == f"{value:g}" and not self._coming(name)
        return "" if alone else f' data-sort="{value:g}"'


def scroll(title: str, head: str, body: str) -> str:
    """A table that scrolls inside itself, also by keyboard."""
    return (f'<div class="scroll facts" tabindex="0" role="group" aria-label="{escape(title)}">'
            f'<table class="browse"><thead>{head}</thead><tbody>{body}</tbody></table></div>')


def facts_file(file: File, stem: str, rows: str) -> str:
    """A whole file of figures, already made into a table, with what is in it and where to take it away."""
    return f"{rows}{_files(stem)}{about(file)}"


def about(file: File) -> str:
    """What is in a file and what is left out, folded."""
    return f"<details><summary>What is in here, and what is left out</summary><p>{escape(file.about)}</p></details>"


def age(read: list[str], as_of: str, shelf_life_days: int | None) -> str:
    """How old figures are by the days of their readings, and whether that is too old.

    The page script says it anew for the day on which the page is read.
    """
    if not read:
        return ""
    oldest, newest = min(read), max(read)
    old = _days_between(oldest, as_of)
    when = f"between {oldest} and {newest}" if oldest != newest else f"on {oldest}"
    text = f"Sources read {when}. On {as_of} the oldest reading was {old} days old."
    stale = shelf_life_days is not None and old > shelf_life_days
    if stale:
        text += f" {STALE.format(shelf_life_days)}"
    shelf = f' data-shelf="{shelf_life_days}"' if shelf_life_days else ""
    return (f'<p class="facts-age{" stale" if stale else ""}" data-oldest="{oldest}"{shelf} data-stale="{STALE}">'
            f"{escape(text)}</p>")


def _days_between(first: str, last: str) -> int:
    return (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(first)).days


def _table(file: File) -> Table:
    if file.table is None:
        raise TableError("Only a table can be browsed.")
    return file.table


def _check_columns(table: Table, stem: str, columns: list[str]) -> None:
    for name in columns:
        if name not in table.columns and name not in EXTRAS:
            raise TableError(f"There is no column {name!r} in data/{stem}.yaml; there are {', '.join(table.columns)}.")


def _head(table: Table, name: str, filters: Sequence[str] = ()) -> str:
    column = table.columns.get(name)
    label, unit = (column.label, UNITS[column.unit]) if column else (EXTRAS[name], "")
    return (f'<th scope="col" data-name="{name}"{" data-filter" if name in filters else ""}>{escape(label)}'
            f"{f' <small>{escape(unit)}</small>' if unit else ''}</th>")


def cell(html: str, attributes: str = "") -> str:
    """A cell; long text gets a wide column, so that rows stay low."""
    long = ' class="long"' if len(re.sub(r"<[^>]+>", "", html)) > LONG_TEXT else ""
    return f"<td{long}{attributes}>{html}</td>"


def _value(fact: Fact) -> str:
    """A figure without its unit, which stands in the head of the column."""
    if fact.unit == "url":
        url = str(fact.value)
        return f'<a href="{escape(url)}">{escape(url.removeprefix("https://").partition("/")[0])}</a>'
    return escape(show(fact.value, "ratio" if UNITS[fact.unit] else fact.unit))


def _meanings(table: Table, columns: list[str]) -> str:
    named = [(table.columns[name].label, table.columns[name].help) for name in columns if name in table.columns]
    items = "".join(f"<dt>{escape(label)}</dt><dd>{escape(help)}</dd>" for label, help in named if help)
    return f"<details><summary>What the columns mean</summary><dl>{items}</dl></details>" if items else ""


def _sources(file: File, stem: str) -> str:
    items = "".join(
        f'<li id="{stem}-source-{source_id}">{render.source_html(source.as_source(source_id))}</li>'
        for source_id, source in file.sources.items())
    return f"<details open><summary>Sources</summary><ul>{items}</ul></details>"


def _files(stem: str) -> str:
    links = " or ".join(f'<a href="{render.ROOT}{download.path(stem, kind)}" download>{kind.upper()}</a>'
                        for kind in download.KINDS)
    return f'<p class="data-table-files">Take it all away as {links}; the addresses stay.</p>'
