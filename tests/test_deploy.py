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
from calculators.__main__ import as_text
from calculators.buildtime import data
from calculators.kit import export, render
from calculators.kit.result import Result, answer
from calculators.kit.shape import InputError, NoValue

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
    ({"engine": "ollama", "gpu": "apple-m3-ultra", "tensor_parallel": 2}, "Take 1 GPU for each layer"),
    ({"tensor_parallel": 1}, "they do not fit"),
    ({"context_tokens": 200_000}, "is made for 131,072 tokens"),
    ({"tensor_parallel": 8, "pipeline_parallel": 2}, "16 GPUs are more than one server of 8"),
])
def test_what_an_engine_cannot_do_is_said_with_what_to_do_instead(given: dict[str, Any], said: str) -> None:
    assert said in " ".join(ask(**given).warnings)


def test_files_for_other_engines_and_makers_are_not_made_up() -> None:
    for given, why in (({"engine": "ollama"}, "vLLM and SGLang"), ({"gpu": "mi300x"}, "NVIDIA"),
                       ({"pipeline_parallel": 3}, "more than one server")):
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
