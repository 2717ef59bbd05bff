"""A model's config.json read into an architecture: the vendors' own fields against the table of models and published counts.

The fields are those of the files as the vendors publish them (by aiconfigurator-core 0.12.0, or transformers' defaults where
said), cut down to what a count needs; long lists are written as their rule. What is expected is the row of data/models.yaml,
which was put together from other sources and is itself tested against published counts.
"""

import json
import re
from typing import Any

import pytest

from calculators.buildtime import data
from calculators.formulas import architecture, config_json, kv_cache, parameter_count
from calculators.kit.facts import Facts

FACTS: Facts = data.facts("2026-11-26")
FULL, SLIDING, LINEAR = "full_attention", "sliding_attention", "linear_attention"


def config(model_type: str, layers: int, hidden: int, heads: int, kv_heads: int, vocabulary: int,
           **more: Any) -> dict[str, Any]:
    return {"model_type": model_type, "num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads,
            "num_key_value_heads": kv_heads, "vocab_size": vocabulary, "tie_word_embeddings": False} | more


KNOWN: dict[str, dict[str, Any]] = {
    "llama-3-1-70b": config("llama", 80, 8192, 64, 8, 128256, intermediate_size=28672),
    "mixtral-8x7b": config("mixtral", 32, 4096, 32, 8, 32000, intermediate_size=14336, num_local_experts=8,
                           num_experts_per_tok=2, sliding_window=None),
    "qwen2-5-72b": config("qwen2", 80, 8192, 64, 8, 152064, intermediate_size=29568, use_sliding_window=False,
                          sliding_window=131072),
    "qwen3-235b-a22b": config("qwen3_moe", 94, 4096, 64, 4, 151936, head_dim=128, intermediate_size=12288, num_experts=128,
                              num_experts_per_tok=8, moe_intermediate_size=1536, decoder_sparse_step=1, mlp_only_layers=[]),
    "qwen3-5-35b-a3b": {"model_type": "qwen3_5_moe", "tie_word_embeddings": False, "text_config": config(
        "qwen3_5_moe_text", 40, 2048, 16, 2, 248320, head_dim=256, attn_output_gate=True, num_experts=256,
        num_experts_per_tok=8, moe_intermediate_size=512, shared_expert_intermediate_size=512,
        layer_types=[LINEAR, LINEAR, LINEAR, FULL] * 10, linear_conv_kernel_dim=4, linear_key_head_dim=128,
        linear_num_key_heads=16, linear_num_value_heads=32, linear_value_head_dim=128, mamba_ssm_dtype="float32")},
    "gemma-2-9b": config("gemma2", 42, 3584, 16, 8, 256000, head_dim=256, intermediate_size=14336, sliding_window=4096,
                         tie_word_embeddings=True),
    "gemma-3-27b": {"model_type": "gemma3", "text_config": config(
        "gemma3_text", 62, 5376, 32, 16, 262144, head_dim=128, intermediate_size=21504, sliding_window=1024,
        sliding_window_pattern=6, tie_word_embeddings=True)},
    "gemma-4-26b-a4b": {"model_type": "gemma4", "text_config": config(
        "gemma4_text", 30, 2816, 16, 8, 262144, head_dim=256, global_head_dim=512, num_global_key_value_heads=2,
        attention_k_eq_v=True, enable_moe_block=True, intermediate_size=2112, moe_intermediate_size=704, num_experts=128,
        top_k_experts=8, hidden_size_per_layer_input=0, num_kv_shared_layers=0, sliding_window=1024,
        layer_types=([SLIDING] * 5 + [FULL]) * 5, tie_word_embeddings=True)},
    "gpt-oss-120b": config("gpt_oss", 36, 2880, 64, 8, 201088, head_dim=64, intermediate_size=2880, num_local_experts=128,
                           num_experts_per_tok=4, sliding_window=128, layer_types=[SLIDING, FULL] * 18,
                           quantization_config={"quant_method": "mxfp4"}),
    "llama-4-maverick": {"model_type": "llama4", "text_config": config(
        "llama4_text", 48, 5120, 40, 8, 202048, head_dim=128, intermediate_size=8192, intermediate_size_mlp=16384,
        interleave_moe_layer_step=2, num_local_experts=128, num_experts_per_tok=1, attention_chunk_size=8192)},
    "deepseek-v3": config("deepseek_v3", 61, 7168, 128, 128, 129280, intermediate_size=18432, moe_intermediate_size=2048,
                          n_routed_experts=256, n_shared_experts=1, num_experts_per_tok=8, first_k_dense_replace=3,
                          moe_layer_freq=1, kv_lora_rank=512, q_lora_rank=1536, qk_nope_head_dim=128, qk_rope_head_dim=64,
                          v_head_dim=128, num_nextn_predict_layers=1, quantization_config={"quant_method": "fp8"}),
    "deepseek-v4-flash": config("deepseek_v4", 43, 4096, 64, 1, 129280, head_dim=512, moe_intermediate_size=2048,
                                n_routed_experts=256, n_shared_experts=1, num_experts_per_tok=6, q_lora_rank=1024,
                                qk_rope_head_dim=64, o_groups=8, o_lora_rank=1024, hc_mult=4, index_n_heads=64,
                                index_head_dim=128, sliding_window=128, compress_ratios=[0, 0, *([4, 128] * 20), 4, 0],
                                expert_dtype="fp4", quantization_config={"quant_method": "fp8"}),
    "glm-5-3": config("glm_moe_dsa", 78, 6144, 64, 64, 154880, intermediate_size=12288, moe_intermediate_size=2048,
                      n_routed_experts=256, n_shared_experts=1, num_experts_per_tok=8, first_k_dense_replace=3,
                      kv_lora_rank=512, q_lora_rank=2048, qk_nope_head_dim=192, qk_rope_head_dim=64, v_head_dim=256,
                      index_n_heads=32, index_head_dim=128,
                      indexer_types=["full"] * 3 + (["shared"] * 3 + ["full"]) * 18 + ["shared"] * 3),
    "kimi-k3": {"model_type": "kimi_k3", "text_config": config(
        "kimi_linear", 93, 7168, 96, 96, 163840, intermediate_size=33792, moe_intermediate_size=3072, num_experts=896,
        num_experts_per_token=16, num_shared_experts=2, routed_expert_hidden_size=3584, first_k_dense_replace=1,
        kv_lora_rank=512, q_lora_rank=1536, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128,
        mla_use_output_gate=True, linear_attn_config={
            "full_attn_layers": [*range(4, 93, 4), 93], "head_dim": 128, "num_heads": 96, "short_conv_kernel_size": 4,
            "kda_layers": [i for i in range(1, 93) if i % 4], "use_full_rank_gate": True})},
    "nemotron-3-nano-30b-a3b": config(
        "nemotron_h", 52, 2688, 32, 2, 131072, head_dim=128, intermediate_size=1856, moe_intermediate_size=1856,
        moe_shared_expert_intermediate_size=3712, n_routed_experts=128, n_shared_experts=1, num_experts_per_tok=6,
        hybrid_override_pattern="MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", conv_kernel=4, mamba_head_dim=64,
        mamba_num_heads=64, n_groups=8, ssm_state_size=128),
    "mimo-v2-flash": config(
        "mimo_v2_flash", 48, 4096, 64, 4, 152576, head_dim=192, v_head_dim=128, intermediate_size=16384,
        swa_num_attention_heads=64, swa_num_key_value_heads=8, swa_head_dim=192, sliding_window=128, n_routed_experts=256,
        num_experts_per_tok=8, moe_intermediate_size=2048, n_shared_experts=None, moe_layer_freq=[0] + [1] * 47,
        hybrid_layer_pattern=[0, 1, 1, 1, 1, *([0, 1, 1, 1, 1, 1] * 7), 0]),
}


