"""A wrong slug or key stops the build with a sentence."""

import markdown
import pytest
from pymdownx.superfences import SuperFencesException

import calculators
from calculators.buildtime import data, fence


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
