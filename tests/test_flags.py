"""The command that reads the engines' flags, on small made-up wheels without a network, and what it found in the real ones.

Every expected flag is one that a test writes into a wheel itself, or one that a person read in the engine's source.
"""

import datetime
import hashlib
import itertools
import json
import shlex
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import calculators
from calculators.buildtime import DATA, data, flags
from calculators.buildtime.__main__ import main
from calculators.buildtime.bundling import bundle
from calculators.buildtime.reading import load
from calculators.buildtime.upstream import UpstreamError, engines, wheels
from calculators.kit.facts import Facts
from calculators.kit.result import answer
from calculators.kit.shape import NoValue

TODAY = datetime.date(2026, 12, 1)

# vLLM's way: configuration classes whose fields are given to argparse one by one.
CONFIG = '''
import torch
from dataclasses import field
from typing import TYPE_CHECKING, ClassVar, Literal
from pydantic import Field
from vllm.config.names import DEFAULT_PORT
if TYPE_CHECKING:
    from vllm.quantization import Methods
else:
    Methods = str
CacheDType = Literal["auto", "fp8", "int4"]
Backend = Literal["a", "b", "passthrough"]
PASSTHROUGH = "passthrough"
class CacheConfig:
    LEFT_OUT: ClassVar[int] = 16
    gpu_memory_utilization: float = Field(default=0.92, gt=0, le=1)
    cache_dtype: CacheDType | str = "auto"
    enable_prefix_caching: bool = True
class ParallelConfig:
    tensor_parallel_size: int = 1
    pipeline_parallel_size: int = Field(1, ge=1)
    data_parallel_size: int = 1
    enable_expert_parallel: bool = False
    backend: Backend | None = None
class ModelConfig:
    max_model_len: int = None
    quantization: Methods | str | None = None
    dtype: Literal["auto", "half"] | torch.dtype = "auto"
    max_num_seqs: int = 128
    overrides: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=lambda: ["x", "y"])
    port: int = DEFAULT_PORT
    computed: str = torch.something()
'''
ENGINE = '''
import argparse
import torch
from vllm.config.all import CacheConfig, ModelConfig, ParallelConfig, PASSTHROUGH
class EngineArgs:
    @staticmethod
    def add_cli_args(parser):
        model_kwargs = get_kwargs(ModelConfig)
        group = parser.add_argument_group(title="Model", description=ModelConfig.__doc__)
        group.add_argument("--max-model-len", **model_kwargs["max_model_len"])
        group.add_argument("--quantization", "-q", **model_kwargs["quantization"])
        group.add_argument("--dtype", **model_kwargs["dtype"])
        group.add_argument("--overrides", **model_kwargs["overrides"])
        group.add_argument("--names", **model_kwargs["names"])
        group.add_argument("--computed", **model_kwargs["computed"])
        group.add_argument("--max-num-seqs", **{**model_kwargs["max_num_seqs"], "default": None, "help": "words"})
        parallel_kwargs = get_kwargs(ParallelConfig)
        parallel_kwargs["backend"]["choices"].remove(PASSTHROUGH)
        group.add_argument("--tensor-parallel-size", "-tp", **parallel_kwargs["tensor_parallel_size"])
        group.add_argument("--pipeline-parallel-size", **parallel_kwargs["pipeline_parallel_size"])
        group.add_argument("--data-parallel-size", **parallel_kwargs["data_parallel_size"])
        group.add_argument("--enable-expert-parallel", **parallel_kwargs["enable_expert_parallel"])
        group.add_argument("--backend", **parallel_kwargs["backend"])
        cache_kwargs = get_kwargs(CacheConfig)
        if torch.cuda:
            group.add_argument("--gpu-memory-utilization", dest="x", **cache_kwargs["gpu_memory_utilization"])
        group.add_argument("--kv-cache-dtype", **cache_kwargs["cache_dtype"])
        prefix = get_kwargs(CacheConfig)["enable_prefix_caching"]
        prefix["default"] = argparse.SUPPRESS
        group.add_argument("--enable-prefix-caching", **prefix)
        parser.add_argument("--rank", "-r", type=int, help="words")
        parser.add_argument("--level", choices=["low", "high"], default="low")
        parser.add_argument("--quiet", action="store_true", help="words")
        parser.add_argument("--loud", action=argparse.BooleanOptionalAction, default=AsyncEngineArgs.loud)
        return parser
class AsyncEngineArgs(EngineArgs):
    loud: bool = True
    @staticmethod
    def add_cli_args(parser):
        parser.add_argument("--log", default=2 * 8 + 1, type=int)
'''
FRONT = '''
class BaseFrontendArgs:
    host: str | None = None
    port: int = 8000
class FrontendArgs(BaseFrontendArgs):
    api_key: list[str] | None = None
    port: int = 9000
def make_arg_parser(parser):
    parser.add_argument("model_tag", type=str, nargs="?")
    parser.add_argument("--headless", action="store_true", default=False)
'''
VLLM = {"vllm/config/all.py": CONFIG, "vllm/config/names.py": "DEFAULT_PORT = 7", "vllm/engine/arg_utils.py": ENGINE,
        "vllm/entrypoints/common/cli_args.py": FRONT, "vllm/config/__init__.py": "raise SystemExit('imported')",
        "vllm/quantization/__init__.py": 'from .inner import Methods\n',
        "vllm/quantization/inner.py": 'from typing import Literal\nMethods = Literal["awq", "fp8"]\n'}

