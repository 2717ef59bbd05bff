"""The fields that several calculators share, declared once: same name, same label, same unit, same meaning.

Each function returns a dataclass field, as `kit.fields` makes them: `model: str = workload.model()`. A name here is the
name that the form, the link and the command line use. Defaults may differ between calculators, meanings may not.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from calculators.kit.fields import FromFact, InputError, choice, folded, number, shared, text, whole, yes_no
from calculators.kit.units import HOURS_PER_DAY, read_number, show

CUSTOM = "custom"  # the choice of a model that is described by the fields below instead
GENERIC = "generic"  # the choice of an engine that is not named

ENGINES = {
    GENERIC: "None in particular",
    "vllm": "vLLM",
    "sglang": "SGLang",
    "tensorrt-llm": "TensorRT-LLM",
    "llama-cpp": "llama.cpp",
    "ollama": "Ollama",
    "tgi": "TGI",
}
"""What each engine is called, by its row in data/engines.yaml."""

LAYERWISE = ("llama-cpp", "ollama")
"""The engines that read GGUF files and spread whole layers, over any number of GPUs."""

WEIGHT_PRECISIONS = {
    "published": "As published",
    "bf16": "bf16 or fp16 (16 bits)",
    "fp8": "fp8",
    "int8": "int8",
    "int4": "int4, groups of 128 (AWQ, GPTQ)",
    "nf4": "nf4 (bitsandbytes)",
    "mxfp4": "mxfp4",
    "nvfp4": "nvfp4",
    "q8_0": "GGUF Q8_0",
    "q6_k": "GGUF Q6_K",
    "q5_k_m": "GGUF Q5_K_M",
    "q4_k_m": "GGUF Q4_K_M",
    "q4_0": "GGUF Q4_0",
    "q3_k_m": "GGUF Q3_K_M",
    "q2_k": "GGUF Q2_K",
    "nominal_8": "8 bits exactly, nothing kept wider (a lower bound)",
    "nominal_4": "4 bits exactly, nothing kept wider (a lower bound)",
}
"""What each format of weights is called, by its row in data/precisions.yaml; "published" is the model's own."""

GGUF = tuple(name for name, called in WEIGHT_PRECISIONS.items() if called.startswith("GGUF"))
"""The formats of weights that are kinds of GGUF files."""

KV_PRECISIONS = {
    "bf16": "bf16 or fp16 (16 bits)",
    "fp8": "fp8",
    "int8": "int8",
    "int4": "int4",
    "nvfp4": "nvfp4",
    "q8_0": "q8_0 (llama.cpp, Ollama)",
    "q4_0": "q4_0 (llama.cpp, Ollama)",
}
"""What each format of cached keys and values is called, by its row in data/precisions.yaml."""


def _shared[**P](make: Callable[P, Any]) -> Callable[P, Any]:
    """Offer what a reader sets for this field on the other pages that ask for it."""

    @functools.wraps(make)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> Any:
        return shared(make(*args, **kwargs))

    return wrapped


@_shared
def model(default: str = "llama-3-1-70b", *, custom: bool = True) -> Any:
    """A row of data/models.yaml, by id or alias; `custom`: one's own architecture may be given instead."""
    own = {CUSTOM: "Another model (describe it below)"} if custom else {}
    return choice("Model", default=default, choices=own, table="models",
                  help="Its architecture is in the table of models." + (" Or describe your own below." if custom else ""))


@_shared
def gpu(default: str = "h100-sxm") -> Any:
    """A row of data/gpus.yaml, by id or alias."""
    return choice("GPU", default=default, table="gpus", help="One kind, all alike; the memory that a program sees counts.")


@_shared
def tensor_parallel(default: int | None = None) -> Any:
    """GPUs that each layer is split over; None: left to the calculator."""
    return whole("Tensor parallel", unit="GPUs", default=default, min=1, max=1024,
                 help="GPUs that share each layer." + (" Left empty: the fewest that hold it." if default is None else ""))


