"""What stands below a result: results side by side, a dated link then and now, a record, chances."""

import json
import math
import statistics
from dataclasses import dataclass
from typing import Any

import pytest

from calculators.buildtime import data
from calculators.kit import beside, browser, chances, export, render, result
from calculators.kit.chances import Chances, Deviates, Swing
from calculators.kit.facts import Facts
from calculators.kit.fields import choice, number, when
from calculators.kit.shape import LEFT_OUT, Calculator, Link, NoValue, Output, Step, Table, output
from calculators.kit.units import Range

SOURCE = {"publisher": "A host", "title": "Prices", "url": "https://example.org/", "via": "page", "checked": "2026-01-01"}
FILE = {"sources": {"s": SOURCE}, "facts": {"host.price": {"label": "Price", "unit": "USD/Mtok", "values": [
    ["2026-01-01", "2026-01-01", 2.0, "s", ""], ["2027-01-01", "2027-01-01", 3.0, "s", ""]]}}}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Two ways of asking."""

    way: str = choice("Way", default="plain", choices={"plain": "Plain", "full": "Full"}, help="Which.")
    mtok: float = number("Million tokens", unit="count", default=10, min=0, max=100, help="How many.")
    extra: float = when(number("Extra", unit="USD", default=5, min=0, max=100, help="More."), "way", "full")


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """A cost, and one more in full."""

    answer: str = output("Answer", headline=True)
    cost: float = output("Cost", unit="USD")
    more: float | NoValue = output("With the extra", unit="USD")


def calculate(inputs: Inputs, facts: Facts) -> Outputs:
    cost = inputs.mtok * float(facts["made.host.price"].value)
    return Outputs(answer="Cheap" if cost < 25 else "Dear", cost=cost,
                   more=cost + inputs.extra if inputs.way == "full" else LEFT_OUT)


MADE = Calculator(
    slug="made", title="Made", question="?", version="1.0", data=("made",), inputs=Inputs, outputs=Outputs, calculate=calculate,
    explain=lambda i, o: [Step("cost", "{mtok} × {made.host.price} = {cost}"), Step("answer", "{cost}"),
                          *([Step("more", "{cost} + {extra} = {more}")] if i.way == "full" else [])],
    chart=lambda i, o, f: [], next=lambda i, o: [Link("On", "calculators/other/", {"mtok": i.mtok, "name": "a b", "on": True})],
    record=lambda r: f"# Made\n\n- **{r.headline}**\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n[It]({r.dated_link})\n",
)


def facts_of(day: str) -> Facts:
    return Facts(lambda stem: FILE, day)


def test_an_input_that_is_not_asked_is_not_shown_anywhere() -> None:
    found = result.answer(MADE, {"extra": "nonsense"}, facts_of("2026-06-01"))
    assert found.asked.keys() == {"way", "mtok"}
    assert found.shown.keys() == {"answer", "cost"}
    assert found.unused == ["extra"]
    assert found.link == "?v=1"
    html = render.section(MADE, found, facts_of("2026-06-01"), "", "")
    assert 'data-unasked data-field="extra" data-when="way=full"' in html
    assert "With the extra" not in html
    full = result.answer(MADE, {"way": "full", "extra": 7}, facts_of("2026-06-01"))
    assert full.outputs["more"] == 27
    assert full.link == "?v=1&extra=7&way=full"


def test_a_link_carries_values_as_a_form_takes_them() -> None:
    link = result.answer(MADE, {}, facts_of("2026-06-01")).next[0]
    assert link.address == "calculators/other/?v=1&mtok=10&name=a%20b&on=yes"
    assert Link("On", "guide/").address == "guide/"


def test_side_by_side_shows_what_differs_and_how_far() -> None:
    """20 USD and 30 USD: half as much again. The way is the same in both and is left out."""
    facts = facts_of("2026-06-01")
    html = beside.side_by_side([result.answer(MADE, {}, facts)], result.answer(MADE, {"mtok": 15}, facts))
    assert "30 USD (+50 %)" in html
    assert "Million tokens (input)" in html
    assert "Way (input)" not in html
    assert "Cheap" in html
    assert "Dear" in html


def test_then_and_now_names_the_figures_that_changed() -> None:
    html = beside.then_and_now(*(result.answer(MADE, {}, facts_of(day)) for day in ("2026-06-01", "2027-02-01")))
    assert "Price: 2 USD per million tokens, now 3 USD per million tokens (from 2027-01-01)" in html
    assert "On 2026-06-01" in html
    assert "30 USD (+50 %)" in html
    same = beside.then_and_now(*(result.answer(MADE, {}, facts_of(day)) for day in ("2026-06-01", "2026-07-01")))
    assert "None of the figures" in same


def test_a_table_that_few_need_is_folded_away() -> None:
    table = Table((("A", "text"), ("B", "USD")), (("x", (1,)),))
    html = render._output_table("t", Output("Rows", "text", table=True, closed=True), table)
    assert html.startswith('<details class="more-table"><summary>Rows (1 row)</summary>')
    assert "<caption>" not in html


def test_the_record_is_shown_as_it_is_kept() -> None:
    html = render.record(result.answer(MADE, {}, facts_of("2026-06-01")))
    assert 'data-part="top"><p class="record-h1">Made</p><ul><li><strong>Cheap</strong></li></ul>' in html
    assert "<tr><td>1</td><td>2</td></tr>" in html
    assert '<a href="?v=1&amp;as_of=2026-06-01">It</a>' in html


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Asks as the page does, of a real calculator."""
    monkeypatch.setattr(browser, "bundled", data.bundled)
    browser._known.clear()

    def ask(**more: Any) -> dict[str, Any]:
        question = {"slug": "break-even", "as_of": "2027-01-01", "fields": {"monthly_tokens": "2e8"}, "more": more}
        return dict(json.loads(browser.answer(json.dumps(question))))

    yield ask
    browser._known.clear()


