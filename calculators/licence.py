"""Whether the licence of an open-weight model allows a use, and what it asks for. A reading aid, not legal advice.

The rules are data: data/licence-rules.yaml has a row for each clause, with what makes it apply. Which of them apply to a use,
and what follows, is in formulas/clauses.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from calculators.formulas.clauses import ANSWERS, COUNTED, DUTIES, NO, UNCLEAR, YES, Decision, Rule, decide, rules, verdict_of
from calculators.kit import workload
from calculators.kit.chart import Bars
from calculators.kit.facts import Facts, Value
from calculators.kit.fields import choice, number, when, whole, yes_no
from calculators.kit.shape import Calculator, Flip, Link, NoValue, Ref, Step, Table, output

ALL, ANY, OTHER = "all", "any", "other"
REGIONS = {
    "eu": "European Union",
    "uk": "United Kingdom",
    "south-korea": "South Korea",
    "elsewhere": "United States, China or elsewhere",
}
PURPOSES = {
    "general": "None of these",
    "coding-or-office": "A coding or office assistant that you sell",
    "military": "Military use",
    "critical-infrastructure": "Running critical infrastructure",
    "legal-decisions": "Automated decisions on people's rights",
}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Which model, who asks, and what for."""

    model: str = choice(
        "Model", default=ALL, choices={ALL: "All models of the table"}, table="models",
        help="One of the table shows every clause that applies to it.")
    licence: str = when(choice(
        "Licence", default=ANY, choices={ANY: "That of the model"}, table="licences",
        help="For a model that is not in the table: the models under this licence, and one row for any other."), "model", ALL)
    commercial: bool = workload.commercial()
    outsiders: bool = yes_no(
        "Do outsiders use it, or see what it writes?", default=True,
        help="No if the model and its output stay inside your company.")
    service: bool = yes_no(
        "Do you sell access to the model?",
        help="Model as a service: others choose the prompts, as over an API. Not a fixed feature of a product.")
    redistributes: bool = yes_no(
        "Do you pass on weights?", help="The model's own or those of a model made from it, for money or not.")
    trains: bool = yes_no(
        "Do you train other models on its output?", help="Distillation and synthetic data for another model.")
    shows_name: bool = yes_no(
        "Would you show the name or notice that is asked for?", default=True,
        help="Such as “Built with Llama” in the product, or a notice file beside the weights.")
    monthly_users: int = workload.monthly_users()
    release_users: int | None = whole(
        "Your monthly users when the model came out", unit="users", default=None, min=0, max=10_000_000_000,
        help="Of all your products, affiliates included, in the month before the licence's date. Llama counts them on that "
             "day alone. Left empty, those of the product stand for them up to the threshold.")
    company_revenue_usd: float = number(
        "Revenue of the company in 12 months", unit="USD", default=5_000_000, min=0, max=1e13,
        help="Of the whole group, affiliates included. A twelfth of it stands for a month where a licence asks for a month's.")
    product_revenue_usd: float = number(
        "Revenue of the product in 12 months", unit="USD", default=1_000_000, min=0, max=1e13,
        help="Of the products that use the model. A twelfth of it stands for a month.")
    region: str = choice(
        "Region", choices=REGIONS, default="elsewhere",
        help="Where you live, or your company is based. These are the ones that some licence names; all say European Union, "
             "so Iceland, Liechtenstein and Norway are elsewhere.")
    purpose: str = choice(
        "Special use", choices=PURPOSES, default="general",
        help="Uses that some licence names. Unlawful use, harm and deception are forbidden by most and not asked for.")
    multimodal: bool = when(yes_no(
        "Does the model have to take images?", help="Llama 3.2 Vision gives no rights to whoever is based in the EU."),
        "region", "eu")


