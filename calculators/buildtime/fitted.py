"""The command fit: factors and errors of the serving model from the measured rows of data/, written to data/."""

import argparse
import datetime
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from calculators.buildtime import DATA, accuracy, data, measured
from calculators.buildtime.accuracy import Compared
from calculators.buildtime.fit import predict
from calculators.buildtime.fit.factors import fit
from calculators.buildtime.fit.left_out import LeftOut, folds, left_out
from calculators.buildtime.fit.predict import Factors, Point
from calculators.buildtime.fit.ranges import spans, tails
from calculators.buildtime.fit.tested import Tested, left_out_with_ranges, with_ranges
from calculators.formulas.throughput import LOADS, MODES, STEM, cell_key, family_name, key_of, quantile, read_fitted, spread
from calculators.kit.chart import Scatter
from calculators.kit.export import SCHEMA
from calculators.kit.facts import Facts
from calculators.kit.units import Range

ERRORS = "serving-errors"
COMPARED = "serving-compared"
PARTS = {"low": "a tenth waited less", "central": "half waited less", "high": "a tenth waited more"}
KINDS = {"size": "size", "gpu": "GPU", "mode": "load", "architecture": "architecture", "source": "source"}
FEWEST = 8  # rows that a line of errors needs
AGREE = 2e-3  # how far factors that are worked out anew may differ: other machines round otherwise
PAGE = "about/accuracy.md"

LABELS = {
    "bandwidth": ("Share of peak bandwidth that reading weights reaches", "ratio"),
    "cache": ("Share of peak bandwidth that reading the cache reaches", "ratio"),
    "experts": ("The same share for routed experts, relative to other weights", "ratio"),
    "compute": ("Share of peak compute that prompts reach in matrices", "ratio"),
    "attention": ("Share of peak 16-bit compute that attention reaches", "ratio"),
    "step-compute": ("Compute of a step, relative to that of prompts", "ratio"),
    "layer-us": ("Fixed time per layer and step", "us"),
    "expert-layer-us": ("Further fixed time per layer with experts and step", "us"),
    "step-us": ("Fixed time per step", "us"),
    "request-us": ("Time per request in flight and step", "us"),
    "offline-requests": ("Mean requests in flight of a batch of about a hundred that drains", "count"),
    "first-ms": ("Fixed time before the first token", "ms"),
    "first-spread-ms": ("The same, further, on several GPUs", "ms"),
}
GROUPS = {
    "common": "Common to all",
    "bandwidth": "Bandwidth, by GPU family, relative to the common share",
    "compute": "Compute, by GPU family or format of weights, relative to the common share",
    "overhead": "Fixed times, by engine and generation, relative to the common ones",
    "request": "Time per request, by engine and generation, relative to the common one",
    "link": "Share of the link's speed that reductions reach",
    "link-us": "Fixed time of the reductions per layer and step",
    "range": "Measured over predicted: a tenth of the rows left out lies below the low, a tenth above the high; those of a "
             "GPU or a family of GPUs widen the others",
    "waiting": "Time to first token under load over its prediction without: the lowest tenth, the middle, the highest tenth",
    "fit": "What it was fitted to",
}


