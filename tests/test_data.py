"""The schema of data/*.yaml: what it refuses, each with file, key and reason; and what a look-up finds on a day."""

import copy
import datetime
import functools
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import calculators
from calculators.buildtime import DATA, DOCS, data
from calculators.buildtime.bundling import bundle
from calculators.buildtime.schema import File, SourceRow
from calculators.kit.facts import Facts, MissingFact

HEAD = """title: T
about: A
sources:
  vendor: {publisher: P, title: T, url: https://vendor.example/, via: page, checked: 2026-11-24}
"""
FACTS = HEAD + """facts:
  group:
    price:
      label: L
      unit: USD
      source: vendor
      values:
        2026-01-01: {value: 1, recorded: 2026-11-24}
        2026-06-01: {value: 2, recorded: 2026-11-24}
"""
TABLE = HEAD + """table:
  columns:
    price: {label: Price, unit: USD}
    name: {label: Name, unit: text}
    day: {label: Day, unit: date}
    page: {label: Page, unit: url}
    open: {label: Open, unit: yes_no}
  rows:
    row: {from: 2026-01-01, recorded: 2026-11-24, source: vendor, price: 1, name: N}
"""
CLAIMS = HEAD + """claims:
  claim: {original: O, verdict: wrong, now: N, as_of: 2026-11-24, sources: [vendor]}
"""


def problems(folder: Path, text: str | bytes, name: str = "prices.yaml") -> list[tuple[str, str, str]]:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(problem.file, problem.key, problem.reason) for problem in data.check(folder)]