# SGLang's way: fields with the flag's description in their type.
ARGS = '''
from sglang.srt.fields import Model, Other
class ServerArgs:
    @staticmethod
    def add_cli_args(parser):
        add_cli_args_from_dataclass(parser, ServerArgs)
        backends = set(BACKENDS)
        parser.add_argument("--sampling-backend", type=str, choices=backends, default=_declared("sampling_backend"))
        parser.add_argument("--old", action=DeprecatedStoreTrueAction, new_flag="--new")
BACKENDS = ["b", "a"]
_INPUT_NAMESPACES = [Model, Other]
'''
FIELDS = '''
from typing import Dict, List, Literal, Optional
from sglang.srt.choices import METHODS
class Model:
    _NS_PATH = "model"
    derived = Derived(fn="x")
    plain: int = 3
    model_path: A[str, Arg(help="words", aliases=["--model"])]
    context_length: A[Optional[int], Arg(help="words", type_parser=human)] = None
    quantization: A[Optional[str], Arg(help="words", choices=METHODS, resolvable=True)] = None
    load_format: A[str, Arg(help="words", choices=["auto", "gguf"])] = "auto"
    dtype: A[str, "words"] = "auto"
    kv_cache_dtype: A[str, Arg(choices=["auto", "bf16"])] = "auto"
    hidden: A[bool, Arg(no_cli=True)] = False
    named: A[Literal["x", "y"], Arg(cli_name="--other-name")] = "x"
class Other:
    tp_size: A[int, Arg(aliases=["--tensor-parallel-size"])] = 1
    pp_size: A[int, "words"] = 1
    dp_size: A[int, "words"] = 1
    ep_size: A[int, "words"] = 1
    mem_fraction_static: A[Optional[float], "words"] = None
    max_running_requests: A[Optional[int], "words"] = None
    trust: A[bool, "words"] = False
    host: A[str, "words"] = "127.0.0.1"
    port: A[int, "words"] = 30000
    api_key: A[Optional[str], "words"] = None
    paths: A[Optional[List[str]], "words"] = None
    more: A[Dict[str, int], "words"] = {}
    large: A[int, "words"] = 1 << 10
'''
SGLANG = {"sglang/srt/server_args.py": ARGS, "sglang/srt/fields.py": FIELDS, "sglang/__init__.py": "raise SystemExit",
          "sglang/srt/choices.py": 'METHODS = ["awq", "fp8"] + ["gguf"]\n'}


