"""The command line, held to its contract: what it prints where, the JSON's shape, exit statuses, and never a traceback.

The figures are those of tests/cases, worked by hand there: the original's example costs 500 USD at the API and 2,880 of
one's own; a billion tokens need six servers, 17,280 USD.
"""

import ast
import datetime
import io
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import calculators
from calculators.__main__ import main
from calculators.buildtime import PROJECT, data
from calculators.buildtime.__main__ import main as buildtime
from calculators.buildtime.bundling import Bundle
from calculators.buildtime.problems import BadData, Problem
from calculators.kit.units import UNITS
from calculators.terminal.program import entry

DAY = "2026-11-24"
Captured = pytest.CaptureFixture[str]
EVERY = pytest.mark.parametrize("slug", calculators.SLUGS)


def strict(text: str) -> Any:
    """Parse JSON that holds no NaN and no Infinity."""
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def call(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    capsys.readouterr()
    status = main(list(arguments))
    found = capsys.readouterr()
    return status, found.out, found.err


def ok(capsys: Captured, *arguments: str) -> str:
    """The output of a call that succeeds and says nothing on standard error."""
    status, out, err = call(capsys, *arguments)
    assert (status, err) == (0, "")
    return out


def program(*arguments: str, **how: Any) -> subprocess.CompletedProcess[str]:
    """The real program."""
    return subprocess.run([sys.executable, "-m", *arguments], cwd=PROJECT, capture_output=True, encoding="utf-8",
                          timeout=60, check=False, **how)


def stdin(monkeypatch: pytest.MonkeyPatch, given: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="ascii"))


# The list


def test_the_list_as_text(capsys: Captured) -> None:
    lines = ok(capsys).splitlines()
    assert [line.split("  ", 1)[0] for line in lines] == list(calculators.SLUGS)
    assert lines[0] == f"{calculators.SLUGS[0]}  {calculators.get(calculators.SLUGS[0]).title}"


def test_the_list_as_json(capsys: Captured) -> None:
    found = strict(ok(capsys, "--json"))
    assert set(found) == {"schema", "calculators"}
    assert found["schema"] == 1
    assert [c["slug"] for c in found["calculators"]] == list(calculators.SLUGS)
    for calculator in found["calculators"]:
        assert set(calculator) == {"slug", "title", "version", "inputs", "outputs"}
        for field in calculator["inputs"]:
            assert set(field) == {"name", "label", "unit", "type", "min", "max", "default", "choices"}
            assert field["type"] in ("number", "whole", "choice", "yes_no", "text", "list", "day")
            assert field["unit"] in UNITS
            number = field["type"] in ("number", "whole")
            assert field["default"] is not None or number  # a number may be left empty
            assert (field["choices"] is not None) == (field["type"] in ("choice", "list", "yes_no"))
            if number and field["default"] is not None:
                assert field["min"] is None or field["min"] <= field["default"]
                assert field["max"] is None or field["default"] <= field["max"]
        for output in calculator["outputs"]:
            assert set(output) == {"name", "label", "unit", "kind"}
            assert output["kind"] in ("value", "range", "text", "table")


def test_the_listed_default_comes_from_the_facts_of_the_day(capsys: Captured) -> None:
    found = strict(ok(capsys, "--json", "--as-of", DAY))["calculators"]
    inputs = next(c["inputs"] for c in found if c["slug"] == "break-even")
    assert next(f for f in inputs if f["name"] == "api_cost_per_million")["default"] == 5  # the original's example
    before = strict(ok(capsys, "--json", "--as-of", "2000-01-01"))["calculators"]  # nothing was known then
    inputs = next(c["inputs"] for c in before if c["slug"] == "break-even")
    assert next(f for f in inputs if f["name"] == "api_cost_per_million")["default"] is None


# One result


def test_a_result_as_text(capsys: Captured) -> None:
    out = ok(capsys, "break-even", "--as-of", DAY)
    assert out.startswith("Break-even: API is more cost-effective\n")
    assert "2,880 USD/month" in out
    assert "Open Weights vs Proprietary Models (undated), about/the-original.md (page read 2026-11-23)" in out
    assert out.endswith(f"Figures as of {DAY}. Link: ?v=1\n")


def test_a_result_as_markdown(capsys: Captured) -> None:
    out = ok(capsys, "break-even", "--monthly-tokens", "1e9", "--as-of", DAY, "--markdown")
    assert out.startswith("**Break-even**: API is more cost-effective\n")
    assert "| Tokens per month (input) | 1 billion tokens/month |" in out
    assert "| Servers needed | 6 servers |" in out
    assert "- Source: The original document" in out
    assert "?v=1&monthly_tokens=1e9" in out


