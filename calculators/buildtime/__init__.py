"""What happens when the site is built: CPython only, never sent to the browser."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
DOCS = PROJECT / "docs"
CACHE = PROJECT / ".cache"