@_shared
def weight_precision(default: str = "published") -> Any:
    """The format of the weights: a key of WEIGHT_PRECISIONS."""
    return choice("Precision of the weights", default=default, choices=WEIGHT_PRECISIONS,
                  help="As published: in the format of the vendor's own files.")


@_shared
def kv_precision(default: str = "bf16") -> Any:
    """The format of cached keys and values: a key of KV_PRECISIONS."""
    return choice("Precision of the KV cache", default=default, choices=KV_PRECISIONS,
                  help="Apart from that of the weights: most engines keep 16 bits unless told otherwise.")


@_shared
def engine(default: str = "vllm", *, generic: bool = True) -> Any:
    """The serving engine: a key of ENGINES; `generic`: one that is not named may be chosen too."""
    named = {name: called for name, called in ENGINES.items() if generic or name != GENERIC}
    return choice("Serving engine", default=default, choices=named,
                  help="Engines differ in what they take for themselves and how they spread a model over GPUs.")


@_shared
def context_tokens(default: int = 8192) -> Any:
    """Tokens that one request holds at the most, prompt and answer together."""
    return whole("Context per request", unit="tokens", default=default, min=1, max=100_000_000,
                 help="Prompt and answer together, at the longest.")


@_shared
def concurrent_requests(default: int = 16) -> Any:
    """Requests that are worked on at the same moment."""
    return whole("Requests at once", unit="count", default=default, min=1, max=1_000_000,
                 help="Those worked on at the same moment, not users who are signed in.")


@_shared
def input_tokens(default: int | FromFact = 1000) -> Any:
    """Tokens of a request's prompt."""
    return whole("Input per request", unit="tokens", default=default, min=0, max=100_000_000,
                 help="The whole prompt: instructions, documents, history.")


@_shared
def output_tokens(default: int | FromFact = 300) -> Any:
    """Tokens of a request's answer; reasoning included, unless the form asks for it by itself (reasoning_tokens)."""
    return whole("Output per request", unit="tokens", default=default, min=0, max=100_000_000,
                 help="The answer. Reasoning before it counts too, unless there is a field for it here.")


@_shared
def requests_per_day(default: float | FromFact = 10_000) -> Any:
    """Requests on an average day."""
    return number("Requests per day", unit="count", default=default, min=0, max=1e12, help="On an average day.")


@_shared
def monthly_tokens(default: int | FromFact = 100_000_000) -> Any:
    """Tokens of a month, input and output together."""
    return whole("Tokens per month", unit="tokens/month", default=default, min=0, max=1e15,
                 help="Input and output together. 100M, 1e8 and 100,000,000 are the same.")


@_shared
def gpu_hour_usd(default: float | FromFact | None = None) -> Any:
    """Price of one GPU for an hour; None: left to the calculator, from data/gpu-rental.yaml."""
    return number("GPU price", unit="USD/GPU-hour", default=default, min=0, max=10_000,
                  help="Of one GPU for an hour." + (" Left empty: the price list's." if default is None else ""))


@_shared
def reasoning_tokens(default: int | FromFact = 0) -> Any:
    """Tokens that a model thinks before it answers, beside output_tokens; billed and generated as output."""
    return whole("Reasoning per request", unit="tokens", default=default, min=0, max=100_000_000,
                 help="On top of the output, shown or not. Billed as output. Depends on the model and its effort.")


@_shared
def overhead_tokens(default: int | FromFact = 0) -> Any:
    """Tokens of the prompt, beside input_tokens, that are no text of one's own: images, tools, their results."""
    return whole("Images and tools per request", unit="tokens", default=default, min=0, max=100_000_000,
                 help="On top of the input: pictures counted as tokens, descriptions of tools, what tools return.")


@_shared
def cached_share_percent(default: float | FromFact = 0) -> Any:
    """The share of input_tokens that stood at the start of an earlier prompt, so that a host may read it from its cache."""
    return number("Input that repeats", unit="%", default=default, min=0, max=100,
                  help="Share of the input that begins as an earlier prompt did: instructions, documents, history.")


