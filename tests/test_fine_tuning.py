"""Fine-tuning against what others measured and published, and the laws that every answer keeps."""

import itertools
import re
from collections import Counter
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators import fine_tuning
from calculators.buildtime import PROJECT, data
from calculators.fine_tuning import CALCULATOR, Inputs
from calculators.formulas import architecture, parameter_count, training, tuning_run, tuning_speed
from calculators.formulas.architecture import Architecture
from calculators.formulas.memory import GB, GIB
from calculators.formulas.tuning_run import constants, job_of, peak_of, tokens_at_once

DAY = "2026-11-26"
FACTS = data.facts(DAY)
CONSTANTS = constants(FACTS)
PUBLISHED = yaml.safe_load((PROJECT / "tests" / "cases" / "published_finetune.yaml").read_text("utf-8"))
DENSE = ("llama-3-1-8b", "llama-3-1-70b", "llama-3-2-1b", "qwen3-0-6b", "qwen2-5-32b", "mistral-7b")
ALL = tuple(FACTS.rows("models"))
UNIT = {"GiB": GIB, "GB": GB, "MB": 1e6, "bits": 1, "hours": 1, "fits": 1}


def ours(row: dict[str, Any]) -> float | bool:
    """This guide's figure for a published one, in its unit."""
    ask, asked = row["ask"], row["inputs"]
    if ask == "states":
        each = [CONSTANTS.of[f"trained.{name}"] * asked["parameters"] for name in ("weight", "gradient", "adam-32")]
        return sum(training.states_per_gpu(*each, asked["gpus"], asked["sharding"])) / UNIT[row["unit"]]
    if ask == "saving":
        return float(FACTS["precisions.nf4.bits"].value) - CONSTANTS.of["frozen.qlora"]
    if ask == "sum":
        return float(sum(asked["hours"]))
    inputs = CALCULATOR.read(asked, FACTS)
    a = architecture.from_dict(row["architecture"]) if "architecture" in row else architecture.of(FACTS, inputs.model)
    if ask == "adapter":
        count, _ = training.adapter_parameters(a, inputs.rank, tuning_run.kinds_of(inputs))
        return count * CONSTANTS.of["adapter.file"] / UNIT[row["unit"]]
    peak = peak_of(job_of(inputs, a, CONSTANTS), tokens_at_once(inputs), inputs.gpus or 1, inputs.sharding, CONSTANTS)
    parts, total = peak.central, peak.total.central
    if ask == "fits":
        return total <= 48 * GB
    return {"peak": parts.exact + parts.estimated, "all": total, "activations": parts.activations,
            "weights": parts.frozen}[ask] / UNIT[row["unit"]]


def within(row: dict[str, Any]) -> bool:
    if isinstance(row["published"], bool):
        return ours(row) is row["published"]
    return bool(abs(ours(row) / row["published"] - 1) <= row["tolerance"])


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row["id"])
def test_published(row: dict[str, Any]) -> None:
    """Within the tolerance, or listed as outside of it with the reason."""
    assert within(row) is not row.get("differs", False), (row["id"], ours(row))
    assert row.get("note") or not row.get("differs")


def test_share_of_the_published_figures_that_agree(record_property: Any) -> None:
    """The share by kind, for the record; measurements that were fitted to are not counted."""
    counted = [row for row in PUBLISHED if not row.get("fitted")]
    asked, met = Counter(row["kind"] for row in counted), Counter(row["kind"] for row in counted if within(row))
    for kind in asked:
        record_property(kind, f"{met[kind]} of {asked[kind]}")
        print(f"{kind}: {met[kind]} of {asked[kind]} within their tolerance")
    # What docs/calculators/fine-tuning.md says of them.
    assert all(abs(ours(row) / row["published"] - 1) < 1 / 7 for row in PUBLISHED
               if row["id"].startswith("torchtune") and "main memory" not in row["source"])
    assert met["formula"] == asked["formula"]
    assert met["measured"] >= 0.75 * asked["measured"]
    first_five = [row for row in PUBLISHED if row["kind"] == "measured"][:5]
    assert sum(within(row) for row in first_five) >= 4


