"""The page of the significance calculator says of each pair of the original's table what the calculator says."""

import re
from itertools import combinations

import calculators
from calculators.buildtime import DOCS, data
from calculators.kit.result import answer
from calculators.significance import BENCHMARKS, CHANCE


def test_every_pair_of_the_table_is_there_and_its_words_are_right() -> None:
    page = (DOCS / "calculators" / "significance.md").read_text("utf-8")
    facts = data.facts("2026-11-26")
    table = facts.rows("original-scores")
    listed = re.findall(r"^\| (.+), (.+) \| \[(.+)\]\(.*\?(.+)#.*\) \| \[(.+)\]\(.*\?(.+)#.*\) \|$", page, re.MULTILINE)
    models = {str(row["model"]): row for row in table.values()}
    assert [(first, second) for first, second, *_ in listed] == list(combinations(models, 2))
    for first, second, *links in listed:
        for benchmark, words, link in zip(("mmlu", "humaneval"), links[::2], links[1::2], strict=True):
            given = dict(part.split("=", 1) for part in link.split("&"))
            assert given.pop("v") == "1"
            found = answer(calculators.get("significance"), given, facts)
            assert found.inputs["benchmark"] == benchmark
            assert found.inputs["first_percent"] == models[first][benchmark]
            assert found.inputs["second_percent"] == models[second][benchmark]
            assert words == ("within chance" if found.headline == CHANCE else "more than chance")


def test_the_count_on_the_page_is_the_one_counted_apart() -> None:
    page = (DOCS / "calculators" / "significance.md").read_text("utf-8")
    within = data.facts("2026-11-26")["score-statistics.original-table.humaneval-within"].value
    assert len(re.findall(r"\| \[within chance\]\([^)]*\) \|$", page, re.MULTILINE)) == within


def test_every_benchmark_with_a_number_of_questions_can_be_chosen() -> None:
    rows = data.facts("2026-11-26").rows("benchmarks")
    assert set(BENCHMARKS) == {row for row, values in rows.items() if "items" in values} | {"custom"}
    assert all(BENCHMARKS[row] == values["benchmark"] for row, values in rows.items() if "items" in values)
