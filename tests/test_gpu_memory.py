"""How memory is split and what is left, worked out by hand; and what must hold whatever is asked."""

import dataclasses
import itertools
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import gpu_memory
from calculators.buildtime import data
from calculators.formulas import architecture, memory, parameter_count
from calculators.formulas.memory import Format, Split, Weights
from calculators.kit import chart, render
from calculators.kit.chart import Stack
from calculators.kit.fields import InputError
from calculators.kit.result import Result, answer
from calculators.kit.shape import NoValue
from calculators.kit.units import Range

FACTS = data.facts("2026-11-26")
DENSE = architecture.from_dict({"layers": 4, "hidden_size": 64, "heads": 8, "kv_heads": 2, "head_size": 8, "vocabulary": 100,
                                "attention": "gqa", "intermediate_size": 128})
MIXED = architecture.from_dict({"layers": 4, "hidden_size": 64, "heads": 8, "kv_heads": 2, "head_size": 8, "vocabulary": 100,
                                "attention": "gqa", "experts": 4, "experts_per_token": 1, "expert_intermediate_size": 32})


def ask(**given: object) -> Result:
    return answer(gpu_memory.CALCULATOR, given, FACTS)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def test_embeddings_keep_their_own_bits() -> None:
    """Tables of 100 x 64 at 16 bits, in and out; the layers at 4.5."""
    layers = parameter_count.parameters(DENSE).total - 2 * 6400
    assert memory.weights(DENSE, Format(4.5, 4.5, 16)) == Weights(layers * 4.5 / 8, 12800, 12800)
    tied = dataclasses.replace(DENSE, tied_embeddings=True)
    assert memory.weights(tied, Format(4.5, 4.5, 16)) == Weights(layers * 4.5 / 8, 12800, 0)


def test_a_format_for_experts_leaves_the_rest() -> None:
    """4 layers x 4 experts x 3 x 64 x 32 = 98,304 parameters in experts, at 4.25 bits; the other layers at 16."""
    rest = parameter_count.parameters(MIXED).total - 98_304 - 12_800
    found = memory.weights(MIXED, Format(4.25, 16, 16))
    assert found.layers == 98_304 * 4.25 / 8 + rest * 2
    assert memory.weights(DENSE, Format(4.25, 16, 16)).layers == (parameter_count.parameters(DENSE).total - 12_800) * 4.25 / 8


def test_stages_hold_whole_layers_and_one_table_each() -> None:
    """4 layers in 3 stages: 2 on the fullest, and the larger of the two tables."""
    w = Weights(400, 30, 20)
    assert memory.weights_per_gpu(w, 4, Split(1, 1)) == 450
    assert memory.weights_per_gpu(w, 4, Split(2, 1)) == 225
    assert memory.weights_per_gpu(w, 4, Split(1, 3)) == 200 + 30
    assert memory.weights_per_gpu(w, 4, Split(2, 4)) == (100 + 30) / 2


def test_kv_heads_are_dealt_out_whole() -> None:
    """2 KV heads: 2 x 4 layers x 8 x 2 bytes = 128 bytes of one head per token; no GPU holds less than one head."""
    for gpus, heads in ((1, 2), (2, 1), (4, 1), (8, 1)):
        assert memory.cache_per_gpu(DENSE, 10, Split(gpus, 1), 2) == 10 * heads * 128
    assert memory.cache_per_gpu(DENSE, 10, Split(1, 4), 2) == 10 * 2 * 128 / 4


def test_a_latent_is_held_by_every_gpu() -> None:
    latent = architecture.from_dict({"layers": 2, "hidden_size": 64, "heads": 8, "vocabulary": 100, "attention": "mla",
                                     "kv_lora_rank": 32, "qk_nope_size": 8, "qk_rope_size": 8, "v_head_size": 8,
                                     "intermediate_size": 128})
    assert {memory.cache_per_gpu(latent, 10, Split(n, 1), 2) for n in (1, 2, 8)} == {10 * 2 * 40 * 2}


def test_states_are_split_by_heads() -> None:
    """4 linear layers of 6 heads: over 4 GPUs the fullest holds 2 of 6."""
    linear = architecture.from_dict({
        "layers": 8, "hidden_size": 64, "heads": 8, "kv_heads": 2, "head_size": 8, "vocabulary": 100, "attention": "gqa",
        "intermediate_size": 128, "linear_kind": "kda", "linear_layers": 4, "linear_key_heads": 6, "linear_value_heads": 6,
        "linear_key_size": 8, "linear_value_size": 8})
    assert memory.state_per_gpu(linear, Split(1, 1)) == 4 * 6 * 8 * 8 * 4
    assert memory.state_per_gpu(linear, Split(4, 1)) == pytest.approx(4 * 2 * 8 * 8 * 4)
    assert memory.state_per_gpu(DENSE, Split(4, 1)) == 0