@pytest.mark.parametrize("model", KNOWN)
def test_the_vendors_fields_give_the_row_of_the_table(model: str) -> None:
    found = config_json.read(json.dumps(KNOWN[model])).architecture
    assert found == architecture.of(FACTS, model)


@pytest.mark.parametrize(("given", "precision"), [
    ({"torch_dtype": "bfloat16"}, "bf16"),
    ({"dtype": "float32"}, "fp32"),
    ({"quantization_config": {"quant_method": "fp8"}}, "fp8"),
    ({"quantization_config": {"quant_method": "mxfp4"}}, "mxfp4"),
    ({"quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}}, "int4"),
    ({"quantization_config": {"quant_method": "gptq", "bits": 8}}, "int8"),
    ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, "nf4"),
    ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "NVFP4"}}, "nvfp4"),
    ({"quantization_config": {"quant_method": "compressed-tensors", "ignore": ["re:.*self_attn.*"], "config_groups": {
        "group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 32}}}}}, "int4-g32"),
    ({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
        "group_0": {"weights": {"num_bits": 8, "type": "float"}}}}}, "fp8"),
    ({"quantization_config": {"quant_method": "fp8"}, "expert_dtype": "fp4"}, "fp8-mxfp4"),
    ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}}, ""),
    ({"quantization_config": {"quant_method": "gptq", "bits": 3}}, ""),
])
def test_the_format_of_the_files(given: dict[str, Any], precision: str) -> None:
    found = config_json.read(json.dumps(KNOWN["llama-3-1-70b"] | given))
    assert found.precision == precision
    assert bool(found.unknown_format) == (not precision)
    assert not precision or precision in FACTS.rows("precisions")


