"""The arithmetic that a step shows, worked out again from its text: "a × b ÷ c = d" must give d, in every calculator.

The reader below knows numbers, units, brackets and the signs of arithmetic, and nothing of the calculators. A number may be
off by half of the last digit that is shown of it. The inputs are the defaults and those of the cases.
"""

import ast
import itertools
import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml

import calculators
from calculators.buildtime import PROJECT, data
from calculators.kit.fields import InputError
from calculators.kit.result import answer

SCALES = {
    "%": 0.01, "million": 1e6, "billion": 1e9, "trillion": 1e12, "ms": 1e-3, "µs": 1e-6, "minutes": 60, "minute": 60,
    "kW": 1e3, "TFLOPS": 1e12, "GB": 1e9, "GiB": 2**30, "GB/s": 1e9, "USD per million tokens": 1e-6, "USD/GB/month": 1e-9,
    "USD/GB": 1e-9,
}
"""What a unit multiplies a number by. Every other word after a number counts as a unit of one."""

HOURS = ({"hours": 1.0, "hour": 1.0, "USD/hour": 1.0, "USD per GPU-hour": 1.0},
         {"hours": 3600.0, "hour": 3600.0, "USD/hour": 1 / 3600, "USD per GPU-hour": 1 / 3600})
"""An hour is one, or 3,600 seconds where the step counts in seconds without saying so: either reading may be meant."""

_NUMBER = r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
_WORDS = r"(?:(?:per )?[A-Za-zµ%][\w/µ%-]*(?: (?!(?:to|and|of|over|with|in|rounded)\b)(?:per )?[A-Za-zµ][\w/µ-]*)*)"
_LABEL = r"(?!(?:at|of|in|over|with|the|to|and)\b)[a-zA-Z]+"
_TERM = re.compile(rf"({_NUMBER})(?: ?({_WORDS}))?")
_SPREAD = re.compile(rf" ?\({_NUMBER} to {_NUMBER}\)")


class Sum(NamedTuple):
    """The two sides of an equation in a step: an expression for Python, with a name for each number, and what it gives."""

    expression: str
    numbers: dict[str, tuple[float, float]]  # value, and by how much it may be off
    result: tuple[float, float]


class Unread(ValueError):
    """The text holds more than numbers, units and signs."""


def off(text: str, rough: int) -> float:
    """By how much a number as shown may be off: half of its last decimal, and half of its sixth digit if it has none.

    `rough`: the digits to which it may have been rounded, for a result and for part of a range; 0: to none of them.
    """
    digits = text.lstrip("-").replace(",", "").partition("e")[0]
    whole, _, decimals = digits.partition(".")
    if decimals:
        return 0.5 * 10.0 ** -len(decimals)
    return 0.5 * 10.0 ** (len(whole) - (max(rough, len(whole.rstrip("0"))) if rough else 6))


def number(match: re.Match[str], hours: dict[str, float], rough: int) -> tuple[float, float]:
    """The value of a number with its unit, and by how much it may be off."""
    scale, unit = 1.0, match[2] or ""
    for word in ("million", "billion", "trillion"):
        if unit == word or (unit.startswith(word + " ")):
            scale, unit = SCALES[word], unit.removeprefix(word).strip()
    known = SCALES | hours
    while unit and unit not in known:  # "GB on the fullest"
        unit = unit.rpartition(" ")[0]
    scale *= known.get(unit, 1.0)
    return float(match[1].replace(",", "")) * scale, off(match[1], rough) * scale


def sums(text: str, hours: dict[str, float]) -> Iterator[Sum]:
    """Every equation of a step. Raises Unread where one holds anything else."""
    text = re.sub(r" ?\([^()]*=[^()]*\)| \([^()\d]*\)", "", text)  # (1 GiB = ...) explains a unit, (key and value) a number
    for clause in re.split(r"; ", text):
        sides = clause.split(" = ")
        for left, right in itertools.pairwise(sides):
            yield _sum(left, right, hours)


def _sum(left: str, right: str, hours: dict[str, float]) -> Sum:
    rough = 2 if _SPREAD.search(left + right) else 0
    left, right = _SPREAD.sub("", left), _SPREAD.sub("", right)
    given = _TERM.match(right)
    if not given:
        raise Unread(right)
    up, one = "rounded up" in left, "one at least" in left
    left = left.rpartition(": ")[2].removesuffix(", rounded up, and one at least").removesuffix(", rounded up")
    left = re.sub(r", (?!and\b)[a-z ]+(?=$| [×÷+−])", "", left)  # ", busy all the time", ", as you measured"
    left = re.sub(rf"(^|[(+−×÷] ?)(?:{_LABEL} ){{1,3}}(?=\d)", r"\1", left)  # "weights 35 GB + cache 10 GB"
    numbers: dict[str, tuple[float, float]] = {}

    def named(match: re.Match[str]) -> str:
        name = f"n{len(numbers)}_"
        numbers[name] = number(match, hours, rough)
        return name

    written = _TERM.sub(named, left)
    for sign, python in (("×", "*"), ("÷", "/"), ("−", "-"), ("²", "**2"), ("√", "sqrt"), ("→", "?")):
        written = written.replace(sign, python)
    if not numbers or not re.fullmatch(r"(?:n\d+_|\*\*2|sqrt(?=\()|[()*/+\- ])+", written):
        raise Unread(written)
    try:
        ast.parse(written.strip(), mode="eval")
    except SyntaxError:
        raise Unread(written) from None
    if up:
        written = f"ceil(({written}) * (1 - 1e-12))"
    if one:
        written = f"max(1, {written})"
    return Sum(written.strip(), numbers, number(given, hours, rough or 3))


