"""data/models.yaml, data/gpus.yaml and what follows from an architecture, against published and measured figures.

The expected values and their sources are in tests/cases/architecture.yaml; what is worked out here says so beside it.
"""

import dataclasses
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from calculators.buildtime import PROJECT, data
from calculators.buildtime.bundling import keys
from calculators.formulas import architecture as arch
from calculators.formulas import attention_work, kv_cache, parameter_count
from calculators.formulas.architecture import Architecture
from calculators.kit.facts import MissingFact

CASES = yaml.safe_load((PROJECT / "tests" / "cases" / "architecture.yaml").read_text("utf-8"))
FACTS = data.facts(str(CASES["as_of"]))
MODEL_IDS = [key.split(".")[1] for key in FACTS.keys("models") if key.endswith(".layers")]
MODELS = {model: arch.of(FACTS, model) for model in MODEL_IDS}
ROWS = keys(data.bundled("models"))
# Columns of data/models.yaml that describe a model and enter no formula.
DESCRIPTIONS = {"name", "aliases", "vendor", "released", "licence", "weights", "status", "parameters_b",
                "active_parameters_b", "published", "context_tokens", "native_precision"}
PLAIN = {"layers": 2, "hidden_size": 64, "heads": 8, "kv_heads": 2, "head_size": 8, "vocabulary": 100,
         "attention": "gqa", "intermediate_size": 128}


def each(section: str) -> Any:
    return pytest.mark.parametrize("case", CASES[section], ids=lambda case: f"{case['model']} {case['source'][:40]}"
                                   if "source" in case else case["model"])


def told(model: str, column: str) -> Any:
    return FACTS[f"models.{model}.{column}"].value


def has(model: str, column: str) -> bool:
    return f"{model}.{column}" in ROWS


def half_of_last_digit(value: float) -> float:
    """By how much a figure may be rounded: 0.5 for 27, 5 for 30, 50 for 1,600."""
    digits = f"{value:.10g}".replace(".", "").strip("0")
    return 0.5 * 10.0 ** (math.floor(math.log10(value)) - len(digits) + 1)


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_table_holds_the_originals_models_and_todays() -> None:
    assert len(MODELS) >= 60
    assert {"llama-3-1-8b", "llama-3-1-70b", "llama-3-1-405b", "mistral-large-2", "qwen2-5-72b", "deepseek-v4-pro",
            "kimi-k3", "glm-5-3", "qwen3-8-27b", "gpt-oss-120b", "gemma-4-31b", "mistral-large-3", "minimax-m3",
            "nemotron-3-ultra-550b-a55b", "mixtral-8x7b", "phi-4"} <= set(MODELS)


def test_every_column_is_a_description_or_enters_a_formula() -> None:
    table = data.read("models").table
    assert table
    assert set(table.columns) == DESCRIPTIONS | {f.name for f in dataclasses.fields(Architecture)}


def test_no_name_means_two_models() -> None:
    named: dict[str, str] = {}
    for stem, ids in (("models", list(MODELS)), ("gpus", gpu_ids())):
        for row in ids:
            names = {FACTS[f"{stem}.{row}.name"].value, *str(FACTS[f"{stem}.{row}.aliases"].value).split("; ")}
            for name in names:
                assert named.setdefault(f"{stem} {name}".lower(), row) == row, name


def test_kinds_of_published_figures_and_status_are_the_ones_explained() -> None:
    for model in MODELS:
        assert told(model, "published") in ("exact", "rounded", "label")
        assert told(model, "status") in ("current", "superseded")


def test_every_licence_is_a_row_of_the_table_of_licences() -> None:
    licences = {key.split(".")[1] for key in FACTS.keys("licences")}
    assert {str(told(model, "licence")) for model in MODELS} <= licences


# --- parameters ------------------------------------------------------------------------------------------------------


def misses_total(model: str) -> bool:
    published = told(model, "parameters_b")
    allowed = 0.01 * published
    if told(model, "published") != "exact":
        allowed = max(allowed, half_of_last_digit(published))
    return abs(parameter_count.parameters(MODELS[model]).total / 1e9 - published) > allowed


def test_counts_agree_with_published_ones_and_the_misses_are_the_ones_explained() -> None:
    missed = {model for model in MODELS if misses_total(model)}
    assert missed == set(CASES["total_misses"])
    exact = [model for model in MODELS if told(model, "published") == "exact"]
    assert len(exact) >= 50
    assert len(missed & set(exact)) <= 0.1 * len(exact)  # asked for: 9 in 10 within 1 %