class Finding(NamedTuple):
    """What the rules say of one model."""

    model: str
    name: str
    licence: str
    decision: Decision

    @property
    def verdict(self) -> str:
        """The answer."""
        return self.decision.verdict


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """The answer for each model, and how many have which."""

    verdict: str = output("Answer", headline=True)
    allowed: int = output("Yes", unit="count")
    with_duties: int = output("Yes, with duties", unit="count")
    refused: int = output("No, not without a separate permission", unit="count")
    unclear: int = output("Unclear", unit="count")
    reason: str | NoValue = output("Why")
    models: Table = output("Model by model", table=True)
    findings: tuple[Finding, ...] = ()


def findings(inputs: Inputs, facts: Facts, known: Mapping[str, Sequence[Rule]]) -> tuple[Finding, ...]:
    """The answer for each model that was asked for."""
    decided: dict[tuple[str, str], Decision] = {}
    named = _named(known)
    found = []
    for model, name, licence in _asked(inputs, facts):
        clauses = known.get(licence, ())
        key = licence, model if model in named else ""
        if key not in decided:
            decided[key] = decide(clauses, inputs, model)
        found.append(Finding(model, name, licence, decided[key]))
    return tuple(found)


def _named(known: Mapping[str, Sequence[Rule]]) -> frozenset[str]:
    """The models that some rule names: all others of a licence have one answer."""
    return frozenset(model for clauses in known.values() for rule in clauses for model in rule.models)


def _asked(inputs: Inputs, facts: Facts) -> list[tuple[str, str, str]]:
    """The models that are asked about: id, name, licence."""
    models = facts.rows("models")
    if inputs.model != ALL:
        models = {inputs.model: models[inputs.model]}
    elif inputs.licence != ANY:
        models = {model: row for model, row in models.items() if row["licence"] == inputs.licence}
    asked = [(model, str(row["name"]), str(row["licence"])) for model, row in models.items()]
    if inputs.model == ALL and inputs.licence != ANY:
        asked.append((OTHER, f"Any other model, {facts.rows('licences')[inputs.licence]['name']}", inputs.licence))
    return asked


def headline(found: Sequence[Finding]) -> str:
    """The answer in words: of one model its own, of several how many have which."""
    if len(found) == 1:
        duties = len(found[0].decision.sentences) if found[0].verdict == DUTIES else 0
        verdict = f"yes, with {duties} {'duty' if duties == 1 else 'duties'}" if duties else found[0].verdict
        return f"{found[0].name}: {verdict}"
    return _headline_of(_counts(found))


def _headline_of(counts: Mapping[str, int]) -> str:
    return (f"Of {sum(counts.values())} models: {counts[YES]} yes, {counts[DUTIES]} yes with duties, {counts[NO]} no, "
            f"{counts[UNCLEAR]} unclear")


def _counts(found: Sequence[Finding]) -> dict[str, int]:
    verdicts = [one.verdict for one in found]
    return {verdict: verdicts.count(verdict) for verdict in (YES, DUTIES, NO, UNCLEAR)}


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    """Try every rule on every model that is asked about."""
    found = findings(inputs, facts, rules(facts))
    counts = _counts(found)
    many = NoValue("Each model's reason stands in the table.")
    return Outputs(
        verdict=headline(found), allowed=counts[YES], with_duties=counts[DUTIES], refused=counts[NO], unclear=counts[UNCLEAR],
        reason=" ".join(found[0].decision.sentences) if len(found) == 1 else many, models=_table(found, facts), findings=found,
    )


def _table(found: Sequence[Finding], facts: Facts) -> Table:
    columns = ("Model", "Licence", "Answer", "Why", "In the licence's words", "Licence dated", "How it was read")
    licences = facts.rows("licences")
    read: dict[str, str] = {}
    rows = []
    for one in found:
        licence = licences[one.licence]
        key = f"licence-rules.{one.decision.rules[0].id}.says" if one.decision.rules else f"licences.{one.licence}.commercial"
        if key not in read:
            read[key] = facts[key].source.dated()
        rows.append((one.name, (
            Ref(str(licence["name"]), str(licence["url"])), one.verdict, " ".join(one.decision.sentences),
            _quoted(one.decision, licence), str(licence.get("dated", "no date found")), read[key],
        )))
    return Table(tuple((column, "text") for column in columns), tuple(rows))


