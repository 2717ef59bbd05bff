"""What a reader does: read without scripts, change an input, follow a link, make a mistake, move on."""

from typing import Any

import pytest

import calculators
from calculators.buildtime import data
from calculators.buildtime.bench.edits import page_start
from calculators.buildtime.bench.live import live_html
from calculators.buildtime.bench.visits import runtime_bytes
from calculators.buildtime.serve import Site
from calculators.kit.result import answer

SIMPLE = "guide/cost-at-scale/"  # with the simple form of break-even
QUICK = "guide/decision-framework/"  # with the quick form of the decision
READY = 60_000  # ms; a machine under load may be slow to start Python
SERVERS = "document.querySelector('[data-output=servers_needed]')?.textContent === '{}'"


def servers(page: Any, text: str) -> None:
    """Wait until the break-even result says so."""
    page.wait_for_function(SERVERS.format(text), timeout=READY)


@pytest.mark.parametrize("slug", calculators.SLUGS)
def test_live_result_equals_the_built_one(page: Any, site: Site, slug: str) -> None:
    built = (site.folder / "calculators" / slug / "index.html").read_text("utf-8")
    assert live_html(page, slug) in built


def test_nothing_of_the_runtime_is_fetched_before_intent(page: Any, site: Site) -> None:
    page.goto(SIMPLE, wait_until="networkidle")
    page.mouse.move(400, 400)
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(500)
    assert runtime_bytes(site) == 0


@pytest.mark.parametrize("slug", calculators.SLUGS)
def test_without_scripts_the_result_is_there(visit: Any, slug: str) -> None:
    page = visit(java_script_enabled=False)
    page.goto(f"calculators/{slug}/")
    assert page.inner_text(".headline")
    assert page.locator(".figures dd").first.is_visible()
    built = answer(calculators.get(slug), page_start(slug), data.facts(), chances=True)
    assert page.locator("svg.chart").count() == len(built.charts) + bool(built.chances)
    assert not page.locator(".calculator-actions").is_visible()
    assert "JavaScript is needed" in page.inner_text("section.calculator")


def test_a_change_gives_a_new_result_and_the_address_brings_it_back(page: Any) -> None:
    page.goto(SIMPLE)
    page.fill("[name=monthly_tokens]", "1e9")
    servers(page, "6 servers")
    page.wait_for_url("**/?v=1&monthly_tokens=1e9")
    page.goto("calculators/break-even/?v=1&monthly_tokens=1e9&bogus=1&utilisation_percent=900")
    servers(page, "6 servers")
    assert page.input_value("[name=monthly_tokens]") == "1,000,000,000"
    assert "bogus" in page.inner_text("[data-status]")
    assert "(got 900)" in page.inner_text("[data-status]")


def test_a_mistake_is_named_at_its_field_and_loses_nothing(page: Any) -> None:
    page.goto("calculators/break-even/?v=1&monthly_tokens=1e9")
    servers(page, "6 servers")
    page.fill("[name=tokens_per_second]", "fast")
    page.wait_for_selector("[data-field=tokens_per_second] [aria-invalid]")
    assert "must be a number (got fast)." in page.inner_text("[data-field=tokens_per_second]")
    assert page.inner_text("[data-output=servers_needed]") == "6 servers"
    assert page.input_value("[name=monthly_tokens]") == "1,000,000,000"
    page.fill("[name=tokens_per_second]", "200")
    servers(page, "3 servers")
    assert page.locator("[aria-invalid]").count() == 0


def test_reset_restores_what_the_page_began_with_and_the_address(page: Any) -> None:
    page.goto("calculators/break-even/?v=1&monthly_tokens=1e9")
    servers(page, "6 servers")
    assert page.locator("[data-field=monthly_tokens]").is_visible()
    assert not page.locator("[data-field=proprietary_model]").is_visible()
    page.click("text=Reset")
    page.wait_for_selector("[data-output=replicas]", timeout=READY)
    assert not page.locator("[data-field=monthly_tokens]").is_visible()
    assert page.locator("[data-field=proprietary_model]").is_visible()
    page.wait_for_url("**/calculators/break-even/?v=1&mode=full")


def test_what_is_typed_while_python_starts_is_not_lost_and_the_newest_wins(page: Any) -> None:
    started: list[str] = []
    page.on("worker", lambda worker: started.append(worker.url.rpartition("/")[2]))
    page.goto(SIMPLE)
    page.locator("[name=monthly_tokens]").fill("")
    page.locator("[name=monthly_tokens]").press_sequentially("2000000000")
    page.fill("[name=tokens_per_second]", "50")
    servers(page, "23 servers")  # 2,000 / (50 x 2,592,000 s x 0.7 = 90.72 million) = 22.05
    assert page.input_value("[name=monthly_tokens]") == "2000000000"
    assert [name for name in started if name == "worker.mjs"] == ["worker.mjs"]  # the theme's search has one of its own


