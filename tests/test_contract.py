"""What every registered calculator keeps to. A new one is covered as soon as it is registered."""

import ast
import math
import re
import sys
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import calculators
from calculators.buildtime import DOCS, PROJECT, data
from calculators.kit import chart, render, result, workload
from calculators.kit.facts import Facts
from calculators.kit.fields import InputError
from calculators.kit.shape import Calculator, NoValue, Table
from calculators.kit.units import UNITS, Range

TESTS = PROJECT / "tests"
EVERY = pytest.mark.parametrize("slug", calculators.SLUGS)
DAY = "2026-11-26"


@EVERY
def test_files_are_where_the_name_says(slug: str) -> None:
    module = slug.replace("-", "_")
    assert (PROJECT / "calculators" / f"{module}.py").exists()
    assert (TESTS / "cases" / f"{module}.yaml").exists()
    page = DOCS / "calculators" / f"{slug}.md"
    assert re.search(rf"^```calculator\n{slug}( \S+=\S+)*\n```$", page.read_text("utf-8"), re.MULTILINE)
    assert f"calculators/{slug}.md" in (PROJECT / "mkdocs.yml").read_text("utf-8")


def test_every_module_is_registered() -> None:
    modules = {p.stem.replace("_", "-") for p in (PROJECT / "calculators").glob("[a-z]*.py")}
    assert modules == set(calculators.SLUGS)


@EVERY
def test_defaults_are_accepted_and_every_output_has_a_step(slug: str) -> None:
    calculator = calculators.get(slug)
    assert sum(o.headline for o in calculator.results().values()) == 1
    assert result.answer(calculator, {}, data.facts(DAY)).link == "?v=1"
    for start in calculator.starts():
        found = result.answer(calculator, start, data.facts(DAY))
        assert {step.of for step in found.steps} == set(found.shown), start
        assert found.sources


@EVERY
def test_chances_are_shares_of_named_options_and_the_same_every_time(slug: str) -> None:
    calculator = calculators.get(slug)
    for start in calculator.starts():
        found = result.answer(calculator, start, data.facts(DAY), chances=True).chances
        if found is None:
            continue
        assert math.isclose(sum(found.shares.values()), 1)
        assert set(found.shares) <= set(found.called)
        assert found == result.chances_of(calculator, start, data.facts(DAY))
        widths = [swing.width for swing in found.swings]
        assert widths == sorted(widths, reverse=True)


@EVERY
def test_what_an_input_waits_for_is_an_answer_that_can_be_given(slug: str) -> None:
    fields = calculators.get(slug).fields()
    for spec in fields.values():
        for other, values in spec.asked_if:
            assert fields[other].kind in ("choice", "yes_no")
            allowed = ["yes", "no"] if fields[other].kind == "yes_no" else list(fields[other].options(data.facts(DAY)))
            assert set(values) <= set(allowed)


@EVERY
def test_what_is_not_asked_is_not_read_and_not_in_the_link(slug: str) -> None:
    calculator = calculators.get(slug)
    values = calculator.defaults(data.facts(DAY))
    for name in set(calculator.fields()) - set(calculator.asked(values)):
        found = result.answer(calculator, {name: "nonsense"}, data.facts(DAY))
        assert found.inputs[name] == values[name]
        assert found.link == "?v=1"
        assert found.unused == [name]


@EVERY
def test_values_carried_to_another_page_are_fields_there(slug: str) -> None:
    calculator = calculators.get(slug)
    for start in calculator.starts():
        for link in result.answer(calculator, start, data.facts(DAY)).next:
            if "?" in link.address:
                page, _, query = link.address.partition("?")
                target = calculators.get(page.rstrip("/").rpartition("/")[2])
                given_there = dict(part.split("=", 1) for part in query.split("&"))
                assert given_there.pop("v") == target.version.partition(".")[0]
                read = {name: unquote(value) for name, value in given_there.items()}
                sound(result.answer(target, read, data.facts(DAY)))


