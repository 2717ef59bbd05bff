"""python -m calculators SLUG [--field VALUE ...] [--as-of DATE] [--facts FILE]
                             [--json | --markdown | --record | --batch FILE|-]

Exit status: 0 done, 1 our fault, 2 the caller's input, 130 interrupted.
"""

import dataclasses
import datetime
import io
import json
import sys
from typing import Any

from calculators import SLUGS, get
from calculators.kit.export import SCHEMA, as_dict, conditions, error_dict, listing, markdown
from calculators.kit.facts import Facts, MissingFact
from calculators.kit.fields import Field, Input, InputError
from calculators.kit.result import Result, answer
from calculators.kit.shape import Calculator
from calculators.terminal.batch import batch
from calculators.terminal.command_line import Call, named, parse
from calculators.terminal.facts import checked_day, reader
from calculators.terminal.program import entry
from calculators.terminal.text import as_text


def main(arguments: list[str]) -> int:
    """Run one command line; return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # UTF-8 whatever the terminal's language; half a character of the caller's is written as \udcff, not refused.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    as_json, slug = "--json" in arguments, named(arguments)
    try:
        status = run(parse(arguments))
        if sys.stdout:
            sys.stdout.flush()
        return status
    except InputError as error:
        return fail(slug, error, as_json, 2)
    except MissingFact as error:
        return fail(slug, error, as_json, 1)


def run(call: Call) -> int:
    """Do what a parsed command line asks. Raises InputError, MissingFact, or OSError if the result cannot be written."""
    facts_of = reader(call.options.get("facts"))
    today = checked_day(call.options.get("as-of", datetime.date.today().isoformat()))
    if "help" in call.switches:
        print(usage(call.slug, facts_of(today)))
        return 0
    if call.slug is None:
        return list_all(facts_of(today), as_json="json" in call.switches)
    calculator = find(call.slug)
    if "batch" in call.options:
        return batch(calculator, call.options["batch"], facts_of, today)
    result = answer(calculator, call.fields, facts_of(today), chances=True)
    if "json" in call.switches:
        print(json.dumps(as_dict(result), ensure_ascii=False, indent=1, allow_nan=False))
    elif "record" in call.switches:
        print(recorded(result), end="")
    else:
        print(markdown(result) if "markdown" in call.switches else as_text(result), end="")
    return 0


def recorded(result: Result) -> str:
    """The record of a decision. Raises InputError of kind "usage" if the calculator keeps none for what was asked."""
    text = result.calculator.record(result) if result.calculator.record else ""
    if not text:
        raise InputError(None, f"{result.calculator.title} keeps no record of a decision for these inputs.", "usage")
    return text


def find(slug: str) -> Calculator:
    """The calculator of a slug. Raises InputError of kind "usage"."""
    try:
        return get(slug)
    except KeyError as error:
        raise InputError(None, str(error.args[0]), "usage") from None


def list_all(facts: Facts, *, as_json: bool) -> int:
    """Print the calculators."""
    calculators = [get(slug) for slug in SLUGS]
    if as_json:
        found = listing(calculators, [known_defaults(c, facts) for c in calculators], facts)
        print(json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False))
    else:
        print("\n".join(f"{c.slug}  {c.title}" for c in calculators))
    return 0


def known_defaults(calculator: Calculator, facts: Facts) -> dict[str, Input]:
    """The defaults, None for a figure that was not known on that day."""
    figures = calculator.default_facts()
    known = {name: facts.get(key) for name, key in figures.items()}
    plain: dict[str, Any] = {f.name: f.default for f in dataclasses.fields(calculator.inputs) if f.name not in figures}
    return plain | {name: fact.value if fact else None for name, fact in known.items()}


def usage(slug: str | None, facts: Facts) -> str:
    """How to call it, with the inputs of one calculator, and what may be given for them, if one is named."""
    lines = [str(__doc__)]
    if slug is not None:
        calculator = find(slug)
        lines += [f"{calculator.title}. {calculator.question}", ""]
        lines += [f"  --{name.replace('_', '-'):<26} {spec.label} ({allowed(spec, facts)})"
                  + (f"; asked only if {conditions(spec)}" if spec.asked_if else "")
                  for name, spec in calculator.fields().items()]
    else:
        lines += ["Calculators: " + ", ".join(SLUGS)]
    return "\n".join(lines)


def allowed(spec: Field, facts: Facts) -> str:
    """What may be given for an input, in a few words; the long tables by the command that lists their ids."""
    if spec.kind == "yes_no":
        return "yes|no"
    if spec.kind not in ("choice", "list"):
        return spec.unit
    ids = spec.options(facts)
    most = " with commas between" if spec.kind == "list" else ""
    few = "|".join(ids) if len(ids) <= 20 else f"one of {len(ids)} ids of data/{spec.table}.yaml: --json lists them"
    return few + most


def fail(slug: str, error: Exception, as_json: bool, status: int) -> int:
    """Say what went wrong: as JSON on standard output, or as a sentence on standard error."""
    if as_json:
        print(json.dumps(error_dict(slug, error) if slug else
                         {"schema": SCHEMA, "ok": False, "calculator": None} | {
                             k: v for k, v in error_dict("", error).items() if k == "error"}, ensure_ascii=False))
    else:
        faults = error.all if isinstance(error, InputError) else [error]
        print("\n".join(str(fault) for fault in faults), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(entry(main))
