"""The commands and files of the deployment calculator: what a shell, Compose and Kubernetes make of them."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

import calculators
from calculators.buildtime import DOCS, data
from calculators.kit import export, render
from calculators.kit.fields import InputError
from calculators.kit.result import Result, answer
from calculators.kit.shape import NoValue
from calculators.kit.units import Range
from calculators.terminal.text import as_text

FACTS = data.facts("2026-11-26")
STRANGE = ["me/model", "/data/my models/a", "it's \"quoted\"", "$HOME/x", "$(touch /tmp/x)", "`id`", "a;b && c|d>e",
           "C:\\models\\m", "模型/重み", "#x", "a${WEIGHTS}b", "*?[a]", "key: value", "{a: 1}", "!tag", "&anchor", "'", "%s\\n"]
PROGRAMS = {"vllm": "vllm", "sglang": "python", "tgi": "text-generation-launcher", "llama-cpp": "llama-server",
            "tensorrt-llm": "trtllm-serve"}
IMAGE = {"vllm": "vllm/vllm-openai:v0.33.0", "sglang": "lmsysorg/sglang:v0.5.23"}


def ask(**given: object) -> Result:
    return answer(calculators.get("deploy"), given, FACTS)


def run_by_a_shell(command: str, folder: Path, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell hands to a program that stands in for the engine and prints its arguments, one behind the other."""
    stub = folder / program
    stub.write_text("#!/bin/sh\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done\n")
    stub.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(["sh", "-c", command], cwd=folder, env={"PATH": path, **environment}, capture_output=True, text=True,
                          timeout=20, check=False)


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no shell")
@pytest.mark.parametrize("engine", list(PROGRAMS))
@pytest.mark.parametrize("weights", STRANGE)
def test_a_shell_hands_on_the_weights_as_they_were_typed(engine: str, weights: str, tmp_path: Path) -> None:
    gguf = {"weight_precision": "q8_0"} if engine == "llama-cpp" else {}
    command = ask(engine=engine, repository=weights, tensor_parallel=1, **gguf).outputs["command"]
    done = run_by_a_shell(str(command), tmp_path, PROGRAMS[engine])
    assert done.stderr == ""
    assert weights + (":Q8_0" if gguf and not weights.startswith("/") else "") in done.stdout.split("\0")


@pytest.mark.parametrize("weights", STRANGE)
@pytest.mark.parametrize("engine", list(IMAGE))
def test_compose_and_kubernetes_hand_on_the_same_words(engine: str, weights: str, tmp_path: Path) -> None:
    outputs = ask(engine=engine, repository=weights, weight_precision="fp8", kv_precision="fp8").outputs
    words = run_by_a_shell(str(outputs["command"]), tmp_path, PROGRAMS[engine]).stdout.split("\0")[:-1]
    start = {"vllm": ["serve"], "sglang": ["-m", "sglang.launch_server"]}[engine]
    expected = ["0.0.0.0" if word == "127.0.0.1" else word for word in words[len(start):]]
    service = yaml.safe_load(str(outputs["compose"]))["services"]["llm"]
    container = yaml.safe_load_all(str(outputs["kubernetes"])).__next__()["spec"]["template"]["spec"]["containers"][0]
    # Both take $$ for $, and so fill in nothing.
    for found in (service["command"], container["args"]):
        assert all(not re.search(r"(?<!\$)(\$\$)*\$(?!\$)", word) for word in found)
        assert [word.replace("$$", "$") for word in found] == expected


