"""A browser, a page that it opens, and the wait from a touch of a field to the new result."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from calculators.buildtime import browser
from calculators.buildtime.bench.progress import BenchError
from calculators.buildtime.serve import Site

PATIENCE_MS = 60_000

# Runs in the page: from the first touch of a field to the new result in the document; and the longest task meanwhile.
MEASURE = """async ([field, value]) => {
  const section = document.querySelector("section.calculator");
  const result = section.querySelector("[data-result]");
  const named = [...section.querySelectorAll(`[name="${field}"]`)];
  const input = named.find((one) => one.type === "radio" && one.value === value) || named[0];
  const tasks = [];
  const watch = window.PerformanceObserver && PerformanceObserver.supportedEntryTypes.includes("longtask")
    ? new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))) : null;
  if (watch) watch.observe({ type: "longtask" });
  const answered = new Promise((done, never) => {
    new MutationObserver((changes, observer) => {
      observer.disconnect();
      done(performance.now());
    }).observe(result, { childList: true });
    setTimeout(() => never(new Error(section.querySelector("[data-status]").textContent || "no answer")), PATIENCE);
  });
  const start = performance.now();
  input.focus();
  if (input.type === "radio") input.checked = true; else input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  const milliseconds = await answered - start;
  await new Promise((done) => setTimeout(done, 20));
  if (watch) watch.disconnect();
  return { milliseconds, task: watch ? Math.max(0, ...tasks) : null };
}""".replace("PATIENCE", str(PATIENCE_MS))


@contextmanager
def opened(engine: str) -> Iterator[Any]:
    """A browser. Raises BenchError if there is none of that engine."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            found = browser.launch(playwright) if engine == "chromium" else getattr(playwright, engine).launch()
        except Error as error:
            raise BenchError(f"Playwright has no {engine} here: {str(error).splitlines()[0]}") from None
        yield found
        found.close()


def visit(context: Any, path: str) -> Any:
    """Open a page and wait until it is still."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(path, wait_until="networkidle")
    page.wait_for_selector("section.calculator[data-mounted]", state="attached")
    return page


def runtime_bytes(site: Site) -> int:
    """What of the runtime has gone over the wire."""
    return sum(size for path, size in site.sent if "/runtime/" in path)