@pytest.mark.parametrize("text", [FACTS, TABLE, CLAIMS])
def test_the_examples_are_sound_as_they_stand(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == []


ANY = "Input should be a valid boolean or a valid integer or a valid number or a valid string or a valid date"
REFUSED = [
    # Figures
    (FACTS, "unit: USD", "unit: parsec", "facts.group.price.unit", "unit 'parsec' is not among USD, "),
    (FACTS, "label: L", "label: L\n      colour: red",
     "facts.group.price.colour", "Extra inputs are not permitted (got 'red')"),
    (FACTS, "label: L", "label: L\n      Note: red", "facts.group.price.Note",
     "Extra inputs are not permitted (got 'red')"),
    (FACTS, "      label: L\n", "", "facts.group.price.label", "Field required"),
    (FACTS, "      label: L", "      label: 5", "facts.group.price.label", "Input should be a valid string (got 5)"),
    (FACTS, "      label: L", "      label: L\n      label: M", "line 9", "the key 'label' stands twice"),
    (FACTS, "      source: vendor\n", "", "facts.group.price.source", "Field required"),
    (FACTS, "source: vendor", "source: nobody", "group.price", "source 'nobody' is not among vendor"),
    (FACTS, "value: 1,", "value: 1, source: nobody,", "group.price", "source 'nobody' is not among vendor"),
    (FACTS, "value: 1,", "value: '1',", "facts.group.price", "'1' is not a number, and the unit is USD"),
    (FACTS, "value: 1,", "value: 1e3,", "facts.group.price", "'1e3' is not a number, and the unit is USD"),  # text to YAML
    (FACTS, "value: 1,", "value: yes,", "facts.group.price", "True is not a number, and the unit is USD"),
    (FACTS, "value: 1,", "value: .nan,", "facts.group.price", "nan is not finite"),
    (FACTS, "value: 1,", "value: -.inf,", "facts.group.price", "-inf is not finite"),
    (FACTS, "unit: USD", "unit: text", "facts.group.price", "1 is no text"),
    (FACTS, "unit: USD", "unit: yes_no", "facts.group.price", "1 is no yes_no"),
    (FACTS, "unit: USD", "unit: date", "facts.group.price", "1 is no date"),
    (FACTS, "value: 1, ", "", "facts.group.price.values.2026-01-01.value", "Field required"),
    (FACTS, "value: 2, recorded: 2026-11-24", "value: 2", "facts.group.price.values.2026-06-01.recorded",
     "Field required"),
    (FACTS, "2, recorded: 2026-11-24", "2, recorded: '2026-11-24'", "facts.group.price.values.2026-06-01.recorded",
     "Input should be a valid date (got '2026-11-24')"),
    (FACTS, "2, recorded: 2026-11-24", "2, recorded: 2026-11-24 10:00:00", "facts.group.price.values.2026-06-01.recorded",
     "Input should be a valid date"),
    (FACTS, "value: 1,", "value: [1],", "facts.group.price.values.2026-01-01.value", ANY),
    (FACTS, "2026-06-01", "2025-06-01", "facts.group.price", "dates out of order: 2026-01-01, 2025-06-01"),
    (FACTS, "2026-06-01", "2026-01-01", "line 13", "the key datetime.date(2026, 1, 1) stands twice"),
    (FACTS, "2026-06-01", "2026-06-31", "line 13", "day is out of range for month"),
    (FACTS, "2026-06-01", "soon", "facts.group.price.values.soon", "Input should be a valid date (got 'soon')"),
    (FACTS, "{value: 1, recorded: 2026-11-24}",
     "[{value: 1, recorded: 2026-11-24}, {value: 3, recorded: 2026-11-24}]", "facts.group.price",
     "the records of 2026-01-01 must each be later than the one before"),
    (FACTS, "{value: 1, recorded: 2026-11-24}",
     "[{value: 1, recorded: 2026-11-24}, {value: 3, recorded: 2026-11-23}]", "facts.group.price",
     "the records of 2026-01-01 must each be later than the one before"),
    (FACTS, "facts:", "groups: {other: Others}\nfacts:", "groups.other", "has no facts"),
    (FACTS, "    price:", "    Price:", "facts.group.Price", "String should match pattern"),
    # Sources
    (FACTS, "facts:",
     "  second: {publisher: P, title: T, url: https://second.example/, via: page, checked: 2026-11-24}\nfacts:",
     "sources.second", "is cited by nothing"),
    (FACTS, "publisher: P, ", "", "sources.vendor.publisher", "Field required"),
    (FACTS, "via: page", "via: rumour", "sources.vendor.via",
     "Input should be 'page', 'package' or 'secondary' (got 'rumour')"),
    (FACTS, ", checked: 2026-11-24", "", "sources.vendor", "via page needs checked, and no package, version or released"),
    (FACTS, "via: page", "via: secondary, package: p", "sources.vendor",
     "via secondary needs checked, and no package, version or released"),
    (FACTS, "via: page, checked", "via: package, package: p, released", "sources.vendor",
     "via package needs package, version and released, and no checked"),
    (FACTS, "via: page, ", "via: package, package: p, version: '1', released: 2026-11-24, ", "sources.vendor",
     "via package needs package, version and released, and no checked"),
    (FACTS, "via: page, checked", "via: package, package: p, version: 1.0, released", "sources.vendor.version",
     "Input should be a valid string (got 1.0)"),
    (FACTS, "https://vendor.example/", "http://vendor.example/", "sources.vendor.url",
     "is neither an https address nor a page"),
    (FACTS, "https://vendor.example/", "vendor.example", "sources.vendor.url", "is neither an https address nor a page"),
    (FACTS, "https://vendor.example/", "https://", "sources.vendor.url", "Input should be a valid URL, empty host"),
    (FACTS, "https://vendor.example/", "about/../method.md", "sources.vendor.url", "is neither an https address nor a page"),
    # Tables
    (TABLE, "name: N", "colour: red", "row.colour", "there is no column 'colour'; there are price, name, day, page, open"),
    (TABLE, "from: 2026-01-01, ", "", "row", "from must be a date"),
    (TABLE, "recorded: 2026-11-24, ", "", "row", "recorded must be a date"),
    (TABLE, "from: 2026-01-01", "from: '2026-01-01'", "row", "from must be a date"),
    (TABLE, "from: 2026-01-01", "from: 2026-01-01 10:00:00", "table.rows.row.from", ANY),
    (TABLE, "source: vendor, ", "", "row", "source is missing"),
    (TABLE, "source: vendor", "source: nobody", "row", "source 'nobody' is not among vendor"),
    (TABLE, "name: N", "name: N, also: vendor nobody", "row", "source 'nobody' is not among vendor"),
    (TABLE, "name: N", "name: N, also: [vendor]", "table.rows.row.also", "Input should be a valid"),
    (TABLE, "name: N", "name: N, note: 5", "row.note", "5 is no text"),
    (TABLE, "price: 1", "price: '1'", "row.price", "'1' is not a number, and the unit is USD"),
    (TABLE, "price: 1", "price: null", "row.price", "null ends a figure, and there is none before it"),
    (TABLE, "name: N", "name: 5", "row.name", "5 is no text"),
    (TABLE, "name: N", "day: soon", "row.day", "Invalid isoformat string: 'soon'"),
    (TABLE, "name: N", "day: [2026-01-01]", "table.rows.row.day", "Input should be a valid"),
    (TABLE, "name: N", "page: somewhere", "row.page", "'somewhere' is neither an https address nor a page"),
    (TABLE, "name: N", "open: 'no'", "row.open", "'no' is no yes_no"),
    (TABLE, "price: 1, name: N", "note: N", "row", "holds no figure"),
    (TABLE, "unit: date", "unit: week", "table.columns.day.unit", "unit 'week' is not among USD, "),
    (TABLE, "    day: {label: Day, unit: date}", "    day: {unit: date}", "table.columns.day.label", "Field required"),
    (TABLE, "{from: 2026-01-01, recorded: 2026-11-24, source: vendor, price: 1, name: N}", "[]", "row", "has no versions"),
    # Claims
    (CLAIMS, "sources: [vendor]", "sources: [vendor, nobody]", "claim", "source 'nobody' is not among vendor"),
    (CLAIMS, "now: N", "now: 'It is {prices.group.price}.'", "claim", "there is no figure prices.group.price"),
    (CLAIMS, "now: N", "now: 'It is {prices.group price}.'", "claim", "a brace in now holds no key of a figure"),
    (CLAIMS, "now: N", "now: 'It is {prices.group.price.'", "claim", "a brace in now holds no key of a figure"),
    (CLAIMS, "verdict: wrong", "verdict: bad", "claims.claim.verdict", "Input should be 'holds', "),
    (CLAIMS, "sources: [vendor]", "sources: []", "claims.claim", "verdict wrong needs a source"),
    (CLAIMS, "as_of: 2026-11-24, ", "", "claims.claim.as_of", "Field required"),
    (CLAIMS, "original: O, ", "", "claims.claim.original", "Field required"),
    # Files
    (FACTS, "title: T\n", "", "title", "Field required"),
    (FACTS, "facts:", "claims: {}\nfacts:", "file", "holds exactly one of facts, table, claims"),
    (FACTS, "facts:", "table: {columns: {}, rows: {}}\nfacts:", "file", "holds exactly one of facts, table, claims"),
    (FACTS, FACTS.removeprefix(HEAD), "", "file", "holds exactly one of facts, table, claims"),
    (FACTS, "title: T", "shelf_life_days: 0\ntitle: T", "shelf_life_days", "Input should be greater than 0"),
    (FACTS, FACTS, "", "file", "Input should be a valid dictionary"),
    (FACTS, FACTS, "- a\n- b\n", "file", "Input should be a valid dictionary"),
    (FACTS, "title: T", "? [a]\n: b\ntitle: T", "line 1", "a key is one word"),
    (FACTS, "label: L", "label: !!python/name:os.system", "line 8", "could not determine a constructor for the tag"),
]


@pytest.mark.parametrize(("text", "old", "new", "key", "reason"), REFUSED)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, old: str, new: str, key: str, reason: str) -> None:
    assert old in text
    found = problems(tmp_path, text.replace(old, new, 1))
    assert len({(file, where) for file, where, _ in found}) == len(found)  # each key once
    assert [(file, where) for file, where, why in found if reason in why] == [("prices.yaml", key)], found


