"""The site as it is measured: built, with stock Pyodide beside it, on a local port."""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import calculators
from calculators.buildtime import PROJECT, pack
from calculators.buildtime.bench.progress import BenchError, say
from calculators.buildtime.serve import Site, free_port, serving

WHEEL = "calculators-0-py3-none-any.whl"
STOCK = "assets/runtime/stock"

STOCK_WORKER = f"""
import {{ loadPyodide }} from "./pyodide.mjs";
const wheel = fetch(new URL("{WHEEL}", import.meta.url)).then((response) => response.arrayBuffer());
const started = start();
const files = new Map();
const text = (name) => files.get(name) || files.set(name,
  fetch(new URL(`facts-${{name}}.json`, import.meta.url)).then((response) => response.text())).get(name);
onmessage = async ({{ data: {{ id, question, facts }} }}) => {{
  const texts = facts.map(text);
  if (!question) return;
  postMessage({{ heard: id }});
  const {{ answer, hold }} = await started;
  for (const [i, name] of facts.entries()) hold(name, await texts[i]);
  postMessage({{ id, reply: answer(question) }});
}};
async function start() {{
  const python = await loadPyodide();
  python.unpackArchive(await wheel, "wheel");
  const {{ answer, hold }} = python.pyimport("calculators.kit.browser");
  postMessage({{ stage: "calculators" }});
  return {{ answer, hold }};
}}
"""


@contextmanager
def built_site(work: Path) -> Iterator[Site]:
    """The site on a local port, with a stock copy of each calculator's page at <slug>-stock/."""
    say("building the site")
    port = free_port()
    build(PROJECT / "mkdocs.yml", work / "site", port)
    add_stock(work / "site")
    with serving(Site(work / "site", "br"), port) as site:
        for file in sorted((work / "site" / "assets" / "runtime").rglob("*.*")):
            for encoding in ("br", "gzip"):  # beforehand, so that no measured request waits for the compressor
                site.packed(file, encoding)
        yield site


def build(config: Path, target: Path, port: int = 8000) -> float:
    """Run mkdocs build; return the seconds it took. Raises BenchError."""
    environment = os.environ | {"SITE_URL": f"http://127.0.0.1:{port}/", "NO_MKDOCS_2_WARNING": "1"}
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--quiet", "-f", str(config), "-d", str(target)],
                          cwd=PROJECT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise BenchError(f"mkdocs build failed: {done.stderr.strip()[-300:]}")
    return time.perf_counter() - start


def add_stock(folder: Path) -> None:
    """Put stock Pyodide, our package as a wheel of sources, and pages that use them beside ours."""
    stock = folder / STOCK
    shutil.copytree(pack.pyodide_core(), stock)
    with zipfile.ZipFile(stock / WHEEL, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in pack.package_files():
            wheel.writestr(name, content)
        wheel.writestr("calculators-0.dist-info/METADATA", "Metadata-Version: 2.1\nName: calculators\nVersion: 0\n")
        wheel.writestr("calculators-0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    for name, content in pack.facts_files():
        (stock / name).write_bytes(content)
    (stock / "worker.mjs").write_text(STOCK_WORKER)
    for slug in calculators.SLUGS:
        page = (folder / "calculators" / slug / "index.html").read_text("utf-8")
        other = folder / "calculators" / f"{slug}-stock"
        other.mkdir()
        (other / "index.html").write_text(page.replace(pack.path(), STOCK), "utf-8")