@pytest.mark.parametrize(("share", "counts", "room"), [
    (0.9, "all", 90 - 40 - 10), (None, "all", 50), (0.9, "static", 90 - 40), (None, "static", 50), (0.9, "free", 45),
    (None, "free", 50), (0.99, "static", 100 - 40 - 10),
])
def test_what_the_share_covers(share: float | None, counts: str, room: float) -> None:
    """A GPU of 100 with weights of 40 and an engine that takes 10."""
    assert memory.room_for_cache(100, share, counts, 40, 10) == pytest.approx(room)


def test_what_is_too_much_leaves_less_than_nothing() -> None:
    for counts in ("all", "static", "free"):
        assert memory.room_for_cache(100, 0.9, counts, 120, 10) < 0


def plain(heads: int, kv_heads: int, layers: int = 80) -> architecture.Architecture:
    kind = "mha" if heads == kv_heads else "gqa"
    return architecture.from_dict({"layers": layers, "hidden_size": 64, "heads": heads, "kv_heads": kv_heads, "head_size": 8,
                                   "vocabulary": 100, "attention": kind, "intermediate_size": 128})


def test_the_ways_that_are_tried() -> None:
    within, even = [Split(1, 1), Split(2, 1), Split(4, 1), Split(8, 1)], plain(64, 8)
    assert memory.splits(even, None, False, False)[:6] == [*within, Split(8, 2), Split(8, 3)]
    odd = [Split(1, 1), Split(2, 1), Split(4, 1), Split(4, 2)]
    assert memory.splits(plain(28, 4), None, False, False)[:4] == odd  # 28 / 8 is no whole number
    assert memory.splits(even, 2, False, False) == [Split(1, 2), Split(2, 2), Split(4, 2), Split(8, 2)]
    assert memory.splits(even, None, True, False)[:3] == [Split(1, 1), Split(1, 2), Split(1, 3)]
    assert memory.splits(even, 4, True, False) == [Split(1, 4)]
    assert memory.splits(even, None, False, True) == [Split(1, 1)]
    gpus = [split.gpus for split in memory.splits(even, None, False, False)]
    assert gpus == sorted(gpus)
    assert memory.splits(plain(64, 8, layers=2), None, True, False) == [Split(1, 1), Split(1, 2)]
    assert memory.splits(plain(64, 8, layers=2), None, False, False) == [*within, Split(8, 2)]


@pytest.mark.parametrize(("model", "accepted"), [
    ("llama-3-1-70b", [1, 2, 4, 8, 16]),  # 64 heads and 8 KV heads, which 16 GPUs have twice each
    ("phi-4", [1, 2, 5, 10, 20]),  # 40 and 10: vLLM's issue 16021 is that 4 are refused
    ("qwen2-5-7b", [1, 2, 4, 28]),  # 28 and 4: 7 and 14 GPUs would have 4 KV heads unevenly
    ("deepseek-v3", [1, 2, 4, 8, 16, 32]),  # 128 heads, a latent
    ("gemma-4-31b", [1, 2, 4, 8, 16, 32]),  # 32 heads; 4 KV heads in full layers, 16 in windows
])
def test_the_numbers_of_gpus_that_engines_accept(model: str, accepted: list[int]) -> None:
    a = architecture.of(FACTS, model)
    assert [n for n in memory.accepted(a, 32) if n <= max(accepted)] == accepted
    for n in range(1, max(accepted)):
        assert bool(memory.refused(a, n)) == (n not in accepted)