@pytest.mark.parametrize(("name", "text", "key", "reason"), [
    ("Prices.yaml", FACTS, "name", "a file name is kebab-case"),
    ("api_prices.yaml", FACTS, "name", "a file name is kebab-case"),
    ("prices.yaml", b"\xff\xfe", "file", "is not UTF-8"),
    ("prices.yaml", "title: [", "line 2", ""),
    ("prices.yaml", "title: T\n\tabout: A\n", "line 2", ""),
])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str | bytes, key: str, reason: str) -> None:
    (file, where, why), = problems(tmp_path, text, name)
    assert (file, why or "") == (name, reason or why)
    assert where.split()[0] == key.split()[0]
    assert why


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    problems(tmp_path, FACTS.replace("unit: USD", "unit: parsec").replace("label: L", "label: 5"), "a.yaml")
    found = problems(tmp_path, TABLE.replace("price: 1", "price: x"), "b.yaml")
    assert [(file, key) for file, key, _ in found] == [
        ("a.yaml", "facts.group.price.label"), ("a.yaml", "facts.group.price.unit"), ("b.yaml", "row.price")]


def test_a_claim_may_name_a_figure_of_another_file(tmp_path: Path) -> None:
    problems(tmp_path, FACTS, "prices.yaml")
    text = CLAIMS.replace("now: N", "now: 'It is {prices.group.price} and {rows.row.price}.'")
    assert problems(tmp_path, text, "claims.yaml") == [("claims.yaml", "claim", "there is no figure rows.row.price")]
    assert problems(tmp_path, TABLE, "rows.yaml") == []


