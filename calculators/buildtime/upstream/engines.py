"""The flags of serving engines, out of the source in their wheels: names, what each takes, its values and its default.

vLLM passes the fields of its configuration classes to argparse one by one; SGLang makes its flags from annotated fields.
Both add a few by hand. What is worked out only when the engine starts has no default here.
"""

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from calculators.buildtime.upstream import UpstreamError
from calculators.buildtime.upstream.source import UNKNOWN, Found, Hint, Module, Source, default, fields
from calculators.buildtime.upstream.wheels import Wheel

VLLM, SGLANG = "vllm", "sglang"
START = {VLLM: "vllm serve", SGLANG: "python -m sglang.launch_server"}
NAMES = {VLLM: "vLLM", SGLANG: "SGLang"}
TAKES = {"bool": "nothing", "int": "a whole number", "float": "a number", "list": "a list", "dict": "JSON", "str": "text"}

# What the flags are for that a reader compares between engines; the others are told by their names.
SETS = {
    VLLM: {"--tensor-parallel-size": "tensor parallel", "--pipeline-parallel-size": "other parallel",
           "--data-parallel-size": "other parallel", "--enable-expert-parallel": "other parallel",
           "--max-model-len": "context", "--quantization": "quantisation", "--kv-cache-dtype": "KV cache",
           "--gpu-memory-utilization": "memory", "--max-num-seqs": "requests at once", "--dtype": "quantisation",
           "--host": "address", "--port": "address", "--api-key": "key"},
    SGLANG: {"--model-path": "model", "--tp-size": "tensor parallel", "--pp-size": "other parallel",
             "--dp-size": "other parallel", "--ep-size": "other parallel", "--context-length": "context",
             "--quantization": "quantisation", "--load-format": "quantisation", "--dtype": "quantisation",
             "--kv-cache-dtype": "KV cache", "--mem-fraction-static": "memory", "--max-running-requests": "requests at once",
             "--host": "address", "--port": "address", "--api-key": "key"},
}


class Flag(NamedTuple):
    """One flag: its names, what it takes, the values that the source lists, its default as text ("" if not written down)."""

    names: tuple[str, ...]
    takes: str
    values: tuple[str, ...] = ()
    default: str = ""

    @property
    def name(self) -> str:
        """The first long name."""
        return next((name for name in self.names if name.startswith("--")), self.names[0])


class Terms(dict[str, Any]):
    """What argparse is told of a flag: "default", "hint" (a Hint), "values", and "action" or "kind" if given outright."""