class Result:
    """A fit with everything that is said about it."""

    def __init__(self, rows: Sequence[dict[str, str]], facts: Facts) -> None:
        names = measured.Names(facts)
        self.gpu_names = {row_id: str(row["name"]) for row_id, row in facts.rows("gpus").items()}
        rules = predict.rules(facts)
        self.points = [predict.point(measured.as_row(cells, names), rules) for cells in rows]
        self.factors = fit(self.points)
        tested = left_out(self.points, self.factors, folds(self.points))
        by_family = left_out(self.points, self.factors, family_of)
        by_source = left_out(self.points, self.factors, source_of)
        self.spans = spans(tested, by_family, by_source) | {
            "first": tails([-one.first for one in tested if one.first is not None] or [0.0]),
        }
        self.compared = _compared(with_ranges(tested, by_family, by_source, self.points))
        self.firsts = [_first(one, self.spans["first"]) for one in tested if one.first is not None]
        others = (by_family, by_source)
        self.left_out = {
            "gpu": _parts(left_out_with_ranges(by_family, family_of, *others, self.spans), family_of),
            "source": _parts(left_out_with_ranges(by_source, source_of, *others, {}), source_of)}
        alone = _parts(left_out_with_ranges(by_family, family_of, *others, {}), family_of)
        self.thin = {name: found for name, found in alone.items() if f"family-{name}" in self.spans}
        self.waiting = waiting(self.points, self.factors)

    def _words(self, kind: str, name: str) -> str:
        """What a group is called in the table."""
        words = {"gpu": self.gpu_names, "mode": MODES, "architecture": {"moe": "mixture of experts"}}.get(kind, {})
        return words.get(name, name)

    def compared_by_configuration(self) -> dict[str, dict[str, Any]]:
        """By configuration and mode, the geometric means of what was measured and predicted, by row id."""
        found: dict[tuple[object, ...], list[Compared]] = {}
        for one in self.compared:
            found.setdefault((*one.row.configuration, one.row.mode, one.row.per_user), []).append(one)
        lines: dict[str, dict[str, Any]] = {}
        for rows in found.values():
            row = rows[0].row
            line_id = key_of(f"{row.model} {row.setup.gpus} {row.gpu_id} {row.setup.engine} {row.setup.weights.key} {row.mode}")
            while line_id in lines:
                line_id += "-b"
            lines[line_id] = {
                "model": row.model, "gpu": row.gpu_id, "gpus": row.setup.gpus, "engine": row.setup.engine,
                "weights": row.setup.weights.key, "mode": row.mode, "rows_tested": len(rows),
                "measured_tokens_per_s": rounded(mean(one.measured for one in rows)),
                "predicted_tokens_per_s": rounded(mean(one.predicted.central for one in rows))}
        return lines

    def as_dict(self, as_of: str) -> dict[str, Any]:
        """As the contract of the command line has it."""
        return {"schema": SCHEMA, "as_of": as_of, "rows": len(self.points),
                "factors": {name: rounded(value) for name, value in self.factors.items()},
                "cross_validated": accuracy.stats(self.compared), "leave_out": self.left_out}

    def figures(self) -> dict[str, tuple[str, str, float | str]]:
        """What is written to data/: label, unit and value by key."""
        found: dict[str, tuple[str, str, float | str]] = {}
        for name, value in self.factors.items():
            key = name if "." in name else f"common.{name}"
            group, _, one = key.partition(".")
            found[key] = (*LABELS[one], rounded(value)) if group == "common" else _own(group, one, rounded(value))
        for name, (low, high) in self.spans.items():
            label = self._range_label(name)
            found[f"range.{name}-low"] = (f"Range, {label}, low", "ratio", rounded(low))
            found[f"range.{name}-high"] = (f"Range, {label}, high", "ratio", rounded(high))
        for name, value in self.waiting.items():
            load, _, part = name.rpartition("-")
            label = f"{load.replace('-', ' ')[:1].upper()}{load.replace('-', ' ')[1:]} requests at once, {PARTS[part]}"
            found[f"waiting.{name}"] = (label, "ratio", rounded(value))
        configurations = len({point.row.configuration for point in self.points})
        found["fit.rows"] = ("Measured rows", "count", len(self.points))
        found["fit.configurations"] = ("Configurations", "count", configurations)
        return found

    def _range_label(self, name: str) -> str:
        """What a range is for, in words."""
        kind, _, of = name.partition("-")
        words = {"unseen": "nothing alike measured", "first": "time to first token, one request alone"} | MODES | {
            "family": f"GPUs of the family {family_name(of)}", "gpu": self.gpu_names.get(of, of)}
        models = {"dense": ", dense models", "moe": ", mixtures of experts"}.get(of, "") if kind in MODES else ""
        return words[kind] + models

    def errors(self) -> dict[str, dict[str, Any]]:
        """The table of errors on rows left out, by row id."""
        lines = {"all": ("all", "all rows", accuracy.stats(self.compared))}
        for kind, groups in accuracy.grouped(self.compared).items():
            lines |= {f"{kind}-{key_of(name)}": (KINDS[kind], self._words(kind, name), found)
                      for name, found in groups.items() if found["n"]}
        for (size, family, mode), found in _cells(self.compared).items():
            name = ", ".join(part for part in (size, family_name(family), MODES[mode]) if part)
            lines[cell_key(size, family, mode)] = ("size, GPU family, mode", name, found)
        for kind, parts in self.left_out.items():
            for name, found in parts.items():
                words = family_name(name) if kind == "gpu" else name
                lines[f"left-out-{kind}-{key_of(name)}"] = (f"left out: {KINDS[kind]}", words, found)
        for name, found in self.thin.items():
            words = f"{family_name(name)}, in the range of the others alone"
            lines[f"left-out-gpu-{key_of(name)}-alone"] = (f"left out: {KINDS['gpu']}", words, found)
        lines["first"] = ("time to first token", "one request alone", accuracy.stats(self.firsts))
        return {line_id: _line(kind, name, found) for line_id, (kind, name, found) in lines.items()}


