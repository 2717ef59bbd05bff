"""python -m calculators SLUG [--field VALUE ...] [--as-of DATE] [--facts FILE]
                             [--json | --markdown | --record | --batch FILE|-]

Exit status: 0 done, 1 our fault, 2 the caller's input, 130 interrupted.
"""

import dataclasses
import datetime
import errno
import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from calculators import SLUGS, get
from calculators.kit.export import (
    SCHEMA,
    as_dict,
    as_written,
    chance_lines,
    conditions,
    error_dict,
    listing,
    markdown,
    table_lines,
    unused_sentences,
)
from calculators.kit.facts import Facts, MissingFact, Source
from calculators.kit.render import flip_texts
from calculators.kit.result import Result, answer
from calculators.kit.shape import Calculator, Field, Input, InputError
from calculators.kit.units import UNITS

OPTIONS = ("as-of", "facts", "batch")  # take a value
SWITCHES = ("json", "markdown", "record", "help")  # do not


class Call(NamedTuple):
    """A command line, taken apart."""

    slug: str | None
    options: dict[str, str]
    switches: set[str]
    fields: dict[str, object]


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
    if "help" in call.switches:
        facts = reader(call.options.get("facts"))(checked_day(call.options.get("as-of", datetime.date.today().isoformat())))
        print(usage(call.slug, facts))
        return 0
    facts_of = reader(call.options.get("facts"))
    today = checked_day(call.options.get("as-of", datetime.date.today().isoformat()))
    if call.slug is None:
        return list_all(facts_of(today), as_json="json" in call.switches)
    calculator = find(call.slug)
    if "batch" in call.options:
        return batch(calculator, call, facts_of, today)
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


def parse(arguments: list[str]) -> Call:
    """Take a command line apart. Raises InputError of kind "usage"."""
    slug, options, switches, fields = None, dict[str, str](), set[str](), dict[str, object]()
    rest = iter(arguments)
    for word in rest:
        if word == "-h":
            switches.add("help")
            continue
        if not word.startswith("--"):
            if slug is not None or word == "-":
                raise InputError(None, f"Unexpected {word!r}. A value follows its flag: --field VALUE.", "usage")
            slug = word
            continue
        name, equals, value = word[2:].partition("=")
        if name in SWITCHES:
            if equals:
                raise InputError(None, f"--{name} takes no value.", "usage")
            switches.add(name)
            continue
        if not equals:
            value = next(rest, "")
            if not value or value.startswith("--"):
                raise InputError(None, f"--{name} needs a value.", "usage")
        if name in OPTIONS:
            options[name] = value
        else:
            fields[name.replace("-", "_")] = value
    _check_together(slug, options, switches, fields)
    return Call(slug, options, switches, fields)


def named(arguments: list[str]) -> str:
    """The calculator that a command line names, be the rest of it right or wrong; empty if it names none."""
    rest = iter(arguments)
    for word in rest:
        if not word.startswith("--"):
            return word
        if "=" not in word and word[2:] not in SWITCHES:
            next(rest, "")
    return ""


def _check_together(slug: str | None, options: dict[str, str], switches: set[str], fields: dict[str, object]) -> None:
    forms = switches & {"json", "markdown", "record"}
    if len(forms) > 1:
        raise InputError(None, f"Ask for {' or for '.join(f'--{form}' for form in sorted(forms))}, not for both.", "usage")
    if slug is None and (fields or "batch" in options or forms - {"json"}):
        raise InputError(None, f"Name a calculator first: {', '.join(SLUGS)}.", "usage")
    if "batch" in options and (fields or forms - {"json"}):
        raise InputError(None, "With --batch the inputs stand in the file, one JSON object a line, "
                         "and the results are JSON.", "usage")


def find(slug: str) -> Calculator:
    """The calculator of a slug. Raises InputError of kind "usage"."""
    try:
        return get(slug)
    except KeyError as error:
        raise InputError(None, str(error.args[0]), "usage") from None


def checked_day(text: object) -> str:
    """An ISO date. Raises InputError."""
    try:
        return datetime.date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise InputError("as_of", f"The date must be written as 2026-11-24 (got {str(text)[:40]}).") from None


def reader(path: str | None) -> Callable[[str], Facts]:
    """What makes the facts of a day: from data/, or from a JSON file of bundles by stem. Raises InputError."""
    if path is None:
        from calculators.buildtime import data
        from calculators.buildtime.problems import BadData

        def read(stem: str) -> dict[str, Any]:
            try:
                return data.bundled(stem)
            except BadData as error:
                raise MissingFact(str(error)) from None
    else:
        files = bundles(path)

        def read(stem: str) -> dict[str, Any]:
            if stem not in files:
                raise MissingFact(f"{path} has no {stem!r}.")
            return files[stem]

    return lambda day: Facts(read, day)


def bundles(path: str) -> dict[str, dict[str, Any]]:
    """A JSON file of data files in their bundled form, by stem. Raises InputError of kind "usage"."""
    try:
        files = json.loads(Path(path).read_text("utf-8"), parse_constant=_not_json)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or "it is not JSON"
        raise InputError(None, f"Cannot read the facts in {path}: {reason}.", "usage") from None
    where = "it"
    try:
        for stem, file in files.items():
            where = stem
            sources = {source: Source(source, **row) for source, row in file["sources"].items()}
            for name, fact in figures(file):
                where = f"{stem}.{name}"
                _check_fact(fact, sources)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InputError(None, f"Cannot use the facts in {path}: {where} is not in the form that data/ is bundled in.",
                         "usage") from None
    return dict(files)


