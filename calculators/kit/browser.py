"""What the page's worker calls: a question as JSON text in, a reply as JSON text out."""

import json
from collections.abc import Mapping
from typing import Any

import calculators
from calculators.kit.export import markdown
from calculators.kit.facts import Facts, MissingFact
from calculators.kit.render import errors, result
from calculators.kit.result import answer as ask
from calculators.kit.shape import Calculator, InputError

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


def _facts(as_of: str) -> Facts:
    """The facts of a day, kept between questions: what was read once is not read again."""
    if as_of not in _known:
        _known.clear()
        _known[as_of] = Facts(bundled, as_of)
    return _known[as_of]


def answer(text: str) -> str:
    """Answer one question.

    Question: {"slug", "as_of", "page", "fields": {name: text}, "link": bool}. `link` says that the fields come from a
    link, where what is unknown or wrong is named and left at its default, so that an old link still opens.
    Reply: {"ok": true, "html", "markdown", "query", "notices": [...]} or {"ok": false, "errors": [{"field", "message"}]}.
    """
    question = json.loads(text)
    try:
        return json.dumps(reply(calculators.get(question["slug"]), question))
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
    answered = ask(calculator, fields, facts)
    return found | {"html": result(answered), "markdown": markdown(answered, question.get("page", "")),
                    "query": answered.link, "notices": notices}


def usable(calculator: Calculator, given: Mapping[str, str], facts: Facts) -> tuple[dict[str, str], list[str]]:
    """What of a link can be used, and a sentence for each part that cannot."""
    major = calculator.version.partition(".")[0]
    fields = {name: value for name, value in given.items() if name != "v"}
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