def misses_active(model: str) -> bool:
    """Vendors count the input embeddings or leave them out, so the figure may lie between."""
    published, a = told(model, "active_parameters_b"), MODELS[model]
    low = parameter_count.parameters(a).active / 1e9
    high = low + (0 if a.tied_embeddings else a.vocabulary * a.hidden_size / 1e9)
    allowed = max(0.08 * published, half_of_last_digit(published))
    return not low - allowed <= published <= high + allowed


def test_active_counts_agree_with_published_ones() -> None:
    missed = {model for model in MODELS if has(model, "active_parameters_b") and misses_active(model)}
    assert missed == set(CASES["active_misses"])


@each("totals")
def test_total_to_the_unit(case: dict[str, Any]) -> None:
    assert parameter_count.parameters(MODELS[case["model"]]).total == pytest.approx(case["parameters"], rel=case["rel"])


@each("parts")
def test_parts(case: dict[str, Any]) -> None:
    found = parameter_count.parameters(MODELS[case["model"]])
    for name in case.keys() - {"model"}:
        assert getattr(found, name) == pytest.approx(case[name], rel=1e-3), name


def test_parts_add_up_to_the_total() -> None:
    for model, a in MODELS.items():
        total, active, *parts = parameter_count.parameters(a)
        assert total == sum(parts), model
        assert 0 < active <= total, model


def test_a_dense_layer_counts_by_hand() -> None:
    """A layer: queries and output 2 x 64 x 64, keys and values 2 x 64 x 16, MLP 3 x 64 x 128, two norms of 64."""
    layer = 2 * 64 * 64 + 2 * 64 * 16 + 3 * 64 * 128 + 2 * 64
    untied = parameter_count.parameters(arch.from_dict(PLAIN))
    assert untied.total == 2 * layer + 64 + 2 * 6400
    assert untied.active == untied.total - 6400
    tied = parameter_count.parameters(arch.from_dict({**PLAIN, "tied_embeddings": True}))
    assert tied.total == tied.active == 2 * layer + 64 + 6400


def test_experts_beside_leading_dense_layers_count_by_hand() -> None:
    """Two layers, the second with 4 experts of 3 x 64 x 32, of which a token uses 1, and a router of 64 x 4."""
    found = parameter_count.parameters(arch.from_dict({**PLAIN, "dense_layers": 1, "experts": 4, "experts_per_token": 1,
                                            "expert_intermediate_size": 32}))
    assert found.experts == 4 * 6144
    assert found.mlp == 3 * 64 * 128 + 256
    assert found.total - found.active == 3 * 6144 + 6400


# --- cache and state -------------------------------------------------------------------------------------------------


@each("growth")
def test_cache_growth(case: dict[str, Any]) -> None:
    element = case.get("element", 2)
    index = case.get("index_element")
    found = kv_cache.kv_bytes_per_token(MODELS[case["model"]], element, index)
    assert found == pytest.approx(case["bytes"], rel=case.get("rel", 1e-5))


@each("caches")
def test_cache_of_a_sequence(case: dict[str, Any]) -> None:
    a, element = MODELS[case["model"]], case.get("element", 2)
    found = kv_cache.kv_bytes(a, case["tokens"], element) - kv_cache.kv_bytes(a, case.get("from", 0), element)
    expected = case["gib"] * 2**30 if "gib" in case else case["mib"] * 2**20
    assert found == pytest.approx(expected, rel=case["rel"])


@each("fixed")
def test_windows(case: dict[str, Any]) -> None:
    assert kv_cache.kv_bytes_fixed(MODELS[case["model"]]) == case["bytes"]


@each("states")
def test_state(case: dict[str, Any]) -> None:
    found = kv_cache.state_bytes(MODELS[case["model"]], 4, case.get("convolution", 2))
    expected = case["mib"] * 2**20 if "mib" in case else case["bytes"]
    assert found == pytest.approx(expected, rel=case.get("rel", 1e-12))


def test_opt_13b_as_the_pagedattention_paper_has_it() -> None:
    """arXiv 2309.06180, section 3: 2 x 5,120 x 40 x 2 = 800 KiB per token, 1.6 GB for 2,048 tokens (1.6777 GB)."""
    opt = arch.from_dict({"layers": 40, "hidden_size": 5120, "heads": 40, "kv_heads": 40, "head_size": 128,
                          "vocabulary": 50272, "attention": "mha", "intermediate_size": 20480, "mlp_matrices": 2})
    assert kv_cache.kv_bytes_per_token(opt) == 800 * 1024
    assert kv_cache.kv_bytes(opt, 2048) == 1_677_721_600