@EVERY
def test_both_ends_of_every_range_work(slug: str) -> None:
    calculator = calculators.get(slug)
    for name, field in calculator.fields().items():
        asked: dict[str, object] = dict(calculator.asking(name))
        ends: list[object] = ["yes", "no"] if field.kind == "yes_no" else list(field.options(data.facts(DAY))) or [
            field.max, field.min, *([] if field.min or field.kind == "text" else [(field.above or 0) + 1e-6]),
            *([""] if field.optional or field.kind == "text" else [])]
        for value in ends:
            if value is not None and not (field.kind == "whole" and value == 1e-6):
                sound(result.answer(calculator, asked | {name: value}, data.facts(DAY)))
        for beyond in (None if field.min is None else field.min - 1, None if field.max is None else field.max * 2, field.above):
            if beyond is not None and field.kind in ("number", "whole"):
                with pytest.raises(InputError) as caught:
                    result.answer(calculator, asked | {name: beyond}, data.facts(DAY))
                assert caught.value.field == name


def sound(found: result.Result) -> None:
    """No output is NaN or infinite, and everything can be shown."""
    for name, value in found.outputs.items():
        cells = [cell for _, row in value.rows for cell in row] if isinstance(value, Table) else [value]
        for cell in cells:
            parts = cell if isinstance(cell, Range) else (cell,)
            assert isinstance(cell, NoValue | str) or all(math.isfinite(part) for part in parts), name
    page = render.result(found).lower()
    for name, field in found.calculator.fields().items():
        if field.kind == "text" and found.inputs[name]:  # what was typed may hold any word
            page = page.replace(escape(str(found.inputs[name])).lower(), "")
    assert "nan" not in re.sub(r"[a-z]{2,}nan|nan[a-z]", "", page)


def values_of(calculator: Calculator) -> st.SearchStrategy[dict[str, Any]]:
    def one(field: Any) -> st.SearchStrategy[Any]:
        if field.kind == "yes_no":
            return st.booleans()
        if field.kind == "choice":
            return st.sampled_from(list(field.options(data.facts(DAY))))
        if field.kind == "list":
            options = st.sampled_from(list(field.options(data.facts(DAY))))
            return st.lists(options, min_size=1, max_size=field.most, unique=True)
        if field.kind == "text":
            return st.just("")
        if field.kind == "day":
            return st.one_of(st.just(""), st.dates().map(str))
        if field.kind == "whole":
            return st.integers(int(field.min), int(field.max))
        # Closer to nothing than a millionth is a slip of the keyboard, and refused where it cannot be calculated with.
        numbers = st.floats(max(1e-6, field.min or 0), field.max, allow_nan=False)
        return numbers if field.above is not None else st.one_of(st.just(field.min), numbers)

    return st.fixed_dictionaries({}, optional={n: one(f) for n, f in calculator.fields().items()})


@EVERY
@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_any_allowed_inputs_give_a_sound_result_and_its_link_brings_it_back(slug: str, draw: st.DataObject) -> None:
    calculator = calculators.get(slug)
    given_values = draw.draw(values_of(calculator))
    try:
        found = result.answer(calculator, given_values, data.facts(DAY))
    except InputError as error:  # the counts of a model of one's own may contradict each other, Apple's chips stand alone
        alone = error.field == "gpus" and str(given_values.get("gpu")).startswith("apple-")
        assert alone or given_values.get("model") == workload.CUSTOM
        assert alone or error.field in workload.OwnModel.__dataclass_fields__
        return
    sound(found)
    again = dict(part.split("=", 1) for part in found.link.lstrip("?").split("&"))
    assert again.pop("v") == calculator.version.partition(".")[0]
    assert result.answer(calculator, again, data.facts(DAY)).outputs == found.outputs


@EVERY
@settings(max_examples=100, deadline=None)
@given(draw=st.data())
def test_nonsense_is_refused_with_a_sentence_at_its_field(slug: str, draw: st.DataObject) -> None:
    calculator = calculators.get(slug)
    name = draw.draw(st.sampled_from(list(calculator.fields())))
    words = st.sampled_from(["nan", "inf", "1e999", "0x10", "--"])
    text = draw.draw(st.one_of(st.text(), st.none(), st.lists(st.integers()), words))
    try:
        sound(result.answer(calculator, calculator.asking(name) | {name: text}, data.facts(DAY)))
    except InputError as error:
        assert error.field == name
        assert str(error).endswith(").")


def test_what_cannot_be_calculated_with_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        result.answer(calculators.get("break-even"), {"api_cost_per_million": 1e-305}, data.facts(DAY))
    assert str(caught.value) == result.EXTREME


