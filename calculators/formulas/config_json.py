"""Read a model's config.json, as Hugging Face repositories hold it, into an Architecture and a format of the weights.

The names of the fields are those of transformers 5.23.0 and of the vendors' own files. What would change the count and is
not understood is refused rather than passed over.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from calculators.formulas import architecture
from calculators.formulas.architecture import Architecture


class Config(NamedTuple):
    """What a config.json says: the architecture of its text model, and in which format the files are."""

    name: str
    architecture: Architecture
    precision: str
    """A row of data/precisions.yaml; "" if the format was not understood."""
    unknown_format: str = ""
    """How the file calls a format that was not understood."""


# MLPs of two matrices, without a gate, by model_type; all others are taken to be gated.
UNGATED = {"bloom", "codegen", "falcon", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gptj", "mpt", "nemotron",
           "nemotron_h", "opt", "phi", "starcoder2"}
# The output matrix is the embedding table where the file does not say, by the beginning of model_type.
TIED = ("bloom", "cohere", "falcon", "gemma", "gpt2", "gpt_bigcode", "mpt", "opt")
# A window in every layer if `sliding_window` is a number and nothing says in which.
WINDOW_EVERYWHERE = {"mistral", "mixtral", "phi3", "starcoder2"}
# Kinds of layers as layer_types names them: with a window, and with a cache that grows with every token.
WINDOWS = ("sliding_attention", "chunked_attention")
GROWING = ("full_attention", "attention", "deepseek_sparse_attention")
# Names of what changes the count and is read for some models alone.
STRANGE = re.compile(r"mamba|ssm_|rwkv|block_configs|compress_ratio|recurrent|kda|linear_attn|lightning|cross_attention_layers"
                     r"|altup|laurel|attn_layer_(period|offset)|hybrid|state_size|short_conv|n_embed_per|layers_block_type")

_NAMES: dict[str, tuple[str, ...]] = {
    "layers": ("num_hidden_layers", "n_layer", "num_layers", "n_layers"),  # or one entry each in layers_block_type
    "hidden_size": ("hidden_size", "n_embd", "d_model", "n_embed"),
    "heads": ("num_attention_heads", "n_head", "n_heads"),
    "kv_heads": ("num_key_value_heads", "num_kv_heads", "n_head_kv"),
    "vocabulary": ("vocab_size",),
    "intermediate": ("intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"),
    "experts": ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"),
    "experts_per_token": ("num_experts_per_tok", "num_experts_per_token", "top_k_experts", "moe_top_k", "moe_topk",
                          "experts_per_token"),
    "shared_experts": ("n_shared_experts", "num_shared_experts", "num_shared_expert"),
    "shared_size": ("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "share_expert_dim",
                    "shared_intermediate_size"),
}


def read(text: str) -> Config:
    """What a config.json says. Raises ValueError with a clause on what cannot be understood."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(whole, dict):
        raise ValueError("is not a JSON object")
    inner: dict[str, Any] = next((whole[key] for key in ("text_config", "language_config", "llm_config")
                  if isinstance(whole.get(key), dict)), {})
    config = whole | {key: value for key, value in inner.items() if value is not None or key not in whole}
    if config.get("is_encoder_decoder"):
        raise ValueError("describes an encoder with a decoder, which is not read here")
    names = whole.get("architectures")
    name = str(names[0]) if isinstance(names, list) and names else str(config.get("model_type") or "model")
    precision, unknown = _precision(config)
    return Config(name, _architecture(config), precision, unknown)


def _architecture(config: Mapping[str, Any]) -> Architecture:
    family = str(config.get("model_type") or "")
    if config.get("block_configs"):
        _refuse_strange(config, family)  # every layer of another size
    if isinstance(config.get("layers_block_type"), list):
        config = {"num_hidden_layers": len(config["layers_block_type"]), **config}
    values: dict[str, Any] = {name: _count(config, name) for name in ("layers", "hidden_size", "heads", "vocabulary")}
    values["tied_embeddings"] = _yes(config, "tie_word_embeddings", family.startswith(TIED))
    if family in UNGATED:
        values["mlp_matrices"] = 2
    values |= _attention(config, family, values)
    mixers = _mixers(config, family, values)
    values |= mixers | _experts(config, family, values, mixers)
    values |= _extras(config)
    if not any(key in values for key in ("linear_layers", "compressed_layers", "heavy_layers")):
        _refuse_strange(config, family)
    try:
        return architecture.from_dict(values)
    except ValueError as error:
        raise ValueError(f"does not add up: {error}") from None