@EVERY
def test_a_result_as_json(capsys: Captured, slug: str) -> None:
    today = datetime.date.today().isoformat()
    found = strict(ok(capsys, slug, "--json", "--as-of", today))
    assert set(found) >= {"schema", "ok", "calculator", "version", "as_of", "inputs", "given", "outputs", "steps", "facts",
                          "sources", "warnings", "link"}
    assert set(found) <= {"schema", "ok", "calculator", "version", "as_of", "inputs", "given", "outputs", "steps", "facts",
                          "sources", "warnings", "link", "flips", "chances"}
    assert (found["schema"], found["ok"], found["calculator"], found["as_of"]) == (1, True, slug, today)
    assert (found["given"], found["link"]) == ([], "?v=1")
    calculator = calculators.get(slug)
    assert list(found["inputs"]) == list(calculator.fields())
    assert list(found["outputs"]) == list(calculator.results())
    for output in found["outputs"].values():
        assert output["unit"] in UNITS
        assert set(output) in ({"unit", "value"}, {"unit", "low", "central", "high"}, {"unit", "value", "why"},
                               {"unit", "columns", "rows"})
        assert "why" not in output or (output["value"] is None and output["why"])
    for step in found["steps"]:
        assert set(step) == {"of", "text", "facts"}
        assert step["of"] in found["outputs"]
        assert set(step["facts"]) <= set(found["facts"])
    for fact in found["facts"].values():
        assert set(fact) == {"value", "unit", "from", "recorded", "source"}
        assert fact["recorded"] <= today
        assert fact["source"] in found["sources"]
    for source in found["sources"].values():
        assert set(source) == {"publisher", "title", "url", "via", "checked"}
        assert source["via"] in ("page", "package", "secondary")
    for flip in found.get("flips", []):
        assert flip["input"] in found["inputs"]
        assert ("why" in flip) == (flip["value"] is None)
        assert flip["value"] is None or (flip["unit"] in UNITS and flip["answer"])


def test_a_result_as_json_in_numbers(capsys: Captured) -> None:
    found = strict(ok(capsys, "break-even", "--monthly-tokens", "1e9", "--json", "--as-of", DAY))
    assert found["given"] == ["monthly_tokens"]
    assert found["inputs"]["monthly_tokens"] == 1_000_000_000
    assert found["outputs"]["servers_needed"] == {"unit": "servers", "value": 6}
    assert found["outputs"]["hosting_monthly_cost"] == {"unit": "USD/month", "value": 17280}
    assert found["outputs"]["break_even_tokens"] == {
        "unit": "tokens/month", "value": None, "why": "never at this throughput"}
    assert found["link"] == "?v=1&monthly_tokens=1e9"
    assert {"input": "hosting_cost_per_hour", "value": 5000 / 6 / 720, "unit": "USD/hour", "answer": "Self-hosting saves money",
            "side": "below"}.items() <= next(f for f in found["flips"] if f["input"] == "hosting_cost_per_hour").items()


def test_json_is_utf_8_and_not_escaped(capsys: Captured) -> None:
    out = ok(capsys, "break-even", "--json", "--as-of", DAY)
    assert "×" in out
    assert "\\u" not in out


@pytest.mark.parametrize("text", ["1000000000", "1e9", "1_000_000_000", "1,000,000,000", "1B"])
def test_forms_of_a_number(capsys: Captured, text: str) -> None:
    assert strict(ok(capsys, "break-even", "--monthly-tokens", text, "--json"))["inputs"]["monthly_tokens"] == 10**9
    assert strict(ok(capsys, "break-even", f"--monthly-tokens={text}", "--json"))["inputs"]["monthly_tokens"] == 10**9


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("no", False), ("YES", True)])
def test_yes_and_no(capsys: Captured, text: str, value: bool) -> None:
    found = strict(ok(capsys, "decision", "--needs-fine-tuning", text, "--json"))
    assert found["inputs"]["needs_fine_tuning"] is value


@pytest.mark.parametrize("text", ["true", "1", "maybe", "y"])
def test_what_is_neither_yes_nor_no(capsys: Captured, text: str) -> None:
    assert call(capsys, "decision", "--needs-fine-tuning", text) == (
        2, "", f"“Do you need a fine-tuned model?” must be answered yes or no (got {text}).\n")


def test_every_link_is_also_a_command_line(capsys: Captured) -> None:
    """The flags of a result's link bring the result back."""
    first = strict(ok(capsys, "break-even", "--tokens-per-second", "3,000", "--monthly-tokens", "1.5e9", "--json",
                      "--as-of", DAY))
    flags = [f"--{part}" for part in first["link"].removeprefix("?v=1&").split("&")]
    again = strict(ok(capsys, "break-even", *flags, "--json", "--as-of", DAY))
    assert again["outputs"] == first["outputs"]


