"""LiteLLM: what hosts charge today, and the days on which models retire. One JSON file out of the wheel."""

import datetime
import json
import re
from typing import Any

from calculators.buildtime.upstream import UpstreamError
from calculators.buildtime.upstream.coverage import HOSTS, identify
from calculators.buildtime.upstream.offers import Columns, Offer, money, sound
from calculators.buildtime.upstream.wheels import Wheel

NAME = "litellm"
MEMBER = "litellm/model_prices_and_context_window_backup.json"
_COSTS = {"input": "input_cost_per_token", "output": "output_cost_per_token", "cached_input": "cache_read_input_token_cost",
          "cache_write": "cache_creation_input_token_cost", "batch_input": "input_cost_per_token_batches",
          "batch_output": "output_cost_per_token_batches"}
# Lists that were read once and not again, where the hosts publish others now; and pages that are not the host's.
_WEAK_SOURCES = ("https://nebius.com/prices", "https://fireworks.ai/pricing", "https://fireworks.ai/models/",
              "https://www.together.ai/", "https://artificialanalysis.ai/")
_DAYS = {(1, 2, 3, 4, 5): "Monday to Friday", (1, 2, 3, 4, 5, 6, 7): "daily"}


def offers(wheel: Wheel) -> list[Offer]:
    """Every offer of the coverage. Raises UpstreamError if the wheel does not hold what it should."""
    try:
        entries = json.loads(wheel.read(MEMBER))
    except ValueError as error:
        raise UpstreamError(f"{NAME}: {MEMBER} is not JSON: {error}.") from None
    if not isinstance(entries, dict):
        raise UpstreamError(f"{NAME}: {MEMBER} is not the mapping it was.")
    hosts = {provider: host_id for host_id, host in HOSTS.items() for provider in host.litellm}
    found = [offer for key, entry in entries.items() if isinstance(entry, dict)
             and entry.get("litellm_provider") in hosts and entry.get("mode") in ("chat", "responses")
             and (offer := _offer(hosts[entry["litellm_provider"]], key, entry))]
    if not found:
        raise UpstreamError(f"{wheel.path.name}: {MEMBER} holds no price of a host that is covered.")
    return found


def _offer(host_id: str, key: str, entry: dict[str, Any]) -> Offer | None:
    model = identify(host_id, key)
    prices = _columns(entry)
    if model is None or not sound(prices):
        return None
    limits: Columns = {column: int(entry[field]) for column, field in
                       (("context_tokens", "max_input_tokens"), ("max_output_tokens", "max_output_tokens"))
                       if isinstance(entry.get(field), int | float) and entry[field] > 0}
    return Offer("litellm", NAME, host_id, key, model, [(None, prices)], limits, _date(entry),
                 str(entry.get("source", "")).startswith("https:") and not entry["source"].startswith(_WEAK_SOURCES))


def _date(entry: dict[str, Any]) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(str(entry.get("deprecation_date")))
    except ValueError:
        return None


def _columns(entry: dict[str, Any]) -> Columns:
    """The columns of an entry, from USD per token to USD per million."""
    ladder = entry.get("tiered_pricing")
    if isinstance(ladder, list) and ladder and isinstance(ladder[0], dict) and "range" in ladder[0]:
        entry = entry | _ladder(ladder)
    columns: Columns = {column: money(entry[field] * 1e6) for column, field in _COSTS.items()
                        if isinstance(entry.get(field), int | float) and entry[field] > 0}
    steps = sorted({int(m[1]) for field in entry if (m := re.fullmatch(r"input_cost_per_token_above_(\d+)k_tokens", field))})
    for prefix, step in zip(("tier", "tier_2"), steps, strict=False):
        columns[f"{prefix}_above_tokens"] = step * 1000
        for column in ("input", "output", "cached_input"):
            cost = entry.get(f"{_COSTS[column]}_above_{step}k_tokens")
            if isinstance(cost, int | float) and cost > 0:
                columns[f"{prefix}_{column}"] = money(cost * 1e6)
    return _off_peak(columns, entry.get("off_peak_pricing"))


def _ladder(ladder: list[dict[str, Any]]) -> dict[str, Any]:
    """Prices by length of the prompt, given as a list of ranges, in the form of the other entries."""
    fields = dict(ladder[0])
    for step in ladder[1:]:
        above = int(step["range"][0] / 1000)
        fields |= {f"{field}_above_{above}k_tokens": step[field] for field in
                   ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost") if field in step}
    return fields


def _off_peak(columns: Columns, off_peak: Any) -> Columns:
    """LiteLLM's plain price is the peak one. Ours is the off-peak one, and the peak stands in columns of its own."""
    if not isinstance(off_peak, dict):
        return columns
    peak = {f"peak_{column}": columns[column] for column in ("input", "output", "cached_input") if column in columns}
    cheap = {column: money(off_peak[_COSTS[column]] * 1e6) for column in ("input", "output", "cached_input")
             if _COSTS[column] in off_peak}
    return columns | cheap | {"peak": _busy(off_peak.get("windows") or [])} | peak


def _busy(windows: list[dict[str, Any]]) -> str:
    """When the peak price holds, from the windows in which it does not: those that leave some of the day."""
    parts = []
    for window in windows:
        hours = window["hours_utc"] if isinstance(window["hours_utc"], list) else [window["hours_utc"]]
        spans = sorted(tuple(span.split("-")) for span in hours)
        ends = ["00:00", *(end for _, end in spans)]
        gaps = [f"{end}-{start}" for end, start in zip(ends, [start for start, _ in spans], strict=False)
                if end < start]
        if gaps:
            days = _DAYS.get(tuple(window.get("weekdays", range(1, 8))), "on some days")
            parts.append(f"{days} {' and '.join(gaps)} UTC")
    return "; ".join(parts)
