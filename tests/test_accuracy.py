"""The serving model and the commands accuracy and fit: arithmetic by hand, the contract's shapes, and what must always hold."""

import csv
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.buildtime import DATA, accuracy, data, fitted, measured
from calculators.buildtime.__main__ import main
from calculators.buildtime.fit import least_squares, ranges
from calculators.buildtime.fit.factors import fit
from calculators.buildtime.fit.left_out import LeftOut
from calculators.buildtime.fit.predict import DoesNotFit, Point, point, rules
from calculators.buildtime.fit.predict import room as room_of_row
from calculators.formulas import architecture, memory, parameter_count, throughput
from calculators.formulas.throughput import Gpu, Load, Setup
from calculators.kit import workload
from calculators.kit.units import Range

FACTS = data.facts()
FITTED = throughput.read_fitted(FACTS)
FORMATS = throughput.formats(FACTS)
RULES = rules(FACTS)
# Round numbers, so that the arithmetic below can be followed: not the fitted ones.
FACTORS = {"bandwidth": 0.8, "cache": 0.5, "experts": 0.5, "compute": 0.5, "attention": 0.4, "step-compute": 1.0,
           "layer-us": 50.0, "expert-layer-us": 30.0, "step-us": 200.0, "request-us": 10.0,
           "link.switched": 0.5, "link.pcie": 0.5,
           "link-us.switched": 20.0, "link-us.pcie": 40.0, "offline-requests": 60.0, "first-ms": 5.0, "first-spread-ms": 30.0}
H100 = Gpu("h100-sxm", "hopper", 79.65 * 2**30, 3350e9, {"bf16": 989e12, "fp8": 1978e12}, 450e9, switched=True)
STATS = {"n", "median_ape", "p90_ape", "bias", "within_25", "within_50", "coverage_80", "width_80"}
BLANK = dict.fromkeys(measured.COLUMNS, "")
ROW = BLANK | {"id": "one", "model": "Llama 3.1 8B", "gpu": "H100-SXM", "n_gpus": "1", "tensor_parallel": "1", "engine": "vLLM",
               "engine_version": "0.12.0", "weight_precision": "bf16", "isl": "1000", "osl": "500",
               "concurrency_or_mode": "batch1", "output_tok_s_total": "120", "ttft_ms": "40", "source_key": "made-up"}


def llama_8b() -> architecture.Architecture:
    return architecture.of(FACTS, "llama-3-1-8b")


def room(a: architecture.Architecture, gpu: Gpu, setup: Setup) -> float:
    """Bytes for cache, as of a measured row."""
    row = measured.as_row(ROW, measured.Names(FACTS))
    return room_of_row(row._replace(architecture=a, gpu=gpu, setup=setup), RULES)


def speed(a: architecture.Architecture, setup: Setup, load: Load) -> throughput.Speed:
    """With the round factors, on H100."""
    return throughput.speed(throughput.work(a, setup, load, room(a, H100, setup)), throughput.rates(H100, setup, FACTORS), load)


def test_one_request_to_a_dense_model_by_hand() -> None:
    """Llama 3.1 8B in bf16 on one H100, 1,000 tokens in and 500 out, with the round factors above.

    8,030,261,248 parameters (the files' headers), of which 128,256 x 4,096 = 525,336,576 are the table of input embeddings,
    which is looked up and not read: 7,504,924,672 x 2 bytes = 15.009849344 GB. Key-value cache 2 x 32 x 8 x 128 x 2 = 131,072
    bytes per token; half-way through the answer 1,250 tokens.
    """
    load = Load(1000, 500, 1)
    found = speed(llama_8b(), Setup(1, FORMATS["bf16"], 2, "vllm"), load)
    reading = 15.009849344e9 / (3350e9 * 0.8)  # 5.6007 ms
    multiplying = 2 * 7_504_924_672 / (989e12 * 0.5)  # 0.0304 ms
    assert found.parts["weights"] == pytest.approx(reading)
    assert found.parts["compute"] == pytest.approx(math.sqrt(reading**2 + multiplying**2) - reading)
    assert found.parts["cache"] == pytest.approx(131_072 * 1250 / (3350e9 * 0.5))  # 0.0978 ms
    assert found.parts["overhead"] == pytest.approx(1.81e-3)  # 32 layers x 50 us + 200 us + one request x 10 us
    assert found.parts["link"] == 0
    assert found.step_s == pytest.approx(7.50859e-3, rel=1e-5)
    # The prompt: 2 x (7,504,924,672 - 525,336,576) x 1,000 + 2 x 525,336,576 = 1.39602e13 FLOPs at 494.5 TFLOPS = 28.2310 ms;
    # attention 2 x (128 + 128) x 32 layers x 32 heads x 1,000 x 500 = 2.62144e11 at 395.6 TFLOPS = 0.6627 ms.
    assert found.output_tokens_per_s == pytest.approx(500 / (500 * 7.50859e-3 + 28.8937e-3), rel=1e-4)
    assert found.user_tokens_per_s == pytest.approx(1 / 7.50859e-3, rel=1e-5)
    # Alone: the prompt and the reading of the weights hide each other in part, and the fixed times.
    assert found.first_s == pytest.approx(math.sqrt(28.8937e-3**2 + reading**2) + 1.81e-3 + 5e-3, rel=1e-4)


