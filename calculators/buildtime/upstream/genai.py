"""genai-prices: the labs' prices with their history. Its data is a Python module in the wheel, read as a syntax tree."""

import ast
import datetime
from collections.abc import Iterator
from typing import Any

from calculators.buildtime.upstream import UpstreamError
from calculators.buildtime.upstream.coverage import HOSTS, identify
from calculators.buildtime.upstream.offers import Columns, Offer, money, sound
from calculators.buildtime.upstream.wheels import Wheel

NAME = "genai-prices"
MEMBER = "genai_prices/data.py"
Node = dict[str, Any]


def offers(wheel: Wheel) -> list[Offer]:
    """Every offer of the coverage. Raises UpstreamError if the wheel does not hold what it should."""
    by_provider = {provider["id"]: provider for provider in _providers(wheel.read(MEMBER))}
    found = []
    for host_id, host in HOSTS.items():
        if host.genai and host.genai in by_provider:
            found += list(_host_offers(host_id, by_provider[host.genai], wheel.released))
    if not found:
        raise UpstreamError(f"{wheel.path.name}: {MEMBER} holds no price of a host that is covered.")
    return found


def _providers(source: bytes) -> list[Node]:
    """The list of providers: calls become mappings, and nothing in the module is run."""
    try:
        tree = ast.parse(source)
        value = next(node.value for node in tree.body if isinstance(node, ast.AnnAssign)
                     and isinstance(node.target, ast.Name) and node.target.id == "providers" and node.value)
        providers = _plain(value)
    except (SyntaxError, StopIteration, ValueError) as error:
        raise UpstreamError(f"{NAME}: {MEMBER} is not the module of data it was: {error or 'no providers'}.") from None
    if not isinstance(providers, list) or not all(isinstance(p, dict) and "id" in p for p in providers):
        raise UpstreamError(f"{NAME}: {MEMBER} is not the module of data it was.")
    return providers


def _plain(node: ast.expr) -> Any:
    """A literal, or a call of a data class as a mapping with its name under "". Raises ValueError for anything else."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_plain(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            return {_plain(k): _plain(v) for k, v in zip(keys, values, strict=True) if k}
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=text)]):
            return float(str(text))
        case ast.Call(func=ast.Attribute(attr="date"), args=parts):
            return datetime.date(*(_plain(part) for part in parts))
        case ast.Call(func=ast.Attribute(attr="time"), args=parts):
            return datetime.time(*(_plain(part) for part in parts))
        case ast.Call(func=ast.Name(id=name), keywords=keywords, args=[]):
            return {"": name, **{k.arg: _plain(k.value) for k in keywords if k.arg}}
    raise ValueError(f"line {node.lineno}: unexpected {type(node).__name__}")


def _host_offers(host_id: str, provider: Node, day: datetime.date) -> Iterator[Offer]:
    for info in provider.get("models", []):
        model = identify(host_id, info["id"])
        if model is None:
            continue
        history = _history(info, day)
        if history and all(sound(prices) for _, prices in history):
            limits: Columns = {"context_tokens": info["context_window"]} if info.get("context_window") else {}
            key = f"{provider['id']}/{info['id']}"
            yield Offer("genai", NAME, host_id, key, model, history, limits)


def _history(info: Node, day: datetime.date) -> list[tuple[datetime.date | None, Columns]]:
    """Prices by the day they start. A price by time of day goes into the one in force, whose plain columns are off-peak."""
    entries = info.get("prices") or []
    if isinstance(entries, dict):
        entries = [{"prices": entries}]
    dated: dict[datetime.date | None, Columns] = {}
    windows: list[str] = []
    peak: Columns = {}
    for entry in entries:
        constraint = entry.get("constraint") or {"": ""}
        prices = _columns(entry["prices"])
        if constraint[""] == "TimeOfDateConstraint":
            windows.append(f"{constraint['start_time']:%H:%M}-{constraint['end_time']:%H:%M}")
            peak = prices
        else:
            dated[constraint.get("start_date")] = prices
    history = sorted(dated.items(), key=lambda item: item[0] or datetime.date.min)
    current = max((i for i, (start, _) in enumerate(history) if start is None or start <= day), default=0)
    for index, (start, prices) in enumerate(history):
        if index >= current:
            prices |= _batch(info, max(start or day, day))
            if peak:
                prices |= {"peak": f"{' and '.join(windows)} UTC"}
                prices |= {f"peak_{name}": peak[name] for name in ("input", "output", "cached_input") if name in peak}
    return history


def _batch(info: Node, day: datetime.date) -> Columns:
    """Batch prices in force on a day."""
    variants = [v for v in info.get("price_variants") or [] if v.get("when") == {"processing": "batch"}]
    starts = [((v.get("constraint") or {}).get("start_date") or datetime.date.min, v) for v in variants]
    known = sorted((pair for pair in starts if pair[0] <= day), key=lambda pair: pair[0])
    prices = _columns(known[-1][1]["prices"]) if known else {}
    return {f"batch_{name}": prices[name] for name in ("input", "output") if name in prices}


def _columns(prices: Node) -> Columns:
    columns: Columns = {}
    for column, field in (("input", "input_mtok"), ("output", "output_mtok"), ("cached_input", "cache_read_mtok"),
                          ("cache_write", "cache_write_mtok")):
        price = prices.get(field)
        if isinstance(price, dict):
            columns[column] = money(float(price["base"]))
            for prefix, tier in zip(("tier", "tier_2"), sorted(price["tiers"], key=lambda t: float(t["start"])), strict=False):
                columns[f"{prefix}_above_tokens"] = int(tier["start"])
                if column != "cache_write":
                    columns[f"{prefix}_{column}"] = money(float(tier["price"]))
        elif isinstance(price, float | int):
            columns[column] = money(float(price))
    return columns