def flags(wheel: Wheel) -> list[Flag]:
    """Every flag of an engine's server. Raises UpstreamError, naming what cannot be read."""
    read = {VLLM: _vllm, SGLANG: _sglang}[wheel.name]
    try:
        found = list(read(Source(wheel)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise UpstreamError(f"{wheel.path.name} is not laid out as it was ({type(error).__name__}: {error}). "
                            "Nothing was changed.") from None
    once = {flag.name: flag for flag in reversed(found)}  # the first of two that have one name
    missing = [name for name in SETS[wheel.name] if name not in once]
    if missing:
        raise UpstreamError(f"{wheel.path.name} is not laid out as it was: it has no {', '.join(missing)}. "
                            "Nothing was changed.")
    return [once[name] for name in sorted(once)]


def _vllm(source: Source) -> Iterator[Flag]:
    front, engine = "vllm.entrypoints.common.cli_args", "vllm.engine.arg_utils"
    yield from Registered(source.find(front, "make_arg_parser")).flags()
    for name, field in fields(source.find(front, "FrontendArgs")).items():
        yield flag([_option(name)], _terms(field))
    yield from Registered(source.find(engine, "EngineArgs.add_cli_args")).flags()
    yield from Registered(source.find(engine, "AsyncEngineArgs.add_cli_args")).flags()


def _sglang(source: Source) -> Iterator[Flag]:
    args = "sglang.srt.server_args"
    spaces = source.find(args, "_INPUT_NAMESPACES")
    for node in ast.walk(spaces.node):
        named = spaces.module.lookup(node.id) if isinstance(node, ast.Name) else None
        if named and isinstance(named.node, ast.ClassDef):
            for name, field in fields(named).items():
                yield from _annotated(name, field)
    yield from Registered(source.find(args, "ServerArgs.add_cli_args")).flags()


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _terms(field: Found) -> Terms:
    hint = field.module.hint(getattr(field.node, "annotation", None))
    return Terms(default=default(field), hint=hint, values=list(hint.values))


def _annotated(name: str, field: Found) -> Iterator[Flag]:
    """A flag from a field of the form `name: A[type, "help" or Arg(...)] = default`."""
    node = getattr(field.node, "annotation", None)
    if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Tuple):
        return
    told = node.slice.elts[1]
    given = {word.arg: word.value for word in told.keywords} if isinstance(told, ast.Call) else {}
    if field.module.value(given.get("no_cli")) is True:
        return
    terms = _terms(field)
    if "choices" in given:
        terms["values"] = _listed(field.module, given["choices"])
    if "action" in given:
        terms["kind"] = "text"
    also = field.module.value(given["aliases"]) if "aliases" in given else []
    own = field.module.value(given["cli_name"]) if "cli_name" in given else _option(name)
    yield flag([own, *also], terms)


def _listed(module: Module, node: ast.AST) -> list[Any]:
    found = module.value(node)
    return found if isinstance(found, list) else []


class Registered:
    """A function that gives flags to argparse, read line by line."""

    def __init__(self, function: Found) -> None:
        if not isinstance(function.node, ast.FunctionDef):
            raise TypeError(f"{function.module.name} has no such function")
        self.node, self.module = function.node, function.module
        self.held: dict[str, dict[str, Terms] | Terms] = {}  # what local names hold
        self.constants: dict[str, Any] = {}

    def flags(self) -> Iterator[Flag]:
        """The flags in the order of the source."""
        for node in _statements(self.node.body):
            match node:
                case ast.Assign(targets=[ast.Name() as target]):
                    self._hold(target.id, node.value)
                case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str() as key)) as target]):
                    owner = self._terms(target.value)
                    if owner is not None and key == "default":
                        owner["default"] = self.module.value(node.value)
                case ast.Expr(value=ast.Call(func=ast.Attribute(attr="remove") as func, args=[taken])):
                    self._remove(func.value, taken)
                case ast.Expr(value=ast.Call(func=ast.Attribute(attr="add_argument")) as call):
                    yield from self._argument(call)

    def _hold(self, name: str, node: ast.expr) -> None:
        match node:
            case ast.Call(func=ast.Name(id="get_kwargs"), args=[ast.Name() as of]):
                self.held[name] = self._class(of.id)
            case ast.Subscript():
                terms = self._terms(node)
                if terms is not None:
                    self.held[name] = terms
            case _:
                self.constants[name] = self.module.value(node)

    def _class(self, name: str) -> dict[str, Terms]:
        found = self.module.lookup(name)
        if found is None:
            raise KeyError(name)
        return {field: _terms(held) for field, held in fields(found).items()}

    def _terms(self, node: ast.expr) -> Terms | None:
        """What `kwargs["field"]`, `get_kwargs(Class)["field"]` or a name stands for."""
        match node:
            case ast.Name():
                found = self.held.get(node.id)
                return found if isinstance(found, Terms) else None
            case ast.Subscript(value=ast.Name() as owner, slice=ast.Constant(value=str() as key)):
                group = self.held.get(owner.id)
                return group[key] if group is not None and not isinstance(group, Terms) else None
            case ast.Subscript(value=ast.Call(func=ast.Name(id="get_kwargs"), args=[ast.Name() as of]),
                               slice=ast.Constant(value=str() as key)):
                return self._class(of.id)[key]
        return None

    def _remove(self, node: ast.expr, taken: ast.expr) -> None:
        """A value taken off: `kwargs["field"]["choices"].remove(VALUE)`."""
        terms = self._terms(node.value) if isinstance(node, ast.Subscript) else None
        value = self.module.value(taken)
        if terms is not None and value in terms["values"]:
            terms["values"].remove(value)

    def _argument(self, call: ast.Call) -> Iterator[Flag]:
        names = [str(arg.value) for arg in call.args if isinstance(arg, ast.Constant)]
        if not names or not names[0].startswith("-"):
            return
        terms = Terms(default=None, hint=Hint(frozenset({"str"})), values=[])
        for keyword in call.keywords:
            if keyword.arg is None:
                terms |= self._spread(keyword.value)
            else:
                self._told(terms, keyword.arg, keyword.value)
        yield flag(names, terms)

    def _spread(self, node: ast.expr) -> Terms:
        """What `**node` adds: the terms of a field, or a dict literal around them."""
        if not isinstance(node, ast.Dict):
            found = self._terms(node)
            if found is None:
                raise KeyError(ast.unparse(node))
            return found
        whole = Terms()
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                whole |= self._spread(value)
            else:
                self._told(whole, str(self.module.value(key)), value)
        return whole

    def _told(self, terms: Terms, word: str, node: ast.expr) -> None:
        """One keyword of add_argument."""
        if word == "default":
            terms["default"] = self.module.value(node)
        elif word == "choices":
            local = self.constants.get(node.id) if isinstance(node, ast.Name) else None
            terms["values"] = local if isinstance(local, list) else _listed(self.module, node)
        elif word == "type" and isinstance(node, ast.Name):
            terms["hint"] = self.module.hint(node)
        elif word == "action":
            action = node.value if isinstance(node, ast.Constant) else getattr(node, "attr", getattr(node, "id", ""))
            if "true" in str(action).lower() or action == "BooleanOptionalAction":
                terms["kind"] = "nothing"
                if "true" in str(action).lower() and terms["default"] is None:
                    terms["default"] = False


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements([*node.body, *node.orelse])


def flag(names: list[str], terms: Terms) -> Flag:
    """A flag from what argparse is told of it."""
    hint: Hint = terms["hint"]
    takes = terms.get("kind") or _takes(hint.kinds)
    values = () if takes == "nothing" else tuple(_text(value) for value in terms["values"] if value is not None)
    value = terms["default"]
    if takes == "nothing":
        shown = {True: "on", False: "off"}.get(value, "") if isinstance(value, bool) else ""
    else:
        shown = _text(value)
    return Flag(tuple(names), takes, values, shown)


def _takes(kinds: frozenset[str]) -> str:
    """In words what a type takes on a command line."""
    if "bool" in kinds and "str" not in kinds:
        return TAKES["bool"]
    for kind in ("list", "dict"):
        if kind in kinds:
            return TAKES[kind]
    if "float" in kinds:
        return TAKES["float"]
    if "int" in kinds and "str" not in kinds:
        return TAKES["int"]
    return "JSON" if kinds <= {"other", "None"} else TAKES["str"]


def _text(value: Any) -> str:
    """A default or a value as it is typed; "" if it is worked out at the start."""
    if value is UNKNOWN:
        return ""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value) or "empty"
    if value == {}:
        return "empty"
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"