def figures(file: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every figure of a bundled file in the form of a single one, tables cell by cell."""
    if "rows" not in file:
        yield from file["facts"].items()
        return
    for row, versions in file["rows"].items():
        for start, recorded, source, note, _, values in versions:
            for name, value in values.items():
                label, unit = file["columns"][name]
                yield f"{row}.{name}", {"label": label, "unit": unit, "values": [[start, recorded, value, source, note]]}


def _check_fact(fact: dict[str, Any], sources: dict[str, Source]) -> None:
    """Raises KeyError, TypeError or ValueError for what is no fact."""
    kind = {"text": str, "url": str, "date": str, "yes_no": bool}.get(fact["unit"], int | float)
    if fact["unit"] not in UNITS or not isinstance(fact["label"], str):
        raise ValueError
    for start, recorded, value, source, note in fact["values"]:
        sound = isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) and isinstance(note, str)
        if not sound or source not in sources or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError
        for day in (start, recorded):
            if day != datetime.date.fromisoformat(day).isoformat():
                raise ValueError


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


def batch(calculator: Calculator, call: Call, facts_of: Callable[[str], Facts], today: str) -> int:
    """One compact result a line for each line of the file, in order; errors too. 2 if any input failed."""
    path, worst = call.options["batch"], 0
    with opened(path) as lines:
        for status, found in results(calculator, lines, facts_of, today):
            worst = max(worst, status)
            print(json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False), flush=path == "-")
    return worst


def opened(path: str) -> TextIO:
    """The lines of a file, or of standard input. What is no UTF-8 in them is kept apart, as lone surrogates.

    Raises InputError of kind "usage".
    """
    how: dict[str, Any] = {"encoding": "utf-8-sig", "errors": "surrogateescape"}
    try:
        if path == "-" and isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(**how)
        if path == "-" and sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return sys.stdin if path == "-" else open(path, **how)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there is no such file"
        raise InputError(None, f"Cannot read {path}: {reason}.", "usage") from None


def results(
    calculator: Calculator, lines: TextIO, facts_of: Callable[[str], Facts], today: str
) -> Iterator[tuple[int, dict[str, Any]]]:
    """For each line that is not blank: its exit status and its JSON."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        echo: dict[str, Any] = {}
        try:
            given = as_object(line)
            if "id" in given:
                echo = {"id": given.pop("id")}
            day = checked_day(given.pop("as_of", today))
            yield 0, echo | as_dict(answer(calculator, given, facts_of(day), chances=True))
        except InputError as error:
            yield 2, echo | error_dict(calculator.slug, error) | {"line": number}
        except MissingFact as error:
            yield 1, echo | error_dict(calculator.slug, error) | {"line": number}


def as_object(line: str) -> dict[str, Any]:
    """A JSON object of inputs. Raises InputError of kind "usage"."""
    if any("\udc80" <= character <= "\udcff" for character in line):
        raise InputError(None, "This line is not UTF-8.", "usage")
    try:
        given = json.loads(line, parse_constant=_not_json, parse_float=_finite)
        json.dumps(given)  # what is nested too deep to be echoed is refused here
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError(None, "This line is not JSON.", "usage") from None
    if not isinstance(given, dict):
        raise InputError(None, "This line is not a JSON object of inputs.", "usage")
    return given


def _not_json(constant: str) -> None:
    """NaN and Infinity, which Python reads and JSON does not have. Raises ValueError."""
    raise ValueError(constant)


def _finite(text: str) -> float:
    """A number of a line. Raises InputError of kind "usage" if there is no room for it."""
    value = float(text)
    if not math.isfinite(value):
        raise InputError(None, f"This line holds a number that is too large ({text[:40]}).", "usage")
    return value


def as_text(result: Result) -> str:
    """The result for a terminal: the answer, the figures, the working, what would change it, the sources."""
    calculator = result.calculator
    shown = [(spec.label, spec.shown(result.outputs[name])) for name, spec in result.shown.items()
             if not spec.headline and not spec.table and not spec.code]
    width = max((len(label) for label, _ in shown), default=0)
    lines = [f"{calculator.title}: {result.headline}", *result.warnings, *unused_sentences(result), ""]
    lines += [f"  {label:<{width}}  {value}" for label, value in shown]
    for name, spec in result.shown.items():
        if spec.table:
            lines += ["", spec.label, *(f"  {line}" for line in table_lines(result.outputs[name], links=False))]
        if spec.code:
            lines += ["", f"{spec.label}:", str(as_written(result.outputs[name]))]
    lines += ["", "How it is worked out"]
    lines += [f"  {i}. {calculator.results()[step.of].label}: {step.text}" for i, step in enumerate(result.steps, 1)]
    lines += chance_lines(result)
    if result.flips:
        lines += ["", "What would change the answer, one input alone"]
        lines += [f"  {text}" for text in flip_texts(result.flips, calculator.fields())]
    if result.sources:
        lines += ["", "Sources"]
        lines += [f"  {s.publisher}, {s.title}, {s.url} ({s.dated()})" for s in result.sources]
    return "\n".join([*lines, "", f"Figures as of {result.as_of}. Link: {result.link}"]) + "\n"


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


def entry(command: Callable[[list[str]], int]) -> int:
    """Run a command with this program's arguments; return its exit status. Never a traceback for a signal or a pipe."""
    status = 0  # the reader of our output may have gone (head, say), which is no fault of anybody's
    try:
        status = command(sys.argv[1:])
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = 130
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            print(error, file=sys.stderr)
            status = 1
        # Python would complain at exit of what it still holds for a pipe that is closed or a disk that is full.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(entry(main))