@pytest.mark.parametrize(("inputs", "headline", "needed"), [
    # 64 query heads: 12 refused, four hold it.
    ({"tensor_parallel": 12}, "64 query heads cannot be dealt out to 12 GPUs: take 8 or 16 to a layer; it fits on 4", 4),
    # Two hold 29.3 GB of weights, and one too.
    ({"model": "phi-4", "tensor_parallel": 4},
     "10 KV heads can be neither dealt out nor copied evenly to 4 GPUs: take 2 or 5 to a layer; it fits on 1", 1),
    ({"model": "llama-3-1-8b", "pipeline_parallel": 33}, "32 layers cannot be dealt out to 33 stages; it fits on 1", 1),
    ({"model": "llama-3-1-8b", "gpu": "apple-m2-ultra", "engine": "llama-cpp", "tensor_parallel": 2},
     "M2 Ultra, 192 GB has one GPU; it fits on 1", 1),
    # 811.7 GB of weights: 64 cards of 24 GB hold 12.7 each with eight stages; machines with one GPU do not.
    ({"model": "llama-3-1-405b", "weight_precision": "bf16", "gpu": "apple-m2-ultra", "tensor_parallel": 3},
     "M2 Ultra, 192 GB has one GPU", None),
])
def test_what_engines_refuse_is_no_fit(inputs: dict[str, object], headline: str, needed: int | None) -> None:
    found = answer(gpu_memory.CALCULATOR, inputs, FACTS)
    assert found.outputs["verdict"] == headline
    assert found.outputs["gpus_needed"] == (needed or NoValue("more GPUs than are tried"))
    for name in ("overhead_gb", "total_gb", "per_gpu_gb", "usable_gb", "context_max_tokens", "concurrent_max"):
        assert isinstance(found.outputs[name], NoValue), name
    assert "engines refuse this arrangement" in render.result(found)


def test_every_number_of_gpus_that_is_suggested_is_accepted() -> None:
    for model in ("phi-4", "qwen2-5-7b", "gemma-4-31b", "llama-3-1-405b", "kimi-k2-6"):
        a = architecture.of(FACTS, model)
        for split in memory.splits(a, None, False, False):
            assert not memory.refused(a, split.tensor_parallel), (model, split)


def test_as_many_gpus_in_another_arrangement_may_hold_it() -> None:
    """DeepSeek V3's latent cache is on every GPU of a layer: (138.6931 - 672.8798 / 16 - 5.9056) GB / (70,272 B x 16) =
    80,697.6 tokens for each of 16 requests; two stages of eight, each with 31 of the 61 layers, hold about twice as many."""
    asked = {"model": "deepseek-v3", "gpu": "h200-sxm", "tensor_parallel": 16}
    assert ask(**asked, context_tokens=80_697).headline == "Fits on 16 × H200 141GB SXM"
    assert ask(**asked, context_tokens=80_698).headline == (
        "Does not fit on 16 × H200 141GB SXM: 2 stages of 8 to a layer are needed")


def test_what_the_engine_may_not_use_is_not_free() -> None:
    """An H100 of 85.5 GB, of which vLLM may use 78.7: 51.9 taken, 26.8 free, 6.8 not for the engine."""
    found = answer(gpu_memory.CALCULATOR, {}, FACTS)
    assert isinstance(found.chart, Stack)
    assert found.chart.parts[-2:] == ("Free", "Not for the engine")
    (values,) = [values for name, values in found.chart.groups if name == "Each of 4 GPUs"]
    assert found.chart.together(values) == pytest.approx(51.92, abs=0.005)
    assert values[-2:] == pytest.approx((78.6817 - 51.9199, 85.5235 - 78.6817), abs=0.001)
    full = [values for name, values in found.chart.groups if name == "Each of 2 GPUs"]  # 97.9 GB on 85.5
    assert all(values[-2:] == (0, 0) for values in full)


def test_the_row_of_an_engine_goes_by_the_size_of_the_gpu() -> None:
    rows = FACTS.rows("engine-overhead")
    assert memory.overhead_row(rows, "vllm", 69.9) == "vllm"
    assert memory.overhead_row(rows, "vllm", 70) == "vllm-from-70"
    assert [memory.overhead_row(rows, "sglang", gib) for gib in (24, 80, 192)] == [
        "sglang", "sglang-from-35", "sglang-from-160"]
    for row in rows.values():
        assert row["low_gib"] <= row["central_gib"] <= row["high_gib"]
        assert row["counts"] in ("all", "static", "free")


def test_a_count_alone_takes_both_tables_out_of_it() -> None:
    assert memory.weights_of_count(1000, 100, Format(4, 4, 16)) == Weights(400, 200, 200)
    assert memory.weights_of_count(100, 1000, Format(4, 4, 16)).total == 200  # never more than there are


# --- answers ---------------------------------------------------------------------------------------------------------


MODELS = st.sampled_from(sorted(FACTS.rows("models")))
GPUS = st.sampled_from(sorted(FACTS.rows("gpus")))
ENGINES = st.sampled_from(sorted({str(row["engine"]) for row in FACTS.rows("engine-overhead").values()}))


