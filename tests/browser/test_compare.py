"""Results side by side, dated links, and fields that wait for another answer."""

from typing import Any

import pytest

from calculators.buildtime.serve import Site

READY = 60_000  # ms; a machine under load may be slow to start Python
PAGE = "calculators/api-cost/"


def compared(page: Any, columns: int) -> None:
    """Wait until so many results stand side by side."""
    page.wait_for_function("n => document.querySelectorAll('.compared thead th').length === n + 1", arg=columns, timeout=READY)


def test_up_to_four_results_side_by_side_in_one_link(page: Any) -> None:
    page.goto(PAGE)
    for i, value in enumerate(("3000", "4000", "5000"), 1):
        page.click("[data-keep]")
        page.fill("[name=input_tokens]", value)
        compared(page, i + 1)
        page.wait_for_function("v => location.search.includes(`input_tokens=${v}`)", arg=value[0] + "000", timeout=READY)
    row = page.locator(".compared tr:has(th:has-text('Input per request'))").inner_text().split("\t")
    assert [cell.strip() for cell in row[1:]] == ["2,000 tokens", "3,000 tokens", "4,000 tokens", "5,000 tokens"]
    page.click("[data-keep]")
    assert "Remove one first" in page.inner_text("[data-status]")
    page.goto(page.url)
    compared(page, 4)
    page.click("[data-drop='0']")
    compared(page, 3)
    page.click("[data-open='0']")
    page.wait_for_function("document.querySelector('[name=input_tokens]').value === '3,000'", timeout=READY)
    compared(page, 3)


def test_a_dated_link_shows_then_and_now_until_something_is_changed(page: Any) -> None:
    page.goto(f"{PAGE}?v=1&as_of=2026-11-26")
    section = page.locator("section.calculator")
    if section.get_attribute("data-as-of") == "2026-11-26":
        pytest.skip("the site is built as of the day of the first facts: there is no then yet")
    compared(page, 2)
    assert "On 2026-11-26" in page.inner_text(".compared")
    page.fill("[name=input_tokens]", "3000")
    page.wait_for_function("!location.search.includes('as_of')", timeout=READY)
    page.wait_for_function("!document.querySelector('.compared')", timeout=READY)


@pytest.mark.parametrize(("day", "said"), [
    ("2020-01-01", "cannot be worked out again"),
    ("2999-01-01", "nothing later is known"),
    ("soon", "names a day that is none"),
])
def test_a_dated_link_of_a_day_without_figures_says_so(page: Any, day: str, said: str) -> None:
    page.goto(f"{PAGE}?v=1&as_of={day}")
    page.wait_for_function("t => document.querySelector('[data-compared]').textContent.includes(t)", arg=said, timeout=READY)
    assert page.inner_text(".headline")


RECORD = "calculators/decision/"


def test_the_record_is_saved_with_the_address_that_brings_it_back(page: Any, site: Site) -> None:
    page.goto(RECORD)
    page.select_option("[name=day_shape]", "flat")
    page.wait_for_function("document.querySelector('[data-record-text]').content.textContent.includes('day_shape=flat')",
                           timeout=READY)
    page.click(".record summary")
    with page.expect_download() as saved:
        page.click("[data-record-do=save]")
    text = saved.value.path().read_text("utf-8")
    assert text.startswith("# ")
    assert f"({site.url}{RECORD}?v=1&day_shape=flat&mode=full&as_of=" in text
    assert saved.value.suggested_filename.endswith(".md")


def test_the_record_is_printed_by_itself_on_one_page(page: Any) -> None:
    page.add_init_script("window.print = () => { window.printed = true; }")
    page.goto(RECORD)
    page.click(".record summary")
    page.click("[data-record-do=print]")
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    assert page.locator(".record-page").is_visible()
    assert not page.locator(".headline").is_visible()
    assert not page.locator(".md-header").is_visible()
    assert b"/Count 1\n" in page.pdf(format="A4")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator(".headline").is_visible()


def test_a_phone_shows_one_step_at_a_time_and_loses_no_answer(visit: Any) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(RECORD)
    shown = page.locator(".form-step:visible")
    assert shown.count() == 1
    page.select_option("[name=residency]", "premises")
    page.click(".step-bar >> text=Next")
    assert shown.count() == 1
    assert not page.locator("[name=residency]").is_visible()
    page.click(".step-bar >> text=Back")
    assert page.input_value("[name=residency]") == "premises"
    page.wait_for_function("location.search.includes('residency=premises')", timeout=READY)
    page.goto(page.url)
    page.wait_for_function("document.querySelector('[name=residency]').value === 'premises'", timeout=READY)
    page.set_viewport_size({"width": 1280, "height": 900})
    assert shown.count() == page.locator(".form-step:not([hidden])").count() > 1
