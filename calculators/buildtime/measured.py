"""Rows of measured throughput as predictions ask for them: names by the aliases in data/, layouts and loads as plain numbers.

Only what configures a run is read for the prediction. `id` names a row, `source_key` groups the errors, and that is all.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from calculators.buildtime import data
from calculators.buildtime.schema import listed
from calculators.formulas import architecture as arch
from calculators.formulas.architecture import Architecture
from calculators.formulas.throughput import Format, Gpu, Load, Setup, formats, gpu_of, mode_of
from calculators.kit.facts import Facts, Value

COLUMNS = ("id", "model", "gpu", "n_gpus", "tensor_parallel", "parallel_detail", "engine", "engine_version", "weight_precision",
           "kv_precision", "isl", "osl", "concurrency_or_mode", "output_tok_s_total", "derived_output_tok_s", "per_user_tok_s",
           "tpot_ms", "ttft_ms", "source_key")
MODEL_TABLES = ("models", "measured-models")
TABLES = ("serving-accelmark", "serving-aiconfigurator", "serving-others", "serving-tensorrt-llm")
OUR_COLUMNS = {"model": "model", "gpu": "gpu", "n_gpus": "gpus", "tensor_parallel": "tensor_parallel",
               "parallel_detail": "layout", "engine": "engine", "engine_version": "engine_version",
               "weight_precision": "weights", "kv_precision": "kv", "isl": "input_tokens", "osl": "output_tokens",
               "concurrency_or_mode": "load", "output_tok_s_total": "output_tokens_per_s",
               "derived_output_tok_s": "derived_output_tokens_per_s", "per_user_tok_s": "user_tokens_per_s",
               "ttft_ms": "ttft_ms"}
"""What our tables call the columns of such a file."""
WEIGHTS = {"fp16": "bf16", "f16": "bf16", "fp4": "nvfp4", "gptq-int8": "int8", "int8-gptq": "int8", "int8-w8a16": "int8"}
WORDS = {"w8a8": "int8-w8a8", "int4": "int4", "int8": "int8", "nvfp4": "nvfp4", "mxfp4": "mxfp4", "fp8": "fp8",
         "w4a16": "int4", "awq": "int4", "gptq": "int4"}
"""A word in the name of a precision that is not known as it stands, the first that fits."""
KV = {"fp16": "bf16", "auto": "bf16", "f16": "bf16", "fp8-e4m3": "fp8", "fp8-e5m2": "fp8", "fp8_e4m3": "fp8", "fp8_e5m2": "fp8"}
ENGINES = {"tensorrt-llm": "tensorrt-llm", "trt-llm": "tensorrt-llm", "trtllm": "tensorrt-llm", "vllm": "vllm",
           "sglang": "sglang", "llama.cpp": "llama-cpp", "llama-cpp": "llama-cpp", "lmdeploy": "lmdeploy",
           "turbomind": "lmdeploy", "tgi": "tgi", "nim": "tensorrt-llm"}
TAILS = "fp8|fp4|nvfp4|kv|dynamic|instruct|chat|hf|awq|gptq|int4|int8|w4a16|w8a8|w8a16"
NO_OUTPUT_TOKENS = 128  # where a row names no length: llama-bench's own default


class MissingColumn(Exception):
    """A file lacks a column that is needed."""


class Unsupported(Exception):
    """A row cannot be predicted, and why."""


class Row(NamedTuple):
    """One measured row. `measured` is tokens/s: of all requests, or of one if `per_user`."""

    id: str
    source: str
    model: str
    gpu_id: str
    architecture: Architecture
    gpu: Gpu
    setup: Setup
    load: Load
    mode: str  # batch1 | low | high | offline
    measured: float
    per_user: bool
    first_ms: float | None  # of a request that is alone, where it was measured
    loaded_first_ms: float | None  # under the load of the row

    @property
    def configuration(self) -> tuple[object, ...]:
        """What rows of one curve share."""
        gpus, weights, *rest = self.setup
        return self.model, self.gpu_id, gpus, weights.key, *rest


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as text. Raises OSError, ValueError for what is no CSV in UTF-8, MissingColumn."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            rows = [{name: value or "" for name, value in row.items() if name is not None} for row in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"is no CSV in UTF-8: {error}") from None
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise MissingColumn(f"has no column {', '.join(missing)}")
    return rows


def of_data() -> list[dict[str, str]]:
    """The rows of our own tables in the form of such a file, those marked suspect left out."""
    found = []
    for stem in TABLES:
        table = data.read(stem).table
        for row_id, versions in (table.rows if table else {}).items():
            row = listed(versions)[-1]
            if "suspect" not in row:
                cells = {name: str(row.get(ours, "")) for name, ours in OUR_COLUMNS.items()}
                found.append(cells | {"id": row_id, "source_key": str(row["source"]), "tpot_ms": ""})
    return found


class Names:
    """Models and GPUs by id, name or alias, and formats by their name."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._models = {alias: (table, row) for table in reversed(MODEL_TABLES)
                        for row, values in facts.rows(table).items() if "layers" in values for alias in aliases(row, values)}
        self._gpus = {alias: row for row, values in facts.rows("gpus").items() for alias in aliases(row, values)}
        self._architectures: dict[str, Architecture] = {}
        self._formats = formats(facts)
        self._caches = {row: float(values["cache_bits"]) / 8 for row, values in facts.rows("precisions").items()
                        if "cache_bits" in values}
        self._bare_models = {_bare(alias): found for alias, found in self._models.items()}
        self._bare_gpus = {_bare(alias): row for alias, row in self._gpus.items()}

    def model(self, name: str) -> tuple[str, Architecture]:
        """Id and architecture. Raises Unsupported."""
        wanted = name.strip().lower()
        tried = (wanted, wanted.rpartition("/")[2], *_shortened(wanted))
        found = next((self._models[one] for one in tried if one in self._models), None) or next(
            (self._bare_models[_bare(one)] for one in tried if _bare(one) in self._bare_models), None)
        if not found:
            raise Unsupported(f"the model {name!r} is in no table of data/")
        table, row = found
        if row not in self._architectures:
            self._architectures[row] = arch.of(self._facts, row, table)
        return row, self._architectures[row]

    def gpu(self, name: str) -> tuple[str, Gpu]:
        """Id and figures. Raises Unsupported."""
        wanted = name.strip().lower().removeprefix("nvidia ").removeprefix("amd ")
        row = self._gpus.get(wanted) or self._bare_gpus.get(_bare(wanted))
        if not row:
            raise Unsupported(f"the GPU {name!r} is not in data/gpus.yaml")
        return row, gpu_of(self._facts, row)

    def weights(self, text: str) -> Format:
        """The format of weights. Raises Unsupported."""
        name = text.strip().lower().rstrip("?")
        name = WEIGHTS.get(name, name).replace("_", "-")
        if name not in self._formats:
            name = next((known for word, known in WORDS.items() if word in name), name)
        if name not in self._formats:
            raise Unsupported(f"the precision {text!r} of the weights is not known")
        return self._formats[name]

    def cache_bytes(self, text: str, engine: str, weights: str) -> float:
        """Bytes of one cached number; where a row has no format, those of what the engine takes. Raises Unsupported."""
        name = text.strip().lower()
        if not name:
            name = "fp8" if engine == "tensorrt-llm" and weights in ("fp8", "nvfp4") else "bf16"
        name = KV.get(name, name).replace("_", "-")
        if name not in self._caches:
            raise Unsupported(f"the precision {text!r} of the KV cache is not known")
        return self._caches[name]


