"""Find a browser for tests and measurements, or install one; say which and how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Without these Chromium tries to reach its maker's hosts at every start.
QUIET = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic")


def say(text: str) -> None:
    """What is being done, on standard error."""
    print(f"browser: {text}", file=sys.stderr, flush=True)


def find(playwright: Any) -> str | None:
    """The path of a browser that is here: Playwright's own first."""
    own = playwright.chromium.executable_path
    if own and Path(own).exists():
        return str(own)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def ready(playwright: Any) -> str:
    """The path of a browser, installed if there is none. Raises RuntimeError with what to do."""
    found = find(playwright)
    if found:
        say(f"using {found}")
        return found
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        say("none is here; installing Debian's chromium with apt-get")
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            subprocess.run(command, env=environment, stdout=sys.stderr, check=False)
        found = find(playwright)
    if not found:
        say("none is here; asking Playwright to download its own")
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)
        found = find(playwright)
    if not found:
        raise RuntimeError("No browser could be found or installed. Install Chromium or Chrome and run this again.")
    return found


def launch(playwright: Any) -> Any:
    """A headless Chromium. As root it cannot have a sandbox."""
    arguments = [*QUIET, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    return playwright.chromium.launch(executable_path=ready(playwright), args=arguments)