def _refuse_strange(config: Mapping[str, Any], family: str) -> None:
    strange = sorted(key for key in config if STRANGE.search(key) and config[key] and key != "hybrid_layer_pattern")
    if strange:
        raise ValueError(f"has {strange[0][:40]}, which is not understood for model_type {family[:40] or 'none'}")


# --- plain fields ----------------------------------------------------------------------------------------------------


def _find(config: Mapping[str, Any], name: str) -> Any:
    return next((config[key] for key in _NAMES.get(name, (name,)) if config.get(key) is not None), None)


def _count(config: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = _find(config, name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**9:
        expected = " or ".join(_NAMES.get(name, (name,))[:2])
        raise ValueError(f"has no whole number for {expected}: if it leaves that to a default, add it"
                         if value is None or isinstance(value, str | float | bool)
                         else f"has {expected} as something other than a whole number")
    return value


def _yes(config: Mapping[str, Any], name: str, default: bool = False) -> bool:
    value = config.get(name)
    return default if not isinstance(value, bool) else value


def _kinds(config: Mapping[str, Any], name: str, layers: int) -> list[Any]:
    """A list that says something of each layer; entries past the last layer are for multi-token prediction."""
    value = config.get(name)
    if not isinstance(value, list | str) or len(value) < layers:
        return []
    return list(value[:layers])


# --- attention -------------------------------------------------------------------------------------------------------


def _attention(config: Mapping[str, Any], family: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The kind of attention with the sizes of a layer whose cache grows."""
    if config.get("compress_ratios") is not None:
        return {"attention": "compressed", "kv_heads": 1, "head_size": _count(config, "head_dim"),
                "q_lora_rank": _count(config, "q_lora_rank"), "output_groups": _count(config, "o_groups"),
                "output_lora_rank": _count(config, "o_lora_rank"), "hyper_streams": _count(config, "hc_mult", 0)}
    if config.get("kv_lora_rank"):
        return {"attention": "mla", "kv_lora_rank": _count(config, "kv_lora_rank"),
                "q_lora_rank": _count(config, "q_lora_rank", 0), "qk_nope_size": _count(config, "qk_nope_head_dim"),
                "qk_rope_size": _count(config, "qk_rope_head_dim"), "v_head_size": _count(config, "v_head_dim"),
                "attention_gate": _yes(config, "mla_use_output_gate")}
    heads = values["heads"]
    kv_heads = _count(config, "kv_heads", 1 if config.get("multi_query") else heads) or heads
    head_size = _count(config, "head_dim", values["hidden_size"] // max(heads, 1))
    found: dict[str, Any] = {}
    if "global_head_dim" in config:  # Gemma 4: the plain names are those of the window layers
        found = {"window_head_size": head_size, "window_kv_heads": kv_heads}
        head_size = _count(config, "global_head_dim", head_size)
        kv_heads = _count(config, "num_global_key_value_heads", kv_heads)
        found["key_is_value"] = _yes(config, "attention_k_eq_v")
    gate = _yes(config, "attn_output_gate", family.startswith(("qwen3_next", "qwen3_5")))
    value_size = _count(config, "v_head_dim", 0)
    kind = architecture.grouped(heads, kv_heads)
    return found | {"attention": kind, "kv_heads": kv_heads, "head_size": head_size, "attention_gate": gate} | (
        {"v_head_size": value_size} if value_size not in (0, head_size) else {})


def _mixers(config: Mapping[str, Any], family: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """How many layers have which kind of memory."""
    layers = values["layers"]
    if values["attention"] == "compressed":
        return _compressed(config, layers)
    letters = {"mamba": "M", "attention": "*", "moe": "E", "mlp": "-"}
    pattern = _kinds(config, "hybrid_override_pattern", layers) or [
        letters.get(str(kind), "?") for kind in _kinds(config, "layers_block_type", layers)]
    if pattern:
        return _nemotron(config, pattern)
    kda = config.get("linear_attn_config")
    if isinstance(kda, dict):
        return _kda(kda, layers)
    kinds = _layer_kinds(config, family, layers)
    odd = set(kinds) - {*WINDOWS, *GROWING, "linear_attention"}
    if odd:
        raise ValueError(f"has layers of a kind that is not understood, {min(odd)[:40]}")
    windows = sum(kind in WINDOWS for kind in kinds)
    linear = kinds.count("linear_attention")
    found: dict[str, Any] = {"full_layers": layers - windows - linear} if windows + linear else {}
    if windows:
        found |= _windows(config, kinds, windows)
    if linear:
        found |= {"linear_layers": linear, "linear_kind": "gated-deltanet",
                  "linear_key_heads": _count(config, "linear_num_key_heads"),
                  "linear_value_heads": _count(config, "linear_num_value_heads"),
                  "linear_key_size": _count(config, "linear_key_head_dim"),
                  "linear_value_size": _count(config, "linear_value_head_dim"),
                  "convolution_width": _count(config, "linear_conv_kernel_dim", 4)}
    return found | _shared_caches(config, kinds)


def _layer_kinds(config: Mapping[str, Any], family: str, layers: int) -> list[str]:
    """The kind of each layer, by the list in the file or by the rule of its family."""
    given = _kinds(config, "layer_types", layers)
    if given:
        return [str(kind) for kind in given]
    mimo = _kinds(config, "hybrid_layer_pattern", layers)
    if mimo:
        return ["sliding_attention" if kind == 1 else "full_attention" for kind in mimo]
    if config.get("linear_num_value_heads"):
        every = _count(config, "full_attention_interval", 4)
        return _every(every, layers, "linear_attention")
    if family.startswith("llama4") and config.get("attention_chunk_size"):
        return _every(_count(config, "no_rope_layer_interval", 4), layers, "chunked_attention")
    window = config.get("sliding_window")
    if not isinstance(window, int) or isinstance(window, bool) or not window or config.get("use_sliding_window") is False:
        return ["full_attention"] * layers
    every = _count(config, "sliding_window_pattern", {"gemma2": 2, "gpt_oss": 2, "cohere2": 4}.get(
        family, 6 if family.startswith("gemma3") else 0))
    if every:
        return _every(every, layers, "sliding_attention")
    if family in WINDOW_EVERYWHERE:
        return ["sliding_attention"] * layers
    if family.startswith("qwen2") and config.get("use_sliding_window"):
        full = min(_count(config, "max_window_layers", layers), layers)
        return ["full_attention"] * full + ["sliding_attention"] * (layers - full)
    raise ValueError(f"has a sliding_window and does not say in which layers (model_type {family or 'none'})")


def _every(every: int, layers: int, other: str) -> list[str]:
    """Each `every`-th layer is full, the others are of the other kind."""
    return ["full_attention" if (i + 1) % max(every, 1) == 0 else other for i in range(layers)]


def _windows(config: Mapping[str, Any], kinds: Sequence[str], windows: int) -> dict[str, Any]:
    name = "attention_chunk_size" if "chunked_attention" in kinds else "sliding_window"
    found = {"window_layers": windows, "window_tokens": _count(config, name)}
    other = {"window_heads": "swa_num_attention_heads", "window_kv_heads": "swa_num_key_value_heads",
             "window_head_size": "swa_head_dim"}
    return found | {field: _count(config, key) for field, key in other.items() if config.get(key)}


def _shared_caches(config: Mapping[str, Any], kinds: Sequence[str]) -> dict[str, Any]:
    """Gemma: the last layers use the cache of an earlier one."""
    shared = _count(config, "num_kv_shared_layers", 0)
    own = kinds[: len(kinds) - shared]
    return {"cached_full_layers": sum(kind in GROWING for kind in own),
            "cached_window_layers": own.count("sliding_attention")} if shared else {}


def _compressed(config: Mapping[str, Any], layers: int) -> dict[str, Any]:
    ratios = _kinds(config, "compress_ratios", layers)
    other = sorted({ratio for ratio in ratios if ratio not in (0, 1)}, key=str)
    if not ratios or len(other) > 2 or not all(isinstance(ratio, int) for ratio in other):
        raise ValueError("has compress_ratios that are not understood")
    found = {"full_layers": 0, "window_layers": layers, "window_tokens": _count(config, "sliding_window"),
             "index_heads": _count(config, "index_n_heads"), "index_head_size": _count(config, "index_head_dim")}
    for ratio, prefix in zip(sorted(other), ("compressed", "heavy"), strict=False):
        found |= {f"{prefix}_layers": ratios.count(ratio), f"{prefix}_ratio": ratio}
    return found


def _nemotron(config: Mapping[str, Any], pattern: Sequence[str]) -> dict[str, Any]:
    """One letter a layer: M for Mamba-2, * for attention, E for experts, - for a dense MLP."""
    if set(pattern) - set("M*E-"):
        raise ValueError("has a hybrid_override_pattern that is not understood")
    return {"full_layers": pattern.count("*"), "expert_layers": pattern.count("E"), "dense_layers": pattern.count("-"),
            "linear_layers": pattern.count("M"), "linear_kind": "mamba2", "linear_key_heads": _count(config, "n_groups"),
            "linear_value_heads": _count(config, "mamba_num_heads"), "linear_key_size": _count(config, "ssm_state_size"),
            "linear_value_size": _count(config, "mamba_head_dim"), "convolution_width": _count(config, "conv_kernel", 4)}


def _kda(kda: Mapping[str, Any], layers: int) -> dict[str, Any]:
    linear, full = kda.get("kda_layers"), kda.get("full_attn_layers")
    if not isinstance(linear, list) or not isinstance(full, list) or len(linear) + len(full) != layers:
        raise ValueError("has a linear_attn_config that does not name every layer")
    heads, size = _count(kda, "num_heads"), _count(kda, "head_dim")
    return {"full_layers": len(full), "linear_layers": len(linear), "linear_kind": "kda", "linear_key_heads": heads,
            "linear_value_heads": heads, "linear_key_size": size, "linear_value_size": size,
            "linear_full_gate": _yes(kda, "use_full_rank_gate"),
            "convolution_width": _count(kda, "short_conv_kernel_size", 4)}


# --- experts ---------------------------------------------------------------------------------------------------------


def _experts(config: Mapping[str, Any], family: str, values: Mapping[str, Any], mixers: Mapping[str, Any]) -> dict[str, Any]:
    """The MLPs: dense, routed, shared, and in which layers."""
    layers, experts = values["layers"], _count(config, "experts", 0)
    if family == "gemma4" and not _yes(config, "enable_moe_block"):
        experts = 0
    plain = 4 * values["hidden_size"] if values.get("mlp_matrices") == 2 else None
    own = _count(config, "intermediate", 0 if experts > 1 else plain)
    if experts < 2:
        return {"intermediate_size": own}
    expert_size = _count(config, "moe_intermediate_size", own)
    found: dict[str, Any] = {"experts": experts, "experts_per_token": _count(config, "experts_per_token"),
                             "expert_intermediate_size": expert_size,
                             "shared_intermediate_size": _shared_size(config, family, own, expert_size)}
    width = _count(config, "routed_expert_hidden_size", _count(config, "moe_latent_size", 0))
    if width:
        found["expert_hidden_size"] = width
    if "expert_layers" not in mixers:
        dense = _dense_layers(config, family, layers)
        found |= {"dense_layers": layers, "expert_layers": layers} if family.startswith("gemma4") else {"dense_layers": dense}
    if found.get("dense_layers", mixers.get("dense_layers", 0)):
        found["intermediate_size"] = _count(config, "dense_intermediate_size", _count(config, "intermediate_size_mlp", own))
    return found


def _shared_size(config: Mapping[str, Any], family: str, own: int, expert_size: int) -> int:
    """Width of the shared experts, all of one layer together."""
    if family.startswith("llama4"):
        return own
    count = _count(config, "shared_experts", 0)
    size = _count(config, "shared_size", 0)
    return size or count * expert_size


def _dense_layers(config: Mapping[str, Any], family: str, layers: int) -> int:
    """Layers with an ordinary MLP in a mixture of experts."""
    types = _kinds(config, "mlp_layer_types", layers)
    if types:
        return types.count("dense")
    pattern = _kinds(config, "moe_layer_freq", layers)
    if pattern:
        return sum(not has for has in pattern)
    first = _count(config, "first_k_dense_replace", _count(config, "moe_layer_start_index", 0))
    every = _count(config, "moe_layer_freq", _count(config, "decoder_sparse_step", 1)) or 1
    if family.startswith("llama4"):
        every = _count(config, "interleave_moe_layer_step", 1) or 1
    only = config.get("mlp_only_layers") or []
    if not isinstance(only, list):
        raise ValueError("has mlp_only_layers that are not a list")
    sparse = sum((i + 1) % every == 0 and i >= first and i not in only for i in range(layers)) if every > 1 else (
        layers - first - len([i for i in only if isinstance(i, int) and first <= i < layers]))
    return layers - max(sparse, 0)


def _extras(config: Mapping[str, Any]) -> dict[str, Any]:
    """Indexers of sparse attention and embeddings that every layer looks up."""
    found: dict[str, Any] = {}
    layers = _count(config, "layers")
    if config.get("index_n_heads") and config.get("compress_ratios") is None:
        kinds = _kinds(config, "indexer_types", layers)
        found |= {"index_layers": kinds.count("full") if kinds else layers,
                  "index_heads": _count(config, "index_n_heads"), "index_head_size": _count(config, "index_head_dim")}
    sparse = config.get("sparse_attention_config")
    if isinstance(sparse, dict) and sparse.get("use_sparse_attention"):
        on = _kinds(sparse, "sparse_attention_freq", layers)
        found |= {"index_layers": sum(bool(one) for one in on) if on else layers,
                  "index_heads": _count(sparse, "sparse_num_index_heads"),
                  "index_head_size": _count(sparse, "sparse_index_dim")}
    if config.get("hidden_size_per_layer_input"):
        found["per_layer_input_size"] = _count(config, "hidden_size_per_layer_input")
    return found


# --- the format of the weights ---------------------------------------------------------------------------------------


def _precision(config: Mapping[str, Any]) -> tuple[str, str]:
    """The row of data/precisions.yaml; or nothing, and how the file calls what was not understood."""
    quantised = config.get("quantization_config")
    if not isinstance(quantised, dict):
        kind = str(config.get("dtype") or config.get("torch_dtype") or "bfloat16").removeprefix("torch.")
        known = {"bfloat16": "bf16", "float16": "bf16", "float32": "fp32"}
        return known.get(kind, ""), "" if kind in known else kind
    method = str(quantised.get("quant_method") or quantised.get("quant_algo") or "").lower()
    found = _quantised(quantised, method)
    if found == "fp8" and config.get("expert_dtype") == "fp4":
        found = "fp8-mxfp4"
    return found, "" if found else method or "quantization_config"


def _quantised(quantised: Mapping[str, Any], method: str) -> str:
    bits = quantised.get("bits")
    if method in ("fp8", "mxfp4"):
        return method
    if method in ("awq", "gptq"):
        return {4: "int4", 8: "int8"}.get(bits if isinstance(bits, int) else 0, "")
    if method == "bitsandbytes":
        return "nf4" if quantised.get("load_in_4bit") else "int8" if quantised.get("load_in_8bit") else ""
    if method == "modelopt":
        return {"FP8": "fp8", "NVFP4": "nvfp4"}.get(str(quantised.get("quant_algo")), "")
    if method == "compressed-tensors":
        return _compressed_tensors(quantised)
    return ""


def _compressed_tensors(quantised: Mapping[str, Any]) -> str:
    groups = quantised.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, dict) else None
    weights = first.get("weights") if isinstance(first, dict) else None
    if not isinstance(weights, dict):
        return ""
    kind = (weights.get("type"), weights.get("num_bits"), weights.get("group_size"))
    if kind[:2] == ("int", 4):
        experts_only = any("self_attn" in str(name) for name in quantised.get("ignore") or [])
        return "int4-g32" if kind[2] == 32 and experts_only else "int4"
    if kind[:2] == ("float", 4):
        return "mxfp4" if kind[2] == 32 else "nvfp4"
    return "fp8" if kind[:2] == ("float", 8) else "int8" if kind[:2] == ("int", 8) else ""
