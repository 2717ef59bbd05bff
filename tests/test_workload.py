"""The fields that calculators share: each is offered on other pages, and the HTML says so."""

import inspect
from dataclasses import fields, make_dataclass
from typing import Any

import pytest

import calculators
from calculators.buildtime import data
from calculators.kit import form, workload
from calculators.kit.fields import Field, InputError

FACTS = data.facts("2026-11-26")
MAKERS = {name: make for name, make in vars(workload).items()
          if inspect.isfunction(make) and hasattr(make, "__wrapped__") and not name.startswith("_")}


def declared(make: Any) -> Field:
    """The field that a function of kit/workload.py makes, as a form gets it."""
    (found,) = fields(make_dataclass("Inputs", [("one", object, make())]))
    return found.metadata["field"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", MAKERS)
def test_every_shared_field_says_so(name: str) -> None:
    assert declared(MAKERS[name]).shared
    assert "data-shared" in form._row(name, declared(MAKERS[name]), None, FACTS, "x")


def test_the_fields_of_a_workload_are_there() -> None:
    assert {"requests_per_day", "input_tokens", "output_tokens", "reasoning_tokens", "overhead_tokens", "cached_share_percent",
            "reads_per_write", "batch_share_percent", "day_shape", "hours_of_day", "utc_offset_hours", "growth_percent",
            "surcharge_percent", "tokeniser_ratios", "model", "gpu"} <= set(MAKERS)


@pytest.mark.parametrize("slug", calculators.SLUGS)
def test_what_carries_a_shared_name_is_the_shared_field(slug: str) -> None:
    """A field of another make under the same name would take over values that mean something else."""
    for name, field in calculators.get(slug).fields().items():
        if name in MAKERS and field.shared:
            wanted = declared(MAKERS[name])
            assert (field.label, field.unit, field.kind) == (wanted.label, wanted.unit, wanted.kind), name
        assert not field.shared or name in MAKERS, name


def test_a_field_of_ones_own_is_not_shared() -> None:
    field = calculators.get("api-cost").fields()["horizon_months"]
    assert not field.shared
    assert "data-shared" not in form._row("horizon_months", field, 12, FACTS, "x")


def test_ratios() -> None:
    assert workload.ratios("Anthropic:1.2, openai-gpt-4o : 0.9;Z.ai:1") == {
        "anthropic": 1.2, "openai-gpt-4o": 0.9, "z.ai": 1}
    assert workload.ratios("") == {}
    for wrong in ("Anthropic", "Anthropic:", ":1.2", "Anthropic:0", "Anthropic:11", "a:b"):
        with pytest.raises(InputError) as caught:
            workload.ratios(wrong)
        assert caught.value.field == "tokeniser_ratios"


def test_a_link_holds_a_text_with_signs_of_its_own() -> None:
    field = declared(workload.tokeniser_ratios)
    assert field.link_text("A&B:1, C+D:2 #x 50%") == "A%26B:1,%20C%2BD:2%20%23x%2050%25"


def test_rows_that_may_not_be_chosen() -> None:
    field = calculators.get("api-cost").fields()["models"]
    with pytest.raises(InputError, match=r"^GPT-4 \(OpenAI\) was retired|must be one of"):
        field.read("models", "openai-gpt-4", FACTS)
    with pytest.raises(InputError, match="must name between 1 and 12"):
        field.read("models", "", FACTS)
    assert field.read("models", " openai-gpt-4o , zai-glm-5-3,openai-gpt-4o", FACTS) == ("openai-gpt-4o", "zai-glm-5-3")


@pytest.mark.parametrize(("given", "field"), [
    ({}, None), ({"kv_heads": 1}, None), ({"kv_heads": 32}, None), ({"kv_heads": 12}, "kv_heads"),
    ({"kv_heads": 64}, "kv_heads"),
    ({"active_parameters_b": 8.03}, None), ({"active_parameters_b": 8.04}, "active_parameters_b"),
    # 128,256 x 4,096 = 0.525337 billion parameters of embeddings.
    ({"parameters_b": 0.526}, None), ({"parameters_b": 0.525}, "vocabulary"), ({"parameters_b": 0.1, "vocabulary": 0}, None)])
def test_a_model_of_one_s_own_that_contradicts_itself_is_refused_at_its_field(given: dict[str, Any], field: str | None) -> None:
    own = workload.OwnModel(**given)
    if field is None:
        workload.check_own(own)
        return
    with pytest.raises(InputError) as caught:
        workload.check_own(own)
    assert caught.value.field == field


@pytest.mark.parametrize(("tokens", "held", "said"), [(10, 10, 0), (11, 10, 1), (11, None, 0)])
def test_a_context_beyond_the_model_s_is_one_sentence(tokens: float, held: float | None, said: int) -> None:
    found = workload.beyond_context("A model", tokens, held)
    assert len(found) == said
    assert all(sentence.startswith("A model is made for 10 tokens:") for sentence in found)


def test_the_formats_of_gguf_files_are_those_that_llama_cpp_names_so() -> None:
    """README of llama.cpp's quantize: Q8_0, Q6_K, Q5_K_M, Q4_K_M, Q4_0, Q3_K_M, Q2_K."""
    assert set(workload.GGUF) == {"q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k"}
