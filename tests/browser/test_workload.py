"""What a reader sets on one page is offered on the others: visibly, by one click, never unasked, and it can be forgotten."""

from typing import Any

READY = 60_000  # ms; a machine under load may be slow to start Python
PAGE = "calculators/api-cost/"
OTHER = "calculators/break-even/"  # asks for the same workload
# The theme's own use of the storage is left alone: it does not guard itself, and is not what is tested here.
BLOCKED = """for (const name of ['getItem', 'setItem', 'removeItem']) {
  const plain = Storage.prototype[name];
  Storage.prototype[name] = function (key, ...rest) {
    if (key === 'calculators') throw new DOMException('blocked', 'SecurityError');
    return plain.call(this, key, ...rest);
  };
}"""


def answered(page: Any, part: str) -> None:
    """Wait until the address shows that the answer is there."""
    page.wait_for_function("part => location.search.includes(part)", arg=part, timeout=READY)


def test_a_value_is_offered_and_never_applied_unasked(page: Any) -> None:
    page.goto(PAGE)
    assert page.locator(".offer").count() == 0
    page.fill("[name=input_tokens]", "3100")
    page.select_option("[name=benchmark]", "none")  # this calculator's own, not of the workload
    answered(page, "input_tokens=3100")
    page.goto(OTHER)
    offer = page.locator("[data-field=input_tokens] .offer")
    assert offer.inner_text() == "From your workload: 3100"
    assert page.locator("[data-field] .offer").count() == 1
    assert page.input_value("[name=input_tokens]") == "2,000"
    assert "2,000 tokens" in page.inner_text("[data-result]")
    assert page.url.endswith(OTHER)
    offer.click()
    assert page.input_value("[name=input_tokens]") == "3100"
    answered(page, "input_tokens=3100")
    assert "3,100 tokens" in page.inner_text("[data-result]")
    assert page.locator(".offer").count() == 0


def test_what_the_address_says_wins(page: Any) -> None:
    page.goto(PAGE)
    page.fill("[name=input_tokens]", "3100")
    answered(page, "input_tokens=3100")
    page.goto(f"{OTHER}?v=1&mode=full&input_tokens=777")
    page.wait_for_function("document.querySelector('[data-result]').textContent.includes('777 tokens')", timeout=READY)
    assert page.input_value("[name=input_tokens]") == "777"
    assert page.locator("[data-field=input_tokens] .offer").inner_text() == "From your workload: 3100"
    page.goto(PAGE)  # what came by a link was not set by the reader
    assert page.locator("[data-field=input_tokens] .offer").inner_text() == "From your workload: 3100"


def test_all_at_once_and_forgotten(page: Any) -> None:
    page.goto(PAGE)
    page.click("[data-preset] >> text=Document extraction overnight")
    answered(page, "batch_share_percent=100")
    page.goto(OTHER)
    assert "From your workload, as you set it before: " in page.inner_text(".offer-all")
    page.click(".offer-all button >> text=Use all")
    answered(page, "batch_share_percent=100")
    assert page.input_value("[name=requests_per_day]") == "20000"
    assert page.locator(".offer").count() == 0
    page.goto(PAGE)
    page.click(".offer-all button >> text=Forget my workload")
    assert page.locator(".offer").count() == 0
    page.goto(OTHER)
    assert page.locator(".offer").count() == 0
    assert page.evaluate("localStorage.getItem('calculators')") is None


def test_a_mistake_is_not_kept(page: Any) -> None:
    page.goto(PAGE)
    page.fill("[name=output_tokens]", "many")
    page.wait_for_function("document.querySelector('[data-field=output_tokens] .field-error').textContent", timeout=READY)
    page.goto(OTHER)
    assert page.locator(".offer").count() == 0


def test_blocked_storage_does_no_harm(visit: Any) -> None:
    page = visit()
    page.add_init_script(BLOCKED)
    page.goto(PAGE)
    page.fill("[name=input_tokens]", "3100")
    answered(page, "input_tokens=3100")
    assert "3,100 tokens" in page.inner_text("[data-result]")
    page.goto(OTHER)
    assert page.locator(".offer").count() == 0
    page.fill("[name=input_tokens]", "4100")
    answered(page, "input_tokens=4100")


def test_nonsense_in_the_storage_does_no_harm(visit: Any) -> None:
    for kept in ("null", "[1, 2]", "{", '{"input_tokens": {"a": 1}, "no_such_field": "1", "day_shape": "square"}'):
        page = visit()
        page.add_init_script(f"localStorage.setItem('calculators', {kept!r})")
        page.goto(PAGE)
        assert page.locator(".offer").count() == 0
        assert page.input_value("[name=input_tokens]") == "2,000"


def test_a_model_is_found_and_ticked(page: Any) -> None:
    page.goto(PAGE)
    boxes = page.locator("[data-field=models]")
    boxes.locator("[data-find]").fill("gpt-oss-120b (groq")
    assert boxes.locator("label:visible").count() == 8 + 1  # the chosen ones stay in sight
    boxes.locator("label:visible >> text=gpt-oss-120b (Groq)").click()
    answered(page, "groq-gpt-oss-120b")
    assert "gpt-oss-120b (Groq)" in page.inner_text("[data-output=costs]")
    page.click(".calculator-form button[type=reset]")
    page.wait_for_function("document.querySelectorAll('[data-field=models] .control label:not([hidden])').length > 400")
    page.wait_for_function("!location.search.includes('groq')", timeout=READY)
