"""What the page's worker calls: a question as JSON text in, a reply as JSON text out."""

import json
from collections.abc import Mapping
from typing import Any

import calculators
from calculators.kit import days
from calculators.kit.beside import side_by_side, then_and_now
from calculators.kit.export import markdown
from calculators.kit.facts import Facts, MissingFact
from calculators.kit.fields import InputError
from calculators.kit.render import chances, errors, flips, note, record, result
from calculators.kit.result import Result
from calculators.kit.result import answer as ask
from calculators.kit.shape import Calculator

_texts: dict[str, str] = {}


def hold(stem: str, text: str) -> None:
    """Take in a data file as JSON text: the worker fetches those that the asked calculator names."""
    _texts.setdefault(stem, text)


def bundled(stem: str) -> dict[str, Any]:
    """A data file that was taken in. Raises FileNotFoundError if it was not."""
    if stem not in _texts:
        raise FileNotFoundError(stem)
    return dict(json.loads(_texts[stem]))


_known: dict[str, Facts] = {}
DAYS_KEPT = 2  # today, and the day of a link


def _facts(as_of: str) -> Facts:
    """The facts of a day, kept between questions: what was read once is not read again."""
    if as_of not in _known:
        for day in list(_known)[DAYS_KEPT - 1:]:
            del _known[day]
        _known[as_of] = Facts(bundled, as_of)
    return _known[as_of]


def answer(text: str) -> str:
    """Answer one question.

    Question: {"slug", "as_of", "page", "fields": {name: text}, "link": bool}. `link` says that the fields come from a
    link, where what is unknown or wrong is named and left at its default, so that an old link still opens.
    Reply: {"ok": true, "html", "markdown", "query", "notices": [...], "more": bool} or
    {"ok": false, "errors": [{"field", "message"}]}. `more` says that there is more to ask for, which takes longer.

    The same question with "more": {"kept": [fields, ...], "then": {"day", "fields"}} is answered by {"ok": true, "chances",
    "flips", "compared", "record"}: HTML for the places that are kept for them.
    """
    question = json.loads(text)
    try:
        calculator = calculators.get(question["slug"])
        return json.dumps(more(calculator, question) if "more" in question else reply(calculator, question))
    except InputError as error:
        return json.dumps({"ok": False, "errors": errors(error.all)})
    except MissingFact as error:
        return json.dumps({"ok": False, "errors": [{"field": None, "message": f"A figure is missing. {error}"}]})


def reply(calculator: Calculator, question: Mapping[str, Any]) -> dict[str, Any]:
    """The reply to a question that a calculator can answer. Raises InputError or MissingFact."""
    facts = _facts(question["as_of"])
    fields: dict[str, str] = dict(question["fields"])
    notices: list[str] = []
    found: dict[str, Any] = {"ok": True}
    if question.get("link"):
        fields, notices = usable(calculator, fields, facts)
        found["fields"] = {name: calculator.fields()[name].form_text(getattr(calculator.read(fields, facts), name))
                           for name in calculator.fields()}
    answered = ask(calculator, fields, facts, flips=not calculator.later)
    return found | {"html": result(answered), "markdown": markdown(answered, question.get("page", "")),
                    "query": answered.link, "notices": notices, "more": calculator.later}


def more(calculator: Calculator, question: Mapping[str, Any]) -> dict[str, Any]:
    """What follows the first figures: chances, other results beside this one, the record. Raises InputError or MissingFact."""
    facts, wanted = _facts(question["as_of"]), question["more"]
    found = ask(calculator, question["fields"], facts, chances=True)
    return {"ok": True, "chances": chances(found.chances, found) if found.chances else "", "flips": flips(found),
            "compared": compared(calculator, found, wanted), "record": record(found)}


def compared(calculator: Calculator, now: Result, wanted: Mapping[str, Any]) -> str:
    """A link on its own day and today, and this result beside those that were kept; empty if there is neither."""
    facts, parts = _facts(now.as_of), []
    day = wanted.get("then", {}).get("day", "")
    if day and day != now.as_of:
        parts.append(_then(calculator, wanted["then"]["fields"], day, facts))
    kept = []
    for fields in wanted.get("kept", []):
        try:
            kept.append(ask(calculator, usable(calculator, fields, facts)[0], facts))
        except (MissingFact, InputError) as error:
            parts.append(note(f"A result that was kept cannot be worked out: {error}"))
    return "".join([*parts, side_by_side(kept, now) if kept else ""])


def _then(calculator: Calculator, fields: Mapping[str, str], day: str, today: Facts) -> str:
    """What a link showed on its day, beside what it shows today."""
    try:
        days.ordinal(day)
    except ValueError:
        return note(f"The link names a day that is none: {day[:40]}. It is left out.")
    if day > today.as_of:
        return note(f"The link is of {day}, and the figures here are of {today.as_of}: nothing later is known.")
    try:
        earlier = _facts(day)
        return then_and_now(ask(calculator, usable(calculator, fields, earlier)[0], earlier),
                            ask(calculator, usable(calculator, fields, today)[0], today))
    except (MissingFact, InputError) as error:
        return note(f"What this showed on {day} cannot be worked out again: {error}")


def usable(calculator: Calculator, given: Mapping[str, str], facts: Facts) -> tuple[dict[str, str], list[str]]:
    """What of a link can be used, and a sentence for each part that cannot."""
    major = calculator.version.partition(".")[0]
    fields = {name: value for name, value in given.items() if name not in ("v", "as_of")}
    notices = []
    if given.get("v", major) != major:
        notices.append(f"This link was made for version {given['v']} of this calculator; this is version {major}.")
    try:
        calculator.read(fields, facts)
    except InputError as error:
        for fault in error.all:
            fields.pop(fault.field or "", None)
            notices.append(f"From the link: {fault.message} The default is used instead." if fault.kind == "input"
                           else f"The link names an input that is not here: {fault.field}. It is left out.")
    return fields, notices
