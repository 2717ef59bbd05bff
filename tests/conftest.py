"""What all tests share: the order in which tests run (fast ones first)."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: they take the longest."""
    items.sort(key=lambda item: "browser" in item.path.parts)