def test_a_private_link_keeps_its_inputs_behind_the_hash(page: Any, site: Site) -> None:
    page.goto("calculators/break-even/#?v=1&monthly_tokens=1e9")
    servers(page, "6 servers")
    page.fill("[name=monthly_tokens]", "2e9")
    servers(page, "12 servers")  # 2,000 / 181.44 = 11.02
    page.wait_for_function("location.hash === '#?v=1&monthly_tokens=2e9'")
    assert page.evaluate("location.search") == ""


def test_links_and_markdown_are_copied(visit: Any, site: Site) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.goto("calculators/break-even/?v=1&monthly_tokens=1e9")
    servers(page, "6 servers")
    copied = {}
    for kind in ("link", "private", "markdown"):
        page.click(f"[data-copy={kind}]")
        page.wait_for_function("document.querySelector('[data-status]').textContent.includes('copied')")
        copied[kind] = page.evaluate("navigator.clipboard.readText()")
    assert copied["link"] == f"{site.url}calculators/break-even/?v=1&monthly_tokens=1e9"
    assert copied["private"] == f"{site.url}calculators/break-even/#?v=1&monthly_tokens=1e9"
    assert "| Servers needed | 6 servers |" in copied["markdown"]
    assert copied["link"] in copied["markdown"]


def test_markdown_can_be_copied_before_python_runs(visit: Any, site: Site) -> None:
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.goto(QUICK)
    page.evaluate("document.querySelector('[data-copy=markdown]').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    page.wait_for_function("document.querySelector('[data-status]').textContent.includes('copied')")
    assert f"{site.url}{QUICK}?v=1" in page.evaluate("navigator.clipboard.readText()")


def test_instant_navigation_keeps_python(page: Any, site: Site) -> None:
    page.goto(SIMPLE)
    page.fill("[name=monthly_tokens]", "1e9")
    servers(page, "6 servers")
    page.wait_for_url("**/?v=1&monthly_tokens=1e9")
    site.sent.clear()
    page.click(".md-nav--primary a[href$='decision-framework/']")
    page.wait_for_selector("[data-slug=decision][data-mounted]")
    page.click("[data-field=has_ml_team] label:has-text('yes')")
    page.wait_for_function("document.querySelector('.headline').textContent === 'Consider open-weight models'")
    sent = [path for path, _ in site.sent if "/runtime/" in path]
    assert all("/facts-" in path for path in sent), sent  # the other form's figures, and no second Python
    page.go_back()
    page.wait_for_selector("[data-slug=break-even][data-mounted]")
    servers(page, "6 servers")
    assert page.input_value("[name=monthly_tokens]") == "1,000,000,000"


def test_the_keyboard_alone_is_enough(page: Any) -> None:
    page.goto(QUICK)
    page.focus("[name=has_ml_team][value=no]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('.headline').textContent === 'Consider open-weight models'", timeout=READY)
    page.focus("[data-copy=link]")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.textContent") == "Reset"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.headline').textContent === 'Consider proprietary APIs'")


def test_a_chart_is_read_out_where_the_pointer_is(page: Any) -> None:
    page.goto(SIMPLE)
    page.locator(".calculator-chart svg").scroll_into_view_if_needed()
    box = page.locator(".calculator-chart svg").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    said = page.inner_text(".chart-readout")
    assert said.startswith("100 million; API: 500 USD/month; Self-hosting, whole servers: 2,880 USD/month")


def test_links_to_the_same_page_with_other_inputs_are_followed_and_the_way_back_too(page: Any) -> None:
    page.goto(SIMPLE)
    for volume, needed in (("1e9", "6 servers"), ("2e9", "12 servers")):
        page.evaluate("""query => document.querySelector("article h1").insertAdjacentHTML(
                           "afterend", `<a id=x href="${query}">x</a>`)""", f"?v=1&monthly_tokens={volume}")
        page.click("#x")
        servers(page, needed)
        page.evaluate("document.querySelector('#x').remove()")
    assert page.url.endswith("?v=1&monthly_tokens=2e9")
    page.go_back()
    servers(page, "6 servers")
    page.wait_for_function("document.querySelector('[name=monthly_tokens]').value === '1,000,000,000'")
    page.go_back()
    servers(page, "1 server")


def test_folded_fields_that_a_link_sets_or_that_are_wrong_are_shown(page: Any) -> None:
    page.goto("calculators/gpu-memory/")
    more = page.locator(".more-fields", has=page.locator("[name=memory_fraction_percent]"))
    assert more.get_attribute("open") is None
    page.goto("calculators/gpu-memory/?v=1&memory_fraction_percent=80")
    page.wait_for_function("document.querySelector('[name=memory_fraction_percent]').closest('details').open", timeout=READY)
    page.fill("[name=memory_fraction_percent]", "800")
    page.wait_for_selector("[data-field=memory_fraction_percent] [aria-invalid]", timeout=READY)
