"""The rules of licences: every rule decides something, every answer matters to some licence, every threshold has two sides."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from calculators import licence
from calculators.__main__ import main
from calculators.buildtime import data
from calculators.formulas import clauses
from calculators.formulas.clauses import ANSWERS, DUTIES, NO, UNCLEAR, YES, Rule
from calculators.kit.facts import MissingFact
from calculators.kit.shape import Ref
from calculators.licence import OTHER, PURPOSES, REGIONS, Inputs

FACTS = data.facts("2026-11-26")
RULES = clauses.rules(FACTS)
LICENCES = sorted(FACTS.rows("licences"))
QUESTIONS = (*ANSWERS, "shows_name")
NUMBERS = ("monthly_users", "release_users", "company_revenue_usd", "product_revenue_usd")


def around(field: str, known: list[Rule]) -> list[float | None]:
    """Values of a number below, at and above each threshold that a licence compares it with; nothing given, too."""
    limits = {rule.per_year for rule in known if rule.field == field or (
        field == "monthly_users" and rule.field == "release_users")}
    found: set[float] = {0} | {value for limit in limits for value in (limit - 1, limit, limit + 1)}
    return [*sorted(found), *([None] if field == "release_users" and limits else [])]


def paths(known: list[Rule]) -> Iterator[dict[str, Any]]:
    """Every combination of the answers that this licence can tell apart; what none of its rules looks at stays as it is."""
    looked_at = {name for rule in known for name, _ in rule.answers} | {"shows_name" for rule in known if rule.shows}
    if "outsiders" in looked_at:  # whoever is sold access or given weights is one
        looked_at |= {"service", "redistributes"}
    asked: dict[str, list[Any]] = {name: [True, False] for name in QUESTIONS if name in looked_at}
    asked["region"] = list(REGIONS) if any(rule.regions for rule in known) else ["elsewhere"]
    asked["purpose"] = list(PURPOSES) if any(rule.purposes for rule in known) else ["general"]
    asked |= {name: around(name, known) for name in NUMBERS}
    for values in itertools.product(*asked.values()):
        yield dict(zip(asked, values, strict=True))


def models_of(known: list[Rule]) -> list[str]:
    """A model that no rule names, and each that one does."""
    return sorted({"any", OTHER} | {model for rule in known for model in rule.models})


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """For each licence and path: the answer and the rules behind it, by model."""
    found: dict[str, Any] = defaultdict(dict)
    for name in LICENCES:
        known = RULES.get(name, [])
        for path in paths(known):
            inputs = replace(Inputs(), **path)
            decided = {model: clauses.decide(known, inputs, model) for model in models_of(known)}
            found[name][tuple(path.items())] = {
                model: (d.verdict, d.sentences, tuple(rule.id for rule in d.rules)) for model, d in decided.items()}
    return found


def test_every_path_is_walked(seen: Any, record_property: Any) -> None:
    """How many there are, for the record; each gives every model an answer and a reason, and the quick answer is the same."""
    walked = sum(len(answers) for answers in seen.values())
    answered = [found for answers in seen.values() for models in answers.values() for found in models.values()]
    record_property("paths", walked)
    print(f"{walked} paths through {len(seen)} licences, {len(answered)} answers")
    assert walked > 10_000
    assert all(verdict in (YES, DUTIES, NO, UNCLEAR) and sentences for verdict, sentences, _ in answered)
    for name, answers in seen.items():
        for path, models in itertools.islice(answers.items(), 0, None, 7):
            inputs = replace(Inputs(), **dict(path))
            assert {model: clauses.verdict_of(RULES.get(name, []), inputs, model) for model in models} == {
                model: verdict for model, (verdict, _, _) in models.items()}, path


def test_a_terminal_gets_addresses_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["licence", "--model", "llama-3-1-70b"]) == 0
    table = next(line for line in capsys.readouterr().out.splitlines() if line.strip().startswith("| Llama"))
    assert "Llama 3.1 Community License, https://github.com/" in table
    assert "](" not in table


def test_every_rule_decides_somewhere(seen: Any) -> None:
    answers = (found for paths in seen.values() for models in paths.values() for found in models.values())
    deciding = {rule for _, _, rules in answers for rule in rules}
    assert {rule.id for known in RULES.values() for rule in known} - deciding == set()


def test_every_answer_changes_something_for_some_licence(seen: Any) -> None:
    """Each value of each question gives another answer somewhere than the default does, all else the same."""
    usual = {name: getattr(Inputs(), name) for name in (*QUESTIONS, "region", "purpose")}
    idle = {(name, value) for name in QUESTIONS for value in (True, False) if value != usual[name]}
    idle |= {("region", value) for value in REGIONS if value != usual["region"]}
    idle |= {("purpose", value) for value in PURPOSES if value != usual["purpose"]}
    for answers in seen.values():
        for path, found in answers.items():
            for name, value in path:
                if (name, value) in idle:
                    other = tuple((n, usual[name] if n == name else v) for n, v in path)
                    if answers[other] != found:
                        idle.discard((name, value))
    assert idle == set()


@pytest.mark.parametrize("rule", [r for known in RULES.values() for r in known if r.field], ids=lambda rule: rule.id)
def test_a_threshold_has_two_sides(rule: Rule) -> None:
    """On the limit itself: above does not hold yet, from and up to do. A hair beyond it is the other way round."""
    wants = dict(rule.answers)
    base = replace(Inputs(), **(wants | {"purpose": next(iter(rule.purposes), "general")}))
    below, at, above = (clauses.applies(rule, replace(base, **{rule.field: rule.per_year + step}), "any")
                        for step in (-1, 0, 1))
    assert (below, at, above) == {"above": (False, False, True), "from": (False, True, True),
                                  "up to": (True, True, False)}[rule.side]


@pytest.mark.parametrize("name", LICENCES)
def test_every_licence_has_rules_of_its_own_table(name: str) -> None:
    row = FACTS.rows("licences")[name]
    known = RULES[name]
    for column in ("monthly_users", "monthly_revenue", "yearly_revenue"):
        if column in row:
            fields = {field for (of, _), field in clauses.COUNTED.items() if of == column}
            assert any(rule.field in fields and rule.limit == row[column] for rule in known), column
    commercial = clauses.decide(known, Inputs(), "any").verdict
    assert (row["commercial"] == "no") == (commercial == NO)
    trains = replace(Inputs(), commercial=row["commercial"] != "no", trains=True)
    asked = [rule for rule in known if dict(rule.answers).get("trains")]
    if row["outputs"] == "forbidden" and row["commercial"] != "no":
        assert clauses.decide(known, trains, "any").verdict == NO
    if row["outputs"] == "allowed with naming" and clauses.decide(known, Inputs(), "any").verdict != UNCLEAR:
        assert asked


def test_rules_name_what_exists() -> None:
    for key, row in FACTS.rows("licence-rules").items():
        assert row["verdict"] in ("no", "duty", "unclear"), key
        assert set(str(row.get("regions", "")).split()) <= set(REGIONS), key
        assert set(str(row.get("purposes", "")).split()) <= set(PURPOSES), key
        assert set(str(row.get("models", "")).split()) <= {OTHER, *FACTS.rows("models")}, key
        assert len(str(row.get("clause", "")).split()) <= 25, key
        assert ("threshold" in row) == ("counts" in row) == ("side" in row), key
        assert not row.get("shows") or row["verdict"] == "duty", key
        assert str(row["says"]).endswith("."), key


def test_a_rule_names_models_of_its_own_licence() -> None:
    for known in RULES.values():
        for rule in known:
            for model in rule.models - {OTHER}:
                assert FACTS.rows("models")[model]["licence"] == rule.licence, rule.id


def test_every_rule_has_a_source_with_a_day() -> None:
    for key in FACTS.rows("licence-rules"):
        source = FACTS[f"licence-rules.{key}.says"].source
        assert source.checked, key
        assert source.via in ("page", "secondary"), key


def test_every_model_has_a_row_with_its_licence_linked() -> None:
    found = licence.calculate(Inputs(), FACTS)
    assert [label for label, _ in found.models.rows] == [row["name"] for row in FACTS.rows("models").values()]
    for label, cells in found.models.rows:
        assert isinstance(cells[0], Ref), label
        assert cells[0].url.startswith("https://"), label
        assert cells[1] in (YES, DUTIES, NO, UNCLEAR), label
        assert all(cells), label


def test_before_the_rules_were_written_there_is_no_answer() -> None:
    with pytest.raises(MissingFact, match="holds nothing that was recorded and in force on 2026-11-25"):
        licence.calculate(Inputs(), data.facts("2026-11-25"))