def aliases(row: str, values: Mapping[str, Value]) -> set[str]:
    """What a row may be called, in small letters."""
    named = f"{row};{values.get('name', '')};{values.get('aliases', '')}".lower()
    return {part.strip() for part in named.split(";") if part.strip()}


def _bare(name: str) -> str:
    """Letters and digits alone, without a vendor in front: Meta-Llama-3.1-70B and llama 3.1 70b are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower().rpartition("/")[2].removeprefix("meta-"))


def _shortened(name: str) -> Iterable[str]:
    """A model's name without the vendor and the words that say how it was quantised or tuned."""
    short = name.rpartition("/")[2]
    while (shorter := re.sub(rf"-({TAILS})$", "", short)) != short:
        short = shorter
        yield short


def as_row(given: Mapping[str, str], names: Names) -> Row:
    """One row of a file. Raises Unsupported, saying why."""
    model, architecture = names.model(given["model"])
    gpu_id, gpu = names.gpu(given["gpu"])
    gpus = _whole(given, "n_gpus")
    engine = engine_of(given["engine"], given["engine_version"])
    weights = names.weights(given["weight_precision"])
    by_layer = engine == "llama-cpp" and gpus > 1
    setup = Setup(gpus, weights, names.cache_bytes(given["kv_precision"], engine, weights.key), engine,
                  1 if by_layer else _replicas(given, gpus, architecture), by_layer)
    mode, requests = _mode(given["concurrency_or_mode"])
    load = Load(_number(given, "isl") or 0, _number(given, "osl") or NO_OUTPUT_TOKENS, requests)
    measured, per_user = _measured(given)
    first = _number(given, "ttft_ms") if mode == "batch1" and load.input_tokens > 0 else None
    return Row(given["id"], given["source_key"], model, gpu_id, architecture, gpu, setup, load, mode, measured, per_user, first,
               _number(given, "ttft_ms"))


