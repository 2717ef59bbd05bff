// Runs the target's own Python (Pyodide under Node), because bytecode belongs to one version of Python.
//   node compile.mjs compile PYODIDE SITE_PACKAGES ARCHIVE.zip...   every .py in them becomes .pyc, in place
//   node compile.mjs trace PYODIDE STDLIB.zip PACKAGE.zip FACTS     prints which library modules a visit imports
import { pathToFileURL } from "node:url";
import { dirname, basename, join } from "node:path";

const [mode, core, ...rest] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(core, "pyodide.mjs")));
const stdLibURL = mode === "trace" ? rest[0] : join(core, "python_stdlib.zip");
const python = await loadPyodide({
  indexURL: core,
  stdLibURL,
  // -OO leaves out docstrings, which nobody reads in a browser; the epoch makes the same bytes every time.
  args: mode === "compile" ? ["-OO"] : [],
  env: { HOME: "/home/pyodide", SOURCE_DATE_EPOCH: "315532800" },
  stdout: (line) => process.stderr.write(line + "\n"),
});

if (mode === "compile") {
  const [sitePackages, ...archives] = rest;
  python.mountNodeFS("/site-packages", sitePackages);
  python.mountNodeFS("/archives", dirname(archives[0]));
  python.globals.set("names", archives.map((path) => basename(path)).join("\n"));
  python.runPython(`
import sys
from pathlib import Path
sys.path.append("/site-packages")
from pyodide_build._py_compile import _py_compile_archive
for name in names.splitlines():
    # Stored, not deflated: the wire compresses better than the archive does.
    _py_compile_archive(Path("/archives") / name, keep=False, verbose=False, compression_level=0)
`);
} else {
  python.mountNodeFS("/package", dirname(rest[1]));
  python.mountNodeFS("/facts", rest[2]);
  python.globals.set("archive", "/package/" + basename(rest[1]));
  const used = python.runPython(`
import sys
sys.path.insert(0, archive)
import json
from calculators import SLUGS, get
import os  # which Python has imported by itself: what is imported here for the trace alone would be packed too
from calculators.kit import browser
for name in os.listdir("/facts"):
    if name.startswith("facts-"):
        with open("/facts/" + name) as file:
            browser.hold(name.removeprefix("facts-").removesuffix(".json"), file.read())
for slug in SLUGS:
    for start in get(slug).starts():
        browser.answer(json.dumps({"slug": slug, "as_of": "9999-01-01", "fields": start, "more": {"kept": [start]}}))
    for fields in ({}, {"monthly_tokens": "nonsense"}, {"unknown": "1"}):
        for link in (False, True):
            browser.answer(json.dumps({"slug": slug, "as_of": "9999-01-01", "fields": fields, "link": link}))
files = [getattr(m, "__file__", None) or "" for m in list(sys.modules.values())]
json.dumps(sorted({f.split("python314.zip/", 1)[1] for f in files if "python314.zip/" in f}))
`);
  process.stdout.write(used);
}
process.exit(0);