ROW = "    row: {from: 2026-01-01, recorded: 2026-11-24, source: vendor, price: 1, name: N}\n"


@pytest.mark.parametrize(("versions", "reason"), [
    (["from: 2026-02-01, recorded: 2026-11-24, price: 1", "from: 2026-01-01, recorded: 2026-11-25, price: 2"],
     "dates out of order: 2026-02-01, 2026-01-01"),
    (["from: 2026-01-01, recorded: 2026-11-24, price: 1", "from: 2026-01-01, recorded: 2026-11-24, price: 2"],
     "the records of 2026-01-01 must each be later than the one before"),
    (["from: 2026-01-01, recorded: 2026-11-24, price: 1", "from: 2026-01-01, recorded: 2026-11-25, name: N",
      "from: 2026-01-01, recorded: 2026-11-23, price: 2"],
     "the records of 2026-01-01 must each be later than the one before"),
    (["from: 2026-01-01, recorded: 2026-11-24, price: 1", "from: 2026-01-01, recorded: 2026-11-25, price: 2"], None),
    (["from: 2026-01-01, recorded: 2026-11-24, price: 1", "from: 2026-02-01, recorded: 2026-11-24, price: 2"], None),
    # Other columns of the same day, from another source, correct nothing.
    (["from: 2026-01-01, recorded: 2026-11-24, price: 1", "from: 2026-01-01, recorded: 2026-11-24, name: N"], None),
])
def test_versions_of_a_row_are_oldest_first(tmp_path: Path, versions: list[str], reason: str | None) -> None:
    rows = "".join(f"      - {{source: vendor, {version}}}\n" for version in versions)
    found = problems(tmp_path, TABLE.replace(ROW, f"    row:\n{rows}"))
    assert found == ([("prices.yaml", "row", reason)] if reason else [])


# What a look-up finds


OVER_TIME = HEAD + """  again: {publisher: P, title: Second, url: about/method.md, via: secondary, checked: 2026-12-05}
facts:
  group:
    price:
      label: L
      unit: USD
      source: vendor
      note: for all
      values:
        2026-01-01:
          - {value: 10, recorded: 2026-02-01}
          - {value: 11, recorded: 2026-12-01, source: again, note: corrected}
        2026-06-01: {value: 8, recorded: 2026-06-15}
        2027-01-01: {value: 12, recorded: 2026-11-24}
"""


def on(day: str, text: str = OVER_TIME, folder: Path | None = None) -> Facts:
    file = File.model_validate(yaml.safe_load(text))
    return Facts(lambda stem: bundle(file), day)