def test_what_is_wrong_with_a_kept_result_or_a_day_is_said_and_harms_nothing(asked: Any) -> None:
    assert asked().keys() == {"ok", "chances", "flips", "compared", "record"}
    kept = asked(kept=[{"v": "1", "monthly_tokens": "many"}, {"v": "1", "monthly_tokens": "3e8"}])["compared"]
    assert kept.count("<th scope=\"col\">") == 4  # what is wrong is left at its default
    assert "names a day that is none" in asked(then={"day": "soon", "fields": {}})["compared"]
    assert "nothing later is known" in asked(then={"day": "2028-01-01", "fields": {}})["compared"]
    assert "cannot be worked out again" in asked(then={"day": "2000-01-01", "fields": {}})["compared"]
    assert "On 2026-11-26" in asked(then={"day": "2026-11-26", "fields": {"v": "1"}})["compared"]


def test_draws_have_the_median_and_the_tenths_that_were_asked_for() -> None:
    """By definition a tenth lies below low and a tenth above high; of 20,000 draws that holds to about 0.6 per cent."""
    drawn = Deviates(20_000).around(Range(50, 100, 300))
    assert math.isclose(statistics.median(drawn), 100, rel_tol=0.03)
    assert math.isclose(sum(value < 50 for value in drawn) / 20_000, 0.1, abs_tol=0.01)
    assert math.isclose(sum(value > 300 for value in drawn) / 20_000, 0.1, abs_tol=0.01)
    assert Deviates().around(Range(5, 5, 5)) == [5] * chances.DRAWS
    assert Deviates().around(Range(0, 0, 0))[0] == 0
    assert Deviates().factors(0.5, 2) == Deviates().factors(0.5, 2)
    with pytest.raises(ValueError, match="low must be"):
        Deviates().factors(1.5, 2)


def test_equals_share_a_draw() -> None:
    """Two draws: a alone is the cheapest in one, a and b together in the other."""
    assert chances.cheapest_shares({"a": [1, 2], "b": [3, 2], "c": [9, 9]}) == {"a": 0.75, "b": 0.25, "c": 0}


def test_the_widest_swing_comes_first_and_what_moves_nothing_is_left_out() -> None:
    ends = (("a", 9, 11), ("b", 2, 30), ("c", 10, 10))
    small, wide, none = (Swing(name, low, 10, high, "1", "2") for name, low, high in ends)
    assert chances.widest([small, wide, none]) == [wide, small]


def test_chances_are_shown_as_whole_per_cents_with_their_picture() -> None:
    found = Chances({"a": 0.999, "b": 0.001}, {"a": "One", "b": "Other"}, [Swing("Price", 5, 10, 20, "1 USD", "4 USD")],
                    "the month", "USD/month", "Drawn from the price.")
    html = render.chances(found, result.answer(MADE, {}, facts_of("2026-06-01")))
    assert "more than 99 %" in html
    assert "less than 1 %" in html
    assert "Price: 1 to 4 USD" in html
    assert "with one input alone moved: Price 1 USD: 5 USD/month, 4 USD: 20 USD/month" in html


def test_sources_of_one_id_in_two_files_are_told_apart_and_one_source_under_two_ids_is_named_once() -> None:
    other = SOURCE | {"title": "Other prices"}
    def one(name: str, source: dict[str, str]) -> dict[str, Any]:
        values = [["2026-01-01", "2026-01-01", 1.0, name, ""]]
        return {"sources": {name: source}, "facts": {"x.y": {"label": "X", "unit": "USD", "values": values}}}

    files = {"made": FILE, "b": one("s", other), "c": one("t", SOURCE)}
    facts = Facts(lambda stem: files[stem], "2026-06-01")
    found = result.answer(MADE, {}, facts)._replace(facts=[facts["made.host.price"], facts["b.x.y"], facts["c.x.y"]])
    as_json = export.as_dict(found)
    assert {name: row["title"] for name, row in as_json["sources"].items()} == {"s": "Prices", "s-2": "Other prices"}
    assert [row["source"] for row in as_json["facts"].values()] == ["s", "s-2", "s"]


def test_the_distance_of_two_figures_is_said_in_words() -> None:
    """Three times as much and more is a factor; a part in two hundred or less is nothing to speak of."""
    said = {ratio: beside._distance(ratio) for ratio in (100, 3, 1.5, 1.001, 0.999, 0.5)}
    assert said == {100: "100 times", 3: "3 times", 1.5: "+50 %", 1.001: "nearly the same", 0.999: "nearly the same",
                    0.5: "−50 %"}