@_shared
def reads_per_write(default: float | FromFact = 10) -> Any:
    """How often a stretch of a prompt is read from the cache for each time that it is written there."""
    return number("Cache reads per write", unit="count", default=default, min=1, max=1e9,
                  help="Many for instructions that all requests share, about 1 for the turns of one conversation.")


@_shared
def batch_share_percent(default: float | FromFact = 0) -> Any:
    """The share of requests that may wait up to a day for their answer."""
    return number("Requests that can wait", unit="%", default=default, min=0, max=100,
                  help="Share that may be answered within a day instead of at once.")


@_shared
def day_shape(default: str = "flat") -> Any:
    """When in the day the requests come: a row of data/day-shapes.yaml."""
    return choice("Shape of the day", default=default, table="day-shapes",
                  help="When the requests come, in your own time. Matters where prices or loads differ by the hour.")


@_shared
def hours_of_day(default: str = "") -> Any:
    """24 numbers in place of a shape of the day, as `hourly` reads them."""
    return text("The day, hour by hour", default=default, most=1000,
                help="24 numbers from midnight on, with commas between, in place of the shape. Any scale: only their "
                     "proportions count. Every day of the week is then alike.")


@_shared
def utc_offset_hours(default: float | FromFact = 0) -> Any:
    """How far the clock of the workload is ahead of UTC."""
    return number("Your time, ahead of UTC", unit="hours", default=default, min=-12, max=14,
                  help="Negative to the west: -5 in New York in winter, 1 in Paris, 8 in Singapore.")


@_shared
def growth_percent(default: float | FromFact = 0) -> Any:
    """How much more the requests of a month are than those of the month before; may be negative."""
    return number("Growth per month", unit="%", default=default, min=-50, max=100, help="Each month on the month before.")


@_shared
def surcharge_percent(default: float | FromFact = 0) -> Any:
    """What is added to every list price: tax, currency; negative for a discount."""
    return number("Tax, currency, discount", unit="%", default=default, min=-100, max=200,
                  help="Added to every list price. Negative for a discount.")


@_shared
def tokeniser_ratios(default: str = "") -> Any:
    """Tokens of a vendor's or a model's tokeniser for one token of the counts given, as `ratios` reads them."""
    return text("Tokeniser ratios", default=default, most=1000,
                help="Vendors or models with commas between, such as Anthropic:1.2, DeepSeek:0.95: their tokens for "
                     "each token that you counted. 1 for all others: no measured ratio is known here.")


OWN_MODEL = "Another model: its architecture"
FINER = "Finer points"


def _own(label: str, default: int, max: int, help: str, min: int = 1) -> Any:
    return folded(whole(label, unit="count", default=default, min=min, max=max, help=help), OWN_MODEL)


@dataclass(frozen=True, kw_only=True)
class OwnModel:
    """The fields of a model that is not in the table; they count for the choice CUSTOM alone. Inputs inherit them."""

    parameters_b: float = folded(number(
        "Parameters", unit="billion", default=8.03, min=0.001, max=100_000, help="All of them."), OWN_MODEL)
    active_parameters_b: float | None = folded(number(
        "Active parameters", unit="billion", default=None, min=0.001, max=100_000,
        help="What one token uses: fewer than all for a mixture of experts. Left empty: all. All are in memory."), OWN_MODEL)
    layers: int = _own("Layers", 32, 10_000, "num_hidden_layers in its config.json.")
    hidden_size: int = _own("Hidden size", 4096, 1_000_000, "hidden_size in its config.json.")
    heads: int = _own("Query heads", 32, 10_000, "num_attention_heads in its config.json.")
    kv_heads: int = _own("KV heads", 8, 10_000,
                         "num_key_value_heads in its config.json; as many as query heads if it is not there.")
    head_size: int = _own("Head size", 128, 100_000, "head_dim in its config.json, or hidden size ÷ query heads.")
    vocabulary: int = _own("Vocabulary", 128_256, 100_000_000,
                           "vocab_size in its config.json: its embeddings stay at 16 bits in most formats.", min=0)


