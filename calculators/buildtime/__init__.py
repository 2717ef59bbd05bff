"""What happens when the site is built: CPython only, never sent to the browser."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DATA = PROJECT / "data"
DOCS = PROJECT / "docs"
CACHE = PROJECT / ".cache"


def project_path() -> str:
    """The project's folder, for mkdocs.yml: markdown-include looks things up from where mkdocs was called otherwise."""
    return str(PROJECT)