def test_cache_and_state_of_a_long_sequence_as_a_public_engine_plans_it() -> None:
    """Qwen3.8 2.4T in 32 bit at 262,144 tokens: 49,987,895,296 bytes, by the test of that engine's own planner."""
    a = MODELS["qwen3-8-2-4t-a95b"]
    assert kv_cache.kv_bytes(a, 262_144, 4) + kv_cache.state_bytes(a, 4, 4) == 49_987_895_296


def test_windows_fill_up_and_then_stay() -> None:
    """gpt-oss-120b: 36 layers of 2,048 bytes a token at first, 18 of them beyond a window of 128."""
    a = MODELS["gpt-oss-120b"]
    assert kv_cache.kv_bytes(a, 100) == 100 * 36 * 2048
    assert kv_cache.kv_bytes(a, 128) == 128 * 36 * 2048
    assert kv_cache.kv_bytes(a, 1000) == 1000 * 18 * 2048 + 128 * 18 * 2048


def test_compressed_layers_hold_whole_blocks() -> None:
    """DeepSeek V4 Flash by hand: 43 windows of 1,024 bytes; 21 layers of 1,280 per 4 tokens; 20 of 1,024 per 128."""
    a = MODELS["deepseek-v4-flash"]
    assert kv_cache.kv_bytes(a, 3) == 3 * 43 * 1024
    assert kv_cache.kv_bytes(a, 4) == 4 * 43 * 1024 + 21 * 1280
    assert kv_cache.kv_bytes(a, 127) == 127 * 43 * 1024 + 31 * 21 * 1280
    assert kv_cache.kv_bytes(a, 128) == 128 * 43 * 1024 + 32 * 21 * 1280 + 20 * 1024
    assert kv_cache.kv_bytes(a, 4096) == 128 * 43 * 1024 + 1024 * 21 * 1280 + 32 * 20 * 1024


@given(st.sampled_from(sorted(MODELS)), st.integers(0, 2_000_000), st.integers(1, 5000))
def test_the_cache_never_shrinks_and_grows_as_it_says(model: str, tokens: int, more: int) -> None:
    a = MODELS[model]
    grown = kv_cache.kv_bytes(a, tokens + more) - kv_cache.kv_bytes(a, tokens)
    assert grown >= 0
    if tokens >= a.window_tokens:
        per_block = 2 * (a.compressed_layers * (a.head_size + a.index_head_size) + a.heavy_layers * a.head_size)
        assert grown == pytest.approx(more * kv_cache.kv_bytes_per_token(a), abs=per_block)


def test_no_tokens_need_no_cache() -> None:
    assert all(kv_cache.kv_bytes(a, 0) == 0 for a in MODELS.values())
    with pytest.raises(ValueError, match="context_tokens"):
        kv_cache.kv_bytes(MODELS["phi-4"], -1)


# --- what other calculators get wrong --------------------------------------------------------------------------------


def test_kv_heads_are_not_query_heads() -> None:
    """2 x layers x hidden size x bytes ignores grouped queries: 8 times too much for Llama 3.1 70B, 16 for 405B."""
    for model, factor in (("llama-3-1-70b", 8), ("llama-3-1-405b", 16), ("qwen2-5-72b", 8)):
        a = MODELS[model]
        assert 2 * a.layers * a.hidden_size * 2 == factor * kv_cache.kv_bytes_per_token(a)