def test_windows_by_the_rule_of_the_family() -> None:
    """Mistral 7B v0.1 has a window of 4,096 in every layer; Qwen2 in the layers from max_window_layers on."""
    plain = {"intermediate_size": 14336, "sliding_window": 4096}
    mistral = config_json.read(json.dumps(config("mistral", 32, 4096, 32, 8, 32000, **plain))).architecture
    assert (mistral.full_layers, mistral.window_layers, mistral.window_tokens) == (0, 32, 4096)
    qwen = config_json.read(json.dumps(config("qwen2", 28, 3584, 28, 4, 152064, use_sliding_window=True, max_window_layers=20,
                                              **plain))).architecture
    assert (qwen.full_layers, qwen.window_layers) == (20, 8)


def test_older_names_and_mlps_without_a_gate() -> None:
    """OPT-13B: 40 layers of 4 x 5,120^2 in attention and 2 x 5,120 x 20,480 in the MLP, and one table of 50,272 x 5,120."""
    opt = {"model_type": "opt", "num_hidden_layers": 40, "hidden_size": 5120, "num_attention_heads": 40, "ffn_dim": 20480,
           "vocab_size": 50272}
    found = config_json.read(json.dumps(opt)).architecture
    norms = 81 * 5120
    assert parameter_count.parameters(found).total == 40 * (4 * 5120**2 + 2 * 5120 * 20480) + 50272 * 5120 + norms
    assert kv_cache.kv_bytes_per_token(found) == 2 * 40 * 40 * 128 * 2


@pytest.mark.parametrize(("text", "clause"), [
    ("", "is not JSON"),
    ("[1]", "is not a JSON object"),
    ("{}", "has no whole number for num_hidden_layers or n_layer"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"is_encoder_decoder": True}), "describes an encoder with a decoder"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"num_hidden_layers": "80"}), "has no whole number for num_hidden_layers"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"num_hidden_layers": {}}), "as something other than a whole number"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"mamba_d_state": 16}), "has mamba_d_state, which is not understood"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"layer_types": ["odd"] * 80}), "layers of a kind that is not understood, odd"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"sliding_window": 512}), "does not say in which layers"),
    (json.dumps(KNOWN["llama-3-1-70b"] | {"num_key_value_heads": 7}), "does not add up"),
    (json.dumps(KNOWN["deepseek-v4-flash"] | {"compress_ratios": [2, 3, 4] * 15}), "compress_ratios that are not understood"),
    (json.dumps(KNOWN["nemotron-3-nano-30b-a3b"] | {"hybrid_override_pattern": "X" * 52}), "hybrid_override_pattern"),
    (json.dumps({"block_configs": [1], "model_type": "nemotron-nas"}), "has block_configs"),
])
def test_what_is_not_understood_is_refused(text: str, clause: str) -> None:
    with pytest.raises(ValueError, match=re.escape(clause)):
        config_json.read(text)