class Wheels:
    """A folder of wheels, each released on a day of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.lines = ['lock-version = "1.0"\n']

    def add(self, name: str, version: str, day: str, members: dict[str, str]) -> "Wheels":
        """A wheel, and its line in pylock.toml."""
        path = self.folder / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.lines.append(f'[[packages]]\nname = "{name}"\nversion = "{version}"\n[[packages.wheels]]\nname = "{path.name}"\n'
                          f'upload-time = {day}T12:00:00Z\nhashes = {{sha256 = "{digest}"}}\n')
        (self.folder / "pylock.toml").write_text("".join(self.lines), "utf-8")
        return self


@pytest.fixture
def both(tmp_path: Path) -> Wheels:
    """One wheel of each engine."""
    return Wheels(tmp_path / "wheels").add("vllm", "1.0.0", "2026-11-02", VLLM).add("sglang", "0.9.1", "2026-10-30", SGLANG)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose table has the columns of the real one and one row that a person wrote."""
    text = (DATA / "engine-flags.yaml").read_text("utf-8")
    columns = text[text.index("table:\n"):text.index("  rows:")]
    path = tmp_path / "data"
    path.mkdir()
    source = "  hand: {publisher: Us, title: Read, url: https://host.example, via: page, checked: 2026-11-01}\n"
    row = ("    tgi-port:\n      - {from: 2026-11-01, recorded: 2026-11-01, source: hand, engine: TGI, "
           'flag: "--port", default: "3000", read: by hand}\n')
    head = f'title: "Flags"\nabout: "Made up."\nsources:\n{source}'
    (path / "engine-flags.yaml").write_text(f"{head}{columns}  rows:\n{row}", "utf-8")
    return path


def found(wheel: wheels.Wheel | None) -> dict[str, engines.Flag]:
    assert wheel
    return {flag.name: flag for flag in engines.flags(wheel)}


def run(folder: Path, source: Wheels, today: datetime.date = TODAY) -> flags.Report:
    """The command's inside."""
    return flags.run(folder, source.folder, lambda message: None, today)


def rows(folder: Path, today: datetime.date = TODAY) -> dict[str, dict[str, Any]]:
    """The rows of a folder's table as they stand on a day."""
    assert data.check(folder) == []
    return Facts(lambda _: bundle(load(folder / "engine-flags.yaml")), today.isoformat()).rows("engine-flags")


# Reading


def test_vllm_by_the_fields_of_its_configuration(both: Wheels) -> None:
    known = found(wheels.newest("vllm", both.folder))
    expected = {
        "--gpu-memory-utilization": (("--gpu-memory-utilization",), "a number", (), "0.92"),
        "--kv-cache-dtype": (("--kv-cache-dtype",), "text", ("auto", "fp8", "int4"), "auto"),
        "--quantization": (("--quantization", "-q"), "text", ("awq", "fp8"), "none"),
        "--dtype": (("--dtype",), "text", ("auto", "half"), "auto"),
        "--max-model-len": (("--max-model-len",), "a whole number", (), "none"),
        "--max-num-seqs": (("--max-num-seqs",), "a whole number", (), "none"),  # the default is set anew beside the field
        "--tensor-parallel-size": (("--tensor-parallel-size", "-tp"), "a whole number", (), "1"),
        "--pipeline-parallel-size": (("--pipeline-parallel-size",), "a whole number", (), "1"),
        "--enable-expert-parallel": (("--enable-expert-parallel",), "nothing", (), "off"),
        "--backend": (("--backend",), "text", ("a", "b"), "none"),  # the third is taken off before it is registered
        "--overrides": (("--overrides",), "JSON", (), "empty"),
        "--names": (("--names",), "a list", (), "x, y"),
        "--computed": (("--computed",), "text", (), ""),  # known only when it runs
        "--enable-prefix-caching": (("--enable-prefix-caching",), "nothing", (), ""),
        "--rank": (("--rank", "-r"), "a whole number", (), "none"),
        "--level": (("--level",), "text", ("low", "high"), "low"),
        "--quiet": (("--quiet",), "nothing", (), "off"),
        "--loud": (("--loud",), "nothing", (), "on"),
        "--log": (("--log",), "a whole number", (), "17"),
        "--host": (("--host",), "text", (), "none"),
        "--port": (("--port",), "a whole number", (), "9000"),  # the class over the one it is made from
        "--api-key": (("--api-key",), "a list", (), "none"),
        "--headless": (("--headless",), "nothing", (), "off"),
        "--data-parallel-size": (("--data-parallel-size",), "a whole number", (), "1"),
    }
    assert {name: tuple(flag) for name, flag in known.items()} == expected