def test_the_accuracy_page_shows_what_is_counted() -> None:
    """data/training-compared.yaml has every case with a number, this guide's figure to three digits, and how far it is off."""
    shown = FACTS.rows("training-compared")
    cases = {re.sub(r"[^a-z0-9]+", "-", row["id"]): row for row in PUBLISHED if not isinstance(row["published"], bool)}
    assert set(shown) == set(cases)
    for key, row in cases.items():
        assert shown[key]["published"] == row["published"], key
        assert shown[key]["ours"] == pytest.approx(float(f"{ours(row):.3g}")), key
        assert shown[key]["off_percent"] == pytest.approx(100 * (ours(row) / row["published"] - 1), rel=0.06, abs=0.05), key
        assert shown[key]["within"] is within(row), key
        assert bool(shown[key].get("fitted")) is bool(row.get("fitted")), key
        assert shown[key].get("why", "") == " ".join(row.get("note", "").split()), key
    # What docs/about/accuracy.md says in words.
    measured = [row for row in PUBLISHED if row["kind"] == "measured" and not row.get("fitted")]
    assert (sum(map(within, measured)), len(measured)) == (10, 13)
    off = sorted(abs(ours(row) / row["published"] - 1) for row in measured)
    assert off[6] == pytest.approx(0.1, abs=0.01)
    claims = [row for row in PUBLISHED if row["kind"] == "claim" and not isinstance(row["published"], bool)]
    assert (sum(map(within, claims)), len(claims)) == (14, 18)


def settings_of(row: dict[str, Any]) -> dict[str, Any]:
    """A measured row of data/ as inputs; what the source does not state is what its recipes do."""
    words, card = row["settings"], str(row["gpu"])
    recomputed = (row["model"] == "llama-3-1-8b" and "a6000" not in card) or row["model"] in ("llama-3-1-70b", "llama-3-1-405b")
    order = ("not compiled", "compiled", "loss in pieces", "activations recomputed")
    return {"model": row["model"], "method": row["method"], "gpu": card, "gpus": int(row["gpus"]), "batch_per_gpu": 2,
            "sequence_tokens": int(row["sequence_tokens"]), "compiled": words != "not compiled",
            "checkpointing": recomputed or (row["model"] == "llama-3-2-3b" and words not in order[:3])}


def test_measured_gpus_are_those_of_the_rows_that_are_not_doubtful() -> None:
    rows = FACTS.rows("training-measured").values()
    assert tuning_speed.measured_gpus(FACTS) == {"a100-80gb-sxm", "rtx-4090"}
    assert {row["gpu"] for row in rows} - tuning_speed.measured_gpus(FACTS) == {"rtx-a6000"}
    used = {gpu: tuning_speed.share_of_peak(CALCULATOR.read({"gpu": gpu}, FACTS), FACTS, CONSTANTS)[1]
            for gpu in ("a100-80gb-sxm", "rtx-4090", "rtx-a6000", "h100-sxm")}
    assert list(used.values()) == ["measured", "measured", "other", "other"]


def test_the_share_of_the_peak_is_that_of_the_measured_rows() -> None:
    """tokens/s x FLOPs per token / peak, of the rows of these two GPUs with compiled layers: ends, median, highest but one."""
    shares = []
    for row in FACTS.rows("training-measured").values():
        inputs = CALCULATOR.read(settings_of(row), FACTS)
        a = architecture.of(FACTS, inputs.model)
        flops = tuning_speed.work_of(inputs, a, job_of(inputs, a, CONSTANTS), 1).flops / tokens_at_once(inputs)
        peak = float(FACTS[f"gpus.{inputs.gpu}.bf16_tflops"].value) * 1e12 * float(row["gpus"])
        if not row.get("doubtful") and inputs.compiled:
            shares.append(float(row["tokens_per_second"]) * flops / peak)
    shares.sort()
    assert len(shares) == 14
    assert CONSTANTS.of["speed.measured-low"] == pytest.approx(shares[0], abs=0.005)
    assert CONSTANTS.of["speed.measured"] == pytest.approx((shares[6] + shares[7]) / 2, abs=0.01)
    assert CONSTANTS.of["speed.measured-high"] == pytest.approx(shares[-2], abs=0.005)


def test_the_spread_of_memory_is_that_of_the_measured_rows() -> None:
    """Measured less exact, over estimated: all rows without offloading but the lowest lie within the low and the high end."""
    ratios = []
    for row in PUBLISHED:
        if row["kind"] == "measured" and "torchtune" in row["id"] and "main memory" not in row["source"]:
            inputs = CALCULATOR.read(row["inputs"], FACTS)
            job = job_of(inputs, architecture.of(FACTS, inputs.model), CONSTANTS)
            parts = training.parts_per_gpu(job, tokens_at_once(inputs), inputs.gpus or 1, inputs.sharding)
            ratios.append((row["published"] * GIB - parts.exact) / parts.estimated)
    ratios.sort()
    assert len(ratios) == 11
    low, high = CONSTANTS.of["working.spread-low"], CONSTANTS.of["working.spread-high"]
    assert all(low <= ratio <= high for ratio in ratios[1:]), ratios
    assert ratios[5] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("model", ALL)