def test_two_gpus_halve_the_bytes_and_pay_for_the_link() -> None:
    """32 layers x 20 us, and 2 reductions x 32 layers x 4,096 x 2 bytes x (2 x 1/2) per token = 524,288 bytes at 225 GB/s."""
    found = speed(llama_8b(), Setup(2, FORMATS["bf16"], 2, "vllm"), Load(1000, 500, 1))
    assert found.parts["weights"] == pytest.approx(15.009849344e9 / 2 / (3350e9 * 0.8))
    assert found.parts["link"] == pytest.approx(640e-6 + 524_288 / 225e9)


@pytest.mark.parametrize(("requests", "share"), [(1, 8 / 256), (2, 1 - (31 / 32) ** 2), (10_000, 1.0)])
def test_a_batch_touches_a_share_of_the_experts(requests: float, share: float) -> None:
    """8 of 256 experts: 1 - (1 - 1/32)^n."""
    assert throughput.touched(256, 8, requests) == pytest.approx(share)


def test_memory_ends_the_batch() -> None:
    """An H100 has 85.5235 GB, of which 90 % less 16.06 GB of weights and 1.5 of workspace leave 59.41 GB: at 1,500 tokens of
    131,072 bytes 302 requests."""
    found = speed(llama_8b(), Setup(1, FORMATS["bf16"], 2, "vllm"), Load(1000, 500, None))
    assert found.requests == pytest.approx((85.5235e9 * 0.9 - 16.0605e9 - 1.5e9) / (131_072 * 1500), rel=1e-4)


def test_weights_that_do_not_fit_are_refused_with_the_figures() -> None:
    llama_70b = architecture.of(FACTS, "llama-3-1-70b")
    with pytest.raises(DoesNotFit, match=r"need 131\.4 GiB on each GPU, and 71\.7 GiB are usable") as caught:
        speed(llama_70b, Setup(1, FORMATS["bf16"], 2, "vllm"), Load(1000, 500, 1))
    assert caught.value.needed_bytes == pytest.approx(141.107e9, rel=1e-4)  # 70,553,706,496 x 2


WEIGHTS = st.sampled_from([FORMATS[name] for name in ("fp8", "nvfp4", "int4")])
SETUPS = st.builds(Setup, gpus=st.sampled_from((2, 4, 8)), weights=WEIGHTS, kv_bytes=st.sampled_from((1.0, 2.0)),
                   engine=st.sampled_from(("vllm", "tensorrt-llm", "sglang", "new")), replicas=st.sampled_from((1, 2)),
                   by_layer=st.just(False))
MODELS = st.sampled_from(("llama-3-1-70b", "qwen3-235b-a22b", "gpt-oss-120b", "llama-3-1-8b", "mixtral-8x7b"))
TOKENS = st.integers(1, 8000)


def predict(model: str, gpu: Gpu, setup: Setup, load: Load) -> throughput.Speed:
    factors = FITTED.factors
    a = architecture.of(FACTS, model)
    work = throughput.work(a, setup, load, room(a, gpu, setup))
    return throughput.speed(work, throughput.rates(gpu, setup, factors), load)