def test_help_names_the_inputs(capsys: Captured) -> None:
    assert f"Calculators: {', '.join(calculators.SLUGS)}" in ok(capsys, "--help")
    out = ok(capsys, "decision", "--help")
    for name in calculators.get("decision").fields():
        assert f"--{name.replace('_', '-')} " in out


# The day and the facts


def bundles(tmp_path: Path, **changes: Any) -> str:
    """A file of facts: the original's, with another number of tokens."""
    bundle = json.loads(json.dumps(data.bundled("original")))
    bundle["facts"]["break-even-example.monthly-tokens"]["values"] = [
        ["2026-01-01", "2026-01-01", 576_000_001, "original", ""]]
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"original": bundle} | changes), "utf-8")
    return str(path)


def test_facts_of_ones_own(capsys: Captured, tmp_path: Path) -> None:
    found = strict(ok(capsys, "break-even", "--facts", bundles(tmp_path), "--tokens-per-second", "3000", "--json",
                      "--as-of", DAY))
    assert found["inputs"]["monthly_tokens"] == 576_000_001
    assert found["outputs"]["recommendation"]["value"] == "Self-hosting saves money"  # one token above the break-even


def test_facts_without_the_file_that_is_asked_for(capsys: Captured, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text("{}")
    assert call(capsys, "break-even", "--facts", str(path)) == (1, "", f"{path} has no 'original'.\n")


@pytest.mark.parametrize("text", [
    "", "no JSON", "[]", '["original"]', "5", '{"original": 5}', '{"original": {}}',
    '{"original": {"sources": {}, "facts": []}}',
    '{"original": {"sources": {"s": {}}, "facts": {}}}',
    '{"original": {"sources": {}, "facts": {"a.b": {"label": "L", "unit": "USD", "values": ['
    '["2026-01-01", "2026-01-01", 1, "s", ""]]}}}}',
    "[" * 100_000,
])
def test_a_file_that_holds_no_facts(capsys: Captured, tmp_path: Path, text: str) -> None:
    path = tmp_path / "facts.json"
    path.write_text(text)
    status, out, err = call(capsys, "break-even", "--facts", str(path))
    assert (status, out) == (2, "")
    assert err.startswith(("Cannot read the facts in", "Cannot use the facts in"))


@pytest.mark.parametrize(("wrong", "value"), [
    ("unit", "parsec"), ("label", 5), ("values", [["yesterday", "2026-01-01", 1, "original", ""]]),
    ("values", [["2026-01-01", "20260101", 1, "original", ""]]),
    ("values", [["2026-01-01", "2026-01-01", "1", "original", ""]]),
    ("values", [["2026-01-01", "2026-01-01", True, "original", ""]]),
    ("values", [["2026-01-01", "2026-01-01", 1, "nobody", ""]]),
    ("values", [["2026-01-01", "2026-01-01", 1]]),
])
def test_a_fact_that_is_none_is_named(capsys: Captured, tmp_path: Path, wrong: str, value: object) -> None:
    bundle = json.loads(json.dumps(data.bundled("original")))
    bundle["facts"]["break-even-example.monthly-tokens"][wrong] = value
    path = bundles(tmp_path, original=bundle)
    status, out, err = call(capsys, "break-even", "--facts", path, "--json")
    assert (status, err) == (2, "")
    assert strict(out)["error"]["message"] == (
        f"Cannot use the facts in {path}: original.break-even-example.monthly-tokens is not in the form that data/ is "
        "bundled in.")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_facts_that_are_infinite(capsys: Captured, tmp_path: Path, value: str) -> None:
    path = Path(bundles(tmp_path))
    path.write_text(path.read_text().replace("576000001", value))
    status, out, err = call(capsys, "break-even", "--facts", str(path))
    assert (status, out) == (2, "")
    assert err.startswith(f"Cannot {'use' if value == '1e999' else 'read'} the facts in {path}: ")


def test_a_missing_fact_is_our_fault(capsys: Captured) -> None:
    """Nothing was recorded before 2026-11-24, whatever day it holds from."""
    sentence = "data/ has no original.break-even-example.monthly-tokens in force on 2026-11-23."
    assert call(capsys, "break-even", "--as-of", "2026-11-23") == (1, "", sentence + "\n")
    status, out, err = call(capsys, "break-even", "--as-of", "2026-11-23", "--json")
    assert (status, err) == (1, "")
    assert strict(out) == {"schema": 1, "ok": False, "calculator": "break-even",
                           "error": {"kind": "fact", "field": None, "message": sentence}}


def test_bad_data_is_our_fault(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(stem: str) -> Bundle:
        raise BadData([Problem(f"{stem}.yaml", "a.b", "is wrong")])

    monkeypatch.setattr(data, "bundled", broken)
    assert call(capsys, "break-even") == (1, "", "original.yaml: a.b: is wrong\n")


@pytest.mark.parametrize("day", ["yesterday", "24.11.2026", "2026-02-30", "", "2026-13-01"])
def test_a_day_that_is_none(capsys: Captured, day: str) -> None:
    status, out, _ = call(capsys, "break-even", f"--as-of={day}", "--json")
    assert status == 2
    error = strict(out)["error"]
    assert (error["kind"], error["field"]) == ("input", "as_of")


def test_without_a_day_it_is_today(capsys: Captured) -> None:
    before = datetime.date.today().isoformat()
    assert strict(ok(capsys, "break-even", "--json"))["as_of"] in (before, datetime.date.today().isoformat())


# Errors


ALL_INPUTS = list(calculators.get("break-even").fields())
INPUTS = f"{', '.join(ALL_INPUTS[:8])} and {len(ALL_INPUTS) - 8}"


@pytest.mark.parametrize(("arguments", "kind", "field", "message"), [
    (["break-even", "--monthly-tokens", "lots"], "input", "monthly_tokens", "Tokens per month must be a number (got lots)."),
    (["break-even", "--monthly-tokens", "-1"], "input", "monthly_tokens",
     "Tokens per month must be between 0 and 1,000,000,000,000,000 tokens/month (got -1)."),
    (["break-even", "--monthly-tokens", "1.5"], "input", "monthly_tokens",
     "Tokens per month must be a whole number (got 1.5)."),
    (["break-even", "--utilisation-percent", "140"], "input", "utilisation_percent",
     "Utilisation must be more than 0 and at most 100 % (got 140)."),
    (["break-even", "--api-cost-per-million", "0,5"], "input", "api_cost_per_million",
     "API price must be a number; write 0.5 for a half (got 0,5)."),
    (["break-even", "--monthly-tokens", "nan"], "input", "monthly_tokens", "Tokens per month must be a number (got nan)."),
    (["break-even", "--monthly-tokens="], "input", "monthly_tokens", "Tokens per month must be a number (got nothing)."),
    (["break-even", "--hosting-cost-per-hour", "5e-324"], "input", None,
     "These numbers are too far apart to calculate with: one is too large or too close to nothing."),
    (["break-even", "--volume", "1e9"], "usage", "volume", f"There is no input 'volume' here; there are {INPUTS} more."),
    (["break-even", "--monthly-tokens"], "usage", None, "--monthly-tokens needs a value."),
    (["break-even", "--monthly-tokens", "--json"], "usage", None, "--monthly-tokens needs a value."),
    (["break-even", "--json=yes"], "usage", None, "--json takes no value."),
    (["break-even", "decision"], "usage", None, "Unexpected 'decision'. A value follows its flag: --field VALUE."),
    (["break-even", "--json", "--markdown"], "usage", None, "Ask for --json or for --markdown, not for both."),
    (["break-even", "--facts", "/no/such/file"], "usage", None,
     "Cannot read the facts in /no/such/file: No such file or directory."),
    (["break-even", "--batch", "/no/such/file"], "usage", None, "Cannot read /no/such/file: No such file or directory."),
    (["break-even", "--batch", "."], "usage", None, "Cannot read .: Is a directory."),
    (["break-even", "--batch", "x", "--monthly-tokens", "5"], "usage", None,
     "With --batch the inputs stand in the file, one JSON object a line, and the results are JSON."),
])
def test_errors(capsys: Captured, arguments: list[str], kind: str, field: str | None, message: str) -> None:
    """The sentence alone on standard error, or the same as JSON on standard output; exit status 2 for the caller's fault."""
    wants_json = any(a.startswith("--json") for a in arguments)
    if not wants_json:
        assert call(capsys, *arguments) == (2, "", message + "\n")
    status, out, err = call(capsys, *arguments, *([] if "--json" in arguments else ["--json"]))
    assert (status, err) == (2, "")
    assert strict(out) == {"schema": 1, "ok": False, "calculator": "break-even",
                           "error": {"kind": kind, "field": field, "message": message}}


def test_every_wrong_input_is_named_on_standard_error(capsys: Captured) -> None:
    status, out, err = call(capsys, "break-even", "--monthly-tokens", "lots", "--utilisation-percent", "0")
    assert (status, out) == (2, "")
    assert err.splitlines() == ["Tokens per month must be a number (got lots).",
                                "Utilisation must be more than 0 and at most 100 % (got 0)."]


@pytest.mark.parametrize("slug", ["brake-even", "break_even", "", "-"])
def test_a_calculator_that_there_is_not(capsys: Captured, slug: str) -> None:
    status, out, err = call(capsys, slug)
    assert (status, out) == (2, "")
    assert slug in err
    assert slug == "-" or f"There is no calculator {slug!r}; there are {', '.join(calculators.SLUGS)}." in err


def test_an_input_without_a_calculator(capsys: Captured) -> None:
    sentence = f"Name a calculator first: {', '.join(calculators.SLUGS)}."
    assert call(capsys, "--monthly-tokens", "5") == (2, "", sentence + "\n")
    status, out, _ = call(capsys, "--monthly-tokens", "5", "--json")
    assert status == 2
    assert strict(out) == {"schema": 1, "ok": False, "calculator": None,
                           "error": {"kind": "usage", "field": None, "message": sentence}}


def test_an_error_names_the_calculator_that_stands_behind_the_flags(capsys: Captured) -> None:
    status, out, _ = call(capsys, "--monthly-tokens", "lots", "break-even", "--json")
    assert (status, strict(out)["calculator"]) == (2, "break-even")


# Batches


def batch(capsys: Captured, tmp_path: Path, *lines: str, slug: str = "break-even", status: int = 0) -> list[Any]:
    path = tmp_path / "lines.jsonl"
    path.write_bytes("\n".join(lines).encode())
    found, out, err = call(capsys, slug, "--batch", str(path), "--as-of", DAY)
    assert (found, err) == (status, "")
    assert "NaN" not in out
    return [strict(line) for line in out.splitlines()]


def test_a_batch(capsys: Captured, tmp_path: Path) -> None:
    """Blank lines are skipped, ids echoed, the order kept, one compact result a line."""
    found = batch(capsys, tmp_path, "", '{"monthly_tokens": 1e9, "id": "many"}', "  ",
                  '{"id": 7, "monthly_tokens": "1e9"}', "{}",
                  '{"id": {"team": ["a"]}, "tokens_per_second": 3000, "monthly_tokens": 1000000000}', "")
    assert [row.get("id") for row in found] == ["many", 7, None, {"team": ["a"]}]
    assert "id" not in found[2]
    assert [row["outputs"]["servers_needed"]["value"] for row in found] == [6, 6, 1, 1]
    assert found[0]["given"] == ["monthly_tokens"]
    out = ok(capsys, "break-even", "--batch", str(tmp_path / "lines.jsonl"), "--as-of", DAY)
    assert len(out.splitlines()) == 4
    assert out.startswith('{"id":"many","schema":1,"ok":true,"calculator":"break-even"')


def test_a_batch_holds_the_same_result_as_a_call(capsys: Captured, tmp_path: Path) -> None:
    row, = batch(capsys, tmp_path, '{"monthly_tokens": 1e9}')
    assert row == strict(ok(capsys, "break-even", "--monthly-tokens", "1e9", "--json", "--as-of", DAY))


def test_a_batch_goes_on_after_a_bad_line(capsys: Captured, tmp_path: Path) -> None:
    found = batch(
        capsys, tmp_path, '{"id": 1, "monthly_tokens": -1}', "", "no JSON", "[1]", "5", '{"monthly_tokens": NaN}',
        '{"id": Infinity}', '{"id": 1e999}', '{"volume": 1}', '{"monthly_tokens": true}', '{"monthly_tokens": null}',
        '{"id": 2, "as_of": "soon"}',
        '{"a":' * 100_000, '{"monthly_tokens": 1' + "0" * 5000 + "}", '{"id": "last"}', status=2)
    assert [row["ok"] for row in found] == [False] * 13 + [True]
    assert [row.get("line") for row in found] == [1, *range(3, 15), None]
    assert [(row["error"]["kind"], row["error"]["field"]) for row in found[:-1]] == [
        ("input", "monthly_tokens"), *[("usage", None)] * 6, ("usage", "volume"), ("input", "monthly_tokens"),
        ("input", "monthly_tokens"), ("input", "as_of"), ("usage", None), ("usage", None)]
    assert (found[0]["id"], found[10]["id"], found[-1]["id"]) == (1, 2, "last")
    assert found[1]["error"]["message"] == "This line is not JSON."
    assert found[2]["error"]["message"] == "This line is not a JSON object of inputs."
    assert all(set(row) <= {"schema", "ok", "calculator", "error", "line", "id"} for row in found[:-1])


def test_a_day_for_each_line(capsys: Captured, tmp_path: Path) -> None:
    """A line's own day goes before --as-of; a day for which a fact is missing is our fault, the caller's goes before it."""
    lines = ['{"as_of": "2026-12-01"}', "{}", '{"as_of": "2026-11-23"}']
    found = batch(capsys, tmp_path, *lines, status=1)
    assert [row.get("as_of") for row in found] == ["2026-12-01", DAY, None]
    assert (found[2]["error"]["kind"], found[2]["line"]) == ("fact", 3)
    assert len(batch(capsys, tmp_path, *lines, "broken", status=2)) == 4


def test_a_batch_of_yes_and_no(capsys: Captured, tmp_path: Path) -> None:
    found = batch(capsys, tmp_path, '{"data_must_stay_private": true}', '{"data_must_stay_private": "yes"}',
                  '{"data_must_stay_private": false}', slug="decision")
    assert [row["outputs"]["recommendation"]["value"] for row in found] == [
        "Consider open-weight models", "Consider open-weight models", "Consider proprietary APIs"]


def test_a_batch_from_standard_input(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    """UTF-8 whatever the terminal says, with or without the mark that some editors put before it."""
    stdin(monkeypatch, '\ufeff{"id": "Größe"}\r\n{"id": "\\ud800"}\n'.encode())
    out = ok(capsys, "break-even", "--batch", "-")
    assert [strict(line)["id"] for line in out.splitlines()] == ["Größe", "\ud800"]


def test_a_line_that_is_not_utf_8(capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = b'{"id": 1}\n{"id": "\xff"}\n{"id": 3}\n'
    (tmp_path / "lines.jsonl").write_bytes(text)
    for path in ("-", str(tmp_path / "lines.jsonl")):
        stdin(monkeypatch, text)
        status, out, err = call(capsys, "break-even", "--batch", path)
        assert (status, err) == (2, "")
        rows = [strict(line) for line in out.splitlines()]
        assert [row["ok"] for row in rows] == [True, False, True]
        assert (rows[1]["line"], rows[1]["error"]["message"]) == (2, "This line is not UTF-8.")


def test_an_empty_batch(capsys: Captured, tmp_path: Path) -> None:
    assert batch(capsys, tmp_path, "") == []


# Never a traceback


WORDS = st.one_of(
    st.sampled_from([
        *calculators.SLUGS, "--json", "--markdown", "--help", "--batch", "-", "--as-of", DAY, "--facts", "pyproject.toml",
        "/", "--", "-h", "--=", "--json=", "--as-of=", "--batch=", "yes", "no", "0", "1e9", "-1", "1e-300", "5e-324", "1e15",
        "nan", "",
        *(f"--{name.replace('_', '-')}" for slug in calculators.SLUGS for name in calculators.get(slug).fields())]),
    st.text(alphabet=st.characters(exclude_categories=())),  # lone surrogates and null bytes too
    st.floats().map(repr), st.text().map("--{}".format), st.text().map("--monthly-tokens={}".format),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORDS, max_size=7), st.binary(max_size=40))
@example(["decision", "--json", "--\udcff", "1"], b"")
@example(["decision", "--batch", "x\0y"], b"")
@example(["break-even", "--hosting-cost-per-hour", "5e-324"], b"")
@example(["break-even", "--batch", "-"], b'{"id": [-0.0, 1e400]}')
def test_never_a_traceback_and_never_a_nan(capsys: Captured, monkeypatch: pytest.MonkeyPatch, arguments: list[str],
                                           given_text: bytes) -> None:
    stdin(monkeypatch, given_text)
    status, out, err = call(capsys, *arguments)
    assert status in (0, 1, 2)
    assert "Traceback" not in out + err
    if "--batch" in arguments or any(a.startswith("--batch=") for a in arguments):
        return
    assert (err == "") == (status == 0 or "--json" in arguments)
    if "--json" in arguments and out and not ("--help" in arguments and status == 0):
        found = strict(out)
        assert found["schema"] == 1
        assert ("calculators" in found or found["ok"]) == (status == 0)


NUMBERS = st.one_of(st.floats(0, 1e15), st.sampled_from([0.0, 5e-324, 1e-300, 1e-30, 1e-6, 1.0, 100.0, 1e6, 1e9, 1e15]))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(list(calculators.get("break-even").fields())), NUMBERS))
def test_any_number_has_a_result_or_a_sentence(capsys: Captured, inputs: dict[str, float]) -> None:
    flags = [f"--{name}={value!r}" for name, value in inputs.items()]
    status, out, err = call(capsys, "break-even", "--json", "--as-of", DAY, *flags)
    assert err == ""
    assert strict(out)["ok"] == (status == 0)
    assert call(capsys, "break-even", "--as-of", DAY, *flags)[0] == status
    assert call(capsys, "break-even", "--as-of", DAY, "--markdown", *flags)[0] == status


# The real program


def test_the_program() -> None:
    found = program("calculators", "break-even", "--monthly-tokens", "1e9", "--json", "--as-of", DAY)
    assert (found.returncode, found.stderr) == (0, "")
    assert strict(found.stdout)["outputs"]["servers_needed"]["value"] == 6
    wrong = program("calculators", "break-even", "--monthly-tokens", "lots")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", "Tokens per month must be a number (got lots).\n")
    early = program("calculators", "break-even", "--as-of", "2026-11-23")
    assert (early.returncode, early.stdout) == (1, "")


def test_the_program_writes_utf_8_whatever_the_terminal_says() -> None:
    how = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    found = program("calculators", "decision", "--needs-fine-tuning", "maybe", "--json", env=how)
    assert (found.returncode, found.stderr) == (2, "")
    assert strict(found.stdout)["error"]["message"].startswith("“Do you need a fine-tuned model?”")


@pytest.mark.parametrize("arguments", [["calculators"], ["calculators", "break-even"], ["calculators", "break-even", "--batch"],
                                       ["calculators.buildtime", "schema"]])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, arguments: list[str]) -> None:
    """Standard output is a pipe whose other end is closed before anything is written."""
    (tmp_path / "lines.jsonl").write_text("{}\n" * 50)
    if arguments[-1] == "--batch":
        arguments = [*arguments, str(tmp_path / "lines.jsonl")]
    reading, writing = os.pipe()
    os.close(reading)
    found = subprocess.run([sys.executable, "-m", *arguments], cwd=PROJECT, stdout=writing, stderr=subprocess.PIPE,
                           encoding="utf-8", timeout=60, check=False)
    os.close(writing)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_said_in_a_sentence() -> None:
    with open("/dev/full", "w") as full:
        found = subprocess.run([sys.executable, "-m", "calculators", "break-even"], cwd=PROJECT, stdout=full,
                               stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False)
    assert found.returncode == 1
    assert "No space left on device" in found.stderr
    assert len(found.stderr.splitlines()) == 1