@EVERY
def test_a_flip_is_where_the_answer_changes(slug: str) -> None:
    """On one side of each flip's value the headline is today's, on the other it is the flip's."""
    calculator = calculators.get(slug)
    facts = data.facts(DAY)
    module_cases = yaml.safe_load((TESTS / "cases" / f"{slug.replace('-', '_')}.yaml").read_text())
    for case in module_cases:
        if "error" in case:
            continue
        found = result.answer(calculator, case["input"], facts)
        for flip in found.flips:
            if flip.value is None:
                assert flip.why
                continue
            for value in beyond(flip, calculator.fields()[flip.input]):
                then = result.answer(calculator, case["input"] | {flip.input: value}, facts)
                assert then.headline == flip.answer, (case["name"], flip, value)


def beyond(flip: Any, field: Any) -> list[Any]:
    """A value well on the other side of a flip, but not so far that the next stair turns it back."""
    if field.kind in ("yes_no", "choice"):
        return [flip.value]
    more = flip.beyond in ("above", "from")
    value = flip.value + abs(flip.value) * (1e-6 if more else -1e-6)
    if field.kind == "whole":
        value = {"above": math.floor(value) + 1, "below": math.ceil(value) - 1}.get(
            flip.beyond, math.ceil(value) if more else math.floor(value))
    return [value] if (field.min is None or value >= field.min) and value <= field.max else []


@EVERY
def test_only_the_named_data_is_read(slug: str) -> None:
    seen = set()

    def read(stem: str) -> dict[str, Any]:
        seen.add(stem)
        return data.bundled(stem)

    for start in calculators.get(slug).starts():
        result.answer(calculators.get(slug), start, Facts(read, DAY), chances=True)
    assert seen <= set(calculators.get(slug).data)


@EVERY
def test_labels_units_and_help(slug: str) -> None:
    calculator = calculators.get(slug)
    for spec in [*calculator.fields().values(), *calculator.results().values()]:
        assert spec.label
        assert spec.unit in UNITS
    assert all(f.help for f in calculator.fields().values())


@EVERY
def test_the_chart_has_a_title_a_description_and_its_data(slug: str) -> None:
    for start in calculators.get(slug).starts():
        the_charts_are_sound(result.answer(calculators.get(slug), start, data.facts(DAY)))


def the_charts_are_sound(found: result.Result) -> None:
    assert found.charts or any(output.code for output in found.calculator.results().values())
    for picture in found.charts:
        svg = chart.svg(picture, "x")
        assert "<title" in svg
        assert "<desc" in svg
        assert 'role="img"' in svg
        assert "style=" not in svg
        head, rows = picture.table()
        assert rows
        assert all(len(row) == len(head) for row in rows)


def browser_modules() -> list[Path]:
    root = PROJECT / "calculators"
    folders = (root, root / "kit", root / "formulas")
    return [path for folder in folders for path in folder.glob("*.py") if path.name != "__main__.py"]


@pytest.mark.parametrize("path", browser_modules(), ids=lambda p: p.name)
def test_what_runs_in_the_browser_imports_the_standard_library_alone(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for name in names:
        top = name.partition(".")[0]
        assert top in sys.stdlib_module_names or top == "calculators", name
    if path.name != "__init__.py":
        assert not any(name.startswith("calculators.buildtime") for name in names)


def test_the_kit_knows_no_subject() -> None:
    for path in (PROJECT / "calculators" / "kit").glob("*.py"):
        assert "calculators.formulas" not in path.read_text("utf-8"), path.name


def test_the_page_script_knows_no_calculator_and_no_field() -> None:
    files = [*(DOCS / "assets").glob("*.js"), PROJECT / "calculators/buildtime/worker.mjs"]
    scripts = "".join(file.read_text("utf-8") for file in files)
    words = set(re.findall(r"[\w-]+", scripts))
    for slug in calculators.SLUGS:
        assert slug not in words
        assert not words & set(calculators.get(slug).fields())


def test_old_links_still_open() -> None:
    """Only ever add to tests/links.yaml: people have these in their documents."""
    for row in yaml.safe_load((TESTS / "links.yaml").read_text()):
        calculator = calculators.get(row["calculator"])
        given = dict(part.split("=", 1) for part in row["link"].lstrip("?").split("&"))
        assert given.pop("v") == "1"
        found = result.answer(calculator, given, data.facts(str(row["as_of"])))
        assert found.headline == row["headline"]