BIG = H100._replace(memory_bytes=300e9)


@settings(max_examples=60, deadline=None)
@given(model=MODELS, setup=SETUPS, tokens=st.tuples(TOKENS, TOKENS), requests=st.integers(1, 200), more=st.floats(1, 4))
def test_more_bandwidth_is_never_slower(model: str, setup: Setup, tokens: tuple[int, int], requests: int, more: float) -> None:
    load = Load(*tokens, requests)
    faster = BIG._replace(bytes_per_s=BIG.bytes_per_s * more)
    before, after = predict(model, BIG, setup, load), predict(model, faster, setup, load)
    assert after.output_tokens_per_s >= before.output_tokens_per_s * (1 - 1e-12)
    assert after.first_s <= before.first_s * (1 + 1e-12)


@settings(max_examples=60, deadline=None)
@given(model=MODELS, setup=SETUPS, tokens=st.tuples(TOKENS, TOKENS), requests=st.integers(1, 4000), more=st.integers(1, 500))
def test_more_requests_are_never_less_in_all_and_never_faster_for_one(model: str, setup: Setup, tokens: tuple[int, int],
                                                                      requests: int, more: int) -> None:
    fewer, many = (predict(model, BIG, setup, Load(*tokens, n)) for n in (requests, requests + more))
    assert many.output_tokens_per_s >= fewer.output_tokens_per_s * (1 - 1e-9)
    assert many.user_tokens_per_s <= fewer.user_tokens_per_s * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(model=MODELS, setup=SETUPS, tokens=st.tuples(TOKENS, TOKENS), requests=st.one_of(st.none(), st.integers(1, 4000)))
def test_ranges_are_ordered(model: str, setup: Setup, tokens: tuple[int, int], requests: int | None) -> None:
    factors, spans, _ = FITTED
    a = architecture.of(FACTS, model)
    span = throughput.range_of(a, BIG, setup.engine, throughput.mode_of(requests), factors, spans)
    central = predict(model, BIG, setup, Load(*tokens, requests)).output_tokens_per_s
    found = throughput.spread(central, span)
    assert 0 < found.low < found.central < found.high
    if setup.engine == "new":  # nothing was measured on it: no narrower than what is left out of a fit
        assert span.widened == "unseen"
        assert span.low <= spans["unseen"][0]
        assert span.high >= spans["unseen"][1]


def test_the_range_of_a_gpu_is_widened_by_what_is_known_of_it_by_hand() -> None:
    """Round numbers: the usual range by mode, then what widens it. Widened is never narrower."""
    spans = {"batch1": (0.8, 1.2), "unseen": (0.7, 1.3), "family-volta": (0.6, 0.9), "gpu-h20-3e": (0.75, 1.1)}
    measured_names = {"bandwidth.hopper", "bandwidth.volta", "overhead.vllm"}

    def of(gpu: str, family: str, engine: str = "vllm") -> tuple[float, float, str]:
        return throughput.range_of(llama_8b(), H100._replace(id=gpu, family=family), engine, "batch1", measured_names, spans)

    assert of("h100-sxm", "hopper") == (0.8, 1.2, "")
    assert of("h100-sxm", "hopper", "new") == (0.7, 1.3, "unseen")
    assert of("new", "new") == (0.7, 1.3, "unseen")
    assert of("v100s", "volta") == (0.6, 1.3, "thin")
    assert of("h20-3e", "hopper") == (0.75, 1.2, "gpu")
    assert of("h20-3e", "hopper", "new") == (0.7, 1.3, "unseen")


def test_mixtures_of_experts_are_strange_to_the_engines_that_were_measured_without_any() -> None:
    seen: dict[str, set[bool]] = {}
    for cells in measured.of_data():
        try:
            row = measured.as_row(cells, measured.Names(FACTS))
        except (measured.Unsupported, ValueError):
            continue
        seen.setdefault(row.setup.engine, set()).add(bool(row.architecture.experts))
    fitted = {name.removeprefix("overhead.") for name in FITTED[0] if name.startswith("overhead.")}
    assert {engine for engine in fitted if True not in seen[engine]} == set(throughput.DENSE_ALONE)