# A test run in the background of a shell hands on that interrupts are ignored; a terminal does not.
AS_FROM_A_TERMINAL = ("import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
                      "runpy.run_module('calculators', run_name='__main__', alter_sys=True)")


def test_an_interrupted_program_exits_with_130() -> None:
    with subprocess.Popen([sys.executable, "-c", AS_FROM_A_TERMINAL, "break-even", "--batch", "-"], cwd=PROJECT,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdin.write("{}\n")
        running.stdin.flush()
        assert strict(running.stdout.readline())["ok"]  # a line is answered at once, not when the file ends
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 130
        assert running.stderr.read() == ""


def test_an_interrupt_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["calculators"])
    assert entry(interrupted) == 130


def test_an_older_python_gets_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 9))
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(PROJECT / "calculators" / "__init__.py"), run_name="calculators")
    assert caught.value.code == "This needs Python 3.12 or newer (this is 3.11)."


def test_an_older_python_can_read_as_far_as_that_sentence() -> None:
    """The file that holds the check must be no syntax error to Python 3.8 and later, or the sentence is never reached."""
    source = (PROJECT / "calculators" / "__init__.py").read_text("utf-8")
    ast.parse(source, feature_version=(3, 8))
    for folder in os.get_exec_path():
        for version in ("3.8", "3.9", "3.10", "3.11"):
            path = shutil.which(f"python{version}", path=folder)
            found = path and subprocess.run([path, "-m", "calculators"], cwd=PROJECT, capture_output=True, encoding="utf-8",
                                            timeout=60, check=False)
            # A name on the path may be a launcher whose Python is not installed; that says nothing about ours.
            if found and "not found" not in found.stderr:
                assert (found.returncode, found.stdout) == (1, "")
                assert found.stderr == f"This needs Python 3.12 or newer (this is {version}).\n"


