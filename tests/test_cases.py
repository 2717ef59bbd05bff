"""Every worked case in tests/cases, by hand, against the calculators; and the decision rule against every answer."""

import csv
from typing import Any

import pytest
import yaml

import calculators
from calculators.buildtime import PROJECT, data
from calculators.kit.fields import InputError
from calculators.kit.result import answer
from calculators.kit.shape import NoValue

TESTS = PROJECT / "tests"


def cases() -> list[Any]:
    found = []
    for slug in calculators.SLUGS:
        path = TESTS / "cases" / f"{slug.replace('-', '_')}.yaml"
        found += [pytest.param(slug, case, id=f"{slug}: {case['name']}") for case in yaml.safe_load(path.read_text())]
    return found


@pytest.mark.parametrize(("slug", "case"), cases())
def test_case(slug: str, case: dict[str, Any]) -> None:
    facts = data.facts(str(case["as_of"]))
    if "error" in case:
        with pytest.raises(InputError) as caught:
            answer(calculators.get(slug), case["input"], facts)
        assert (caught.value.field, str(caught.value)) == (case["error"]["field"], case["error"]["message"])
        return
    assert case["source"]
    outputs = answer(calculators.get(slug), case["input"], facts).outputs
    for name, expected in case["output"].items():
        found = outputs[name]
        if expected is None:
            assert isinstance(found, NoValue), name
            assert found.why, name
        else:
            assert found == wanted(expected), name


def wanted(expected: Any) -> Any:
    """What a case expects: a text, a number or, for a Range, [low, central, high]. A published figure is rounded and
    comes as {near: ..., within: ...}."""
    if isinstance(expected, dict):
        return pytest.approx(expected["near"], rel=0, abs=expected["within"])
    return expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-11)


def test_decision_rule_for_every_combination_of_answers() -> None:
    """The table was written by the original document's own code, run as it stands there."""
    with (TESTS / "cases" / "decision_table.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 2**5 * 5
    for row in rows:
        expected = row.pop("recommendation")
        requirements = {name: int(v) if name == "monthly_tokens" else v == "1" for name, v in row.items()}
        assert calculators.recommend_model_type(requirements) == expected, row


def test_decision_takes_what_is_left_out_for_no() -> None:
    assert calculators.recommend_model_type({}) == "Consider proprietary APIs"
    assert calculators.recommend_model_type({"data_must_stay_private": True, "has_ml_team": True}) == (
        "Consider open-weight models")


def test_original_breakeven_signature_and_keys() -> None:
    found = calculators.calculate_breakeven(100_000_000, 5.0, 4.0, 100)
    assert list(found)[:5] == ["api_monthly_cost", "hosting_monthly_cost", "recommendation", "monthly_savings",
                               "savings_percent"]
    assert found["api_monthly_cost"] == 500
    assert found["hosting_monthly_cost"] == 2880
    assert found["recommendation"] == "API is more cost-effective"
    assert found["hosting_capacity"] == pytest.approx(181_440_000)
    many = calculators.calculate_breakeven(1_000_000_000, 5.0, 4.0, 100, utilization=0.7)
    assert (many["servers_needed"], many["hosting_monthly_cost"]) == (6, 17280)
    assert many["corrected"] == "The original charges one server (2,880 USD/month) at any volume; this volume needs 6."


@pytest.mark.parametrize(("name", "value"), [("utilization", 0), ("utilization", 1.2), ("utilization", True),
                                             ("monthly_tokens", -1), ("tokens_per_second", 0)])
def test_original_breakeven_refuses_in_words(name: str, value: float) -> None:
    given = {"monthly_tokens": 1e8, "api_cost_per_million": 5, "hosting_cost_per_hour": 4, "tokens_per_second": 100}
    with pytest.raises(InputError) as caught:
        calculators.calculate_breakeven(**(given | {name: value}))
    assert caught.value.field == name


def test_code_and_data_hold_the_same_figures_of_the_original() -> None:
    from calculators import decision
    from calculators.kit.units import HOURS_PER_MONTH

    facts = data.facts("2026-11-24")
    assert facts["original.break-even-example.hours-per-month"].value == HOURS_PER_MONTH
    assert facts["original.decision-rule.high-volume-tokens"].value == decision.HIGH_VOLUME_TOKENS
    assert facts["original.decision-rule.low-volume-tokens"].value == decision.LOW_VOLUME_TOKENS
    for name, score in decision.QUESTIONS.items():
        for value in (True, False, 0, 10**9):
            points = score(value)
            if points.figure:
                assert facts[f"original.decision-rule.{points.figure}"].value == points.open + points.proprietary, name