@pytest.mark.parametrize(("day", "value"), [
    ("2026-01-31", None),  # holds already, but nobody had written it down
    ("2026-02-01", 10), ("2026-06-14", 10),  # the price of June is not known yet
    ("2026-06-15", 8), ("2026-11-30", 8), ("2026-12-01", 8), ("2026-12-31", 8),
    ("2027-01-01", 12), ("2030-01-01", 12),
])
def test_a_look_up_sees_what_was_known_on_its_day(day: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(MissingFact) as caught:
            on(day)["prices.group.price"]
        assert str(caught.value) == f"data/ has no prices.group.price in force on {day}."
    else:
        assert on(day)["prices.group.price"].value == value


@pytest.mark.parametrize(("day", "history", "coming"), [
    ("2026-01-31", [], []),
    ("2026-02-01", [("2026-01-01", 10)], []),
    ("2026-11-24", [("2026-01-01", 10), ("2026-06-01", 8), ("2027-01-01", 12)], [("2027-01-01", 12)]),
    ("2026-12-01", [("2026-01-01", 11), ("2026-06-01", 8), ("2027-01-01", 12)], [("2027-01-01", 12)]),  # corrected by now
    ("2027-01-01", [("2026-01-01", 11), ("2026-06-01", 8), ("2027-01-01", 12)], []),
])
def test_history_and_what_is_coming(day: str, history: list[tuple[str, int]], coming: list[tuple[str, int]]) -> None:
    assert [(f.start, f.value) for f in on(day).history("prices.group.price")] == history
    assert [(f.start, f.value) for f in on(day).coming("prices.group.price")] == coming


def test_a_correction_brings_its_own_source_and_note() -> None:
    before, after = (on(day).history("prices.group.price")[0] for day in ("2026-11-30", "2026-12-01"))
    assert (before.source.id, before.note, before.recorded) == ("vendor", "for all", "2026-02-01")
    assert (after.source.id, after.note, after.recorded) == ("again", "corrected", "2026-12-01")
    assert after.source.dated() == "second-hand, read 2026-12-05"
    assert before.source.dated() == "page read 2026-11-24"


def test_a_package_is_dated_by_its_release() -> None:
    text = FACTS.replace("via: page, checked", "via: package, package: prices, version: '1.2', released")
    assert on("2026-11-24", text)["prices.group.price"].source.dated() == "prices 1.2, released 2026-11-24"


def test_a_row_over_time() -> None:
    """A later version holds only what is new; null ends a figure; a correction holds from the day it was recorded."""
    text = TABLE.replace(ROW, """    row:
      - {from: 2026-01-01, recorded: 2026-02-01, source: vendor, price: 10, name: N}
      - {from: 2026-01-01, recorded: 2026-12-01, source: vendor, price: 11}
      - {from: 2026-06-01, recorded: 2026-06-15, source: vendor, price: 8}
      - {from: 2027-01-01, recorded: 2026-11-24, source: vendor, price: null}
""")
    for day, price in (("2026-02-01", 10), ("2026-06-15", 8), ("2026-12-01", 8)):
        assert (on(day, text)["rows.row.price"].value, on(day, text)["rows.row.name"].value) == (price, "N")
    assert [f.value for f in on("2026-11-30", text).history("rows.row.price")] == [10, 8]
    assert [f.value for f in on("2026-12-01", text).history("rows.row.price")] == [11, 8]
    with pytest.raises(MissingFact):
        on("2027-01-01", text)["rows.row.price"]
    assert on("2027-01-01", text)["rows.row.name"].value == "N"


@pytest.mark.parametrize("key", ["prices.group.nothing", "prices.nothing", "rental", "prices.", ""])
def test_a_figure_that_there_is_not(key: str) -> None:
    with pytest.raises(MissingFact):
        on("2026-12-01")[key]


def test_a_file_that_there_is_not() -> None:
    with pytest.raises(MissingFact) as caught:
        data.facts("2026-11-26")["nothing.group.price"]
    assert str(caught.value) == "There is no data/nothing.yaml."


DAYS = st.dates(datetime.date(2026, 1, 1), datetime.date(2026, 1, 12))


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(DAYS, st.lists(DAYS, min_size=1, max_size=3, unique=True), min_size=1, max_size=4), DAYS)
def test_a_look_up_against_a_search_of_all_records(
    records: dict[datetime.date, list[datetime.date]], day: datetime.date
) -> None:
    """Of the records known on the day, the latest start not after it; of that start the latest record."""
    numbered = itertools.count()
    rows = [(start, recorded, next(numbered)) for start in sorted(records) for recorded in sorted(records[start])]
    values = {start: [{"value": v, "recorded": r} for s, r, v in rows if s == start] for start in sorted(records)}
    tree = yaml.safe_load(FACTS)
    tree["facts"]["group"]["price"]["values"] = values
    known = [row for row in rows if row[1] <= day and row[0] <= day]
    facts = on(day.isoformat(), yaml.safe_dump(tree))
    if known:
        assert facts["prices.group.price"].value == max(known)[2]
    else:
        with pytest.raises(MissingFact):
            facts["prices.group.price"]


