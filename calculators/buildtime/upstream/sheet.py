"""A table of data/ as text: rows, versions and sources are added, and every other byte stays as it is."""

import datetime
import json
import re
from typing import Any

import yaml

from calculators.buildtime.upstream import UpstreamError

Version = dict[str, Any]
Groups = tuple[tuple[str, ...], ...]
WIDTH = 118
_BARE = ("from", "recorded", "source", "also")
_GROUPS: Groups = (_BARE, ("model", "model_id", "host", "vendor", "access"),
           ("input", "output", "cached_input", "cache_write", "batch_input", "batch_output"),
           ("tier_above_tokens", "tier_input", "tier_output", "tier_cached_input",
            "tier_2_above_tokens", "tier_2_input", "tier_2_output", "tier_2_cached_input"),
           ("peak", "peak_input", "peak_output", "peak_cached_input"),
           ("context_tokens", "max_output_tokens", "status", "retires", "genai", "litellm"), ("note",))


class Sheet:
    """The file's text, and what it says. `groups`: its columns, those that belong on one line together.

    Raises UpstreamError if it is not laid out as it should be.
    """

    def __init__(self, text: str, groups: Groups = _GROUPS, name: str = "prices.yaml") -> None:
        self.groups, self.name = groups, name
        self.lines = text.splitlines(keepends=True)
        content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        self.rows: dict[str, list[Version]] = content["table"]["rows"] or {}
        self.sources: dict[str, Any] = content["sources"] or {}
        single = [row_id for row_id, versions in self.rows.items() if not isinstance(versions, list)]
        if single or "  rows:" not in text:
            raise UpstreamError(f"{name}: each row must be a list of versions ({', '.join(single)} is not).")

    def text(self) -> str:
        """The whole file."""
        return "".join(self.lines)

    def add_source(self, source_id: str, fields: dict[str, Any], comment: str) -> None:
        """A source, after those that are there. Does nothing if it is there already."""
        if source_id in self.sources:
            return
        self.sources[source_id] = fields
        block = [f"  {source_id}:\n", f"    # {comment}\n"]
        block += [f"    {name}: {_shown(name, value)}\n" for name, value in fields.items()]
        at = self._opened("sources:", 0)
        self.lines[self._end(at, 0):self._end(at, 0)] = block

    def add_row(self, row_id: str, versions: list[Version]) -> None:
        """A row, after the last one of the same host; a host's first row at the end."""
        self.rows[row_id] = versions
        first = self._opened("  rows:", 2)
        starts = self._starts(first)
        mine = [i for i, known in starts if known.split("-")[0] == row_id.split("-")[0]]
        at = self._end(mine[-1], 4) if mine else self._end(first, 2)
        self.lines[at:at] = [f"    {row_id}:\n", *(line for version in versions for line in written(version, self.groups))]

    def add_version(self, row_id: str, version: Version) -> None:
        """A version of a row, after those that start no later."""
        versions = self.rows[row_id]
        place = sum(known["from"] <= version["from"] for known in versions)
        start = next(i for i, known in self._starts(self._opened("  rows:", 2)) if known == row_id)
        end = self._end(start, 4)
        begun = [i for i in range(start + 1, end) if self.lines[i].startswith("      - ")]
        if len(begun) != len(versions):
            raise UpstreamError(f"{self.name}: {row_id}: each version must begin with '      - '.")
        at = begun[place] if place < len(begun) else end
        versions.insert(place, version)
        self.lines[at:at] = written(version, self.groups)

    def _opened(self, key: str, indent: int) -> int:
        """The line after a key whose mapping is, or will be, a block."""
        at = next(i for i, line in enumerate(self.lines) if re.fullmatch(rf"{key}( \{{\}})?\s*(#.*)?\n", line))
        if "{}" in self.lines[at]:
            self.lines[at] = f"{key}\n"
        return at

    def _starts(self, first: int) -> list[tuple[int, str]]:
        """Where each row begins."""
        return [(i, match[1]) for i in range(first + 1, self._end(first, 2))
                if (match := re.match(r"    ([a-z0-9-]+):", self.lines[i]))]

    def _end(self, start: int, indent: int) -> int:
        """Behind the last line of the block that begins at `start`: comments before the next key belong to that one."""
        end = at = start + 1
        while at < len(self.lines):
            line = self.lines[at]
            depth = len(line) - len(line.lstrip())
            if line.strip() and not line.lstrip().startswith("#") and depth <= indent:
                break
            if line.strip() and depth > indent:
                end = at + 1
            at += 1
        return end


def written(version: Version, groups: Groups = _GROUPS) -> list[str]:
    """A version in YAML, in the order of the table: on one line if it fits, else by groups."""
    items = [[f"{name}: {_shown(name, version[name])}" for name in group if name in version] for group in groups]
    whole = f"      - {{{', '.join(item for group in items for item in group)}}}\n"
    if len(whole) <= WIDTH:
        return [whole]
    lines: list[str] = []
    for group in items:
        line = ""
        for item in group:
            if line and len(line) + len(item) + 13 > WIDTH:
                lines.append(line)
                line = ""
            line += f"{item}, "
        lines += [line] if line else []
    text = [f"         {line.rstrip()}\n" for line in lines]
    text[0] = "      - {" + text[0].lstrip()
    text[-1] = text[-1].rstrip(",\n") + "}\n"
    return text


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else f"{value:.10f}".rstrip("0")
    return value if name in (*_BARE, "url", "via", "version", "package") else json.dumps(value, ensure_ascii=False)