def test_head_size_is_not_hidden_size_over_heads() -> None:
    """Qwen3 32B: 5,120 / 64 = 80, and the heads are 128."""
    a = MODELS["qwen3-32b"]
    assert kv_cache.kv_bytes_per_token(a) == 64 * 8 * 2 * 128 * 2 != 64 * 8 * 2 * (5120 // 64) * 2


def test_a_latent_is_not_a_key_and_a_value_per_head() -> None:
    """DeepSeek V3 with 128 keys of 192 and values of 128 would be 71 times as much; with heads of 7,168 / 128 = 56 for
    both, as a reader of config.json alone would take them, 25 times.
    """
    assert 61 * 128 * (192 + 128) * 2 / kv_cache.kv_bytes_per_token(MODELS["deepseek-v3"]) == pytest.approx(71.1, abs=0.05)
    assert 2 * 61 * 128 * 56 * 2 / kv_cache.kv_bytes_per_token(MODELS["deepseek-v3"]) == pytest.approx(24.9, abs=0.05)


def test_windows_and_linear_layers_do_not_grow() -> None:
    """With every layer growing, 131,072 tokens would take 9.66 GB for gpt-oss-120b and 25.77 GB for Llama 4 Scout."""
    assert kv_cache.kv_bytes(MODELS["gpt-oss-120b"], 131072) < 0.51 * 36 * 2048 * 131072
    assert kv_cache.kv_bytes(MODELS["llama-4-scout"], 131072) == 131072 * 49152 + 1207959552
    assert kv_cache.kv_bytes_per_token(MODELS["qwen3-5-27b"]) * 4 == 64 * 2 * 4 * 256 * 2
    assert kv_cache.kv_bytes_per_token(MODELS["nemotron-3-nano-30b-a3b"]) == 6 * 2 * 2 * 128 * 2


def test_gemma_4_31b_is_neither_all_layers_nor_half() -> None:
    """983,040 takes the window layers' heads for all 60 layers; 40,960 takes shared weights for a shared cache."""
    found = kv_cache.kv_bytes_per_token(MODELS["gemma-4-31b"])
    assert found == 10 * 2 * 4 * 512 * 2
    assert found not in (983_040, 901_120, 40_960)


@pytest.mark.parametrize(("model", "at_once", "full", "window", "linear"), [
    # Gemma 4 31B at 4,096 tokens: 10 layers x 32 heads x 2 x (512 + 512) x 4,096; 50 layers x 32 heads x 2 x (256 + 256) x
    # the 1,024 of the window. With the full layers' head size in the windows too it would be 3,355,443,200.
    ("gemma-4-31b", False, 2_684_354_560, 1_677_721_600, 0),
    # The mean of 4,096 tokens looks back on 2,048, in the window on 1,024 - 1,024^2 / (2 x 4,096) = 896.
    ("gemma-4-31b", True, 1_342_177_280, 1_468_006_400, 0),
    # DeepSeek V3: 61 layers x 128 heads x 2 x (512 + 64 of scores on the latent + 512 of values) x 4,096 for an answer; keys
    # and values of heads' own, 2 x (128 + 64 + 128), for a prompt, x 2,048.
    ("deepseek-v3", False, 69_591_891_968, 0, 0),
    ("deepseek-v3", True, 10_234_101_760, 0, 0),
    # Qwen3-Next: 12 layers x 16 heads x 2 x (256 + 256) x 4,096; 36 layers x 32 heads x 128 x 128 x 6, whatever the length.
    ("qwen3-next-80b-a3b", False, 805_306_368, 0, 113_246_208),
    ("qwen3-next-80b-a3b", True, 402_653_184, 0, 113_246_208),
    # DeepSeek V4 Pro: heads of 512 that serve as key and value, over a window of 128 in 61 layers, over every fourth token
    # in 30, with an indexer of 64 heads of 128 there, and over every 128th in 31: 128 heads x 2 x 1,024 x (30 x 1,024 + 31 x
    # 32) + 30 x 64 x 2 x 128 x 1,024; 61 x 128 x 2 x 1,024 x 128.
    ("deepseek-v4-pro", False, 8_816_427_008, 2_046_820_352, 0),
])
def test_flops_of_scores_and_values_by_hand(model: str, at_once: bool, full: float, window: float, linear: float) -> None:
    found = attention_work.attention_flops(MODELS[model], 4096, at_once=at_once)
    assert found == (full, window, linear)
    assert found.total == full + window + linear


def test_the_mean_of_a_window_is_that_of_its_tokens_one_by_one() -> None:
    """Gemma 4 31B's 1,024 of window: token t looks back on min(t, 1,024); the middle of each step is t - 1/2."""
    a = MODELS["gemma-4-31b"]
    for tokens in (1, 700, 1024, 1500, 5000):
        one_by_one = sum(min(t + 0.5, 1024) for t in range(tokens)) / tokens
        assert attention_work.attention_flops(a, tokens, at_once=True).window == pytest.approx(50 * 32 * 1024 * one_by_one)


def test_index_keys_are_cached_too() -> None:
    without = kv_cache.kv_bytes_per_token(MODELS["deepseek-v3"])
    assert kv_cache.kv_bytes_per_token(MODELS["deepseek-v3-2"]) - without == 61 * 128 * 2


def test_experts_are_not_one_dense_mlp() -> None:
    """Interleaved experts: Llama 4 Maverick with experts in all 48 layers would be 784 billion, against 400 published.

    By hand, for each of the 24 layers: 128 experts and a shared one of 3 x 5,120 x 8,192 and a router of 5,120 x 128
    instead of an MLP of 3 x 5,120 x 16,384.
    """
    maverick = MODELS["llama-4-maverick"]
    assert maverick.expert_layers == 24
    everywhere = dataclasses.replace(maverick, expert_layers=48, dense_layers=0)
    more = 24 * (129 * 125_829_120 + 655_360 - 251_658_240)
    assert parameter_count.parameters(everywhere).total - parameter_count.parameters(maverick).total == more


# --- several GPUs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "gpus", "factor"), [
    ("llama-3-1-70b", 1, 1), ("llama-3-1-70b", 4, 1 / 4), ("llama-3-1-70b", 8, 1 / 8), ("llama-3-1-70b", 16, 1 / 8),
    ("qwen3-235b-a22b", 8, 1 / 4), ("phi-4", 4, 3 / 10), ("muse-glimmer-30b", 8, 1 / 2), ("gemma-3-1b", 4, 1),
    ("deepseek-v3", 8, 1), ("deepseek-v4-pro", 8, 1)])