def left(gpu: str, family: str, source: str, measured_over_predicted: float, weights: str = "bf16") -> LeftOut:
    row = measured.as_row(ROW, measured.Names(FACTS))
    row = row._replace(gpu_id=gpu, gpu=row.gpu._replace(id=gpu, family=family), source=source,
                       setup=row.setup._replace(weights=FORMATS[weights]))
    return LeftOut(Point(row, point(row, RULES).work), -math.log(measured_over_predicted), None)


def test_families_and_sources_count_the_same_however_many_rows_they_have() -> None:
    """Nine families of one row each at 1 to 9 and one of a hundred at 10: each is a tenth. The middles of their weights are at
    0.05, 0.15, ... 0.85 and from 0.9005 on, so the lowest tenth ends half-way from 1 to 2, and the highest begins 0.05 of
    0.0505 on the way from 9 to 10, in logarithms."""
    rows = [left("a", f"family {n}", "s", n) for n in range(1, 10)] + [left("b", "family 10", "s", 10)] * 100
    low, high = ranges.unseen(rows, [])
    assert low == pytest.approx(math.sqrt(1 * 2))
    assert high == pytest.approx(9 * (10 / 9) ** (0.05 / 0.0505))


def test_a_family_of_few_configurations_has_the_errors_of_a_fit_without_it() -> None:
    """Two configurations of one family, measured 1.5 and 2 times the prediction when it was left out: its range is from
    1.5^0.9 x 2^0.1 to 1.5^0.1 x 2^0.9. The eight of the other family keep the usual range, which holds them all."""
    formats = ("bf16", "fp8", "int8", "int4", "nf4", "nvfp4", "mxfp4", "q8-0")
    many = [left("h100-sxm", "hopper", "s", 1.0, name) for name in formats]
    few = [left("v100s", "volta", "s", 1.0, name) for name in formats[:2]]
    alone = [left("v100s", "volta", "s", times, name) for times, name in zip((1.5, 2.0), formats, strict=False)]
    found = ranges.own_ranges([*many, *few], [*many, *alone], {"batch1": (0.9, 1.1)})
    assert found == {"family-volta": (pytest.approx(1.5**0.9 * 2**0.1), pytest.approx(1.5**0.1 * 2**0.9))}


def test_a_gpu_whose_rows_the_usual_range_misses_has_its_own() -> None:
    """Of two GPUs of one family one has all eight rows inside, the other none of two: 80 % of all are inside, and 0 is less
    than 80 % less 2 x sqrt(0.8 x 0.2 / 2) = 57 %. Its range goes from the lower to the higher of the two."""
    formats = ("bf16", "fp8", "int8", "int4", "nf4", "nvfp4", "mxfp4", "q8-0")
    rows = [left("h100-sxm", "hopper", "s", 1.0, name) for name in formats]
    rows += [left("h20", "hopper", "s", times) for times in (0.5, 0.6)]
    assert ranges.own_ranges(rows, rows, {"batch1": (0.9, 1.1)}) == {"gpu-h20": (pytest.approx(0.5), pytest.approx(0.6))}


def test_apples_compute_is_taken_from_the_bandwidth() -> None:
    """An M2 Ultra reads 800 GB/s; 30 FLOP for each byte are 24 TFLOPS."""
    assert throughput.gpu_of(FACTS, "apple-m2-ultra").flops["bf16"] == pytest.approx(24e12)


@pytest.mark.parametrize(("row", "size", "head", "beside", "kind", "name"), [
    ("int4", 4.15625 / 8, 2, 4.15625 / 8, "bf16", "int4"),  # 4 bits, a 16-bit scale and a 4-bit zero for 128 weights
    ("mxfp4", 4.25 / 8, 2, 2, "mx", "mxfp4"),  # 4 bits and an 8-bit scale for 32 weights, in experts alone
    ("int8-w8a8", 1, 2, 1, "int8", "fp8"), ("q4-k-m", 4.8944 / 8, 4.8944 / 8, 4.8944 / 8, "bf16", "gguf")])
def test_formats_are_read_from_the_table(row: str, size: float, head: float, beside: float, kind: str, name: str) -> None:
    assert FORMATS[row] == (row, pytest.approx(size), pytest.approx(head), kind, name, pytest.approx(beside))


