"""A wrong slug or key stops the build with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import markdown
import pytest
from pymdownx.superfences import SuperFencesException

import calculators
from calculators.buildtime import PROJECT, data, fence


def convert(text: str) -> str:
    extensions = {"pymdownx.superfences": {"custom_fences": [
        {"name": "calculator", "class": "calculator", "format": fence.calculator},
        {"name": "facts", "class": "facts", "format": fence.facts}]}}
    return markdown.markdown(text, extensions=list(extensions), extension_configs=extensions)


@pytest.mark.parametrize(("text", "sentence"), [
    ("```calculator\nbrake-even\n```",
     f"There is no calculator 'brake-even'; there are {', '.join(calculators.SLUGS)}."),
    ("```facts\noriginal.nothing\n```", "There is no 'nothing' in data/original.yaml"),
    ("```facts\nnothing\n```", "There is no data/nothing.yaml"),
])
def test_what_is_not_there_stops_the_build(text: str, sentence: str) -> None:
    with pytest.raises(SuperFencesException) as caught:
        convert(text)
    assert sentence in str(caught.value)


def test_a_facts_fence_shows_value_unit_and_source() -> None:
    html = convert("```facts\noriginal.break-even-example.monthly-tokens\n```")
    assert "100 million tokens/month" in html
    assert "page read 2026-11-23" in html


def test_data_is_clean() -> None:
    assert data.check() == []


@pytest.mark.parametrize(("page", "sentence"), [
    ("```calculator\nbrake-even\n```", "There is no calculator 'brake-even'"),
    ("```facts\noriginal.nothing\n```", "There is no 'nothing' in data/original.yaml"),
    ("Costs `#!fact original.nothing.at-all`.", "data/original.yaml has no nothing.at-all"),
    ("{!docs/fragments/nothing.md!}", "nothing.md"),
])
def test_the_command_fails_with_the_sentence(tmp_path: Path, page: str, sentence: str) -> None:
    """`mkdocs build` itself, with the project's own configuration and one wrong page."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Page {{#page}}\n\n{page}\n", "utf-8")
    (tmp_path / "mkdocs.yml").write_text(
        f"INHERIT: {PROJECT / 'mkdocs.yml'}\ndocs_dir: {tmp_path / 'docs'}\nhooks: []\nwatch: []\nnav: [index.md]\n"
        f"theme: {{custom_dir: {PROJECT / 'docs' / 'overrides'}}}\n", "utf-8")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", tmp_path / "mkdocs.yml", "-d", tmp_path / "site"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, cwd=PROJECT)
    assert done.returncode != 0
    assert sentence in done.stderr + done.stdout
