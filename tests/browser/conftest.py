"""The built site on a local port, and a page that fails its test on any console error or request that leaves the site."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from calculators.buildtime import PROJECT
from calculators.buildtime.browser import launch
from calculators.buildtime.serve import Site, free_port, serving

Visit = Callable[..., Any]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Built for the address it is served at, which instant navigation needs."""
    folder: Path = tmp_path_factory.mktemp("site")
    port = free_port()
    environment = os.environ | {"SITE_URL": f"http://127.0.0.1:{port}/", "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
                   cwd=PROJECT, env=environment, check=True)
    with serving(Site(folder), port) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        found = launch(playwright)
        yield found
        found.close()


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Visit]:
    """Opens pages, each in a context of its own with the options given. `expected`: parts of console errors that the test
    itself provokes. Any other console error, and any request that leaves the site, fails the test at its end."""
    contexts: list[Any] = []
    problems: list[str] = []

    def open_page(expected: tuple[str, ...] = (), **options: Any) -> Any:
        context = browser.new_context(base_url=site.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and not any(e in m.text for e in expected) and problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: request.url.startswith((site.url, "data:", "blob:"))
                or problems.append(f"left the site: {request.url}"))
        return page

    site.sent.clear()
    yield open_page
    site.rules.clear()
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(visit: Visit) -> Any:
    """A page at desktop size."""
    return visit()