# Mutations of the real files: whatever must matter is noticed


@functools.cache
def real(stem: str) -> Any:
    return yaml.safe_load((DATA / f"{stem}.yaml").read_text("utf-8"))


def real_claims() -> Any:
    """A file of claims, without those that name figures of other files than the original's."""
    tree = copy.deepcopy(real("claims-use"))
    tree["claims"] = {i: c for i, c in tree["claims"].items() if set(re.findall(r"\{(\w+)[.-]", c["now"])) <= {"original"}}
    used = {source for claim in tree["claims"].values() for source in claim["sources"]}
    tree["sources"] = {i: s for i, s in tree["sources"].items() if i in used}
    return tree


TREES: dict[str, Callable[[], Any]] = {
    "original-scores": lambda: real("original-scores"), "release-dates": lambda: real("release-dates"),
    "rental": lambda: real("rental"), "claims": real_claims}

Steps = tuple[Any, ...]
Change = Callable[[Any, Any], None]  # given the mapping or list that holds it, and its key
REQUIRED = {"title", "about", "sources", "publisher", "url", "via", "label", "unit", "values", "value", "recorded", "columns",
            "rows", "from", "original", "verdict", "now", "as_of", "source"}
WORDS = REQUIRED | {"checked", "package", "version", "released", "facts", "table", "claims", "groups", "note", "also", "help",
                    "shelf_life_days"}