def worked_out(found: Sum) -> tuple[float, float]:
    """What the expression gives, and by how much the digits that are not shown may have moved it."""
    values = {name: value for name, (value, _) in found.numbers.items()}
    known = {"sqrt": math.sqrt, "ceil": math.ceil, "max": max, "__builtins__": {}}

    def give(numbers: dict[str, float]) -> float:
        return float(eval(found.expression, known, numbers))

    central = give(values)
    room = sum(max(abs(give(values | {name: values[name] + side * error}) - central) for side in (-1, 1))
               for name, (_, error) in found.numbers.items() if error)
    return central, room


def holds(text: str) -> bool:
    """Whether every equation of a step gives what stands behind its sign, by one reading of an hour throughout."""
    return any(all(_holds(found) for found in sums(text, hours)) for hours in HOURS)


def _holds(found: Sum) -> bool:
    (value, room), (wanted, error) = worked_out(found), found.result
    return abs(value - wanted) <= (room + error) * (1 + 1e-6) + 1e-9 * abs(wanted)


# Steps whose equation names a quantity by words, which no reader can work out. Nothing else may be left out.
IN_WORDS = {(slug, output) for slug, outputs in {
    "break-even": ("capacity_needed", "own_cost_usd", "replica_requests_per_hour", "replicas", "tokens_per_second_needed"),
    "deploy": ("usable_gb",),
    "fine-tuning": ("merged_gb", "shared_usd_month", "trained_parameters"),
    "gpu-memory": ("kv_bytes_per_token", "kv_cache_gb", "overhead_gb", "state_gb", "usable_gb", "weights_gb"),
    "serving": ("output_tokens_per_s", "requests_that_fit", "ttft_ms", "weights_per_gpu_gb"),
    "significance": ("z",),
}.items() for output in outputs}


def cases() -> list[Any]:
    """The defaults of every calculator and the inputs of all its cases that are no errors."""
    found = []
    for slug in calculators.SLUGS:
        path = PROJECT / "tests" / "cases" / f"{slug.replace('-', '_')}.yaml"
        given = [case for case in yaml.safe_load(path.read_text()) if "error" not in case]
        asked = [("2026-11-26", "defaults", {})] + [(str(case["as_of"]), case["name"], case["input"]) for case in given]
        found += [pytest.param(slug, day, inputs, id=f"{slug}: {name}") for day, name, inputs in asked]
    return found


@pytest.mark.parametrize(("slug", "day", "inputs"), cases())
def test_steps_give_what_they_say(slug: str, day: str, inputs: dict[str, Any]) -> None:
    try:
        steps = answer(calculators.get(slug), inputs, data.facts(day)).steps
    except InputError:
        pytest.skip("too far apart to be shown")
    for step in steps:
        try:
            assert " = " not in step.text or holds(step.text), step.text
        except Unread:
            assert (slug, step.of) in IN_WORDS, step.text


def test_there_is_arithmetic_to_check() -> None:
    """At the defaults most calculators show some, and what is left to words is the smaller part."""
    read, left = 0, 0
    for slug in calculators.SLUGS:
        for step in answer(calculators.get(slug), {}, data.facts("2026-11-26")).steps:
            if " = " in step.text:
                try:
                    read += holds(step.text)
                except Unread:
                    left += 1
    assert read > 30
    assert left < read / 2


@pytest.mark.parametrize("text", [
    "2 × 3 = 6", "100 million tokens/month × 5 USD per million tokens = 500 USD/month", "70 % × (1 + 2 tokens) = 2.1 tokens",
    "100 ÷ 3 = 33.3", "0.0054 USD input + 0.0001 USD output = 0.0055 USD: 60 % of it repeats", "1 ÷ 29.4 tokens/s = 34 ms",
    "7 ÷ 2, rounded up, and one at least = 4 servers", "a sum: 2 − 1 = 1, which is one", "√(3² + 4²) = 5",
    "207 million × 2 bytes = 0.414 GB",
    "0.0025 USD × 10 = 0.025 USD; 2 + 2 = 4",
])
def test_the_reader_reads(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize("text", ["2 × 3 = 7", "100 ÷ 3 = 33.4", "1 + 1 = 2; 2 × 2 = 5", "70 % × 2 = 140",
                                  "7 ÷ 2, rounded up = 3"])
def test_the_reader_sees_a_wrong_sum(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize("text", ["all parameters × 2 bytes = 4 GB", "weights over 2 GPUs = 70 GB", "2 × x = 3"])
def test_the_reader_says_what_it_cannot_read(text: str) -> None:
    with pytest.raises(Unread):
        holds(text)
