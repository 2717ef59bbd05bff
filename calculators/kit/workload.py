"""The fields that several calculators share, declared once: same name, same label, same unit, same meaning.

Each function returns a dataclass field, as `kit.shape` makes them: `model: str = workload.model()`. A name here is the
name that the form, the link and the command line use. Defaults may differ between calculators, meanings may not.
"""

from typing import Any

from calculators.kit.shape import FromFact, choice, number, whole

CUSTOM = "custom"  # the choice of a model that is described by the fields below instead
GENERIC = "generic"  # the choice of an engine that is not named

ENGINES = {
    GENERIC: "Any engine",
    "vllm": "vLLM",
    "sglang": "SGLang",
    "tensorrt-llm": "TensorRT-LLM",
    "llama-cpp": "llama.cpp",
    "ollama": "Ollama",
    "tgi": "TGI",
}
"""What each engine is called, by its row in data/engines.yaml."""

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
}
"""What each format of weights is called, by its row in data/precisions.yaml; "published" is the model's own."""

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


def model(default: str = "llama-3-1-70b", *, custom: bool = True) -> Any:
    """A row of data/models.yaml, by id or alias; `custom`: one's own architecture may be given instead."""
    own = {CUSTOM: "Another model (describe it below)"} if custom else {}
    return choice("Model", default=default, choices=own, table="models")


def gpu(default: str = "h100-sxm") -> Any:
    """A row of data/gpus.yaml, by id or alias."""
    return choice("GPU", default=default, table="gpus")


def tensor_parallel(default: int | None = None) -> Any:
    """GPUs that each layer is split over; None: left to the calculator."""
    return whole("Tensor parallel", unit="GPUs", default=default, min=1, max=1024,
                 help="GPUs that share each layer." + (" Left empty: the fewest that hold it." if default is None else ""))


def weight_precision(default: str = "published") -> Any:
    """The format of the weights: a key of WEIGHT_PRECISIONS."""
    return choice("Precision of the weights", default=default, choices=WEIGHT_PRECISIONS,
                  help="As published: in the format of the vendor's own files.")


def kv_precision(default: str = "bf16") -> Any:
    """The format of cached keys and values: a key of KV_PRECISIONS."""
    return choice("Precision of the KV cache", default=default, choices=KV_PRECISIONS)


def engine(default: str = "vllm") -> Any:
    """The serving engine: a key of ENGINES."""
    return choice("Serving engine", default=default, choices=ENGINES)


def context_tokens(default: int = 8192) -> Any:
    """Tokens that one request holds at the most, prompt and answer together."""
    return whole("Context per request", unit="tokens", default=default, min=1, max=100_000_000,
                 help="Prompt and answer together, at the longest.")


def concurrent_requests(default: int = 16) -> Any:
    """Requests that are worked on at the same moment."""
    return whole("Requests at once", unit="count", default=default, min=1, max=1_000_000,
                 help="Those worked on at the same moment, not users who are signed in.")


def input_tokens(default: int | FromFact = 1000) -> Any:
    """Tokens of a request's prompt."""
    return whole("Input per request", unit="tokens", default=default, min=0, max=100_000_000,
                 help="The whole prompt: instructions, documents, history.")


def output_tokens(default: int | FromFact = 300) -> Any:
    """Tokens of a request's answer, reasoning included."""
    return whole("Output per request", unit="tokens", default=default, min=0, max=100_000_000,
                 help="The answer, with any reasoning before it: that is billed and generated too.")


def requests_per_day(default: float | FromFact = 10_000) -> Any:
    """Requests on an average day."""
    return number("Requests per day", unit="count", default=default, min=0, max=1e12, help="On an average day.")


def monthly_tokens(default: int | FromFact = 100_000_000) -> Any:
    """Tokens of a month, input and output together."""
    return whole("Tokens per month", unit="tokens/month", default=default, min=0, max=1e15,
                 help="Input and output together. 100M, 1e8 and 100,000,000 are the same.")


def gpu_hour_usd(default: float | FromFact | None = None) -> Any:
    """Price of one GPU for an hour; None: left to the calculator, from data/gpu-rental.yaml."""
    return number("GPU price", unit="USD/GPU-hour", default=default, min=0, max=10_000,
                  help="Of one GPU for an hour." + (" Left empty: the price list's." if default is None else ""))