@settings(max_examples=40, deadline=None)
@given(model=MODELS, gpu=GPUS, engine=ENGINES, context=st.integers(1, 10**6), requests=st.integers(1, 1000))
def test_what_is_said_to_fit_fits_and_one_more_does_not(model: str, gpu: str, engine: str, context: int, requests: int) -> None:
    asked = {"model": model, "gpu": gpu, "engine": engine, "context_tokens": context, "concurrent_requests": requests}
    found = ask(**asked)
    low, central, high = found.outputs["per_gpu_gb"]
    assert low <= central <= high
    fits = found.headline.startswith("Fits")
    assert fits == (central <= found.outputs["usable_gb"] * (1 + 1e-9))
    most, longest = found.outputs["concurrent_max"], found.outputs["context_max_tokens"]
    assert fits == (not isinstance(most, NoValue) and most.central >= requests)
    assert fits == (not isinstance(longest, NoValue) and longest.central >= context)
    split = gpu_memory.calculate(gpu_memory.CALCULATOR.read(asked, FACTS), FACTS).plan.split
    over, stages = (split.gpus, 1) if engine in gpu_memory.LAYERWISE else split
    same = {"tensor_parallel": over, "pipeline_parallel": stages}
    if fits and most.central < 10**6:
        assert most.low <= most.central <= most.high
        assert longest.low <= longest.central <= longest.high
        assert ask(**asked | same | {"concurrent_requests": most.central}).headline.startswith("Fits")
        assert not ask(**asked | same | {"concurrent_requests": most.central + 1}).headline.startswith("Fits")


@settings(max_examples=40, deadline=None)
@given(model=MODELS, gpu=GPUS, requests=st.integers(1, 500))
def test_more_never_takes_fewer(model: str, gpu: str, requests: int) -> None:
    """GPUs never become fewer with more requests, longer contexts or wider formats."""
    base = {"model": model, "gpu": gpu, "concurrent_requests": requests, "engine": "generic"}
    ladders: list[list[dict[str, Any]]] = [
        [{"concurrent_requests": n} for n in (requests, 2 * requests)],
        [{"context_tokens": n} for n in (1000, 50_000)],
        [{"weight_precision": name} for name in ("nominal_4", "int4", "fp8", "bf16")],
        [{"kv_precision": name} for name in ("int4", "fp8", "bf16")],
    ]
    for ladder in ladders:
        counts = [ask(**base | step).outputs["gpus_needed"] for step in ladder]
        numbers = [10**9 if isinstance(count, NoValue) else count for count in counts]
        assert numbers == sorted(numbers), ladder


def test_every_model_is_counted_in_every_format() -> None:
    for model in FACTS.rows("models"):
        sizes = [ask(model=model, weight_precision=name).outputs["weights_gb"]
                 for name in ("bf16", "int8", "int4", "nominal_4")]
        assert sizes == sorted(sizes, reverse=True), model
        assert ask(model=model).outputs["weights_gb"] > 0


def test_the_other_gpus_are_sorted_and_leave_out_what_the_engine_does_not_run_on() -> None:
    def names(engine: str) -> list[str]:
        return [name for name, _ in ask(engine=engine).outputs["other_gpus"].rows]

    assert not any("M2 Ultra" in name or "M4" in name for name in names("vllm"))
    assert any("M3 Ultra" in name for name in names("llama-cpp"))
    assert not any("MI3" in name for name in names("tensorrt-llm"))
    rows = [cells[:2] for _, cells in ask().outputs["other_gpus"].rows]
    assert rows == sorted(rows)


def test_a_config_json_wins_and_its_format_may_be_overruled() -> None:
    config = json.dumps({"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
                         "num_key_value_heads": 8, "num_hidden_layers": 32, "vocab_size": 128256,
                         "quantization_config": {"quant_method": "exotic"}})
    with pytest.raises(InputError) as caught:
        ask(config_json=config, model="deepseek-v3")
    assert caught.value.field == "config_json"
    assert "exotic: choose the precision" in caught.value.message
    found = ask(config_json=config, model="deepseek-v3", weight_precision="bf16").outputs
    assert found["weights_gb"] == ask(model="llama-3-1-8b").outputs["weights_gb"]


