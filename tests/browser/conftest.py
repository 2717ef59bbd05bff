"""The built site on a local port, and a page that fails its test on any console error or request that leaves the site."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from calculators.buildtime import PROJECT
from calculators.buildtime.browser import launch
from calculators.buildtime.serve import Site, free_port, serving


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
def page(browser: Any, site: Site) -> Iterator[Any]:
    context = browser.new_context(base_url=site.url)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("console", lambda message: message.type == "error" and problems.append(message.text))
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("request", lambda request: request.url.startswith((site.url, "data:", "blob:"))
              or problems.append(f"left the site: {request.url}"))
    site.sent.clear()
    yield opened
    context.close()
    assert problems == []