def family_of(point: Point) -> str:
    """The family of a row's GPU."""
    return point.row.gpu.family


def source_of(point: Point) -> str:
    """Where a row was read."""
    return point.row.source


def _compared(tested: Iterable[Tested]) -> list[Compared]:
    return [Compared(one.point.row, one.point.row.measured, Range(one.low, one.predicted, one.high)) for one in tested]


def _parts(tested: Iterable[Tested], part: Callable[[Point], str]) -> dict[str, Any]:
    """The errors of each part that was left out."""
    found: dict[str, list[Tested]] = {}
    for one in tested:
        found.setdefault(part(one.point), []).append(one)
    return {name: accuracy.stats(_compared(rows)) for name, rows in sorted(found.items())}


def _first(one: LeftOut, span: tuple[float, float]) -> Compared:
    measured_ms = one.point.row.first_ms or math.nan
    return Compared(one.point.row, measured_ms, spread(measured_ms * math.exp(one.first or 0), span))


def _own(group: str, name: str, value: float) -> tuple[str, str, float]:
    return f"{GROUPS[group].partition(',')[0]}, {name}", "us" if group.endswith("-us") else "ratio", value


def _cells(compared: Sequence[Compared]) -> dict[tuple[str, str, str], Any]:
    """Errors by size, GPU family and mode, and by size and mode, where there are enough rows."""
    found: dict[tuple[str, str, str], list[Compared]] = {}
    for one in compared:
        for family in ("", one.row.gpu.family):
            found.setdefault((accuracy.size_of(one.row), family, one.row.mode), []).append(one)
    return {name: accuracy.stats(rows) for name, rows in sorted(found.items()) if len(rows) >= FEWEST}


def _line(kind: str, name: str, found: dict[str, Any]) -> dict[str, Any]:
    def percent(key: str) -> float:
        return round(100 * float(found[key]), 1)

    return {"kind": kind, "name": name, "rows_tested": found["n"], "half_percent": percent("median_ape"),
            "nine_in_ten_percent": percent("p90_ape"), "bias_percent": percent("bias"),
            "within_25_percent": percent("within_25"), "within_50_percent": percent("within_50"),
            "in_range_percent": percent("coverage_80"), "width": round(found["width_80"], 2)}


def waiting(points: Iterable[Point], factors: Factors) -> dict[str, float]:
    """Measured time to first token under load over its prediction without, by how many requests were in flight."""
    ratios: dict[str, list[float]] = {}
    for point in points:
        requests, first_ms = point.row.load.requests, point.row.loaded_first_ms
        if requests and requests > 1 and first_ms:
            name = next(name for most, name in LOADS if requests <= most)
            ratios.setdefault(name, []).append(first_ms / 1000 / predict.predicted(point, factors).first_s)
    return {f"{name}-{part}": quantile(ratios[name], share) for _, name in LOADS if name in ratios
            for part, share in (("low", 0.1), ("central", 0.5), ("high", 0.9))}


