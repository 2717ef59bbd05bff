"""data/ against values copied by hand out of the sources, and the closed words of the licence and rental tables."""

from typing import Any

import pytest
import yaml

from calculators.buildtime import PROJECT, data
from calculators.kit.facts import MissingFact

CASES: dict[str, Any] = yaml.safe_load((PROJECT / "tests" / "cases" / "facts_spot_checks.yaml").read_text("utf-8"))
FACTS = data.facts(str(CASES["as_of"]))


def ids(case: dict[str, Any]) -> str:
    return str(case["key"])


@pytest.mark.parametrize("case", CASES["values"], ids=ids)
def test_value_is_what_the_source_says(case: dict[str, Any]) -> None:
    assert case["source"]
    assert FACTS[case["key"]].value == case["value"]


@pytest.mark.parametrize("case", CASES["earlier"], ids=ids)
def test_the_earlier_value_is_kept(case: dict[str, Any]) -> None:
    found = {fact.start: fact.value for fact in FACTS.history(case["key"])}
    assert found[str(case["start"])] == case["value"]


@pytest.mark.parametrize("case", CASES["absent"], ids=ids)
def test_what_is_suspect_is_left_out(case: dict[str, Any]) -> None:
    with pytest.raises(MissingFact):
        FACTS[case["key"]]


def rows(stem: str) -> dict[str, dict[str, Any]]:
    """The rows of a table as they stand on the day of the cases."""
    found: dict[str, dict[str, Any]] = {}
    for key in FACTS.keys(stem):
        _, row, column = key.split(".")
        found.setdefault(row, {})[column] = FACTS[key].value
    return found


def test_licences_use_the_words_that_the_columns_promise() -> None:
    for licence, row in rows("licences").items():
        assert row["commercial"] in ("yes", "yes with duties", "no"), licence
        assert row["outputs"] in ("allowed", "allowed with naming", "forbidden", "not addressed"), licence
        assert row["url"].startswith("https://"), licence
        assert len(row.get("clause", "").split()) <= 25, licence
        if {"monthly_users", "monthly_revenue", "yearly_revenue"} & set(row):
            assert row["at_threshold"], licence


def test_an_id_of_a_licence_means_one_licence() -> None:
    named: dict[str, str] = {}
    for licence, row in rows("licences").items():
        for alias in row["aliases"].split(", "):
            assert named.setdefault(alias, licence) == licence, alias


def test_every_rental_offer_has_a_price_and_says_what_was_found_of_commitments() -> None:
    for offer, row in rows("gpu-rental").items():
        prices = [row[name] for name in ("on_demand", "spot", "committed") if name in row]
        assert prices, offer
        assert all(0 < price < 50 for price in prices), offer
        assert row["kind"] in ("hyperscaler", "specialist", "marketplace"), offer
        assert row["committed_note"], offer
        assert ("committed" in row) == ("commitment" in row), offer
        if "on_demand" in row and "spot" in row:
            assert row["spot"] < row["on_demand"], offer


@pytest.mark.parametrize("stem", ["gpqa", "aider"])
def test_a_score_lies_inside_its_interval(stem: str) -> None:
    for name, row in rows(stem).items():
        assert row["low"] <= row["score"] <= row["high"], name
        assert row["access"] in ("open", "proprietary", "mixed"), name


@pytest.mark.skipif("models" not in data.stems(), reason="the table of models is not there yet")
def test_the_licence_of_every_model_is_in_the_table_of_licences() -> None:
    known = set(rows("licences"))
    for row in rows("licences").values():
        known |= set(row["aliases"].split(", "))
    for model, row in rows("models").items():
        assert row.get("licence", "mit") in known, model
