"""The tables of data: readable without scripts, searched, sorted, linked, and taken away."""

import csv
import io
import json
from typing import Any

from calculators.buildtime import data
from calculators.buildtime.serve import Site

PRICES = "data/prices/"
FIRST = ".data-table[data-table=prices]"  # the page has a second, of caches
SHOWN = "rows => rows.filter((row) => !row.hidden).map((row) => row.cells[{}].textContent.trim())"


def shown(page: Any, column: int = 0) -> list[str]:
    """The text of a column in the rows that are not hidden."""
    return page.eval_on_selector_all(f"{FIRST} tbody tr", SHOWN.format(column))  # type: ignore[no-any-return]


def test_without_scripts_every_row_and_source_is_there(visit: Any) -> None:
    page = visit(java_script_enabled=False)
    page.goto(PRICES)
    rows = page.locator(f"{FIRST} tbody tr").count()
    known = data.facts()
    assert rows == sum(known.get(f"prices.{row}.model") is not None for row in data.read("prices").table.rows)  # type: ignore[union-attr]
    assert page.locator(f"{FIRST} tbody tr >> nth=0").locator("a[href^='#prices-source-']").count() == 1
    assert page.locator(".data-table-controls").count() == 0


def test_words_and_choices_filter_and_the_address_keeps_them(page: Any) -> None:
    page.goto(PRICES)
    everything = len(shown(page))
    page.fill(f"{FIRST} input[type=search]", "llama 3.3")
    assert 0 < len(shown(page)) < everything
    assert all("Llama 3.3" in name for name in shown(page))
    host = shown(page, 1)[0]
    page.select_option(f"{FIRST} .data-table-controls select >> nth=0", host)
    assert set(shown(page, 1)) == {host}
    assert page.inner_text(f"{FIRST} .data-table-count") == f"{len(shown(page))} of {everything} rows"
    before = shown(page)
    page.goto(page.url)
    assert shown(page) == before
    page.fill(f"{FIRST} input[type=search]", "nothing of the kind")
    assert shown(page) == []


def test_two_tables_of_a_page_do_not_take_each_others_words(page: Any) -> None:
    page.goto(PRICES)
    everything = len(shown(page))
    other = "tr => [...document.querySelectorAll('[data-table=caches] tbody tr')].filter((row) => !row.hidden).length"
    page.fill("[data-table=caches] input[type=search]", "claude")
    page.fill(f"{FIRST} input[type=search]", "llama 3.3")
    found, first = page.evaluate(other), len(shown(page))
    assert first < everything
    page.goto(page.url)
    assert (page.evaluate(other), len(shown(page))) == (found, first)


def test_a_head_sorts_both_ways_and_empty_cells_come_last(page: Any) -> None:
    page.goto(PRICES)
    heads = page.eval_on_selector_all(f"{FIRST} thead th", "heads => heads.map((head) => head.dataset.name)")
    column = heads.index("cached_input")
    page.click(f"{FIRST} thead th >> nth={column} >> button")
    cells = shown(page, column)
    figures = [float(text.split("from")[0].replace(",", "")) for text in cells if text]
    assert figures == sorted(figures)
    assert "" not in cells[:len(figures)]
    page.click(f"{FIRST} thead th >> nth={column} >> button")
    again = [float(text.split("from")[0].replace(",", "")) for text in shown(page, column) if text]
    assert again == sorted(figures, reverse=True)
    assert page.get_attribute(f"{FIRST} thead th >> nth={column}", "aria-sort") == "descending"
    page.goto(page.url)
    assert page.get_attribute(f"{FIRST} thead th >> nth={column}", "aria-sort") == "descending"


def test_a_table_can_be_taken_away(page: Any, site: Site) -> None:
    page.goto(PRICES)
    links = page.eval_on_selector_all(".data-table-files a", "links => links.map((one) => one.href)")
    assert links[:2] == [f"{site.url}data/prices.csv", f"{site.url}data/prices.json"]
    rows = list(csv.DictReader(io.StringIO(page.request.get(links[0]).text())))
    assert len(rows) == len(shown(page))
    assert {"id", "input", "output", "source", "source_checked"} <= set(rows[0])
    assert json.loads(page.request.get(links[1]).text())["schema"] == 1


def test_the_age_is_said_for_the_day_of_reading(visit: Any) -> None:
    page = visit()
    page.clock.install(time="2031-01-01T12:00:00")
    page.goto(PRICES)
    said = page.inner_text(".facts-age")
    assert "days old" in said
    assert "check the source before you rely on one" in said
    assert page.locator(".facts-age.stale").count() == page.locator(".facts-age").count() == 2
