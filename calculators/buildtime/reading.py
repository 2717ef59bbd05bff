"""A file of data/ read: from text to a checked File."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from calculators.buildtime.problems import BadData, Problem, inside, told
from calculators.buildtime.schema import ID, File


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as written, but a key that stands twice is an error and not the last one silently.

    A day that is not in the calendar, and whatever else YAML takes for a value and Python does not, is an error with
    its line.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node. Raises yaml.constructor.ConstructorError."""
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, TypeError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping without doubles. Raises yaml.constructor.ConstructorError."""
        found: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "a key is one word", key_node.start_mark)
            if key in found:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
            found.add(key)
        return dict(super().construct_mapping(node, deep=deep))


def load(path: Path) -> File:
    """Read and check one file. Raises BadData naming file, key and reason."""
    try:
        raw = yaml.load(path.read_text("utf-8"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        raise BadData([Problem(path.name, "file", reason)]) from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise BadData([Problem(path.name, f"line {line}", str(getattr(error, "problem", error)))]) from None
    if not re.fullmatch(ID, path.stem):
        raise BadData([Problem(path.name, "name", "a file name is kebab-case")])
    try:
        file = File.model_validate(raw)
    except ValidationError as error:
        raise BadData([Problem(path.name, *problem) for problem in told(raw, error)]) from None
    problems = [Problem(path.name, key, reason) for key, reason in inside(file)]
    if problems:
        raise BadData(problems)
    return file