def test_every_choice_of_weights_has_a_speed() -> None:
    chosen = {name.replace("_", "-") for name in workload.WEIGHT_PRECISIONS} - {"published"}
    assert chosen | set(memory.PUBLISHED.values()) <= set(FORMATS)
    assert {form.name for form in FORMATS.values()} - {"bf16"} == {
        name.removeprefix("compute.") for name in FITTED.factors if name.startswith("compute.")} - {
        name.removeprefix("bandwidth.") for name in FITTED.factors if name.startswith("bandwidth.")}


# The commands


def write(path: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = measured.COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    caught = capsys.readouterr()
    return status, caught.out, caught.err


def accuracy_of(capsys: pytest.CaptureFixture[str], path: Path, *flags: str) -> Any:
    status, out, err = run(capsys, "accuracy", str(path), *flags, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_the_json_is_what_the_contract_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = [{"id": "g", "gpu": "TPU v5e"}, {"id": "m", "model": "A model of nobody's"},
           {"id": "p", "weight_precision": "3 bits"}, {"id": "l", "parallel_detail": "tp1 pp4"},
           {"id": "n", "output_tok_s_total": ""}, {"id": "c", "concurrency_or_mode": "some"},
           {"id": "w", "model": "Llama 3.1 405B"}]
    found = accuracy_of(capsys, write(tmp_path / "a.csv", [ROW, *(ROW | row for row in bad)]), "--rows")
    assert list(found) == ["schema", "rows", "unsupported", "all", "by", "ttft", "predictions"]
    assert found["schema"] == 1
    assert found["rows"] == {"read": 8, "used": 1, "unsupported": 7}
    assert [(one["id"], reason in one["reason"]) for one, reason in zip(found["unsupported"], (
        "'TPU v5e' is not in data/gpus.yaml", "'A model of nobody's'"[1:-1], "'3 bits' of the weights", "pipeline parallel",
        "no measured throughput", "'some' is neither", "the weights need"), strict=True)] == [
        (row["id"], True) for row in bad]
    assert set(found["all"]) == set(found["ttft"]) == STATS
    assert set(found["by"]) == {"size", "gpu", "mode", "architecture", "source"}
    assert set(found["by"]["mode"]) == {"batch1", "low", "high", "offline"}
    assert set(found["by"]["architecture"]) == {"dense", "moe"}
    assert found["by"]["source"]["made-up"] == found["by"]["gpu"]["h100-sxm"] == found["all"]
    assert found["by"]["mode"]["low"] == dict.fromkeys(STATS) | {"n": 0}
    (one,) = found["predictions"]
    assert set(one) == {"id", "unit", "measured", "low", "central", "high"}
    assert (one["id"], one["unit"], one["measured"]) == ("one", "tokens/s", 120)
    assert one["low"] < one["central"] < one["high"]
    assert found["all"]["median_ape"] == pytest.approx(abs(one["central"] / 120 - 1))


def test_the_first_measured_figure_that_is_there_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"output_tok_s_total": "1", "derived_output_tok_s": "2", "per_user_tok_s": "3", "tpot_ms": "250"},
            {"output_tok_s_total": "", "derived_output_tok_s": "2", "per_user_tok_s": "3", "tpot_ms": "250"},
            {"output_tok_s_total": "", "per_user_tok_s": "3", "tpot_ms": "250"}, {"output_tok_s_total": "", "tpot_ms": "250"}]
    found = accuracy_of(capsys, write(tmp_path / "a.csv", [ROW | row for row in rows]), "--rows")
    assert [one["measured"] for one in found["predictions"]] == [1, 2, 3, 4]


def test_first_tokens_are_compared_for_single_requests_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [ROW | {"concurrency_or_mode": "8"}, ROW | {"isl": "0"}]
    assert accuracy_of(capsys, write(tmp_path / "a.csv", rows))["ttft"] is None
    assert accuracy_of(capsys, write(tmp_path / "a.csv", [ROW]))["ttft"]["n"] == 1


