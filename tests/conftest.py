"""What all tests share: facts of a day, and the order in which tests run (fast ones first)."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: they take the longest."""
    items.sort(key=lambda item: "browser" in item.path.parts)
