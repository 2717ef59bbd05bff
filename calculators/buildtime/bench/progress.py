"""What is said while it is measured: how far it is, and why it cannot be."""

import sys


class BenchError(Exception):
    """It cannot be measured here; a sentence says why."""


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