def engine_of(name: str, version: str) -> str:
    """An engine, and "-old" for vLLM's first generation and TensorRT-LLM's first backend, which are much slower."""
    engine = ENGINES.get(name.strip().lower(), "generic")
    numbers = [int(n) for n in re.findall(r"\d+", version)[:2]] if re.match(r"v?\d+\.\d+", version.strip()) else []
    old = {"vllm": [0, 8], "tensorrt-llm": [1, 0]}.get(engine)
    return f"{engine}-old" if numbers and old and numbers < old else engine


def _replicas(given: Mapping[str, str], gpus: int, a: Architecture) -> int:
    """Replicas of the attention. Raises Unsupported for a layout that is not modelled."""
    detail = given["parallel_detail"].strip().lower()
    if (stages := re.search(r"pp(\d+)", detail)) and int(stages[1]) > 1:
        raise Unsupported(f"pipeline parallel ({detail}) is not modelled")
    if found := re.search(r"attn_dp(\d+)", detail) or re.search(r"dep(\d+)", detail):
        replicas = int(found[1])
    elif given["tensor_parallel"].strip():
        tensor = _whole(given, "tensor_parallel")
        replicas = gpus // tensor if tensor and gpus % tensor == 0 else 0
    else:
        replicas = 1
    if not replicas or gpus % replicas:
        raise Unsupported(f"the layout {detail or given['tensor_parallel']!r} does not fit {gpus} GPUs")
    if replicas > 1 and not a.experts:
        raise Unsupported("copies of a dense model side by side are not modelled: divide the requests by hand")
    return replicas


def _mode(text: str) -> tuple[str, float | None]:
    name = text.strip().lower()
    if name == "offline":
        return "offline", None
    if name == "batch1":
        return "batch1", 1
    try:
        requests = float(name)
    except ValueError:
        raise Unsupported(f"{text!r} is neither offline, batch1 nor a number of requests") from None
    if requests < 1:
        raise Unsupported(f"{text!r} requests are fewer than one")
    return mode_of(requests), requests


def _measured(given: Mapping[str, str]) -> tuple[float, bool]:
    """The measured figure, the first present, in tokens/s, and whether it is one user's."""
    for name, per_user in (("output_tok_s_total", False), ("derived_output_tok_s", False), ("per_user_tok_s", True)):
        if value := _number(given, name):
            return value, per_user
    if value := _number(given, "tpot_ms"):
        return 1000 / value, True
    raise Unsupported("it has no measured throughput")


def _number(given: Mapping[str, str], name: str) -> float | None:
    text = given[name].strip()
    try:
        value = float(text) if text else None
    except ValueError:
        raise Unsupported(f"{name} {text!r} is no number") from None
    if value is not None and not 0 <= value < 1e15:
        raise Unsupported(f"{name} {text!r} is out of bounds")
    return value


def _whole(given: Mapping[str, str], name: str) -> int:
    value = _number(given, name)
    if not value or value != int(value):
        raise Unsupported(f"{name} {given[name]!r} is no whole number above 0")
    return int(value)
