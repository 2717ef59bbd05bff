"""The time that calculators add to a build of the site."""

import re
import shutil
from pathlib import Path

from calculators.buildtime import DOCS, PROJECT
from calculators.buildtime.bench.figures import Measure, spread
from calculators.buildtime.bench.site import build

BUILDS = 3


def builds(work: Path) -> Measure:
    """mkdocs build with a warm cache, against the same pages without their calculators; in turn."""
    plain = work / "plain"
    shutil.copytree(DOCS, plain / "docs", ignore=shutil.ignore_patterns("runtime"))
    for page in (plain / "docs").rglob("*.md"):
        page.write_text(re.sub(r"```calculator\n.*?\n```\n", "", page.read_text("utf-8"), flags=re.DOTALL), "utf-8")
    config = plain / "mkdocs.yml"
    config.write_text(f"INHERIT: {PROJECT / 'mkdocs.yml'}\ndocs_dir: {plain / 'docs'}\nhooks: []\nwatch: []\n"
                      f"theme: {{custom_dir: {plain / 'docs' / 'overrides'}}}\n", "utf-8")
    pairs = [(build(PROJECT / "mkdocs.yml", work / "with"), build(config, work / "without")) for _ in range(BUILDS)]
    return spread("build_ratio", "ratio", [ours / without for ours, without in pairs])
