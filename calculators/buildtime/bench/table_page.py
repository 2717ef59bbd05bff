"""A page with tables of data: its weight, and the wait for its search."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from calculators.buildtime.bench.figures import Measure, spread
from calculators.buildtime.serve import Site

PAGE_LIMIT_BYTES = 100_000  # of a page that holds a table, gzipped
FILTER_LIMIT_MS = 50.0
FILTERS = 20

# Runs in the page: type into the table's search box and wait until the picture with the rows that are left is drawn.
FILTER = """async (text) => {
  const input = document.querySelector(".data-table input[type=search]");
  const start = performance.now();
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector(".data-table .scroll").getBoundingClientRect();
  return performance.now() - start;
}"""


def table_page(found: Any, site: Site, page: Path) -> Iterator[Measure]:
    """The weight of a page with tables as it goes over the wire, and the time that its search takes, layout included."""
    name = page.parent.name
    weight = len(gzip.compress(page.read_bytes(), 6, mtime=0))
    yield Measure(f"page_gzip_bytes.{name}", weight, "B", weight, weight, PAGE_LIMIT_BYTES)
    context = found.new_context(base_url=site.url)
    opened_page = context.new_page()
    opened_page.goto(f"data/{name}/", wait_until="networkidle")
    if opened_page.locator(".data-table input[type=search]").count():
        words = ("a", "1", "", "nothing of the kind")
        times = [opened_page.evaluate(FILTER, words[i % len(words)]) for i in range(FILTERS)]
        yield spread(f"filter_ms.{name}", "ms", times, FILTER_LIMIT_MS)
    context.close()
