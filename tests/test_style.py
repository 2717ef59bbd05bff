"""The linter and the type checker have nothing to say."""

import subprocess
import sys

import pytest

from calculators.buildtime import PROJECT


@pytest.mark.parametrize("command", [("ruff", "check", "--no-cache", "calculators", "tests"), ("mypy",)], ids=lambda c: c[0])
def test_checker_is_content(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