def test_extra_columns_are_ignored_and_a_missing_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = accuracy_of(capsys, write(tmp_path / "a.csv", [ROW]), "--rows")
    extra = accuracy_of(capsys, write(tmp_path / "b.csv", [ROW | {"colour": "red"}], (*measured.COLUMNS, "colour")), "--rows")
    assert plain == extra
    status, out, err = run(capsys, "accuracy", str(write(tmp_path / "c.csv", [ROW], tuple(
        name for name in measured.COLUMNS if name not in ("gpu", "isl")))))
    assert (status, out) == (2, "")
    assert "has no column gpu, isl" in err


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b""])
def test_what_cannot_be_read_is_one_sentence(content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.csv"
    if content is not None:
        path.write_bytes(content)
    status, out, err = run(capsys, "accuracy", str(path))
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_ids_sources_and_notes_change_no_prediction(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = measured.of_data()[::9]
    odd = {"source": "x", "notes": "TP8, batch 999", "date": "2020"}
    mixed = [row | odd | {"id": other["id"], "source_key": other["source_key"]}
             for row, other in zip(rows, reversed(rows), strict=True)]
    columns = (*measured.COLUMNS, "source", "notes", "date")
    before = accuracy_of(capsys, write(tmp_path / "a.csv", rows), "--rows")["predictions"]
    after = accuracy_of(capsys, write(tmp_path / "b.csv", mixed, columns), "--rows")["predictions"]
    assert len(before) == len(rows) > 80
    assert [one["central"] for one in before] == [one["central"] for one in after]
    assert [one["low"] for one in before] == [one["low"] for one in after]


def test_errors_by_hand() -> None:
    """Predicted over measured 1.1, 0.8, 2.0 and 1.0: errors 0, 0.1, 0.2, 1.0. Half within 0.15; nine in ten within
    0.2 + 0.7 x 0.8 = 0.76; median ratio 1.05; ranges of half to double leave out none, of 0.95 to 1.05 two."""
    row = measured.as_row(ROW, measured.Names(FACTS))
    wide = [accuracy.Compared(row, 100, Range(c / 2, c, c * 2)) for c in (110, 80, 200, 100)]
    assert accuracy.stats(wide) == pytest.approx({"n": 4, "median_ape": 0.15, "p90_ape": 0.76, "bias": 0.05, "within_25": 0.75,
                                                  "within_50": 0.75, "coverage_80": 1.0, "width_80": 4.0})
    narrow = [accuracy.Compared(row, 100, Range(c * 0.9, c, c * 1.05)) for c in (110, 80, 200, 100)]
    assert accuracy.stats(narrow)["coverage_80"] == 0.5  # 99 to 115.5 and 90 to 105 hold 100


@pytest.mark.parametrize(("engine", "version", "expected"), [
    ("vLLM", "0.7.3", "vllm-old"), ("vLLM", "0.8.0", "vllm"), ("vLLM", "0.20.1+transformers-5.8.1", "vllm"),
    ("vLLM", "", "vllm"), ("TensorRT-LLM", "0.14.0", "tensorrt-llm-old"), ("TensorRT-LLM", "1.0", "tensorrt-llm"),
    ("TensorRT-LLM", "gpt-oss-dev", "tensorrt-llm"),
    ("llama.cpp", "2024-05 snapshot", "llama-cpp"), ("SGLang", "0.5.6", "sglang"), ("Something new", "7", "generic")])
def test_engines_are_told_apart_by_generation(engine: str, version: str, expected: str) -> None:
    """vLLM's first engine ended with 0.8; TensorRT-LLM's first backend with 1.0."""
    assert measured.engine_of(engine, version) == expected


@pytest.mark.parametrize(("name", "row"), [
    ("meta-llama/Llama-3.1-70B", "llama-3-1-70b"), ("Llama 3.1 405B", "llama-3-1-405b"), ("LLaMA-30B", "llama-1-30b"),
    ("amd/Llama-3.1-405B-Instruct-FP8-KV", "llama-3-1-405b"), ("Meta-Llama-3.1-405B-Instruct-FP8", "llama-3-1-405b"),
    ("Qwen2.5-72B-Instruct-GPTQ-Int8", "qwen2-5-72b"), ("Qwen3-30B-A3B-GPTQ-Int4", "qwen3-30b-a3b")])
def test_models_are_found_by_the_names_in_use(name: str, row: str) -> None:
    assert measured.Names(FACTS).model(name)[0] == row


@pytest.mark.parametrize(("text", "known"), [
    ("fp16", "bf16"), ("BF16", "bf16"), ("int4-gptq-w4a16", "int4"), ("int4-awq", "int4"), ("gptq-int8", "int8"),
    ("int8-w8a8", "int8-w8a8"), ("int8-w8a16", "int8"), ("Q4_K_M", "q4-k-m"), ("Q4_0", "q4-0"), ("mxfp4", "mxfp4")])
def test_precisions_are_found_by_the_names_in_use(text: str, known: str) -> None:
    row = measured.as_row(ROW | {"weight_precision": text}, measured.Names(FACTS))
    assert row.setup.weights.key == known


def test_models_of_measurements_add_up_to_their_published_parameters() -> None:
    for row, values in FACTS.rows("measured-models").items():
        count = parameter_count.parameters(architecture.of(FACTS, row, "measured-models")).total
        assert count == pytest.approx(float(values["parameters_b"]) * 1e9, rel=0.01), row


@pytest.mark.parametrize(("changed", "gpus", "replicas", "by_layer"), [
    ({"parallel_detail": "tp8 pp1 attn_dp1 moe_tp8 moe_ep1", "tensor_parallel": "8", "n_gpus": "8"}, 8, 1, False),
    ({"model": "gpt-oss-120b", "parallel_detail": "DEP4", "tensor_parallel": "1", "n_gpus": "4"}, 4, 4, False),
    ({"model": "gpt-oss-120b", "parallel_detail": "tp1 pp1 attn_dp4 moe_tp1 moe_ep4", "n_gpus": "4"}, 4, 4, False),
    ({"engine": "llama.cpp", "tensor_parallel": "", "n_gpus": "4"}, 4, 1, True)])
def test_layouts_are_read(changed: dict[str, str], gpus: int, replicas: int, by_layer: bool) -> None:
    setup = measured.as_row(ROW | changed, measured.Names(FACTS)).setup
    assert (setup.gpus, setup.replicas, setup.by_layer) == (gpus, replicas, by_layer)


# The fit


def test_linear_equations_are_solved() -> None:
    """2x + y = 5, x + 3y = 10: x = 1, y = 3."""
    assert least_squares.solve([[2, 1], [1, 3]], [5, 10]) == pytest.approx([1, 3])


def test_the_committed_factors_are_those_of_the_committed_rows() -> None:
    """The fit itself, without the refits that test it; `fit --check` does those too."""
    names = measured.Names(FACTS)
    factors = fit([point(measured.as_row(cells, names), RULES) for cells in measured.of_data()])
    held = FITTED.factors
    assert set(held) == set(factors)
    for name, value in factors.items():
        assert held[name] == pytest.approx(value, rel=fitted.AGREE), name


def test_a_factor_that_differs_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the rows: no such fit is the one of data/, and nothing is written."""
    rows = measured.of_data()[::10]
    monkeypatch.setattr(measured, "of_data", lambda: rows)
    before = {stem: (DATA / f"{stem}.yaml").read_bytes() for stem in (fitted.STEM, fitted.ERRORS)}
    status, out, err = run(capsys, "fit", "--check", "--json")
    assert status == 1
    assert "common.bandwidth is" in err
    found = json.loads(out)
    assert list(found) == ["schema", "as_of", "rows", "factors", "cross_validated", "leave_out"]
    assert found["rows"] == len(rows)
    assert set(found["cross_validated"]) == STATS
    assert set(found["leave_out"]) == {"gpu", "source"}
    assert all(set(one) == STATS for parts in found["leave_out"].values() for one in parts.values())
    assert before == {stem: (DATA / f"{stem}.yaml").read_bytes() for stem in before}


def test_what_is_promised_of_rows_left_out() -> None:
    """The figures that the page shows, by the table that fit writes: half within 15 %, nine in ten within 50 %, ranges that
    hold 75 to 85 % of the rows and are no wider than 2.5."""
    line = FACTS.rows("serving-errors")["all"]
    assert float(line["half_percent"]) <= 15
    assert float(line["nine_in_ten_percent"]) <= 50
    assert 75 <= float(line["in_range_percent"]) <= 85
    assert float(line["width"]) <= 2.5
