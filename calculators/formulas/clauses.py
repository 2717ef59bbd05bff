"""The clauses of licences: which of them apply to a use of a model, and what the gravest of those says.

The rules are data: data/licence-rules.yaml has a row for each clause, with what makes it apply.
"""

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from calculators.kit.facts import Facts, MissingFact, Value

YES, DUTIES, NO, UNCLEAR = "yes", "yes, with duties", "no", "unclear"
MONTHS = 12  # a licence that asks for a month's revenue is asked with a twelfth of the year's
COUNTED = {
    ("monthly_users", "product"): "monthly_users",
    ("monthly_users", "release"): "release_users",
    ("monthly_revenue", "product"): "product_revenue_usd",
    ("yearly_revenue", "product"): "product_revenue_usd",
    ("monthly_revenue", "company"): "company_revenue_usd",
    ("yearly_revenue", "company"): "company_revenue_usd",
}
"""What a rule counts, and the field that asks for it."""
ANSWERS = ("commercial", "outsiders", "redistributes", "service", "trains", "multimodal")


class Use(Protocol):
    """The answers that clauses look at: those here by name, and the fields of ANSWERS and COUNTED."""

    @property
    def outsiders(self) -> bool:
        """Whether outsiders use it, or see what it writes."""

    @property
    def service(self) -> bool:
        """Whether access to the model is sold."""

    @property
    def redistributes(self) -> bool:
        """Whether weights are passed on."""

    @property
    def shows_name(self) -> bool:
        """Whether the name or notice that is asked for would be shown."""

    @property
    def monthly_users(self) -> int:
        """Users of the product in a month."""

    @property
    def region(self) -> str:
        """Where whoever asks lives or is based, as the rules call it."""

    @property
    def purpose(self) -> str:
        """A use that some licence names, as the rules call it."""


class Rule(NamedTuple):
    """A clause of a licence: what makes it apply, and what follows. As a row of data/licence-rules.yaml."""

    id: str
    licence: str
    verdict: str  # no | duty | unclear
    says: str
    clause: str
    models: frozenset[str]  # if not all of the licence
    answers: tuple[tuple[str, bool], ...]
    regions: frozenset[str]
    purposes: frozenset[str]
    field: str  # that is compared with the limit; "" if none is
    limit: float
    per_year: float  # the limit as the field holds it
    side: str  # above | from | up to
    shows: bool


class Decision(NamedTuple):
    """An answer, the rules that give it with a sentence for each, and the rules that apply besides."""

    verdict: str
    rules: tuple[Rule, ...]
    sentences: tuple[str, ...]
    besides: tuple[Rule, ...] = ()


@functools.lru_cache(maxsize=4)
def rules(facts: Facts) -> Mapping[str, Sequence[Rule]]:
    """Every rule in force, by licence, read once. Raises MissingFact if there are none, or a threshold has no number."""
    found: dict[str, list[Rule]] = {}
    licences = facts.rows("licences")
    for key, row in facts.rows("licence-rules").items():
        rule = _rule(key, row, licences[str(row["licence"])])
        found.setdefault(rule.licence, []).append(rule)
    return found


def _rule(key: str, row: Mapping[str, Value], licence: Mapping[str, Value]) -> Rule:
    column = str(row.get("threshold", ""))
    if column and column not in licence:
        raise MissingFact(f"data/licences.yaml has no {column} for the rule {key}.")
    limit = float(licence[column]) if column else 0.0
    return Rule(
        key, str(row["licence"]), str(row["verdict"]), str(row["says"]), str(row.get("clause", "")),
        _words(row, "models"), tuple((name, bool(row[name])) for name in ANSWERS if name in row),
        _words(row, "regions"), _words(row, "purposes"),
        COUNTED[column, str(row["counts"])] if column else "", limit,
        limit * (MONTHS if column == "monthly_revenue" else 1), str(row.get("side", "")), bool(row.get("shows", False)),
    )


def _words(row: Mapping[str, Value], column: str) -> frozenset[str]:
    return frozenset(str(row.get(column, "")).split())


def applies(rule: Rule, use: Use, model: str) -> bool | None:
    """Whether a clause applies to a use of a model; None if that hangs on a number that was not given."""
    if rule.models and model not in rule.models:
        return False
    for name, wanted in rule.answers:
        if answer(use, name) is not wanted:
            return False
    if (rule.regions and use.region not in rule.regions) or (rule.purposes and use.purpose not in rule.purposes):
        return False
    return _beyond(rule, use) if rule.field else True


def answer(use: Use, name: str) -> bool:
    """An answer as the clauses mean it: who is given the weights or sold access is an outsider."""
    if name == "outsiders":
        return use.outsiders or use.service or use.redistributes
    return bool(getattr(use, name))


def _beyond(rule: Rule, use: Use) -> bool | None:
    """Whether the number that a rule counts is on the side of the limit where the rule applies."""
    value: float | None = getattr(use, rule.field)
    if value is None:  # today's users of the product stand for those of that month, but not as proof of too many
        return None if use.monthly_users > rule.per_year else False
    if rule.side == "from":
        return value >= rule.per_year
    return value <= rule.per_year if rule.side == "up to" else value > rule.per_year


def decide(licence_rules: Iterable[Rule], use: Use, model: str) -> Decision:
    """The answer for a use of a model.

    The gravest decides: no before unclear, unclear before duties. A duty to show a name that the asker will not show is a
    no.
    """
    found: dict[str, list[tuple[Rule, str]]] = {NO: [], UNCLEAR: [], DUTIES: []}
    for rule in licence_rules:
        holds = applies(rule, use, model)
        if holds is None:
            found[UNCLEAR].append((rule, f"{rule.says} How many you had then was not given."))
        elif holds:
            refused = "You would not show what it asks for. " * (rule.shows and not use.shows_name)
            found[_follows(rule, use)].append((rule, refused + rule.says))
    for verdict, deciding in found.items():
        if deciding:
            besides = tuple(rule for other in found if other != verdict for rule, _ in found[other])
            return Decision(verdict, tuple(rule for rule, _ in deciding), tuple(dict.fromkeys(s for _, s in deciding)), besides)
    return Decision(YES, (), ("No clause that was read asks for anything in this use.",))


def _follows(rule: Rule, use: Use) -> str:
    """What follows from a rule that applies."""
    if rule.shows and not use.shows_name:
        return NO
    return {"no": NO, "unclear": UNCLEAR, "duty": DUTIES}[rule.verdict]


def verdict_of(licence_rules: Iterable[Rule], use: Use, model: str) -> str:
    """The answer alone, as `decide` gives it: without reasons, and so many times faster."""
    found = YES
    for rule in licence_rules:
        holds = applies(rule, use, model)
        if holds is False:
            continue
        follows = UNCLEAR if holds is None else _follows(rule, use)
        if follows == NO:
            return NO
        if found != UNCLEAR:
            found = follows
    return found