def test_kv_heads_are_dealt_out_whole(model: str, gpus: int, factor: float) -> None:
    assert kv_cache.kv_bytes_per_gpu_factor(MODELS[model], gpus) == pytest.approx(factor)


def test_cache_on_each_gpu() -> None:
    """Measured: vLLM issue 21348, SGLang with Qwen3-235B-A22B on 4 GPUs, 16.46 GiB each, holds 367,404 tokens.

    By hand: Gemma 4 31B, 2,048 tokens on 8 GPUs: 2,048 x 81,920 / 4 + 1,024 x 819,200 / 8, with 4 and 16 KV heads.
    MiniMax M3, 1,000 tokens on 4 GPUs: 1,000 x (122,880 / 4 + 57 x 128 x 2), index keys on each.
    """
    pool = 16.46 * 2**30
    assert pool / kv_cache.kv_bytes_per_gpu(MODELS["qwen3-235b-a22b"], 1, 4) == pytest.approx(367404, rel=0.01)
    assert kv_cache.kv_bytes_per_gpu(MODELS["gemma-4-31b"], 2048, 8) == 146_800_640
    assert kv_cache.kv_bytes_per_gpu(MODELS["minimax-m3"], 1000, 4) == 1000 * (30_720 + 14_592)
    assert kv_cache.kv_bytes_per_gpu(MODELS["deepseek-v3"], 1000, 8) == 70_272_000


def test_one_gpu_holds_everything() -> None:
    for model, a in MODELS.items():
        assert kv_cache.kv_bytes_per_gpu(a, 50_000, 1) == pytest.approx(kv_cache.kv_bytes(a, 50_000)), model
        assert kv_cache.kv_bytes_per_gpu(a, 50_000, 8) <= kv_cache.kv_bytes(a, 50_000) * (1 + 1e-12), model
    with pytest.raises(ValueError, match="tensor_parallel"):
        kv_cache.kv_bytes_per_gpu_factor(MODELS["phi-4"], 0)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_an_unknown_model_is_a_missing_fact() -> None:
    with pytest.raises(MissingFact, match="no-such-model"):
        arch.of(FACTS, "no-such-model")