def _quoted(decision: Decision, licence: Mapping[str, Value]) -> str:
    """The words of the clause that decides, in quotation marks; of a yes, those of the grant or of what does not apply."""
    if decision.rules:
        return next((f"“{rule.clause}”" for rule in decision.rules if rule.clause), "not quoted")
    if "clause" not in licence:
        return "not quoted"
    return f"{'' if licence['commercial'] == 'yes' else 'does not apply: '}“{licence['clause']}”"


def explain(inputs: Inputs, outputs: Outputs) -> list[Step]:
    """The rules that decide, each with its words and where they stand; then the counts."""
    found = outputs.findings
    steps = _steps_of_one(found[0]) if len(found) == 1 else _steps_of_many(found)
    steps += [Step(of, f"{{{of}}} of {len(found)}") for of in ("allowed", "with_duties", "refused", "unclear")]
    return [*steps, Step("models", "of the clauses that apply the gravest decides: no, then unclear, then duties"),
            Step("verdict", "{verdict}")]


def _steps_of_one(one: Finding) -> list[Step]:
    """The rules that decide, and those that apply besides."""
    steps = [Step("reason", _cited(rule)) for rule in one.decision.rules]
    if not steps:
        steps.append(Step("reason", f"{{licences.{one.licence}.name}}, commercial use: {{licences.{one.licence}.commercial}}; "
                                    "of its conditions that were read none applies"))
    return [*steps, *(Step("reason", f"besides: {_cited(rule)}") for rule in one.decision.besides)]


def _steps_of_many(found: Sequence[Finding]) -> list[Step]:
    """Each rule that decides, with how many models it decides."""
    counted = {"refused": NO, "unclear": UNCLEAR, "with_duties": DUTIES}
    steps = [Step(of, f"{{licences.{rule.licence}.name}}, {_some(number)}: {_cited(rule)}")
             for of, verdict in counted.items() for rule, number in _by_rule(found, verdict).items()]
    named = dict.fromkeys(one.licence for one in found if one.verdict == YES)
    steps += [Step("allowed", f"none of its conditions applies: {{licences.{licence}.name}}, "
                          f"{_some(sum(one.licence == licence and one.verdict == YES for one in found))}") for licence in named]
    return [*steps, Step("reason", "{reason}")]


def _cited(rule: Rule) -> str:
    """A rule with its words; the braces bring its source to the list of sources."""
    key = f"licence-rules.{rule.id}"
    return f"{{{key}.says}} “{{{key}.clause}}”" if rule.clause else f"{{{key}.says}}"


def _by_rule(found: Sequence[Finding], verdict: str) -> dict[Rule, int]:
    """How many models each rule decides, for one answer. Rules that say the same of a licence are one."""
    counted: dict[tuple[str, str], tuple[Rule, int]] = {}
    for one in found:
        for rule in {rule.says: rule for rule in reversed(one.decision.rules)}.values() if one.verdict == verdict else ():
            first, number = counted.get((rule.licence, rule.says), (rule, 0))
            counted[rule.licence, rule.says] = first, number + 1
    return dict(counted.values())


def _some(number: int) -> str:
    return "1 model" if number == 1 else f"{number} models"


def chart(inputs: Inputs, outputs: Outputs, facts: Facts) -> Bars:
    """How many models have which answer."""
    return Bars(title="Models by answer", unit="count", series=("Models",), by="Answer", groups=[
        ("Yes", (outputs.allowed,)), ("Yes, with duties", (outputs.with_duties,)), ("No", (outputs.refused,)),
        ("Unclear", (outputs.unclear,))])