def test_matrices_are_those_that_the_architecture_counts(model: str) -> None:
    """Without routers, indexers and convolutions, which get no adapter: 97 % at the least, and never more than there are."""
    a = architecture.of(FACTS, model)
    count = parameter_count.parameters(a)
    listed = sum(m.inputs * m.outputs * m.copies for m in training.matrices(a))
    there = count.attention + count.linear + count.mlp + count.experts
    assert 0.97 * there <= listed <= there * (1 + 1e-12), listed / there


def memory(**given_inputs: Any) -> float:
    inputs: Inputs = CALCULATOR.read(given_inputs, FACTS)
    job = job_of(inputs, architecture.of(FACTS, inputs.model), CONSTANTS)
    total = peak_of(job, tokens_at_once(inputs), inputs.gpus or 1, inputs.sharding, CONSTANTS).total
    assert total.low <= total.central <= total.high
    return total.high


ANY = st.fixed_dictionaries({
    "model": st.sampled_from(ALL), "method": st.sampled_from(list(fine_tuning.METHODS)),
    "objective": st.sampled_from(list(fine_tuning.OBJECTIVES)), "sequence_tokens": st.integers(1, 65536),
    "batch_per_gpu": st.integers(1, 16), "rank": st.integers(1, 64), "matrices": st.sampled_from(list(fine_tuning.MATRICES)),
    "optimiser": st.sampled_from(list(fine_tuning.OPTIMISERS)), "checkpointing": st.booleans(),
    "loss_in_pieces": st.booleans(), "compiled": st.booleans(), "accumulate": st.booleans(),
    "sharding": st.sampled_from(list(fine_tuning.SHARDING)), "gpus": st.integers(1, 512),
})
SLACK = 1 + 1e-12


@settings(max_examples=300, deadline=None)
@given(case=ANY, more=st.integers(1, 512))
def test_more_gpus_never_hold_more_each(case: dict[str, Any], more: int) -> None:
    assert memory(**case | {"gpus": case["gpus"] + more}) <= memory(**case) * SLACK


@settings(max_examples=300, deadline=None)
@given(case=ANY)
def test_dealing_out_more_never_takes_more(case: dict[str, Any]) -> None:
    """To gather takes room of its own, but no more than dealing out saves."""
    found = [memory(**case | {"sharding": sharding}) for sharding in fine_tuning.SHARDING]
    assert all(after <= before * SLACK for before, after in itertools.pairwise(found))


@settings(max_examples=300, deadline=None)
@given(case=ANY)
def test_recomputing_never_takes_more(case: dict[str, Any]) -> None:
    assert memory(**case | {"checkpointing": True}) <= memory(**case | {"checkpointing": False}) * SLACK


@settings(max_examples=300, deadline=None)
@given(case=ANY, longer=st.integers(1, 65536))
def test_longer_examples_never_take_less(case: dict[str, Any], longer: int) -> None:
    assert memory(**case | {"sequence_tokens": case["sequence_tokens"] + longer}) >= memory(**case) / SLACK


@settings(max_examples=200, deadline=None)
@given(case=ANY, model=st.sampled_from(DENSE), rank=st.integers(1, 32))
def test_qlora_takes_no_more_than_lora_and_lora_no_more_than_full(case: dict[str, Any], model: str, rank: int) -> None:
    # Over hundreds of GPUs what full tuning deals out is less on each than an adapter that all of them keep.
    case |= {"model": model, "rank": rank, "optimiser": "adam-32", "accumulate": True, "gpus": min(case["gpus"], 8)}
    found = [memory(**case | {"method": method}) for method in ("qlora", "lora", "full")]
    assert found[0] <= found[1] * SLACK
    assert found[1] <= found[2] * SLACK


@settings(max_examples=100, deadline=None)
@given(case=ANY)
def test_the_gpus_needed_are_the_first_that_fit(case: dict[str, Any]) -> None:
    inputs = CALCULATOR.read(case, FACTS)
    job, room = job_of(inputs, architecture.of(FACTS, inputs.model), CONSTANTS), 79.65 * GIB
    found = tuning_run.gpus_needed(job, tokens_at_once(inputs), inputs.sharding, room, CONSTANTS)
    tried = training.GPU_COUNTS if inputs.sharding != "none" else training.GPU_COUNTS[:1]
    first = next((n for n in tried if memory(**case | {"gpus": n}) <= room), None)
    assert found == first


def test_the_file_of_constants_is_read_whole() -> None:
    assert set(CONSTANTS.of) == {key.partition(".")[2] for key in FACTS.keys("training-memory")}
    assert isinstance(architecture.of(FACTS, "llama-3-1-8b"), Architecture)