# python -m calculators.buildtime


GOOD = """title: T
about: A
sources:
  vendor: {publisher: P, title: T, url: https://vendor.example/, via: page, checked: 2026-11-01}
  parcel: {publisher: P, title: T, url: https://parcel.example/, via: package, package: p, version: "1", released: 2020-01-01}
facts:
  group:
    price: {label: L, unit: USD, source: vendor, values: {2026-01-01: {value: 1, recorded: 2026-11-24}}}
    other: {label: L, unit: USD, source: parcel, values: {2026-01-01: {value: 2, recorded: 2026-11-24}}}
"""


def made(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        status = buildtime(list(arguments))
    except SystemExit as leave:
        status = int(leave.code or 0)
    found = capsys.readouterr()
    return status, found.out, found.err


def test_check_of_clean_data(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(GOOD)
    assert made(capsys, "check", "--data", str(tmp_path)) == (0, "", "")
    status, out, err = made(capsys, "check", "--data", str(tmp_path), "--json")
    assert (status, err) == (0, "")
    found = strict(out)
    assert isinstance(found.pop("seconds"), float)
    assert found == {"schema": 1, "ok": True, "counts": {"prices": 2}, "problems": []}


def test_check_counts_rows_and_claims(capsys: Captured, tmp_path: Path) -> None:
    head = GOOD.partition("facts:")[0].replace("  parcel", "# parcel")
    (tmp_path / "rows.yaml").write_text(head + """table:
  columns: {price: {label: Price, unit: USD}}
  rows: {a: {from: 2026-01-01, recorded: 2026-11-24, source: vendor, price: 1}}
""")
    (tmp_path / "claims.yaml").write_text(head + """claims:
  a: {original: O, verdict: holds, now: N, as_of: 2026-11-24, sources: [vendor]}
  b: {original: O, verdict: wrong, now: N, as_of: 2026-11-24, sources: [vendor]}
  c: {original: O, verdict: unsourced, now: N, as_of: 2026-11-24, sources: []}
""")
    assert strict(made(capsys, "check", "--data", str(tmp_path), "--json")[1])["counts"] == {"claims": 3, "rows": 1}


def test_check_of_broken_data(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(GOOD.replace("unit: USD, source: parcel", "unit: USD, source: nobody"))
    (tmp_path / "other.yaml").write_text("title: T\ntitle: U\n")
    status, out, err = made(capsys, "check", "--data", str(tmp_path))
    assert (status, err) == (1, "")
    assert out.splitlines() == [
        "other.yaml: line 2: the key 'title' stands twice",
        "prices.yaml: group.other: source 'nobody' is not among vendor, parcel",
        "prices.yaml: sources.parcel: is cited by nothing"]
    status, out, err = made(capsys, "check", "--data", str(tmp_path), "--json")
    assert (status, err) == (1, "")
    found = strict(out)
    assert set(found) == {"schema", "ok", "seconds", "counts", "problems"}
    assert (found["ok"], found["counts"]) == (False, {})
    assert found["problems"][2] == {"file": "prices.yaml", "key": "sources.parcel", "reason": "is cited by nothing"}


@pytest.mark.parametrize("content", [None, "nothing.txt"])
def test_check_of_no_data(capsys: Captured, tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "data"
    if content:
        folder.mkdir()
        (folder / content).write_text("x")
    assert made(capsys, "check", "--data", str(folder)) == (1, f"{folder}: folder: holds no .yaml file\n", "")


def test_stale(capsys: Captured, tmp_path: Path) -> None:
    """A source read on 1 November 2026, and a package that came out on 1 January 2020; the oldest first."""
    (tmp_path / "prices.yaml").write_text(GOOD)
    age = (datetime.date.today() - datetime.date(2020, 1, 1)).days
    status, out, err = made(capsys, "stale", "--days", "1000", "--data", str(tmp_path))
    assert (status, err) == (0, "")
    assert out == f"{age:>5} days  prices.yaml: parcel  https://parcel.example/\n"
    status, out, err = made(capsys, "stale", "--days", "-100000", "--json", "--data", str(tmp_path))
    found = strict(out)
    assert (status, err, set(found), found["schema"]) == (0, "", {"schema", "stale"}, 1)
    assert [row["source"] for row in found["stale"]] == ["parcel", "vendor"]
    assert set(found["stale"][0]) == {"file", "source", "days", "url"}
    assert made(capsys, "stale", "--days", str(age), "--data", str(tmp_path)) == (0, "", "")


def test_stale_of_broken_data(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text("title: T\ntitle: U\n")
    assert made(capsys, "stale", "--days", "1", "--data", str(tmp_path)) == (
        1, "", "prices.yaml: line 2: the key 'title' stands twice\n")
    missing = tmp_path / "nothing"
    assert made(capsys, "stale", "--days", "1", "--data", str(missing)) == (
        1, "", f"{missing}: folder: holds no .yaml file\n")


def test_schema(capsys: Captured) -> None:
    status, out, err = made(capsys, "schema")
    assert (status, err) == (0, "")
    found = strict(out)
    assert set(found["properties"]) == {"title", "about", "sources", "groups", "facts", "table", "claims", "shelf_life_days"}
    assert found["additionalProperties"] is False


@pytest.mark.parametrize("arguments", [
    [], ["chek"], ["check", "--jsn"], ["stale"], ["stale", "--days", "soon"], ["schema", "x"]])
def test_a_wrong_command_gets_one_sentence(capsys: Captured, arguments: list[str]) -> None:
    status, out, err = made(capsys, *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.endswith("See python -m calculators.buildtime --help.\n")


def test_the_program_checks_a_broken_folder(tmp_path: Path) -> None:
    (tmp_path / "Prices.yaml").write_text(GOOD)
    found = program("calculators.buildtime", "check", "--data", str(tmp_path))
    assert (found.returncode, found.stdout, found.stderr) == (1, "Prices.yaml: name: a file name is kebab-case\n", "")


@pytest.mark.parametrize("slug", calculators.SLUGS)
@pytest.mark.parametrize("day", ["2020-01-01", "2026-11-24"])
def test_a_day_before_the_facts_gets_a_sentence_or_an_answer(capsys: Captured, slug: str, day: str) -> None:
    status = main([slug, "--as-of", day])
    out, err = capsys.readouterr()
    assert status in (0, 1)
    assert bool(out) == (status == 0)
    if status:
        assert err.startswith(("data/", "There is no data/"))
        assert len(err.splitlines()) == 1


def test_the_short_flag_for_help(capsys: Captured) -> None:
    assert main(["-h"]) == 0
    assert "python -m calculators SLUG" in capsys.readouterr().out