def test_sglang_by_its_annotated_fields(both: Wheels) -> None:
    known = found(wheels.newest("sglang", both.folder))
    assert tuple(known["--quantization"]) == (("--quantization",), "text", ("awq", "fp8", "gguf"), "none")
    assert tuple(known["--model-path"]) == (("--model-path", "--model"), "text", (), "")  # has to be given
    assert tuple(known["--tp-size"]) == (("--tp-size", "--tensor-parallel-size"), "a whole number", (), "1")
    assert tuple(known["--mem-fraction-static"]) == (("--mem-fraction-static",), "a number", (), "none")
    assert tuple(known["--other-name"]) == (("--other-name",), "text", ("x", "y"), "x")
    assert tuple(known["--trust"]) == (("--trust",), "nothing", (), "off")
    assert tuple(known["--sampling-backend"]) == (("--sampling-backend",), "text", ("a", "b"), "")
    assert tuple(known["--old"]) == (("--old",), "nothing", (), "off")
    assert tuple(known["--paths"])[1:] == ("a list", (), "none")
    assert tuple(known["--more"])[1:] == ("JSON", (), "empty")
    assert known["--large"].default == "1024"
    assert not {"--hidden", "--plain", "--derived", "--named"} & set(known)


@pytest.mark.parametrize(("broken", "said"), [
    ({"vllm/engine/arg_utils.py": None}, "vllm.engine.arg_utils.EngineArgs.add_cli_args"),
    ({"vllm/engine/arg_utils.py": ENGINE.replace('model_kwargs["dtype"]', "other()")}, "KeyError"),
    ({"vllm/engine/arg_utils.py": ENGINE.replace("--kv-cache-dtype", "--cache-dtype")}, "--kv-cache-dtype"),
    ({"vllm/engine/arg_utils.py": "def broken(:\n"}, "cannot be read"),
    ({"vllm/config/all.py": CONFIG.replace("class CacheConfig", "class Renamed")}, "CacheConfig"),
])
def test_a_layout_that_is_not_known_changes_nothing(folder: Path, tmp_path: Path, broken: dict[str, str | None],
                                                    said: str) -> None:
    members = {name: content for name, content in (VLLM | broken).items() if content is not None}
    source = Wheels(tmp_path / "w").add("vllm", "1.0.0", "2026-11-02", members).add("sglang", "0.9.1", "2026-10-30", SGLANG)
    before = (folder / "engine-flags.yaml").read_bytes()
    with pytest.raises(UpstreamError, match=said):
        run(folder, source)
    assert (folder / "engine-flags.yaml").read_bytes() == before


# Writing


def test_a_first_run_adds_every_flag_and_leaves_what_a_person_wrote(folder: Path, both: Wheels) -> None:
    report = run(folder, both)
    table = rows(folder)
    assert len(report.added) == len(set(report.added)) == len(table) - 1
    assert table["tgi-port"] == {"engine": "TGI", "flag": "--port", "default": "3000", "read": "by hand"}
    assert table["vllm"] == {"engine": "vLLM", "flag": "vllm serve", "sets": "start", "engine_version": "1.0.0",
                             "released": "2026-11-02", "read": "package"}
    assert table["vllm-kv-cache-dtype"] == {"engine": "vLLM", "flag": "--kv-cache-dtype", "sets": "KV cache", "takes": "text",
                                            "values": "auto, fp8, int4", "default": "auto", "read": "package"}
    held = load(folder / "engine-flags.yaml")
    fact = Facts(lambda _: bundle(held), "2026-12-01")["engine-flags.sglang-tp-size.default"]
    assert (fact.value, fact.start, fact.recorded, fact.source.dated()) == (
        "1", "2026-10-30", "2026-12-01", "sglang 0.9.1, released 2026-10-30")
    for path, row in zip(sorted(both.folder.glob("*.whl"), reverse=True), report.upstreams, strict=True):
        assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"# sha256 {row['sha256']}\n" in (folder / "engine-flags.yaml").read_text("utf-8")


def test_a_second_run_changes_nothing(folder: Path, both: Wheels) -> None:
    run(folder, both)
    before = (folder / "engine-flags.yaml").read_bytes()
    assert run(folder, both)[1:] == ([], [], [], [])
    assert (folder / "engine-flags.yaml").read_bytes() == before