def check_own(own: OwnModel) -> None:
    """Raises InputError, at its field, for a model of one's own whose counts contradict each other."""
    if own.heads % own.kv_heads:
        raise InputError("kv_heads", f"KV heads must divide the query heads, {own.heads:,} (got {own.kv_heads:,}).")
    if own.active_parameters_b is not None and own.active_parameters_b > own.parameters_b:
        raise InputError("active_parameters_b", f"Active parameters must be no more than all of them, "
                                                f"{show(own.parameters_b, 'billion')} (got {own.active_parameters_b:g}).")
    table = own.vocabulary * own.hidden_size
    if table > own.parameters_b * 1e9:
        raise InputError("vocabulary", f"Vocabulary × hidden size are {show(float(f'{table:.4g}'), 'count')} parameters of "
                                       f"embeddings, and must be no more than all of them, "
                                       f"{show(own.parameters_b, 'billion')} (got a vocabulary of {own.vocabulary:,}).")


def attention_of(own: OwnModel) -> float:
    """Parameters of the attention of all layers of a model of one's own: queries, keys, values, output."""
    return 2.0 * own.layers * own.hidden_size * own.head_size * (own.heads + own.kv_heads)


def commercial() -> Any:
    """Whether the use is commercial, as licences mean it."""
    return yes_no("Is the use commercial?", default=True, help="Yes for any use in or for a business, inside it too.")


def monthly_users() -> Any:
    """How many use the product, as licences count them."""
    return whole("Monthly users of the product", unit="users", default=10_000, min=0, max=10_000_000_000,
                 help="Active users in a month of the product that uses the model.")


def beyond_context(name: str, tokens: float, held: float | None) -> list[str]:
    """A warning if `tokens` of context are more than the model `name` is made for, `held`; None: that is not known."""
    if held is None or tokens <= held:
        return []
    return [f"{name} is made for {show(held, 'tokens')}: engines refuse a longer context, or the answers get worse."]


def hourly(given: str, shape: Sequence[float]) -> tuple[float, ...]:
    """The weight of each hour of the day: of `given` as hours_of_day has it, or of the shape if that is empty.

    Returns 24 numbers whose sum is 1. Raises InputError for the field hours_of_day.
    """
    weights = _numbers(given) if given else tuple(shape)
    total = sum(weights)
    if len(weights) != HOURS_PER_DAY or total <= 0 or min(weights) < 0:
        raise InputError("hours_of_day", "The day, hour by hour, must be 24 numbers of 0 or more, not all of them 0 "
                                         f"(got {_short(given)}).")
    return tuple(weight / total for weight in weights)


def _short(given: str) -> str:
    """What was given, as an error repeats it."""
    return given[:40] + "…" if len(given) > 40 else given


def _numbers(given: str) -> tuple[float, ...]:
    """The numbers of a text, or nothing if it holds anything else."""
    try:
        return tuple(min(read_number(part), 1e12) for part in given.replace(";", ",").split(",") if part.strip())
    except ValueError:
        return ()


def ratios(given: str) -> dict[str, float]:
    """The ratios of tokeniser_ratios by name in small letters. Raises InputError for that field."""
    found = {}
    for part in given.replace(";", ",").split(","):
        name, colon, value = part.rpartition(":")
        try:
            ratio = read_number(value) if colon else 0.0
        except ValueError:
            ratio = 0.0
        if part.strip() and not (name.strip() and 0.1 <= ratio <= 10):
            raise InputError("tokeniser_ratios", "Tokeniser ratios must be names with a ratio between 0.1 and 10 each, "
                                                 f"such as Anthropic:1.2 (got {_short(part.strip())}).")
        if part.strip():
            found[name.strip().lower()] = ratio
    return found
