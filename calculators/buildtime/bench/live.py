"""Whether what Python answers in the browser is what stands in the page as it was built."""

import json
from typing import Any

from calculators.buildtime.bench.figures import Measure
from calculators.buildtime.bench.progress import BenchError
from calculators.buildtime.bench.visits import PATIENCE_MS
from calculators.buildtime.serve import Site
from calculators.kit import render

KEEP_REPLIES = """
const Plain = Worker;
window.Worker = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => data.reply && keepReply(data.reply));
  }
};"""


def identical(found: Any, site: Site, slug: str) -> Measure:
    """Whether the live result at the defaults is the built one, byte for byte: 1 if it is."""
    built = (site.folder / "calculators" / slug / "index.html").read_text("utf-8")
    context = found.new_context(base_url=site.url)
    same = 1.0 if live_html(context.new_page(), slug) in built else 0.0
    context.close()
    return Measure(f"identical_html.{slug}", same, "yes_no", same, same, 1, at_least=True)


def live_html(page: Any, slug: str) -> str:
    """What Python in the browser answers for the form as it was built: the worker's own text, before the page parses it. What
    comes a moment later stands in the place that the first reply keeps for it."""
    replies: list[dict[str, Any]] = []
    page.expose_function("keepReply", lambda text: replies.append(json.loads(text)))
    page.add_init_script(KEEP_REPLIES)
    page.goto(f"calculators/{slug}/")
    page.wait_for_selector("section.calculator[data-mounted]", state="attached")
    page.evaluate("document.querySelector('form.calculator-form').requestSubmit()")
    for _ in range(PATIENCE_MS // 100):
        if replies and len(replies) > bool(replies[0]["more"]):
            first, later = replies[0], replies[-1]
            html = str(first["html"])
            for place, name in ((render.NO_CHANCES, "chances"), (render.NO_FLIPS, "flips")):
                html = html.replace(place, render.filled(place, later[name])) if first["more"] else html
            return html
        page.wait_for_timeout(100)
    raise BenchError(f"Python did not answer for {slug} within {PATIENCE_MS // 1000} s.")
