"""Python in a wheel, read and never run: its names, constants and types, as far as they are written down."""

import ast
import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from calculators.buildtime.upstream import UpstreamError
from calculators.buildtime.upstream.wheels import Wheel

UNKNOWN: Any = object()  # a value that is worked out only when the program runs
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
                                                     ast.Pow: operator.pow, ast.LShift: operator.lshift}
_SAME: dict[str, Callable[[list[Any]], list[Any]]] = {  # calls that keep what they hold
    "list": list, "tuple": list, "sorted": sorted, "set": sorted, "frozenset": sorted}
_UNIONS = ("Union", "Optional")


class Found(NamedTuple):
    """A definition, and the module whose names it uses."""

    node: ast.AST
    module: "Module"


class Hint(NamedTuple):
    """A type: the kinds that it allows (bool, int, float, str, list, dict, None, other) and the values of its literals."""

    kinds: frozenset[str]
    values: tuple[Any, ...] = ()


class Source:
    """The modules of a wheel, each parsed when it is first asked for."""

    def __init__(self, wheel: Wheel) -> None:
        self.wheel = wheel

    @functools.cached_property
    def members(self) -> frozenset[str]:
        """Every file of the wheel."""
        return frozenset(self.wheel.names())

    @functools.cache  # noqa: B019  a reader lives as long as the command
    def module(self, name: str) -> "Module | None":
        """A module by its dotted name; None if it is of another package. Raises UpstreamError."""
        base = name.replace(".", "/")
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path in self.members:
                try:
                    return Module(self, name, ast.parse(self.wheel.read(path)), path.endswith("__init__.py"))
                except (SyntaxError, ValueError) as error:
                    raise UpstreamError(f"{path} in {self.wheel.path.name} cannot be read: {error}.") from None
        return None

    def find(self, module: str, name: str) -> Found:
        """A class or function, "Class.method" too. Raises UpstreamError."""
        where, found = self.module(module), None
        outer, _, inner = name.partition(".")
        found = where.lookup(outer) if where else None
        if found and inner and isinstance(found.node, ast.ClassDef):
            method = next((n for n in found.node.body if isinstance(n, ast.FunctionDef) and n.name == inner), None)
            found = Found(method, found.module) if method else None
        if found is None:
            raise UpstreamError(f"{self.wheel.path.name} is not laid out as it was: it has no {module}.{name}. "
                                "Nothing was changed.")
        return found