def walk(tree: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every place of a tree with what stands there."""
    if steps:
        yield steps, tree
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from walk(value, (*steps, key))


def is_word(steps: Steps) -> bool:
    """Whether the last step is a word of the schema, not an id of ours (a column may be called as one)."""
    is_id = (steps[0] == "facts" and len(steps) in (2, 3)) or (len(steps) > 1 and steps[-2] in (
        "sources", "claims", "columns", "rows", "groups"))
    return steps[-1] in WORDS and not is_id


def drop(held: Any, key: Any) -> None:
    del held[key]


def rename(held: Any, key: Any) -> None:
    renamed = {f"{k}x" if k == key else k: v for k, v in held.items()}
    held.clear()
    held.update(renamed)


def other_kind(held: Any, key: Any) -> None:
    held[key] = {bool: "perhaps", int: str(held[key]), float: str(held[key]), str: 5}.get(type(held[key]), "soon")


def into_list(held: Any, key: Any) -> None:
    held[key] = [held[key]]


def set_to(value: Any) -> Change:
    def change(held: Any, key: Any) -> None:
        held[key] = value

    return change


def reverse(held: Any, key: Any) -> None:
    held[key] = dict(reversed(held[key].items()))


def twice(held: Any, key: Any) -> None:
    held[key] = [held[key], held[key]]


def changes(tree: Any) -> Iterator[tuple[str, Steps, Change]]:
    """Every single change to a tree that must be noticed."""
    for steps, value in walk(tree):
        last, before = steps[-1], steps[-2] if len(steps) > 1 else None
        scalar = not isinstance(value, dict | list)
        if is_word(steps):
            yield "rename", steps, rename
            required = last in REQUIRED or (last == "checked" and tree["sources"][before]["via"] != "package")
            if required and not (last == "source" and before in tree.get("facts", {})):
                yield "drop", steps, drop
        if scalar:
            yield "other kind", steps, other_kind
        if scalar and not isinstance(before, int) and before != "sources":
            yield "list", steps, into_list
        if before == "sources" and len(steps) == 2:
            yield "rename a source", steps, rename
            yield "drop a source", steps, drop
        if last == "unit" and is_word(steps):
            yield "unit", steps, set_to("parsec")
        if last == "source" and is_word(steps):
            yield "source", steps, set_to("nobody")
        if last == "now":
            yield "figure", steps, set_to("It is {original.nothing.at-all}.")
            yield "brace", steps, set_to("It is {original.")
        if last == "values" and len(value) > 1:
            yield "reverse", steps, reverse
        if before == "values":
            yield "record twice", steps, twice
        if before == "sources" and len(steps) == 4:
            yield "reference", steps, set_to("nobody")
        if before == "rows" and len(steps) == 3:
            yield "version twice", steps, twice


@pytest.mark.parametrize("name", TREES)
def test_the_files_to_be_changed_are_sound(name: str, tmp_path: Path) -> None:
    assert mutated_problems(tmp_path, yaml.safe_dump(TREES[name](), sort_keys=False)) == []
    assert len(list(changes(TREES[name]()))) > 100


def mutated_problems(folder: Path, text: str) -> list[tuple[str, str, str]]:
    if "{original." in text:
        (folder / "original.yaml").write_bytes((DATA / "original.yaml").read_bytes())
    return problems(folder, text, "changed.yaml")


@pytest.mark.parametrize("name", TREES)
@settings(max_examples=80, deadline=None)
@given(draw=st.data())
def test_no_change_that_matters_is_accepted(name: str, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject) -> None:
    tree = copy.deepcopy(TREES[name]())
    possible = list(changes(tree))
    kind = draw.draw(st.sampled_from(sorted({what for what, _, _ in possible})))
    _, steps, change = draw.draw(st.sampled_from([row for row in possible if row[0] == kind]))
    held = functools.reduce(lambda part, step: part[step], steps[:-1], tree)
    change(held, steps[-1])
    folder = tmp_path_factory.mktemp("data")
    found = mutated_problems(folder, yaml.safe_dump(tree, sort_keys=False))
    assert found, (kind, steps)
    assert all(file == "changed.yaml" and key and reason for file, key, reason in found)


@pytest.mark.parametrize("name", TREES)
@settings(max_examples=40, deadline=None)
@given(draw=st.data())
def test_no_key_may_stand_twice(name: str, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject) -> None:
    """Any key of any mapping, with all that stands under it, once more behind itself."""
    lines = yaml.safe_dump(TREES[name](), sort_keys=False, width=100_000).splitlines()
    keys = [i for i, line in enumerate(lines) if re.match(r" *[\w-]+:( |$)", line)]
    first = draw.draw(st.sampled_from(keys))
    indent = len(lines[first]) - len(lines[first].lstrip())
    end = first + 1
    while end < len(lines) and (len(lines[end]) - len(lines[end].lstrip()) > indent or lines[end].lstrip().startswith("- ")):
        end += 1
    text = "\n".join([*lines[:end], *lines[first:end], *lines[end:]])
    found = mutated_problems(tmp_path_factory.mktemp("data"), text)
    assert [(file, reason.endswith("stands twice")) for file, _, reason in found] == [("changed.yaml", True)], text


# The real files


def sources() -> list[tuple[str, str, SourceRow]]:
    return [(stem, source_id, source) for stem in data.stems() for source_id, source in data.read(stem).sources.items()]


def test_a_page_of_ours_that_is_a_source_is_there() -> None:
    for stem, source_id, source in sources():
        if not source.url.startswith("https://"):
            page, _, anchor = source.url.partition("#")
            assert (DOCS / page).is_file(), (stem, source_id)
            assert not anchor or f"{{#{anchor}}}" in (DOCS / page).read_text("utf-8"), (stem, source_id)


def test_nothing_was_read_or_recorded_in_the_future() -> None:
    today = datetime.date.today()
    for stem, source_id, source in sources():
        assert (source.checked or source.released or today) <= today, (stem, source_id)
    for stem in data.stems():
        file = data.read(stem)
        for group, facts in (file.facts or {}).items():
            for name, fact in facts.items():
                assert all(row.recorded <= today for _, row in fact.rows()), (stem, group, name)
        for row_id, versions in (file.table.rows if file.table else {}).items():
            for row in versions if isinstance(versions, list) else [versions]:
                assert isinstance(row["recorded"], datetime.date)
                assert row["recorded"] <= today, (stem, row_id)


@pytest.mark.parametrize("slug", calculators.SLUGS)
def test_one_id_is_one_source_in_all_files_of_a_calculator(slug: str) -> None:
    """A result lists its sources by id: two under one id would be shown as one."""
    seen: dict[str, tuple[str, dict[str, str]]] = {}
    for stem in calculators.get(slug).data:
        for source_id, source in data.read(stem).sources.items():
            other, bundled = seen.setdefault(source_id, (stem, source.bundled()))
            assert bundled == source.bundled(), (source_id, stem, other)