def mean(values: Iterable[float]) -> float:
    """The geometric mean."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


def rounded(value: float) -> float:
    """To four significant digits."""
    return float(f"{value:.4g}")


# --- files ------------------------------------------------------------------------------------------------------------


def factors_file(figures: dict[str, tuple[str, str, float | str]], day: datetime.date, engines: str) -> str:
    """data/serving-factors.yaml. What it held before stays, under its earlier day."""
    lines = ['title: "Factors of the serving model"', "about: >-",
             "  What shares of their peaks GPUs and engines reach when they serve models, and the fixed times that they spend:",
             "  fitted to the measured rows of this folder with python -m calculators.buildtime fit, which writes this file.",
             f"  Engines in the fit: {engines}.",
             "  A factor of one GPU family, format or engine is drawn towards 1: it strays from the common one as far as the",
             "  rows ask for. Only their sum is well known; the parts of the fixed time trade off against each other.",
             *_source("Serving model: fitted factors and their errors", day), "groups:",
             *(f"  {group}: {json.dumps(title, ensure_ascii=False)}" for group, title in GROUPS.items()), "facts:"]
    before = _earlier()
    group = ""
    for key in sorted(figures, key=lambda key: list(GROUPS).index(key.partition(".")[0])):
        label, unit, value = figures[key]
        if key.partition(".")[0] != group:
            group = key.partition(".")[0]
            lines.append(f"  {group}:")
        kept = [(start, old) for start, old in before.get(key, []) if start < day]
        lines += [f"    {key.partition('.')[2]}:", f"      label: {json.dumps(label, ensure_ascii=False)}",
                  f"      unit: {unit}", "      source: fit", "      values:",
                  *(f"        {start}: {{value: {json.dumps(old)}, recorded: {start}}}" for start, old in kept)]
        if not kept or kept[-1][1] != value:
            lines.append(f"        {day}: {{value: {json.dumps(value)}, recorded: {day}}}")
    return "\n".join(lines) + "\n"


def _earlier() -> dict[str, list[tuple[datetime.date, Any]]]:
    """The values that the file holds, by key, with the day from which each does."""
    if not (DATA / f"{STEM}.yaml").is_file():
        return {}
    return {f"{group}.{name}": [(start, row.value) for start, row in fact.rows()]
            for group, named in (data.read(STEM).facts or {}).items() for name, fact in named.items()}


def errors_file(lines: dict[str, dict[str, Any]], day: datetime.date) -> str:
    """data/serving-errors.yaml: the errors of the factors of that day."""
    columns = {"kind": ("Kind", "text"), "name": ("Rows", "text"), "rows_tested": ("Tested", "count"),
               "half_percent": ("Half within", "%"), "nine_in_ten_percent": ("Nine in ten within", "%"),
               "bias_percent": ("Median error, signed", "%"), "within_25_percent": ("Within 25 %", "%"),
               "within_50_percent": ("Within 50 %", "%"), "in_range_percent": ("Measured inside the range", "%"),
               "width": ("High over low", "ratio")}
    text = ['title: "Errors of the serving model on rows left out of its fit"', "about: >-",
            "  Predicted against measured throughput. Every row is predicted by a fit that has not seen its configuration",
            "  (model, GPU, layout, engine, precision); under \"left out\" by one that has seen nothing of its GPU family or",
            "  source. The range is the one that the calculator shows, as the other rows give it. That of a family with few",
            "  configurations includes the error that it had when it was left out, and so holds nearly all of its rows; hence",
            "  a second line with the range that the other families give. Written by python -m calculators.buildtime fit.",
            *_source("Serving model: fitted factors and their errors", day), *_table(columns, lines, day)]
    return "\n".join(text) + "\n"


def compared_file(lines: dict[str, dict[str, Any]], day: datetime.date) -> str:
    """data/serving-compared.yaml: predicted against measured, by configuration."""
    columns = {"model": ("Model", "text"), "gpu": ("GPU", "text"), "gpus": ("GPUs", "GPUs"), "engine": ("Engine", "text"),
               "weights": ("Weights", "text"), "mode": ("Load", "text"), "rows_tested": ("Rows", "count"),
               "measured_tokens_per_s": ("Measured", "tokens/s"), "predicted_tokens_per_s": ("Predicted", "tokens/s")}
    text = ['title: "Predicted against measured throughput, by configuration"', "about: >-",
            "  Geometric means over the rows of a configuration and load. Each is predicted by a fit that has not seen it.",
            "  Written by python -m calculators.buildtime fit.",
            *_source("Serving model: fitted factors and their errors", day), *_table(columns, lines, day)]
    return "\n".join(text) + "\n"


def _table(columns: dict[str, tuple[str, str]], lines: dict[str, dict[str, Any]], day: datetime.date) -> list[str]:
    text = ["table:", "  columns:", *(f"    {name}: {{label: {json.dumps(label)}, unit: {json.dumps(unit)}}}"
                                      for name, (label, unit) in columns.items()), "  rows:"]
    for line_id, line in lines.items():
        cells = ", ".join(f"{name}: {json.dumps(value)}" for name, value in line.items())
        text += [f"    {line_id}:", f"      {{from: {day}, recorded: {day}, source: fit, {cells}}}"]
    return text


def picture(facts: Facts) -> Scatter:
    """Predicted against measured, a point for each configuration and load."""
    rows = facts.rows(COMPARED)
    models = {row_id: row for table in measured.MODEL_TABLES for row_id, row in facts.rows(table).items()}
    gpus, modes = facts.rows("gpus"), list(MODES)
    points = [(f"{models[str(row['model'])]['name']}, {row['gpus']} × {gpus[str(row['gpu'])]['name']}, {row['engine']}, "
               f"{row['weights']}", modes.index(str(row["mode"])), float(row["measured_tokens_per_s"]),
               float(row["predicted_tokens_per_s"])) for row in rows.values()]
    return Scatter("Predicted against measured throughput", "Measured", "Predicted", "tokens/s",
                   [words[:1].upper() + words[1:] for words in MODES.values()], points, by="Configuration")


def _source(title: str, day: datetime.date) -> list[str]:
    return ["sources:", "  fit:", "    publisher: This guide", f"    title: {json.dumps(title)}", f"    url: {PAGE}",
            "    via: page", f"    checked: {day}"]


# --- command ----------------------------------------------------------------------------------------------------------


def add(command: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    command.add_argument("--check", action="store_true")
    command.add_argument("--json", action="store_true", dest="as_json")


def command(call: argparse.Namespace) -> int:
    """Fit; write, or check that data/ holds the same; print what came out."""
    day = datetime.date.today()
    facts = data.facts()
    rows = measured.of_data()
    try:
        result = Result(rows, facts)
    except (measured.Unsupported, predict.DoesNotFit) as error:
        print(f"A measured row of data/ cannot be predicted: {error}.", file=sys.stderr)
        return 1
    different = differences(result, facts) if call.check else []
    if not call.check:
        engines = ", ".join(sorted({f"{row['engine']} {row['engine_version']}".strip() for row in rows}))
        (DATA / f"{STEM}.yaml").write_text(factors_file(result.figures(), day, engines), "utf-8")
        (DATA / f"{ERRORS}.yaml").write_text(errors_file(result.errors(), day), "utf-8")
        (DATA / f"{COMPARED}.yaml").write_text(compared_file(result.compared_by_configuration(), day), "utf-8")
        data.forget()
    print(json.dumps(result.as_dict(str(day)), allow_nan=False) if call.as_json else as_text(result))
    for line in different:
        print(line, file=sys.stderr)
    return 1 if different else 0


def differences(result: Result, facts: Facts) -> list[str]:
    """What data/ holds otherwise than the fit, as sentences."""
    factors, spans, waits = read_fitted(facts)
    held = {name if "." in name else f"common.{name}": value for name, value in factors.items()}
    held |= {f"range.{name}-{end}": value for name, pair in spans.items()
             for end, value in zip(("low", "high"), pair, strict=True)}
    held |= {f"waiting.{name}": value for name, value in waits.items()}
    new = {key: value for key, (_, _, value) in result.figures().items() if not key.startswith("fit.")}
    found = [f"{key} is in data/ and no longer fitted." for key in held if key not in new]
    for key, value in new.items():
        if key not in held or not math.isclose(held[key], float(value), rel_tol=AGREE):
            found.append(f"{key} is {held.get(key, 'not')} in data/, and {value} by the fit.")
    return found


def as_text(result: Result) -> str:
    """The same for reading."""
    lines = [f"{len(result.points)} rows.", *(f"  {name:28}{value:>10.4g}" for name, value in result.factors.items()), "",
             accuracy.HEAD, accuracy.line("left out by configuration", accuracy.stats(result.compared))]
    for kind, groups in accuracy.grouped(result.compared).items():
        if kind in ("mode", "architecture"):
            lines += [accuracy.line(f"  {name}", found) for name, found in groups.items()]
    for kind, parts in result.left_out.items():
        lines += ["", *(accuracy.line(f"without {kind} {name}", found) for name, found in parts.items())]
    return "\n".join([*lines, "", accuracy.line("time to first token", accuracy.stats(result.firsts))])