def test_a_new_release_adds_versions_and_overwrites_none(folder: Path, both: Wheels, tmp_path: Path) -> None:
    run(folder, both)
    config = CONFIG.replace("default=0.92", "default=0.95").replace('"int4"]', '"int4", "nvfp4"]')
    engine = ENGINE.replace('parser.add_argument("--quiet"', 'parser.add_argument("--silent"')
    later = Wheels(tmp_path / "later").add("vllm", "1.1.0", "2026-12-20", {
        **VLLM, "vllm/config/all.py": config, "vllm/engine/arg_utils.py": engine}).add("sglang", "0.9.1", "2026-10-30", SGLANG)
    day = datetime.date(2027, 1, 5)
    report = run(folder, later, day)
    assert report.added == ["vllm-silent"]
    assert sorted(report.changed) == ["vllm", "vllm-gpu-memory-utilization", "vllm-kv-cache-dtype"]
    assert report.gone == ["vllm-quiet"]
    before, after = rows(folder, datetime.date(2026, 12, 1)), rows(folder, day)
    assert (before["vllm"]["engine_version"], after["vllm"]["engine_version"]) == ("1.0.0", "1.1.0")
    memory = "vllm-gpu-memory-utilization"
    assert (before[memory]["default"], after[memory]["default"]) == ("0.92", "0.95")
    assert after["vllm-kv-cache-dtype"]["values"] == "auto, fp8, int4, nvfp4"
    assert "vllm-quiet" in before
    assert "vllm-quiet" not in after
    assert after["tgi-port"] == before["tgi-port"]
    assert run(folder, later, day)[1:] == ([], [], [], [])


def test_an_older_wheel_is_refused(folder: Path, both: Wheels, tmp_path: Path) -> None:
    run(folder, both)
    older = Wheels(tmp_path / "older").add("vllm", "0.9.0", "2026-09-01", VLLM).add("sglang", "0.9.1", "2026-10-30", SGLANG)
    with pytest.raises(UpstreamError, match=r"vllm 0\.9\.0 is older than 1\.0\.0, which engine-flags\.yaml was made from"):
        run(folder, older)


# The command


