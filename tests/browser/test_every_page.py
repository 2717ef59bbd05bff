"""Every page of the site: no request leaves it, nothing is wider than a phone, and axe finds no fault in light or dark."""

from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from calculators.buildtime import PROJECT
from calculators.buildtime.serve import Site


class _Nav(yaml.SafeLoader):
    """mkdocs.yml has tags of its own, which the nav does not use."""


_Nav.add_multi_constructor("", lambda loader, suffix, node: None)


def pages() -> list[str]:
    """The address of each page of the nav, relative to the site."""
    found: list[str] = []

    def walk(item: Any) -> None:
        if isinstance(item, str):
            name = item.removesuffix(".md")
            found.append("" if name == "index" else name.removesuffix("index") if name.endswith("/index") else name + "/")
        else:
            for part in item.values() if isinstance(item, dict) else item:
                walk(part)

    walk(yaml.load((PROJECT / "mkdocs.yml").read_text("utf-8"), _Nav)["nav"])
    return found


# The theme repeats a section's name over its own list of pages.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
         "rules": {"landmark-unique": {"enabled": False}}}
EVERY = pytest.mark.parametrize("path", pages(), ids=lambda path: path or "home")
SCHEMES = ("light", "dark")


@EVERY
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_no_fault(visit: Any, path: str, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


@EVERY
def test_nothing_is_wider_than_a_phone(visit: Any, path: str) -> None:
    page = visit(viewport={"width": 360, "height": 740})
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@EVERY
def test_previous_up_and_next_lead_somewhere(visit: Any, site: Site, path: str) -> None:
    page = visit()
    page.goto(path)
    links = page.eval_on_selector_all(".page-steps a", "links => links.map((one) => one.href)")
    assert links
    for link in links:
        assert (site.folder / link.removeprefix(site.url) / "index.html").is_file(), link


def test_an_address_that_is_not_there_gets_a_page_that_helps(visit: Any) -> None:
    page = visit(expected=("404",))
    page.goto("guide/nothing/of/the/kind/")
    assert page.locator("article a").count() >= 3
    page.click("article a >> nth=0")
    assert page.locator("h1").is_visible()
