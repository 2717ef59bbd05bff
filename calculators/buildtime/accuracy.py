"""Predicted against measured throughput: the errors of the serving model on rows of a file."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from calculators.buildtime import data, measured
from calculators.buildtime.fit import predict
from calculators.buildtime.measured import Row
from calculators.formulas.parameter_count import parameters
from calculators.formulas.throughput import LARGEST, SIZES, quantile, range_of, read_fitted, size_class, spread
from calculators.kit.export import SCHEMA
from calculators.kit.units import Range

MODES = ("batch1", "low", "high", "offline")
STATS = ("n", "median_ape", "p90_ape", "bias", "within_25", "within_50", "coverage_80", "width_80")
HEAD = f"{'':32}{'rows':>6}{'half within':>13}{'9 of 10':>10}{'bias':>8}{'in range':>10}{'width':>7}"


class Compared(NamedTuple):
    """A row, its measured figure and the prediction, in the same unit."""

    row: Row
    measured: float
    predicted: Range


def stats(compared: Sequence[Compared]) -> dict[str, float | int | None]:
    """Errors as the command line's contract names them, as fractions. All but the count are None where there is no row."""
    if not compared:
        return dict.fromkeys(STATS) | {"n": 0}
    ratios = [one.predicted.central / one.measured for one in compared]
    errors = [abs(ratio - 1) for ratio in ratios]
    n = len(compared)
    covered = sum(one.predicted.low <= one.measured <= one.predicted.high for one in compared)
    return {
        "n": n,
        "median_ape": quantile(errors, 0.5),
        "p90_ape": quantile(errors, 0.9),
        "bias": quantile(ratios, 0.5) - 1,
        "within_25": sum(error <= 0.25 for error in errors) / n,
        "within_50": sum(error <= 0.5 for error in errors) / n,
        "coverage_80": covered / n,
        "width_80": quantile([one.predicted.high / one.predicted.low for one in compared], 0.5),
    }


def size_of(row: Row) -> str:
    """The class of a model's total parameters."""
    return size_class(parameters(row.architecture).total)


def architecture_of(row: Row) -> str:
    """dense or moe."""
    return "moe" if row.architecture.experts else "dense"


GROUPS: dict[str, Callable[[Row], str]] = {
    "size": size_of,
    "gpu": lambda row: row.gpu_id,
    "mode": lambda row: row.mode,
    "architecture": architecture_of,
    "source": lambda row: row.source,
}


def grouped(compared: Sequence[Compared]) -> dict[str, dict[str, Any]]:
    """The errors of each group, each kind of group in its own order."""
    found: dict[str, dict[str, Any]] = {}
    for kind, key in GROUPS.items():
        order = {"size": [*(name for _, name in SIZES), LARGEST], "mode": list(MODES), "architecture": ["dense", "moe"]}
        names = order.get(kind) or sorted({key(one.row) for one in compared})
        found[kind] = {name: stats([one for one in compared if key(one.row) == name]) for name in names
                       if kind in ("mode", "architecture") or any(key(one.row) == name for one in compared)}
    return found


def compare(given: Iterable[dict[str, str]]) -> tuple[list[Compared], list[Compared], list[tuple[str, str]]]:
    """Throughput, time to first token, and the ids of rows that cannot be predicted with the reason."""
    facts = data.facts()
    names = measured.Names(facts)
    factors, spans, _ = read_fitted(facts)
    rules = predict.rules(facts)
    speeds, firsts, refused = [], [], []
    for cells in given:
        try:
            row = measured.as_row(cells, names)
            point = predict.point(row, rules)
        except (measured.Unsupported, predict.DoesNotFit, ValueError) as error:
            refused.append((cells["id"], str(error)))
            continue
        span = range_of(row.architecture, row.gpu, row.setup.engine, row.mode, factors, spans)
        speeds.append(Compared(row, row.measured, spread(predict.tokens_per_s(point, factors), span)))
        if row.first_ms:
            first_ms = predict.predicted(point, factors).first_s * 1000
            firsts.append(Compared(row, row.first_ms, spread(first_ms, spans["first"])))
    return speeds, firsts, refused


def add(command: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    command.add_argument("file", type=Path)
    command.add_argument("--rows", action="store_true")
    command.add_argument("--json", action="store_true", dest="as_json")


def command(call: argparse.Namespace) -> int:
    """Read a file, predict its rows, print the errors."""
    try:
        given = measured.read(call.file)
    except (OSError, ValueError, measured.MissingColumn) as error:
        reason = getattr(error, "strerror", None) or str(error)
        print(f"{call.file}: {reason}.", file=sys.stderr)
        return 2
    speeds, firsts, refused = compare(given)
    result: dict[str, Any] = {
        "schema": SCHEMA,
        "rows": {"read": len(given), "used": len(speeds), "unsupported": len(refused)},
        "unsupported": [{"id": row_id, "reason": reason} for row_id, reason in refused],
        "all": stats(speeds),
        "by": grouped(speeds),
        "ttft": stats(firsts) if firsts else None,
    }
    if call.rows:
        result["predictions"] = [{"id": one.row.id, "unit": "tokens/s", "measured": one.measured, **one.predicted._asdict()}
                                 for one in speeds]
    print(json.dumps(result, allow_nan=False) if call.as_json else as_text(result))
    return 0


def as_text(result: dict[str, Any]) -> str:
    """The same for reading."""
    rows = result["rows"]
    lines = [f"{rows['read']} rows read, {rows['used']} predicted, {rows['unsupported']} not.",
             *(f"  {one['id']}: {one['reason']}" for one in result["unsupported"]),
             "", HEAD, line("all", result["all"])]
    for kind, groups in result["by"].items():
        lines += ["", f"by {kind}", *(line(f"  {name}", found) for name, found in groups.items())]
    if result["ttft"]:
        lines += ["", line("time to first token", result["ttft"])]
    for one in result.get("predictions", []):
        lines.append(f"{one['id']}: measured {one['measured']:.6g}, predicted {one['central']:.6g} "
                     f"({one['low']:.6g} to {one['high']:.6g}) {one['unit']}")
    return "\n".join(lines)


def line(name: str, found: dict[str, Any]) -> str:
    """A line under HEAD."""
    if not found["n"]:
        return f"{name:32}{0:>6}"
    return (f"{name:32}{found['n']:>6}{found['median_ape']:>12.1%} {found['p90_ape']:>9.1%} {found['bias']:>+7.1%} "
            f"{found['coverage_80']:>9.0%}{found['width_80']:>7.2f}")