@pytest.mark.parametrize(("given", "words"), [
    ({"model": "llama-3-1-8b", "context_tokens": 131073}, "Llama 3.1 8B is made for 131,072 tokens"),
    ({"engine": "tensorrt-llm", "gpu": "mi300x"}, "not known to run on this vendor's chips"),
    # 2 x 10,000 layers x 4,096 x 128 x (32 + 8) = 419 billion.
    ({"model": "custom", "layers": 10_000}, "alone has 419 billion parameters, more than the model has in all"),
    ({"model": "kimi-k2-6", "gpu": "b200-sxm", "context_tokens": 131_072, "concurrent_requests": 64}, "whole latent cache"),
    ({"engine": "ollama", "tensor_parallel": 2, "weight_precision": "q4_k_m"}, "spreads whole layers"),
    ({"engine": "vllm", "weight_precision": "q4_k_m"}, "does not read GGUF files"),
    ({"engine": "llama-cpp", "weight_precision": "fp8"}, "reads GGUF files"),
    ({"kv_precision": "q8_0"}, "one of llama.cpp and Ollama"),
    ({"gpu": "apple-m2-ultra"}, "not known to run on this vendor's chips"),
    ({"model": "kimi-k3", "gpu": "h100-sxm"}, "More GPUs than one server holds"),
    ({"context_tokens": 28609}, "the most that was found, it does not fit"),
    ({"context_tokens": 28610, "tensor_parallel": 4}, "the least that was found, it fits"),
])
def test_notes_on_what_is_odd(given: dict[str, object], words: str) -> None:
    assert any(words in warning for warning in ask(**given).warnings), ask(**given).warnings


def test_working_of_other_kinds_of_attention() -> None:
    steps = {step.of: step.text for step in ask(model="deepseek-v3", gpu="h200-sxm").steps}
    assert "61 layers × (latent of 512 + 64 for the position) × 16 bits ÷ 8" in steps["kv_bytes_per_token"]
    assert "each GPU of a stage keeps all of it" in steps["per_gpu_gb"]
    steps = {step.of: step.text for step in ask(model="gpt-oss-20b").steps}
    assert "windows of 128 tokens" in steps["kv_cache_gb"]
    assert "routed experts × 4.25 bits" in steps["weights_gb"]
    steps = {step.of: step.text for step in ask(model="qwen3-5-35b-a3b").steps}
    assert "30 gated-deltanet layers" in steps["state_gb"]


# --- the picture -----------------------------------------------------------------------------------------------------


def test_a_bar_is_cut_in_the_order_of_its_parts() -> None:
    """A bar of 100 spans x = 12 to 506: 494 units; 50 + 25 + 25 end at 259, 382.5 and 506. The rest is not in the sum."""
    picture = Stack("Memory", "GB", ("Weights", "Cache", "Free"), [("One", (50, 25, 25))], mark=(75, "usable"), rest=1)
    root = ElementTree.fromstring(chart.svg(picture, "it"))
    bars = [rect for rect in root.iter("rect") if rect.get("height") == "20"]
    assert [(float(b.get("x", "")), float(b.get("width", ""))) for b in bars] == [(12, 247), (259, 123.5), (382.5, 123.5)]
    assert [b.get("class") for b in bars] == ["part-1", "part-2", "part-3"]
    texts = [text.text for text in root.iter("text")]
    assert "One: 75 GB" in texts
    assert [t for t in texts if t in ("a", "b", "c")] == ["a", "b", "c"]
    mark = next(path for path in root.iter("path") if path.get("class") == "mark")
    assert re.match(r"M382\.5 ", mark.get("d", ""))
    assert picture.table() == (["Part", "Weights", "Cache", "Free", "Together"],
                                    [["One", "50 GB", "25 GB", "25 GB", "75 GB"]])
    assert picture.describe() == (
        "Bars cut into weights, cache, free. One: weights 50 GB, cache 25 GB, free 25 GB. Marked: usable.")


def test_the_picture_shows_this_arrangement_and_stays_readable() -> None:
    for model, gpu in itertools.product(("llama-3-1-8b", "llama-3-1-70b", "kimi-k3"), ("l4", "h100-sxm", "mi355x")):
        picture = ask(model=model, gpu=gpu).chart
        assert isinstance(picture, Stack)
        assert 1 <= len(picture.groups) <= 4
        used = ask(model=model, gpu=gpu).outputs["gpus_used"]
        assert any(str(used) in label.replace(",", "") or used == 1 for label, _ in picture.groups)


def test_types_of_results() -> None:
    found = ask().outputs
    assert isinstance(found["overhead_gb"], Range)
    assert isinstance(found["total_gb"], Range)
    assert isinstance(found["weights_gb"], float)
    assert isinstance(found["gpus_needed"], int)