def flips(inputs: Inputs, facts: Facts) -> list[Flip]:
    """For each number the nearest thresholds that change the answer; for each question the other answer, if it does."""
    known = rules(facts)
    models = _asked(inputs, facts)
    asked = {licence for _, _, licence in models}
    limits: dict[str, set[tuple[float, str]]] = {}
    for rule in (rule for licence in asked for rule in known.get(licence, ()) if rule.field):
        edge = "from" if rule.side == "from" else "above"
        limits.setdefault(rule.field, set()).add((rule.per_year, edge))
        if rule.field == "release_users" and inputs.release_users is None:
            limits.setdefault("monthly_users", set()).add((rule.per_year, edge))

    named = _named(known)
    groups = Counter((licence, model if model in named else "") for model, _, licence in models)

    def then(**change: Any) -> str:
        changed = replace(inputs, **change)
        if len(models) == 1:
            return headline(findings(changed, facts, known))
        counts = dict.fromkeys((YES, DUTIES, NO, UNCLEAR), 0)
        for (licence, model), count in groups.items():
            counts[verdict_of(known.get(licence, ()), changed, model)] += count
        return _headline_of(counts)

    now = then()
    found = []
    for name in dict.fromkeys(COUNTED.values()):
        found += _number_flips(name, getattr(inputs, name), limits.get(name, set()), now, then)
    for name in (*ANSWERS, "shows_name"):
        if name == "multimodal" and inputs.region != "eu":
            continue  # it is not asked there
        other = not getattr(inputs, name)
        answered = then(**{name: other})
        if answered != now:
            found.append(Flip(name, other, "yes_no", answered, beyond=""))
    return found


def _number_flips(name: str, value: float | None, limits: Iterable[tuple[float, str]], now: str,
                  then: Callable[..., str]) -> list[Flip]:
    """The nearest threshold above a number and the nearest below, where the answer changes; or that there is none."""
    unit = CALCULATOR.fields()[name].unit
    ordered = sorted(limits)
    over = [(limit, edge) for limit, edge in ordered
            if value is None or value < limit or (edge == "above" and value == limit)]
    under = [pair for pair in reversed(ordered) if pair not in over]
    # Each look asks every model anew, so a side is left as soon as its nearest change is found.
    up = ((limit, edge, then(**{name: limit if edge == "from" else limit + 1})) for limit, edge in over)
    down = ((limit, "below" if edge == "from" else "up to", then(**{name: limit * (1 - 1e-9) if edge == "from" else limit}))
            for limit, edge in under)
    nearest = [next((one for one in side if one[2] != now), None) for side in (up, down)]
    found = [Flip(name, limit, unit, answered, beyond=edge) for limit, edge, answered in filter(None, nearest)]
    return found or [Flip(name, None, unit, why="no number changes the answer")]


def next_pages(inputs: Inputs, outputs: Outputs) -> list[Link]:
    """Where the clauses and the other terms stand."""
    return [
        Link("The licences, side by side, with their texts", "data/licences/"),
        Link("Proprietary terms: what an API's provider may do with your data", "data/terms/"),
        Link("Which kind of model to look at first", "calculators/decision/"),
    ]


def warnings(inputs: Inputs, outputs: Outputs) -> list[str]:
    """What this is not, and what in the answers does not fit together."""
    found = ["A reading aid, not legal advice. The linked text decides, and licence files change in place."]
    if inputs.product_revenue_usd > inputs.company_revenue_usd:
        found.append("The product's revenue is larger than the company's; both are used as given.")
    if (inputs.service or inputs.redistributes) and not inputs.outsiders:
        found.append("Whoever is sold access or given weights is an outsider, so the use counts as one that outsiders see.")
    return found


CALCULATOR = Calculator(
    slug="licence",
    title="Licence",
    question="May we use this model for this?",
    version="1.1",
    data=("models", "licences", "licence-rules"),
    inputs=Inputs,
    outputs=Outputs,
    calculate=calculate,
    explain=explain,
    chart=chart,
    next=next_pages,
    flips=flips,
    warnings=warnings,
)
