"""A runtime that cannot start, falls silent or dies: a sentence, another try, and the built result stays."""

import threading
from typing import Any

import pytest

from calculators.buildtime.serve import Site

READY = 60_000  # ms
PAGE = "guide/cost-at-scale/"  # with the simple form of break-even
SIX = "document.querySelector('[data-output=servers_needed]')?.textContent === '6 servers'"


def ask_and_fail(page: Any, sentence: str) -> None:
    """Ask for six servers and get the sentence instead, with the built result kept."""
    page.goto(PAGE)
    page.fill("[name=monthly_tokens]", "1e9")
    page.wait_for_selector("[data-status] button", timeout=READY)
    said = page.inner_text("[data-status]")
    assert "Python could not start in your browser" in said
    assert sentence in said
    assert "The result below is that of the page as it was built, not of the values in the form." in said
    assert page.inner_text("[data-output=servers_needed]") == "1 server"
    assert page.input_value("[name=monthly_tokens]") == "1e9"


def try_again(page: Any) -> None:
    page.click("[data-status] button")
    page.wait_for_function(SIX, timeout=READY)


def real(site: Site, name: str) -> bytes:
    return next((site.folder / "assets" / "runtime").glob(f"*/{name}")).read_bytes()


@pytest.mark.parametrize("name", ["pyodide.asm.wasm", "python.zip", "lock.json"])
def test_a_missing_file(visit: Any, site: Site, name: str) -> None:
    page = visit(expected=("404",))
    site.rules[name] = lambda: (404, {}, b"")
    ask_and_fail(page, f"{name} is not there (404)")
    site.rules.clear()
    try_again(page)


@pytest.mark.parametrize("name", ["worker.mjs", "pyodide.mjs"])
def test_a_missing_script(visit: Any, site: Site, name: str) -> None:
    page = visit(expected=("404",))
    site.rules[f"/{name}"] = lambda: (404, {}, b"")
    ask_and_fail(page, "its files cannot be loaded")
    site.rules.clear()
    try_again(page)


def test_wasm_of_the_wrong_type(visit: Any, site: Site) -> None:
    page = visit()
    site.rules["pyodide.asm.wasm"] = lambda: (200, {"Content-Type": "text/plain"}, real(site, "pyodide.asm.wasm"))
    ask_and_fail(page, "it must be application/wasm")
    site.rules.clear()
    try_again(page)


def test_wasm_blocked_by_a_policy(visit: Any, site: Site) -> None:
    """Chromium says in the console what the policy refused."""
    page = visit(expected=("Content Security Policy", "wasm"))
    headers = {"Content-Type": "text/javascript", "Content-Security-Policy": "script-src 'self'"}
    site.rules["/worker.mjs"] = lambda: (200, headers, real(site, "worker.mjs"))
    ask_and_fail(page, "this browser or its settings do not allow WebAssembly")
    site.rules.clear()
    try_again(page)


def test_silence_while_starting(visit: Any, site: Site) -> None:
    """A server that never answers: after 20 s without a byte the page says so. The page's clock is wound on."""
    page = visit()
    page.clock.install()
    release = threading.Event()

    def never() -> tuple[int, dict[str, str], bytes]:
        release.wait(60)
        return 404, {}, b""

    site.rules["python.zip"] = never
    try:
        page.goto(PAGE)
        page.fill("[name=monthly_tokens]", "1e9")
        page.wait_for_function("document.querySelector('[data-status]').textContent.includes('MB read')", timeout=READY)
        page.wait_for_timeout(1500)  # the other files arrive
        page.clock.fast_forward(15_000)
        assert page.locator("[data-status] button").count() == 0
        page.clock.fast_forward(6_000)
        page.wait_for_selector("[data-status] button")
        assert "nothing has arrived for 20 seconds" in page.inner_text("[data-status]")
        assert page.inner_text("[data-output=servers_needed]") == "1 server"
    finally:
        site.rules.clear()
        release.set()
    page.clock.resume()
    try_again(page)


# The first worker hears nothing once it is ready, as one that the browser has killed.
DEAF = """
const Plain = Worker;
let made = 0;
window.Worker = class extends Plain {
  constructor(...given) { super(...given); this.number = made += 1; window.workersMade = made; }
  postMessage(message) { if (!(window.deaf && this.number === 1)) super.postMessage(message); }
};"""


def test_a_dead_worker_is_replaced_and_asked_again(visit: Any) -> None:
    page = visit()
    page.add_init_script(DEAF)
    page.goto(PAGE)
    page.fill("[name=monthly_tokens]", "2e9")
    page.wait_for_function(SIX.replace("6 servers", "12 servers"), timeout=READY)
    page.evaluate("window.deaf = true")
    page.fill("[name=monthly_tokens]", "1e9")
    page.wait_for_function(SIX, timeout=READY)
    assert page.evaluate("window.workersMade") == 2


def test_a_fault_of_ours_is_said_and_the_next_question_is_answered(visit: Any) -> None:
    """A question that makes our code fail must not kill the worker: the answer says whose fault it is."""
    page = visit()
    page.add_init_script("""
const Plain = Worker;
window.Worker = class extends Plain {
  postMessage(message) { super.postMessage(window.spoil ? { ...message, question: "{}" } : message); }
};""")
    page.goto(PAGE)
    page.fill("[name=monthly_tokens]", "2e9")
    page.wait_for_function(SIX.replace("6 servers", "12 servers"), timeout=READY)
    page.evaluate("window.spoil = true")
    page.fill("[name=monthly_tokens]", "3e9")
    page.wait_for_function("document.querySelector('[data-status]').textContent.includes('Our fault')", timeout=READY)
    assert page.inner_text("[data-output=servers_needed]") == "12 servers"
    page.evaluate("window.spoil = false")
    page.fill("[name=monthly_tokens]", "1e9")
    page.wait_for_function(SIX, timeout=READY)
