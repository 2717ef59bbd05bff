"""What a reader does: read without scripts, change an input, follow a link, make a mistake, move on."""

from typing import Any

import pytest

import calculators
from calculators.buildtime.bench import live_html, runtime_bytes
from calculators.buildtime.serve import Site

READY = 60_000  # ms; a machine under load may be slow to start Python


@pytest.mark.parametrize("slug", calculators.SLUGS)
def test_live_result_equals_the_built_one(page: Any, site: Site, slug: str) -> None:
    built = (site.folder / "calculators" / slug / "index.html").read_text("utf-8")
    assert live_html(page, slug) in built


def test_nothing_of_the_runtime_is_fetched_before_intent(page: Any, site: Site) -> None:
    page.goto("calculators/break-even/", wait_until="networkidle")
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(500)
    assert runtime_bytes(site) == 0


def test_without_scripts_the_result_is_there(browser: Any, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("calculators/break-even/")
    assert page.inner_text(".headline") == "API is more cost-effective"
    context.close()


def test_a_change_gives_a_new_result_and_the_address_brings_it_back(page: Any, site: Site) -> None:
    page.goto("calculators/break-even/")
    page.fill("[name=monthly_tokens]", "1e9")
    page.wait_for_function("document.querySelector('[data-output=servers_needed]').textContent === '6 servers'", timeout=READY)
    page.wait_for_url("**/?v=1&monthly_tokens=1e9")
    page.fill("[name=tokens_per_second]", "fast")
    page.wait_for_selector("[data-field=tokens_per_second] [aria-invalid]")
    assert "must be a number (got fast)." in page.inner_text("[data-field=tokens_per_second]")
    assert page.inner_text("[data-output=servers_needed]") == "6 servers"
    page.click("text=Reset")
    page.wait_for_function("document.querySelector('[data-output=servers_needed]').textContent === '1 server'")
    page.goto("calculators/break-even/?v=1&monthly_tokens=1e9&bogus=1&utilisation_percent=900")
    page.wait_for_function("document.querySelector('[data-output=servers_needed]').textContent === '6 servers'", timeout=READY)
    assert page.input_value("[name=monthly_tokens]") == "1,000,000,000"
    assert "bogus" in page.inner_text("[data-status]")
    assert "(got 900)" in page.inner_text("[data-status]")


def test_instant_navigation_keeps_python(page: Any, site: Site) -> None:
    page.goto("calculators/break-even/")
    page.fill("[name=monthly_tokens]", "1e9")
    page.wait_for_function("document.querySelector('[data-output=servers_needed]').textContent === '6 servers'", timeout=READY)
    site.sent.clear()
    page.click("a[rel=next]")
    page.wait_for_selector("#decision[data-mounted]")
    page.click("[data-field=has_ml_team] label:has-text('yes')")
    page.wait_for_function("document.querySelector('.headline').textContent === 'Consider open-weight models'")
    assert runtime_bytes(site) == 0


def test_a_missing_file_is_said_and_can_be_tried_again(browser: Any, site: Site) -> None:
    page = browser.new_page(base_url=site.url)
    site.rules["pyodide.asm.wasm"] = lambda: (404, {}, b"")
    try:
        page.goto("calculators/break-even/")
        page.fill("[name=monthly_tokens]", "1e9")
        page.wait_for_selector("[data-status] button", timeout=READY)
        assert "Python could not start" in page.inner_text("[data-status]")
        assert page.inner_text("[data-output=servers_needed]") == "1 server"
    finally:
        site.rules.clear()
    page.click("[data-status] button")
    page.wait_for_function("document.querySelector('[data-output=servers_needed]').textContent === '6 servers'", timeout=READY)
    page.close()