@pytest.mark.parametrize("engine", list(IMAGE))
def test_both_files_hold_what_they_must(engine: str) -> None:
    outputs = ask(engine=engine, tensor_parallel=4, pipeline_parallel=2).outputs
    service = yaml.safe_load(str(outputs["compose"]))["services"]["llm"]
    deployment, exposed = yaml.safe_load_all(str(outputs["kubernetes"]))
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert service["image"] == container["image"] == IMAGE[engine]
    assert service["deploy"]["resources"]["reservations"]["devices"] == [
        {"driver": "nvidia", "count": 8, "capabilities": ["gpu"]}]
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 8}
    assert service["healthcheck"]["test"][:3] == ["CMD", "python3", "-c"]
    compile(service["healthcheck"]["test"][3], "check", "exec")
    assert "http://127.0.0.1:8000/health" in service["healthcheck"]["test"][3]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health", "port": 8000}
    assert service["environment"] == ["HF_TOKEN", "HF_HOME=/cache"]  # the token is passed on, with no value in the file
    assert service["volumes"] == ["${HOME}/.cache/huggingface:/cache"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert container["env"] == [{"name": "HF_TOKEN", "valueFrom": {
        "secretKeyRef": {"name": "hf-token", "key": "token", "optional": True}}}, {"name": "HF_HOME", "value": "/cache"}]
    assert {"name": "cache", "mountPath": "/cache"} in container["volumeMounts"]
    assert {m["name"] for m in container["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
    assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert exposed["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    assert exposed["spec"]["ports"] == [{"port": 8000, "targetPort": 8000}]
    entry = {"vllm": ["vllm", "serve"], "sglang": ["python3", "-m", "sglang.launch_server"]}[engine]
    assert service["entrypoint"] == container["command"] == entry


@pytest.mark.parametrize("weights", ["/data/my model", "/d/$x: 'y'", "/a b.gguf"])
def test_a_folder_of_weights_is_there_in_the_container(weights: str) -> None:
    outputs = ask(engine="sglang", repository=weights).outputs
    service = yaml.safe_load(str(outputs["compose"]))["services"]["llm"]
    mounted = {"type": "bind", "source": weights, "target": weights, "read_only": True}
    assert {k: str(v).replace("$$", "$") if isinstance(v, str) else v for k, v in service["volumes"][1].items()} == mounted
    pod = next(yaml.safe_load_all(str(outputs["kubernetes"])))["spec"]["template"]["spec"]
    assert {"name": "weights", "hostPath": {"path": weights}} in pod["volumes"]
    assert {"name": "weights", "mountPath": weights, "readOnly": True} in pod["containers"][0]["volumeMounts"]
    assert "weights" not in {volume["name"] for volume in next(yaml.safe_load_all(str(
        ask(engine="sglang", repository="me/model").outputs["kubernetes"])))["spec"]["template"]["spec"]["volumes"]}


def test_a_path_in_ones_home_is_left_to_the_shell(tmp_path: Path) -> None:
    outputs = ask(repository="~/my models/a").outputs
    done = run_by_a_shell(str(outputs["command"]), tmp_path, "vllm", HOME="/users/me")
    assert done.stdout.split("\0")[:2] == ["serve", "/users/me/my models/a"]
    assert isinstance(outputs["compose"], NoValue)


def test_int4_in_groups_of_32_is_int4() -> None:
    """Kimi K2.5 is published in int4: nothing has to be named, and no flag says so."""
    outputs = ask(model="kimi-k2-5", weight_precision="int4", tensor_parallel=8).outputs
    assert outputs["weights"] == "moonshotai/Kimi-K2.5"
    assert "--quantization" not in str(outputs["command"])


def test_weights_still_to_be_named_stop_the_shell_and_compose() -> None:
    outputs = ask(weight_precision="int4").outputs
    service = yaml.safe_load(str(outputs["compose"]))["services"]["llm"]
    assert service["command"][0] == "${WEIGHTS:?repository or folder of the weights}"
    assert isinstance(outputs["kubernetes"], NoValue)


def test_weights_still_to_be_named_are_taken_from_the_variable(tmp_path: Path) -> None:
    command = str(ask(weight_precision="int4", tensor_parallel=1).outputs["command"])
    without = run_by_a_shell(command, tmp_path, "vllm")
    assert without.returncode != 0
    assert "repository or folder of the weights" in without.stderr
    assert run_by_a_shell(command, tmp_path, "vllm", WEIGHTS="me/a model").stdout.split("\0")[:2] == ["serve", "me/a model"]


def test_tensorrt_llm_finds_the_file_that_its_command_names(tmp_path: Path) -> None:
    command = str(ask(engine="tensorrt-llm", kv_precision="fp8").outputs["command"])
    words = run_by_a_shell(command, tmp_path, "trtllm-serve").stdout.split("\0")
    assert yaml.safe_load((tmp_path / words[words.index("--config") + 1]).read_text()) == {"kv_cache_config": {"dtype": "fp8"}}


def test_ollama_makes_a_model_of_a_file_with_spaces(tmp_path: Path) -> None:
    command = str(ask(engine="ollama", repository="/data/it's a.gguf", weight_precision="q4_k_m").outputs["command"])
    server, _, then = command.partition("# in a second terminal, once:\n")
    assert run_by_a_shell(server, tmp_path, "ollama").stdout.split("\0")[:-1] == ["serve"]
    assert run_by_a_shell(then, tmp_path, "ollama").stdout.split("\0")[:-1] == ["create", "my-model", "-f", "Modelfile"]
    assert (tmp_path / "Modelfile").read_text() == "FROM /data/it's a.gguf\n"


@pytest.mark.parametrize("weights", ["-x", "a\nb", "a\x00b", "a\tb", "\x1b[0m"])
def test_what_no_shell_could_take_is_refused(weights: str) -> None:
    with pytest.raises(InputError) as caught:
        ask(repository=weights)
    assert caught.value.field == "repository"


@pytest.mark.parametrize(("given", "said"), [
    ({"weight_precision": "nf4"}, "or SGLang, which takes bitsandbytes"),
    ({"weight_precision": "q4_k_m"}, "Take llama.cpp or Ollama for such a file"),
    ({"engine": "ollama", "tensor_parallel": 2}, "Ollama has no tensor parallelism"),
    ({"engine": "llama-cpp", "kv_precision": "fp8"}, "llama.cpp keeps no fp8 cache: the command takes q8_0 instead."),
    ({"engine": "sglang", "kv_precision": "int4"}, "SGLang keeps no int4 cache: the command takes fp8_e4m3 instead."),
    ({"engine": "tgi", "weight_precision": "int4"}, "those in exl2 do not work with several GPUs in TGI"),
    ({"engine": "tgi", "model": "gpt-oss-120b"}, "TGI was not found to read weights published in mxfp4"),
    ({"engine": "tgi", "weight_precision": "fp8", "gpu": "a100-80gb-sxm"}, "names H100 and newer alone"),
    ({"engine": "llama-cpp", "weight_precision": "fp8"}, "Take GGUF Q8_0 in place of 8 bits"),
    ({"engine": "tensorrt-llm", "gpu": "mi300x"}, "On AMD take vLLM or SGLang"),
    ({"engine": "tgi", "repository": "/data/a.gguf"}, "TGI does not read GGUF files"),
    ({"gpu": "apple-m3-ultra"}, "take llama.cpp or Ollama"),
    ({"engine": "ollama", "gpu": "apple-m3-ultra", "tensor_parallel": 2},
     "The command is for the fewest GPUs that hold it, 1, not for 2."),
    ({"tensor_parallel": 2}, "What would fit: 4 of these GPUs; on 2 GPUs, weights in fp8, or 16 requests at once of at most"),
    ({"tensor_parallel": 2}, "The command is for the fewest GPUs that hold it, 4, not for 2."),
    ({"gpu": "apple-m4-max", "engine": "llama-cpp"}, "What would fit: here, weights in GGUF Q6_K"),
    ({"gpu": "apple-m4-max", "engine": "llama-cpp", "model": "kimi-k3"}, "Neither a smaller format nor fewer or shorter"),
    ({"context_tokens": 200_000}, "is made for 131,072 tokens"),
    ({"tensor_parallel": 8, "pipeline_parallel": 2}, "16 GPUs are more than one server of 8"),
])
def test_what_an_engine_cannot_do_is_said_with_what_to_do_instead(given: dict[str, Any], said: str) -> None:
    assert said in " ".join(ask(**given).warnings)


# Written by hand from each engine's documentation and source, apart from the code: which formats it takes on an H100.
GGUF = {"q8_0", "q6_k", "q5_k_m", "q4_k_m", "q4_0", "q3_k_m", "q2_k"}
TAKES = {
    "vllm": {"published", "bf16", "fp8", "int8", "int4", "mxfp4", "nvfp4"},
    "sglang": {"published", "bf16", "fp8", "int8", "int4", "mxfp4", "nvfp4", "nf4"} | GGUF,
    "tgi": {"published", "bf16", "fp8", "int8", "int4", "nf4"},
    "tensorrt-llm": {"published", "bf16", "fp8", "int4", "mxfp4", "nvfp4"},
    "llama-cpp": {"published", "bf16"} | GGUF,
    "ollama": {"published", "bf16"} | GGUF,
}
# What stands in the command for each format of the cache; with a star another than was asked for, which a note says.
KEEPS = {
    "vllm": "fp8=fp8 int8=int8_per_token_head int4=int4_per_token_head nvfp4=nvfp4 q8_0=fp8* q4_0=int4_per_token_head*",
    "sglang": "fp8=fp8_e4m3 int8=fp8_e4m3* int4=fp8_e4m3* nvfp4=nvfp4 q8_0=fp8_e4m3* q4_0=fp8_e4m3*",
    "tgi": "fp8=fp8_e4m3fn int8=fp8_e4m3fn* int4=fp8_e4m3fn* nvfp4=fp8_e4m3fn* q8_0=fp8_e4m3fn* q4_0=fp8_e4m3fn*",
    "tensorrt-llm": "fp8=fp8 int8=fp8* int4=fp8* nvfp4=nvfp4 q8_0=fp8* q4_0=fp8*",
    "llama-cpp": "fp8=q8_0* int8=q8_0* int4=q4_0* nvfp4=q4_0* q8_0=q8_0 q4_0=q4_0",
    "ollama": "fp8=q8_0* int8=q8_0* int4=q4_0* nvfp4=q4_0* q8_0=q8_0 q4_0=q4_0",
}
SETS = {"vllm": "--kv-cache-dtype {}", "sglang": "--kv-cache-dtype {}", "tgi": "--kv-cache-dtype {}",
        "tensorrt-llm": "  dtype: {}", "llama-cpp": "--cache-type-v {}", "ollama": "OLLAMA_KV_CACHE_TYPE={}"}


@pytest.mark.parametrize("engine", list(TAKES))
def test_every_format_of_weights_is_served_or_refused_with_what_to_take_instead(engine: str) -> None:
    fields = calculators.get("deploy").fields()
    for weights in fields["weight_precision"].choices:
        found = ask(engine=engine, weight_precision=weights, model="qwen3-8b", repository="me/mine")
        served = "serves" in found.headline
        assert served == (weights in TAKES[engine]), weights
        assert served != isinstance(found.outputs["command"], NoValue)
        if not served:
            assert "cannot serve this" in found.headline
            assert "Take" in " ".join(found.warnings)


@pytest.mark.parametrize("engine", list(KEEPS))
def test_every_format_of_the_cache_is_kept_or_another_is_and_said(engine: str) -> None:
    assert SETS[engine].split("{")[0].strip() not in str(ask(engine=engine, repository="me/mine").outputs["command"])
    for pair in KEEPS[engine].split():
        asked, _, kept = pair.partition("=")
        found = ask(engine=engine, kv_precision=asked, model="qwen3-8b", repository="me/mine")
        name = kept.removesuffix("*")
        assert SETS[engine].format(name) in str(found.outputs["command"]), pair
        said = f"keeps no {asked} cache: the command takes {name} instead." in " ".join(found.warnings)
        assert said == kept.endswith("*"), pair


def test_memory_is_counted_with_the_cache_that_the_command_sets() -> None:
    """fp8 asked of llama.cpp: q8_0, 8.5 bits an element; 36 layers x 8 heads x 128 x 2 x 8.5 / 8 B x 8,192 x 16 = 10.27 GB."""
    given = {"engine": "llama-cpp", "model": "qwen3-8b", "repository": "me/mine", "kv_precision": "fp8"}
    cache = next(step.text for step in ask(**given).steps if step.of == "per_gpu_gb")
    assert "cache 10.27 GB" in cache


@pytest.mark.parametrize(("given", "said"), [
    ({"gpu": "a100-80gb-sxm", "kv_precision": "fp8"}, "an fp8 cache saves memory there, not time, and vLLM leaves"),
    ({"engine": "sglang", "gpu": "a100-80gb-sxm", "kv_precision": "fp8"}, "saves memory there, not time, and may not load"),
    ({"gpu": "h100-sxm", "weight_precision": "nvfp4", "repository": "me/mine"}, "vLLM then unpacks nvfp4 weights"),
    ({"engine": "sglang", "gpu": "h100-sxm", "weight_precision": "nvfp4", "repository": "me/mine"}, "and may not load"),
    ({"gpu": "h100-sxm", "kv_precision": "nvfp4"}, "an nvfp4 cache is made for Blackwell and may not load"),
    ({"gpu": "mi300x", "weight_precision": "int4", "repository": "me/mine"}, "neither AWQ nor GPTQ for AMD's GPUs"),
    ({"gpu": "a100-80gb-sxm", "weight_precision": "fp8"}, "fp8 weights save memory there at best, not time"),
    ({"gpu": "v100s"}, "has no bf16: the command asks for float16"),
    ({"engine": "tensorrt-llm", "gpu": "v100s"}, "lists no GPUs of the family Volta"),
    ({"engine": "tensorrt-llm", "model": "gpt-oss-120b"}, "lists no mxfp4 weights for Hopper"),
    ({"engine": "tensorrt-llm", "gpu": "a100-80gb-sxm", "weight_precision": "fp8", "repository": "me/mine"},
     "lists no fp8 weights for Ampere"),
    ({"engine": "tensorrt-llm", "gpu": "b200-sxm", "weight_precision": "int4", "repository": "me/mine"},
     "lists no int4 weights for Blackwell"),
    ({"model": "deepseek-v3", "gpu": "h200-sxm", "kv_precision": "int8"}, "vLLM keeps no int8 cache of latents"),
    ({"engine": "sglang", "weight_precision": "q4_k_m", "repository": "me/mine"}, "name the file on the disk"),
    ({"engine": "tgi"}, "TGI is in maintenance mode"),
    ({"engine": "tgi", "tensor_parallel": 4, "pipeline_parallel": 2}, "TGI has no pipeline stages"),
    ({"engine": "tgi", "model": "llama-3-1-405b"}, "TGI has no pipeline stages"),
    ({"engine": "llama-cpp", "tensor_parallel": 2, "weight_precision": "q4_k_m"}, "--split-mode tensor"),
    ({"weight_precision": "nominal_4"}, "no file is in such a format"),
    ({"engine": "ollama", "kv_precision": "q8_0"}, "holds for every model of the server"),
])
def test_limits_of_engines_on_gpus_are_said(given: dict[str, Any], said: str) -> None:
    assert said in " ".join(ask(**given).warnings)


@pytest.mark.parametrize("given", [
    {"gpu": "b200-sxm", "weight_precision": "nvfp4", "kv_precision": "nvfp4", "repository": "me/mine"},
    {"gpu": "h100-sxm", "weight_precision": "fp8", "kv_precision": "fp8"},
    {"engine": "tensorrt-llm", "gpu": "b200-sxm", "model": "gpt-oss-120b", "kv_precision": "fp8"},
    {"engine": "sglang", "gpu": "l40s", "model": "qwen3-8b", "weight_precision": "nf4"},
    {"engine": "ollama", "gpu": "apple-m3-ultra", "weight_precision": "q4_k_m", "repository": "me/a.gguf"},
])
def test_what_an_engine_and_a_gpu_can_do_has_no_note(given: dict[str, Any]) -> None:
    assert ask(**given).warnings == []


# Memory: never another answer than GPU memory's


MODELS = ["llama-3-1-70b", "qwen3-8-2-4t-a95b", "qwen3-8b", "gpt-oss-120b", "deepseek-v3", "kimi-k2-5", "qwen3-5-35b-a3b",
          "gemma-3-27b", "glm-4-7-flash"]
GPUS = ["h100-sxm", "a100-80gb-sxm", "h200-sxm", "b200-sxm", "rtx-4090", "mi300x", "l40s"]
LOADS: list[dict[str, Any]] = [
    {"engine": "vllm"}, {"engine": "sglang", "kv_precision": "fp8"}, {"engine": "vllm", "memory_fraction_percent": 80},
    {"engine": "vllm", "context_tokens": 32768, "concurrent_requests": 64}, {"engine": "tensorrt-llm"}, {"engine": "llama-cpp"},
    {"engine": "vllm", "pipeline_parallel": 2}]


@pytest.mark.parametrize("model", MODELS)
def test_deploy_and_gpu_memory_never_disagree(model: str) -> None:
    seen = set()
    for i, (gpu, count) in enumerate((gpu, count) for gpu in GPUS for count in (None, 1, 2, 4, 8)):
        given = {"model": model, "gpu": gpu, **LOADS[i % len(LOADS)]} | ({} if count is None else {"tensor_parallel": count})
        found, counted = ask(**given), answer(calculators.get("gpu-memory"), given, FACTS)
        if "cannot serve" in found.headline:  # what the engine or the number of heads rules out
            continue
        for name in ("usable_gb", "per_gpu_gb"):
            assert found.outputs[name] == counted.outputs[name], given
        fits = counted.headline.startswith("Fits")
        seen.add(fits)
        if fits:
            assert f" on {counted.outputs['gpus_used']} × " in found.headline, given
        else:
            assert found.headline == counted.headline, given
            assert found.warnings[0].startswith(("What would fit", "Neither", "The command is for")), given
        needed = counted.outputs["gpus_used" if fits else "gpus_needed"]
        if isinstance(needed, NoValue):
            assert isinstance(found.outputs["command"], NoValue)
        elif not isinstance(found.outputs["arrangement"], NoValue):
            assert str(found.outputs["arrangement"]).startswith(f"{needed} × "), given
    assert seen == {True, False}  # a grid with one answer alone would prove nothing


@pytest.mark.parametrize(("given", "enough"), [({"tensor_parallel": 2}, 4), ({"tensor_parallel": 1, "gpu": "h200-sxm"}, 2),
                                               ({"model": "deepseek-v3", "tensor_parallel": 4}, 16)])
def test_the_command_for_too_few_gpus_is_that_for_enough(given: dict[str, Any], enough: int) -> None:
    """The same command as when the number is left open, and it fits when that number is set."""
    few, left_open = ask(**given), ask(**{name: value for name, value in given.items() if name != "tensor_parallel"})
    assert few.headline.endswith(f"{enough} are needed")
    assert few.outputs["command"] == left_open.outputs["command"]
    assert f" on {enough} × " in left_open.headline


@pytest.mark.parametrize("given", [{"tensor_parallel": 2}, {"tensor_parallel": 4, "gpu": "l40s"},
                                   {"tensor_parallel": 2, "model": "llama-3-3-70b", "context_tokens": 100_000}])
def test_what_is_said_to_fit_fits(given: dict[str, Any]) -> None:
    said = ask(**given).warnings[0]
    tried = []
    if found := re.search(r"weights in (\w+)", said):
        tried.append({"weight_precision": found[1]})
    if found := re.search(r"requests at once of at most ([\d,]+) tokens", said):
        tried.append({"context_tokens": found[1]})
    if found := re.search(r"([\d,]+) requests? at (?:once|a time) of [\d,]+ tokens", said):
        tried.append({"concurrent_requests": found[1]})
    assert tried
    for change in tried:
        assert "serves" in ask(**given | change).headline, change


def test_files_for_other_engines_and_makers_are_not_made_up() -> None:
    for given, why in (({"engine": "ollama"}, "vLLM and SGLang"), ({"gpu": "mi300x"}, "NVIDIA"),
                       ({"pipeline_parallel": 3, "tensor_parallel": 4}, "more than one server")):
        outputs = ask(**given).outputs
        assert not isinstance(outputs["command"], NoValue)
        for name in ("compose", "kubernetes"):
            found = outputs[name]
            assert isinstance(found, NoValue)
            assert why in found.why


# How a text to copy is shown, wherever it is


class Codes(HTMLParser):
    """The text of every <code> inside a <pre>, and the labels of the buttons that copy."""

    def __init__(self) -> None:
        super().__init__()
        self.path: list[str] = []
        self.found: list[str] = []
        self.buttons: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.path.append(tag)
        if self.path[-2:] == ["pre", "code"]:
            self.found.append("")
        if "data-copy-text" in dict(attrs):
            self.buttons.append(str(dict(attrs)["aria-label"]))

    def handle_endtag(self, tag: str) -> None:
        while self.path and self.path.pop() != tag:
            pass

    def handle_data(self, text: str) -> None:
        if self.path[-2:] == ["pre", "code"]:
            self.found[-1] += text


@pytest.mark.parametrize("weights", STRANGE)
def test_the_page_shows_each_text_as_it_is_copied(weights: str) -> None:
    found = ask(repository=weights)
    page = Codes()
    page.feed(render.result(found))
    assert page.found == [found.outputs[name] for name in ("command", "compose", "kubernetes")]
    assert page.buttons == ["Copy: Command", "Copy: Docker Compose", "Copy: Kubernetes"]


def test_markdown_json_and_the_terminal_hold_the_text_unchanged() -> None:
    found = ask(repository="a```b````c")
    command = str(found.outputs["command"])
    assert f"\n`````bash\n{command}\n`````\n" in export.markdown(found)  # longer than any fence inside
    assert json.loads(json.dumps(export.as_dict(found)))["outputs"]["command"] == {"unit": "text", "value": command}
    assert f"\nCommand:\n{command}\n" in as_text(found)


def test_why_there_is_no_text_stands_in_its_place() -> None:
    found = ask(weight_precision="nf4")
    page = Codes()
    page.feed(render.result(found))
    assert (page.found, page.buttons) == ([], [])
    assert "bitsandbytes is no more" in render.result(found)
    assert "**Command**: bitsandbytes is no more" in export.markdown(found)
    assert export.as_dict(found)["outputs"]["command"]["value"] is None


# What was set on one page is set on the next


SET = {"model": "gpt-oss-120b", "gpu": "h200-sxm", "weight_precision": "published", "kv_precision": "fp8", "engine": "sglang",
       "concurrent_requests": 32}


def carried(slug: str, target: str, given: dict[str, Any]) -> dict[str, Any]:
    """The values of the link to another calculator."""
    found = answer(calculators.get(slug), given, FACTS)
    return dict(next(link.values for link in found.next if link.page == f"calculators/{target}/"))


@pytest.mark.parametrize(("slug", "target", "more", "there"), [
    ("gpu-memory", "serving", {"context_tokens": 9000}, {"tensor_parallel": 1}),
    ("gpu-memory", "deploy", {"context_tokens": 9000, "tensor_parallel": 2}, {"context_tokens": 9000, "tensor_parallel": 2}),
    ("serving", "gpu-memory", {"input_tokens": 700, "output_tokens": 300}, {"context_tokens": 1000}),
    ("serving", "deploy", {"input_tokens": 700, "output_tokens": 300, "tensor_parallel": 4},
     {"context_tokens": 1000, "tensor_parallel": 4}),
    ("deploy", "gpu-memory", {"context_tokens": 9000, "tensor_parallel": 2}, {"context_tokens": 9000, "tensor_parallel": 2}),
    ("deploy", "serving", {"context_tokens": 9000}, {"tensor_parallel": 1}),
])
def test_a_result_is_carried_to_the_next_form(slug: str, target: str, more: dict[str, Any], there: dict[str, Any]) -> None:
    assert carried(slug, target, SET | more) == SET | there


@pytest.mark.parametrize("slug", ["gpu-memory", "serving", "deploy"])
def test_model_and_gpu_are_carried_to_the_full_break_even(slug: str) -> None:
    found = carried(slug, "break-even", SET)
    assert {name: found[name] for name in ("mode", "model", "gpu")} == {
        "mode": "full", "model": "gpt-oss-120b", "gpu": "h200-sxm"}


def test_the_model_is_carried_to_its_licence() -> None:
    assert carried("deploy", "licence", SET) == {"model": "gpt-oss-120b"}


@pytest.mark.parametrize(("slug", "target"), [("gpu-memory", "serving"), ("serving", "gpu-memory")])
def test_a_model_of_ones_own_is_carried_where_it_can_be_asked(slug: str, target: str) -> None:
    own = {"model": "custom", "layers": 40, "kv_heads": 4, "parameters_b": 14, "active_parameters_b": 14}
    found = carried(slug, target, own)
    assert {name: found[name] for name in own} == own
    assert "model" not in carried(slug, "deploy", own)


def test_a_config_json_is_carried_as_a_model_of_ones_own() -> None:
    """Llama 3.1 8B by its config.json: 8,030,261,248 parameters; fp8 by its quantisation."""
    config = ('{"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32, '
              '"num_key_value_heads": 8, "num_hidden_layers": 32, "vocab_size": 128256, "tie_word_embeddings": false, '
              '"torch_dtype": "bfloat16", "quantization_config": {"quant_method": "fp8"}}')
    found = carried("gpu-memory", "serving", {"config_json": config})
    assert (found["model"], found["weight_precision"]) == ("custom", "fp8")
    values = {"parameters_b": 8.03026, "layers": 32, "hidden_size": 4096, "heads": 32, "kv_heads": 8, "head_size": 128,
              "vocabulary": 128_256}
    assert {name: found[name] for name in values} == values
    assert "model" not in carried("gpu-memory", "deploy", {"config_json": config})


# The guide: its links carry values that the forms take, and its example is one and the same throughout


def guide() -> dict[str, str]:
    """The pages of the guide about running a model, by name."""
    return {path.stem: path.read_text("utf-8") for path in sorted((DOCS / "guide").glob("self-hosting*.md"))}


def test_links_of_the_guide_carry_values_that_the_forms_take() -> None:
    found = [link for text in guide().values() for link in re.findall(r"calculators/([\w-]+)\.md\?v=1&([^)#\s]+)\)", text)]
    assert {slug for slug, _ in found} >= {"licence", "gpu-memory", "serving", "break-even", "deploy"}
    for slug, query in found:
        given = dict(part.split("=", 1) for part in query.split("&"))
        assert given["model"] == "gpt-oss-120b"
        answer(calculators.get(slug), given, FACTS)


def test_the_example_of_the_guide_is_the_same_on_every_page() -> None:
    fences = [line.split() for text in guide().values()
              for line in re.findall(r"^```calculator\n(.+)$", text, re.MULTILINE)]
    assert [slug for slug, *_ in fences] == ["deploy", "break-even", "gpu-memory", "licence", "serving"]
    for slug, *given in fences:
        start = dict(word.split("=", 1) for word in given)
        assert start["model"] == "gpt-oss-120b"
        answer(calculators.get(slug), start, FACTS)


def test_what_the_guide_says_of_its_example_holds() -> None:
    """One H100 holds it; reading speed is at most 10 tokens/s by the serving page's own rule of thumb."""
    memory = answer(calculators.get("gpu-memory"), {"model": "gpt-oss-120b"}, FACTS)
    assert memory.headline == "Fits on 1 × H100 80GB SXM"
    assert "It is close" in memory.warnings[0]
    served = answer(calculators.get("serving"), {"model": "gpt-oss-120b", "input_tokens": 2000, "output_tokens": 400,
                                                 "concurrent_requests": 16}, FACTS).outputs
    user = served["user_tokens_per_s"]
    assert isinstance(user, Range)
    assert user.low > 10
    assert "reading weights" in str(served["bottleneck"])
    assert answer(calculators.get("licence"), {"model": "gpt-oss-120b"}, FACTS).headline == "gpt-oss-120b: yes"
    ways = answer(calculators.get("break-even"), {"mode": "full", "model": "gpt-oss-120b"}, FACTS)
    assert ways.headline == "The hosted open model costs least"