class Module:
    """One parsed module."""

    def __init__(self, source: Source, name: str, tree: ast.Module, is_package: bool) -> None:
        self.source, self.name = source, name
        self.package = name if is_package else name.rpartition(".")[0]
        self.names: dict[str, ast.AST] = {}
        for node in _top(tree.body):
            for named in _defines(node):
                self.names.setdefault(named, node)

    def lookup(self, name: str) -> Found | None:
        """What a name stands for, followed through imports; None if that is not in the wheel."""
        node = self.names.get(name)
        if not isinstance(node, ast.ImportFrom):
            return Found(node, self) if node else None
        origin = next(alias.name for alias in node.names if (alias.asname or alias.name) == name)
        module = self.source.module(self._absolute(node))
        return module.lookup(origin) if module else None

    def _absolute(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self.package.split(".")
        return ".".join([*parts[:len(parts) - node.level + 1], *([node.module] if node.module else [])])

    def value(self, node: ast.AST | None) -> Any:
        """The constant that an expression stands for, or UNKNOWN."""
        match node:
            case ast.Constant():
                return node.value
            case ast.List() | ast.Tuple() | ast.Set():
                return self._all(node.elts)
            case ast.Dict(keys=[]):
                return {}
            case ast.UnaryOp(op=ast.USub()):
                inner = self.value(node.operand)
                return -inner if isinstance(inner, int | float) else UNKNOWN
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Name():
                return self._named(node.id)
            case ast.Attribute(value=ast.Name()):
                return self._attribute(_name(node.value), node.attr)
            case ast.Call():
                return self._call(node)
        return UNKNOWN

    def _all(self, nodes: list[ast.expr]) -> Any:
        parts = [self.value(node) for node in nodes]
        return UNKNOWN if any(part is UNKNOWN for part in parts) else parts

    def _arithmetic(self, node: ast.BinOp) -> Any:
        left, right, act = self.value(node.left), self.value(node.right), _OPERATORS.get(type(node.op))
        if act is None or left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        try:
            return act(left, right)
        except TypeError:
            return UNKNOWN

    def _named(self, name: str) -> Any:
        found = self.lookup(name)
        inner = getattr(found.node, "value", None) if found and isinstance(found.node, ast.Assign | ast.AnnAssign) else None
        return found.module.value(inner) if found and inner else UNKNOWN

    def _attribute(self, owner: str, name: str) -> Any:
        """The default of a class's field."""
        found = self.lookup(owner)
        if found is None or not isinstance(found.node, ast.ClassDef):
            return UNKNOWN
        held = fields(found).get(name)
        return default(held) if held else UNKNOWN

    def _call(self, node: ast.Call) -> Any:
        name = _name(node.func)
        if name == "get_args" and node.args:
            return list(self.hint(node.args[0]).values) or UNKNOWN
        if name in _SAME and len(node.args) <= 1:
            inner = self.value(node.args[0]) if node.args else []
            return _SAME[name](inner) if isinstance(inner, list) else UNKNOWN
        return UNKNOWN

    def hint(self, node: ast.AST | None) -> Hint:
        """What a type allows."""
        match node:
            case ast.Constant(value=None):
                return Hint(frozenset({"None"}))
            case ast.Constant(value=str()):
                return self.hint(ast.parse(str(node.value), mode="eval").body)
            case ast.BinOp(op=ast.BitOr()):
                return _either([self.hint(node.left), self.hint(node.right)])
            case ast.Subscript():
                return self._subscript(node)
            case ast.Name(id="bool" | "int" | "float" | "str" | "list" | "dict" | "tuple" | "set"):
                return Hint(frozenset({_container(node.id)}))
            case ast.Name():
                return self._alias(node.id)
        return Hint(frozenset({"other"}))

    def _subscript(self, node: ast.Subscript) -> Hint:
        name = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Literal":
            parts = [self.value(part) for part in inside]
            known = tuple(part for part in parts if part is not UNKNOWN)
            return Hint(frozenset(type(part).__name__ for part in known), known)
        if name in _UNIONS:
            nothing = [Hint(frozenset({"None"}))] if name == "Optional" else []
            return _either([*(self.hint(part) for part in inside), *nothing])
        if name in ("Annotated", "A"):
            return self.hint(inside[0])
        return Hint(frozenset({_container(name)}))

    def _alias(self, name: str) -> Hint:
        found = self.lookup(name)
        if found and isinstance(found.node, ast.Assign | ast.AnnAssign) and found.node.value:
            return found.module.hint(found.node.value)
        return Hint(frozenset({"other"}))


def fields(found: Found) -> dict[str, Found]:
    """The annotated fields of a class and of its bases, by name."""
    known: dict[str, Found] = {}
    if not isinstance(found.node, ast.ClassDef):
        return known
    for base in found.node.bases:
        above = found.module.lookup(_name(base))
        known |= fields(above) if above else {}
    for node in found.node.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            known[node.target.id] = Found(node, found.module)
    return known


def default(field: Found) -> Any:
    """The default of a field, through field() and Field() and their factories, or UNKNOWN."""
    node = getattr(field.node, "value", None)
    if not isinstance(node, ast.Call) or _name(node.func) not in ("field", "Field"):
        return field.module.value(node)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if node.args or "default" in given:
        return field.module.value(node.args[0] if node.args else given["default"])
    factory = given.get("default_factory")
    if isinstance(factory, ast.Lambda):
        return field.module.value(factory.body)
    empty: dict[str, Any] = {"list": [], "set": [], "dict": {}}
    return empty.get(_name(factory), UNKNOWN)


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module: those inside `if` and `try` too, in order."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _top([*node.body, *node.orelse])


def _defines(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.ClassDef() | ast.FunctionDef():
            return [node.name]
        case ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names]
    return []


def _name(node: ast.AST | None) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _either(hints: list[Hint]) -> Hint:
    return Hint(frozenset().union(*(hint.kinds for hint in hints)), tuple(value for hint in hints for value in hint.values))


def _container(name: str) -> str:
    low = name.lower()
    return "list" if low in ("list", "tuple", "set", "sequence") else "dict" if low in ("dict", "mapping") else (
        low if low in ("bool", "int", "float", "str") else "other")