@pytest.mark.parametrize(("change", "message"), [
    ({"kv_head": 2}, "no field 'kv_head'"),
    ({"layers": None}, "layers is missing"),
    ({"layers": 2.5}, "layers must be a whole number"),
    ({"heads": True}, "heads must be a whole number"),
    ({"tied_embeddings": "no"}, "tied_embeddings must be yes or no"),
    ({"attention": "mha"}, "mha does not fit 8 heads with 2 KV heads"),
    ({"kv_heads": 3}, "gqa does not fit 8 heads with 3 KV heads"),
    ({"attention": "other"}, "attention must be one of"),
    ({"attention": "mla"}, "kv_lora_rank must be above 0"),
    ({"head_size": 0}, "head_size must be above 0"),
    ({"window_layers": 1}, "window_tokens is missing"),
    ({"window_layers": 3, "window_tokens": 8}, "whole number|between 0 and 2"),
    ({"linear_layers": 1, "linear_key_heads": 1, "linear_value_heads": 1, "linear_key_size": 1, "linear_value_size": 1},
     "linear_kind must be one of"),
    ({"experts": 2, "experts_per_token": 3, "expert_intermediate_size": 8}, "experts_per_token must not exceed 2"),
    ({"experts": 2}, "experts_per_token is missing"),
    ({"intermediate_size": 0}, "intermediate_size is missing"),
    ({"full_layers": 2, "linear_layers": 1, "linear_kind": "kda", "linear_key_heads": 1, "linear_value_heads": 1,
      "linear_key_size": 1, "linear_value_size": 1}, "must not exceed 2"),
])
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    given_values = {name: value for name, value in {**PLAIN, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        arch.from_dict(given_values)


def test_kind_in_words() -> None:
    assert arch.kind(MODELS["llama-3-1-8b"]) == "GQA"
    assert arch.kind(MODELS["gemma-4-31b"]) == "GQA, window of 1,024 in 50 of 60 layers"
    assert arch.kind(MODELS["kimi-k3"]) == "MLA, kda in 69 of 93 layers"
    assert arch.kind(MODELS["deepseek-v3-2"]) == "MLA, indexer"


# --- GPUs ------------------------------------------------------------------------------------------------------------


def gpu_ids() -> list[str]:
    return [key.split(".")[1] for key in FACTS.keys("gpus") if key.endswith(".memory_gib")]


def test_gpus_are_there_and_hold_together() -> None:
    assert len(gpu_ids()) >= 18
    assert {"a100-40gb-sxm", "a100-80gb-sxm", "a100-80gb-pcie", "h100-sxm", "h100-pcie", "h100-nvl", "h200-sxm",
            "b200-sxm", "b300-sxm", "gb200", "l4", "l40s", "a10g", "rtx-4090", "rtx-5090", "mi300x", "mi325x", "mi355x",
            "rtx-pro-6000-server", "rtx-pro-6000-workstation", "apple-m2-ultra", "apple-m3-ultra",
            "apple-m4-max"} <= set(gpu_ids())
    given_keys = set(FACTS.keys("gpus"))
    for gpu in gpu_ids():
        row = {k: FACTS[f"gpus.{gpu}.{k}"].value for k in ("memory_gib", "memory_gb", "bandwidth_gb_s", "power_w")}
        # The marketed figure is binary at most, and decimal at least; Apple's default leaves the GPU three quarters.
        usable = 0.75 if gpu.startswith("apple") else 1
        assert row["memory_gb"] * usable * 0.93 <= row["memory_gib"] <= row["memory_gb"] * usable, gpu
        rates = {k: FACTS[f"gpus.{gpu}.{k}_tflops"].value for k in ("bf16", "fp8", "fp4")
                 if f"gpus.{gpu}.{k}_tflops" in given_keys}
        # Half the bits, twice the rate; Blackwell Ultra does more in fp4. A figure with sparsity would stand out.
        if "fp8" in rates:
            assert rates["fp8"] == pytest.approx(2 * rates["bf16"], rel=0.02), gpu
        if "fp4" in rates:
            assert 1.98 <= rates["fp4"] / rates["fp8"] <= 4.01, gpu


@pytest.mark.parametrize(("gpu", "mib"), [
    # Total memory as nvidia-smi prints it in public logs: MiB.
    ("a100-40gb-sxm", 40960), ("a100-80gb-sxm", 81920), ("h100-sxm", 81559), ("h100-nvl", 95830), ("h200-sxm", 143771),
    ("b200-sxm", 183359), ("b300-sxm", 275040), ("gb200", 189471), ("l4", 23034), ("l40s", 46068), ("a10g", 23028),
    ("rtx-4090", 24564), ("rtx-5090", 32607), ("rtx-pro-6000-server", 97887)])
def test_memory_is_what_the_driver_reports(gpu: str, mib: int) -> None:
    assert FACTS[f"gpus.{gpu}.memory_gib"].value == pytest.approx(mib / 1024, abs=0.006)


def test_server_and_workstation_editions_are_told_apart() -> None:
    """NVIDIA's pages: 1,597 and 1,792 GB/s."""
    assert FACTS["gpus.rtx-pro-6000-server.bandwidth_gb_s"].value == 1597
    assert FACTS["gpus.rtx-pro-6000-workstation.bandwidth_gb_s"].value == 1792