def test_a_broken_wheel_is_one_sentence_and_exit_1(folder: Path, both: Wheels, capsys: pytest.CaptureFixture[str]) -> None:
    (both.folder / "pylock.toml").unlink()
    (both.folder / "vllm-1.0.0-py3-none-any.whl").write_bytes(b"no zip archive")
    before = (folder / "engine-flags.yaml").read_bytes()
    assert main(["flags", "--from", str(both.folder), "--data", str(folder), "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] == "vllm-1.0.0-py3-none-any.whl cannot be read: File is not a zip file."
    assert "Traceback" not in err
    assert (folder / "engine-flags.yaml").read_bytes() == before


def test_no_network_is_one_sentence_and_exit_1(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert command[3:5] == ["download", "--no-deps"]
        return subprocess.CompletedProcess(command, 1, "", "WARNING: retrying\nERROR: No matching distribution found\n")

    monkeypatch.setattr(wheels.subprocess, "run", pip)
    before = (folder / "engine-flags.yaml").read_bytes()
    assert main(["flags", "--data", str(folder)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Downloading vllm", "pip could not download vllm (No matching distribution found). Nothing was changed; "
        "without a network use --from with a folder of wheels."]
    assert (folder / "engine-flags.yaml").read_bytes() == before


def test_a_folder_without_wheels_is_the_callers_fault(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flags", "--from", str(tmp_path / "nowhere"), "--data", str(folder)]) == 2
    assert main(["flags", "--from", str(folder), "--data", str(folder)]) == 2
    assert capsys.readouterr().err.splitlines() == [f"There is no folder {tmp_path / 'nowhere'}.",
                                                    f"{folder} holds no wheel of vllm."]


# What was found in the real wheels, against what a person read in the same source


@pytest.mark.parametrize(("row", "column", "value"), [
    ("vllm", "engine_version", "0.33.0"), ("vllm", "released", "2026-11-02"),
    ("sglang", "engine_version", "0.5.23"), ("sglang", "released", "2026-10-30"),
    ("vllm-gpu-memory-utilization", "default", "0.92"),  # older guides say 0.90
    ("vllm-tensor-parallel-size", "other_names", "-tp"), ("vllm-quantization", "other_names", "-q"),
    ("vllm-enable-expert-parallel", "takes", "nothing"), ("vllm-port", "default", "8000"),
    ("sglang-tp-size", "other_names", "--tensor-parallel-size"), ("sglang-mem-fraction-static", "default", "none"),
    ("sglang-port", "default", "30000"), ("sglang-kv-cache-dtype", "default", "auto"),
    ("tgi-max-concurrent-requests", "default", "128"), ("tgi-cuda-memory-fraction", "default", "1.0"),
    ("tgi-kv-cache-dtype", "values", "fp8_e4m3fn, fp8_e5m2"), ("llama-cpp-fit-target", "default", "1024"),
    ("ollama-num-parallel", "default", "1"), ("ollama-kv-cache-type", "values", "f16, q8_0, q4_0"),
    ("tensorrt-llm-free-gpu-memory-fraction", "default", "0.9"),
    ("tensorrt-llm-tensor-parallel-size", "other_names", "--tp_size"),
])
def test_a_person_read_the_same(row: str, column: str, value: str) -> None:
    assert data.facts("2026-11-26").rows("engine-flags")[row][column] == value


@pytest.mark.parametrize(("row", "there", "not_there"), [
    ("vllm-kv-cache-dtype", "auto bfloat16 fp8 fp8_e4m3 fp8_e5m2 nvfp4", "int8 q8_0"),
    ("vllm-quantization", "awq auto_awq fp8 gptq gptq_marlin awq_marlin compressed-tensors modelopt modelopt_fp4 mxfp4 "
     "torchao quark inc fp8_per_tensor fp8_per_block fp8_per_channel int8_per_channel_weight_only nvfp4_per_token mxfp8",
     "bitsandbytes gguf"),
    ("sglang-quantization", "awq fp8 mxfp8 gptq gptq_marlin awq_marlin bitsandbytes gguf modelopt w8a8_int8 w8a8_fp8 mxfp4 "
     "compressed-tensors", "exl2"),
    ("sglang-kv-cache-dtype", "auto bf16 fp8_e5m2 fp8_e4m3 mxfp8 nvfp4 fp4_mx_block16", "int8"),
    ("tgi-quantize", "awq compressed-tensors eetq exl2 gptq marlin bitsandbytes bitsandbytes-nf4 bitsandbytes-fp4 fp8", "gguf"),
    ("llama-cpp-split-mode", "layer row tensor", "pipeline"),
])
def test_a_person_read_the_same_values(row: str, there: str, not_there: str) -> None:
    values = str(data.facts("2026-11-26").rows("engine-flags")[row]["values"]).split(", ")
    assert set(there.split()) <= set(values)
    assert not set(not_there.split()) & set(values)


# What the deployment calculator writes, against the table


def asked() -> list[dict[str, Any]]:
    """Every engine with every format of weights and cache; the other inputs change along."""
    calculator = calculators.get("deploy")
    fields = calculator.fields()
    models = ["llama-3-1-70b", "qwen3-8b", "gpt-oss-120b", "deepseek-v3", "deepseek-v4-pro", "kimi-k2-5", "llama-2-7b"]
    gpus = ["h100-sxm", "a100-80gb-sxm", "mi300x", "b200-sxm", "apple-m3-ultra", "rtx-4090"]
    spread = [(1, 1), (2, 1), (4, 2), (8, 1), (8, 4), (3, 1)]
    found = []
    for i, (engine, weights, cache) in enumerate(itertools.product(
            fields["engine"].choices, fields["weight_precision"].choices, fields["kv_precision"].choices)):
        parallel, stages = spread[i % len(spread)]
        found.append({
            "engine": engine, "weight_precision": weights, "kv_precision": cache, "model": models[i % len(models)],
            "gpu": gpus[i // 3 % len(gpus)], "tensor_parallel": parallel, "pipeline_parallel": stages,
            "repository": ["", "", "me/mine", "/data/a file.gguf"][i % 4], "memory_fraction_percent": [None, 85, 92.5][i % 3],
            "context_tokens": [8192, 1, 131072][i // 5 % 3], "concurrent_requests": [16, 1][i // 2 % 2]})
    return found


def words(command: str) -> tuple[list[list[str]], dict[str, Any]]:
    """The lines of a command as words, without what is written into a file, and the settings of that file by dotted key."""
    settings: dict[str, Any] = {}
    head, _, rest = command.partition("<<'END'\n")
    if rest:
        text, _, command = rest.partition("END\n")
        assert head == "cat > trtllm.yaml "
        settings = {f"{outer}.{name}": value for outer, inner in yaml.safe_load(text).items() for name, value in inner.items()}
    joined = command.replace("\\\n", " ")
    return [shlex.split(line) for line in joined.splitlines() if line and not line.startswith("#")], settings


def test_every_flag_and_value_of_every_command_is_in_the_table() -> None:
    facts = data.facts("2026-11-26")
    table = facts.rows("engine-flags")
    seen: dict[str, set[str]] = {}
    for given in asked():
        outputs = answer(calculators.get("deploy"), given, facts).outputs
        if isinstance(outputs["command"], NoValue):
            continue
        engine = table[given["engine"]]["engine"]
        rows = {row["flag"]: row for row in table.values() if row["engine"] == engine}
        lines, settings = words(str(outputs["command"]))
        start = str(rows[str(table[given["engine"]]["flag"])]["flag"]).split()
        main = [word for word in lines[0] if "=" not in word or not word.startswith("OLLAMA_")]
        assert main[:len(start)] == start, given
        settings |= dict(word.split("=", 1) for word in lines[0] if word.startswith("OLLAMA_"))
        rest = main[len(start):]
        if rest and not rest[0].startswith("-"):
            rest = rest[1:]  # the model
        while rest:
            name = rest.pop(0)
            row = rows[name]
            assert row["takes"] != "nothing"  # the calculator sets no switch
            settings[name] = rest.pop(0)
        for name, value in settings.items():
            check(rows[name], str(value))
        seen.setdefault(str(engine), set()).update(settings)
    assert set(seen) == {"vLLM", "SGLang", "TGI", "llama.cpp", "Ollama", "TensorRT-LLM"}
    for engine, needed in NEEDED.items():  # a grid that missed one would prove nothing
        assert needed <= seen[engine]


NEEDED = {
    "vLLM": {"--tensor-parallel-size", "--pipeline-parallel-size", "--max-model-len", "--max-num-seqs", "--quantization",
             "--kv-cache-dtype", "--gpu-memory-utilization"},
    "SGLang": {"--model-path", "--tp-size", "--pp-size", "--context-length", "--max-running-requests", "--quantization",
               "--load-format", "--kv-cache-dtype", "--mem-fraction-static"},
    "TGI": {"--model-id", "--num-shard", "--max-total-tokens", "--quantize", "--kv-cache-dtype", "--cuda-memory-fraction"},
    "llama.cpp": {"--hf-repo", "--model", "--split-mode", "--tensor-split", "--ctx-size", "--cache-type-k", "--cache-type-v"},
    "Ollama": {"OLLAMA_CONTEXT_LENGTH", "OLLAMA_NUM_PARALLEL", "OLLAMA_KV_CACHE_TYPE", "OLLAMA_SCHED_SPREAD",
               "OLLAMA_GPU_OVERHEAD"},
    "TensorRT-LLM": {"--tensor_parallel_size", "--pipeline_parallel_size", "--max_seq_len", "--max_batch_size", "--config",
                     "--free_gpu_memory_fraction", "kv_cache_config.dtype", "kv_cache_config.free_gpu_memory_fraction"},
}


def check(row: Mapping[str, Any], value: str) -> None:
    """A value is of the kind that the flag takes, and one of those that the source lists."""
    listed = str(row.get("values", "")).split(", ")
    if value in listed:
        return
    assert row["takes"] in ("a whole number", "a number", "a list") or listed == [""], (row, value)
    if row["takes"] in ("a whole number", "a number"):
        number = float(value)
        assert row["takes"] == "a number" or number == int(number)
