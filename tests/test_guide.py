"""The pages: nothing of the original is lost, every claim is shown once, no figure is typed by hand, and links stay."""

import collections
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import markdown
import pytest
import yaml
from mkdocs.config import load_config

import calculators
from calculators.buildtime import DOCS, PROJECT, data
from calculators.buildtime.schema import Claim
from calculators.kit.browser import usable

CASES = PROJECT / "tests" / "cases"
ORIGINAL = yaml.safe_load((CASES / "original.yaml").read_text("utf-8"))
ANCHORS = yaml.safe_load((CASES / "anchors.yaml").read_text("utf-8"))


class Nav(yaml.SafeLoader):
    """mkdocs.yml has tags of its own, which the nav does not use."""


Nav.add_multi_constructor("", lambda loader, suffix, node: None)


def nav() -> list[str]:
    """The pages of the nav in its order, which is that of previous and next."""
    def walk(item: Any) -> Iterator[str]:
        if isinstance(item, str):
            yield item
        else:
            for part in item.values() if isinstance(item, dict) else item:
                yield from walk(part)

    return list(walk(yaml.load((PROJECT / "mkdocs.yml").read_text("utf-8"), Nav)["nav"]))


def read(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def pages(*folders: str) -> list[str]:
    """The pages of some folders of docs/, or all pages."""
    found = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
    return [page for page in found if not folders or page.split("/")[0] in folders]


def meta(page: str) -> dict[str, str]:
    """The front matter."""
    return dict(yaml.safe_load(read(page).split("---\n")[1]))


# Fences and quotes: which lines of a page are what


class Row(NamedTuple):
    """One line of a page: where it stands and what it belongs to."""

    number: int
    text: str
    fence: str | None  # the language of the fence around it, "" for none given; None outside of fences
    quoted: bool  # in a block that quotes the original


def rows(text: str) -> Iterator[Row]:
    fence: tuple[str, str] | None = None  # its marks and its language
    quote: int | None = None  # how far the head of a quoting block is indented
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip())
        if quote is not None and line.strip() and indent <= quote:
            quote = None
        opened = re.match(r"\s*(`{3,}|~{3,})\s*(\S*)", line)
        if fence:
            yield Row(number, line, fence[1], quote is not None)
            if line.strip() == fence[0]:
                fence = None
        elif opened:
            fence = (opened[1], opened[2])
            yield Row(number, line, fence[1], quote is not None)
        else:
            if re.match(r"\s*(\?\?\?\+?|!!!) quote\b", line):
                quote = indent
            yield Row(number, line, None, quote is not None)


def test_rows_tell_fences_and_quotes_from_prose() -> None:
    text = """prose
??? quote "The original's text"

    quoted
    ```python
    x = 1

    ```
    still quoted

prose again
```facts
original
```
- item

    ```
    code
    ```
!!! note
    a note is prose
"""
    kinds = ["quote" if row.quoted else "prose" if row.fence is None else row.fence or "code" for row in rows(text)]
    assert kinds == ["prose", *["quote"] * 9, "prose", *["facts"] * 3, "prose", "prose", *["code"] * 3, "prose", "prose"]


def fenced(page: str, language: str) -> list[str]:
    """The lines inside the fences of a language."""
    return [row.text.strip() for row in rows(read(page)) if row.fence == language and not re.match(r"\s*(```|~~~)", row.text)]


# (a) Every claim is shown, once


def claims() -> dict[str, Claim]:
    """Every claim by its key."""
    return {f"{stem}.{name}": claim for stem in data.stems() for name, claim in (data.read(stem).claims or {}).items()}


def test_every_claim_stands_on_exactly_one_page() -> None:
    shown: dict[str, list[str]] = {key: [] for key in claims()}
    for page in pages():
        for line in fenced(page, "facts"):
            key, *options = line.split() or [""]
            for claim in shown:
                if not any(option.startswith("chart=") for option in options) and key in (claim, claim.partition(".")[0]):
                    shown[claim].append(page)
    assert {claim: where for claim, where in shown.items() if len(where) != 1} == {}


# (b) Nothing of the original is lost


def squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


def everything() -> str:
    """The source of every page, and the words of every claim."""
    return squeezed("\n".join([*(read(page) for page in pages()), *(claim.original for claim in claims().values())]))


@pytest.mark.parametrize("part", ORIGINAL["texts"])
def test_every_text_of_the_original_is_on_the_site(part: str) -> None:
    there = everything()
    assert [text for text in ORIGINAL["texts"][part] if squeezed(text) not in there] == []


def test_every_row_of_the_originals_tables_is_on_the_site() -> None:
    there = everything()
    assert [row for row in ORIGINAL["rows"] if f"| {' | '.join(row)} |" not in there] == []


@pytest.mark.parametrize("heading", ORIGINAL["headings"], ids=lambda heading: heading["text"])
def test_every_section_of_the_original_has_its_place(heading: dict[str, str]) -> None:
    assert heading["anchor"] in anchors(heading["page"])


# (c) No figure is typed by hand


_NUMBER = r"(?<![\w.,-])~?\d[\d,.]*(?:\s?(?:[kKMBT]|thousand|million|billion|trillion))?(?:\s?(?:to|or|[-\u2013])\s?\d[\d,.]*)?"
_SPACE = r"(?:\s|&nbsp;|\u00a0)?-?"
_COUNTED = (r"tokens?(?:/s|/month)?|[GTM]i?B(?:/s)?|%|per\s?cent|percent|months?|weeks?|days?|years?|hours?|minutes?|ms|"
            r"Elo|points?|GPU-hours?|watts?|k?W|TFLOPS|requests|users")
_MONEY = r"USD|EUR|GBP|US\$|[$€£]|dollars?|cents?|euros?"
TYPED = [re.compile(pattern) for pattern in (
    rf"(?:{_MONEY})\s?~?\d[\d,.]*",  # $5, USD 5
    rf"{_NUMBER}{_SPACE}(?:{_MONEY})(?!\w)",  # 5 USD, 5-dollar
    rf"{_NUMBER}{_SPACE}(?:{_COUNTED})(?![\w])",  # 40 GB, 6-12 months, 100M tokens
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|fifty|hundred)\s(?:dollars?|cents?|euros?|per\s?cent|percent)\b",
    r"\b20\d\d-\d\d-\d\d\b",  # the date of a fact
)]
# What names a thing, or says for what a figure is worked out, and states none: intervals and levels, the ends of a scale,
# cards, one assumption.
NAMES = re.compile(r"\d\d\s?% (?:interval|confidence)|\bat 9\d\s?%|\b(?:0 (?:and|or|to) )?100\s?%"
                   r"|(?:A100|A6000|H100|L40S|V100)[ -]\d+ ?GB"
                   r"|to a score of 80 % in one run")


def prose(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a page that are its own words: no code, no quotes of the original, no addresses, no anchors."""
    for row in rows(text):
        if row.fence is None and not row.quoted:
            line = re.sub(r"``.*?``|`[^`]*`", "", row.text)
            line = re.sub(r"\]\([^)]*\)|\{[#!:.][^}]*\}|<!--.*?-->|https?://\S+", "", line)
            yield row.number, NAMES.sub("", line)


def typed(text: str) -> list[tuple[int, str]]:
    """Every line of a page with a figure that is typed into its prose, and the figure."""
    found = ((number, [match[0].strip() for pattern in TYPED for match in pattern.finditer(line)])
             for number, line in prose(text))
    return [(number, figures[0]) for number, figures in found if figures]


@pytest.mark.parametrize("line", [
    "It costs $5 a million.", "It costs USD 2.50.", "It costs 2.50 USD per million tokens.", "a 5-dollar price",
    "about €3",
    "for 20 dollars", "between $1-2/hour", "100M tokens a month", "100,000,000 tokens", "30 tokens/s", "1 million tokens",
    "needs 40 GB of memory", "needs 40&nbsp;GB", "needs 40\u00a0GiB", "80GB", "behind by 6-12 months",
    "behind by 6 to 12 months",
    "is 12 % cheaper", "is 12% cheaper", "12 per cent", "takes 3 days", "two cents a page",
    "ten per cent less", "ahead by 30 points",
    "since 2026-11-24", "| GPT-4o | $2.50 |", "- **Cost**: 4 USD/hour", "about 700 W", "kept for 30 days", "rises 1,5 %",
])
def test_the_finder_finds_what_is_typed(line: str) -> None:
    assert typed(f"# Heading\n\n{line}\n") != []
    assert typed(f"!!! note\n    {line}\n") != []


@pytest.mark.parametrize("text", [
    "It takes two to four GPUs.", "a 70B model in 4 bits", "Llama 3.1 405B", "GPT-4o and Claude 3.5", "a month, some months",
    "Compare a million tokens in and a million out.", "in 2024 and 2025", "Twenty models were compared.",
    "one per user",
    "| GPT-4o | $$$ |", "a price of `#!fact prices.gpt-4o.input`", "`$5` and `--monthly-tokens 1e9`", "[ten](x.md#5-usd)",
    "```\n$5 for 100 tokens\n```", "```python\nprice = 5  # USD\n```", "    ```\n    40 GB\n    ```",
    '??? quote "The original\'s text"\n\n    $5, 6-12 months\n\n    | GPT-4o | 5 % |\n', "the 95 % interval",
    "(at 95 %)", "beyond chance at 95 %",
    "near 0 or 100 %", "from 0 to 100 %",     "on an A100 80 GB",
    "24/7", "three ways", "{#cost-5-usd}", "Python 3.12", "MMLU-Pro",
    "https://a.example/5%20days",
])
def test_the_finder_leaves_honest_text_alone(text: str) -> None:
    assert typed(f"# Heading\n\n{text}\n") == []


def test_the_finder_gives_the_line() -> None:
    assert typed("---\ntitle: T\n---\n\n# T\n\nIt costs $5.\n") == [(7, "$5.")]


@pytest.mark.parametrize("page", [*pages("guide", "calculators", "data"), "index.md"])
def test_no_figure_is_typed_by_hand(page: str) -> None:
    assert [f"docs/{page}:{number}: {found}" for number, found in typed(read(page))] == []


# (d) Addresses


HEADING = re.compile(r"#{1,6} .*?(\{#([\w-]+)[^}]*\})?\s*$")


def headings(page: str) -> list[tuple[int, str, str | None]]:
    """Line, text and explicit anchor of each heading."""
    return [(row.number, row.text, match[2]) for row in rows(read(page))
            if row.fence is None and not row.quoted and (match := HEADING.match(row.text))]


def anchors(page: str) -> set[str]:
    """Every explicit anchor of a page."""
    return {found for row in rows(read(page)) if row.fence is None for found in re.findall(r"\{#([\w-]+)[^}]*\}", row.text)}


@pytest.mark.parametrize("page", pages("guide", "calculators"))
def test_every_heading_has_an_address_of_its_own(page: str) -> None:
    assert [(number, text) for number, text, anchor in headings(page) if not anchor] == []


@pytest.mark.parametrize("page", ANCHORS)
def test_addresses_that_people_link_are_still_there(page: str) -> None:
    assert (DOCS / page).is_file()
    assert [anchor for anchor in ANCHORS[page] if anchor not in anchors(page)] == []


def test_the_addresses_of_the_guide_are_on_the_list() -> None:
    """Only ever add to tests/cases/anchors.yaml: people have these in their documents."""
    found = {page: {anchor for _, _, anchor in headings(page) if anchor} for page in pages("guide")}
    assert {page: new for page, listed in found.items() if (new := sorted(listed - set(ANCHORS.get(page, []))))} == {}


@pytest.fixture(scope="module")
def converter() -> markdown.Markdown:
    """Markdown as the site is built with."""
    config = load_config(str(PROJECT / "mkdocs.yml"))
    return markdown.Markdown(extensions=config["markdown_extensions"], extension_configs=config["mdx_configs"])


@pytest.mark.parametrize("page", [*pages("guide", "calculators", "about"), "index.md"])
def test_no_address_stands_twice_on_a_page(converter: markdown.Markdown, page: str) -> None:
    html = converter.reset().convert(read(page).split("---\n", 2)[2])
    ids = collections.Counter(re.findall(r'\sid="([^"]+)"', html))
    assert [name for name, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("slug", calculators.SLUGS)
def test_a_page_that_a_calculator_leads_to_is_there(slug: str) -> None:
    """Links of the code, which mkdocs does not check."""
    source = (PROJECT / "calculators" / f"{slug.replace('-', '_')}.py").read_text("utf-8")
    for page, anchor in re.findall(r'"((?:guide|calculators)/[\w-]+)/(?:#([\w-]+))?"', source):
        assert (DOCS / f"{page}.md").is_file(), page
        assert not anchor or anchor in anchors(f"{page}.md"), (page, anchor)


@pytest.mark.parametrize("page", [page for page in pages() if ".md?" in read(page)])
def test_a_link_that_carries_values_is_understood_whole(page: str) -> None:
    """Every value that a page's link to a calculator carries is taken, so that the link shows what the page says."""
    for slug, query in re.findall(r"([a-z-]+)\.md\?([^)#\s]*)", read(page)):
        fields = dict(part.split("=") for part in query.split("&"))
        _, notices = usable(calculators.get(slug), fields, data.facts("2026-11-26"))
        assert notices == [], (slug, query)


# (e) Previous, up and next


def test_the_guide_is_in_the_order_of_the_original() -> None:
    in_order = [page for page in nav() if page in {heading["page"] for heading in ORIGINAL["headings"]}]
    assert in_order == list(dict.fromkeys(heading["page"] for heading in ORIGINAL["headings"]))


def test_sections_within_a_page_are_in_the_order_of_the_original() -> None:
    for page, listed in collections.Counter(heading["page"] for heading in ORIGINAL["headings"]).items():
        wanted = list(dict.fromkeys(heading["anchor"] for heading in ORIGINAL["headings"] if heading["page"] == page))
        assert [anchor for _, _, anchor in headings(page) if anchor in wanted] == wanted, (page, listed)


def test_the_original_stands_where_it_says_it_stands() -> None:
    """Before it interpreting scores, above it the benchmarks; after it, as its last table says, the overview of the unit."""
    wanted = ORIGINAL["navigation"]
    order = nav()
    assert order[order.index("guide/introduction.md") - 1] == wanted["previous"]
    assert meta("guide/introduction.md")["up"] == wanted["up"]
    links = re.findall(r"\]\(([\w-]+\.md)\)", read("guide/summary.md").partition("{#navigation}")[2])
    assert [f"guide/{link}" for link in links[:3]] == [wanted["previous"], wanted["up"], wanted["next"]]


def test_the_page_above_is_a_page_of_the_nav() -> None:
    order = nav()
    for page in pages("guide", "calculators", "data"):
        above = meta(page).get("up")
        assert above is None or above in order, page
        assert above != page
    assert all(meta(page).get("up") for page in pages("guide"))


def test_every_page_is_in_the_nav_once() -> None:
    assert sorted(nav()) == pages("guide", "calculators", "data", "about", "contributing", "decisions", "index.md")


def test_from_every_page_the_way_up_ends_at_the_first_page() -> None:
    for page in pages("guide"):
        seen = [page]
        while above := meta(seen[-1]).get("up"):
            assert above not in seen, seen
            seen.append(above)
        assert seen[-1] == "index.md", seen


def test_every_room_of_the_kit_and_every_script_is_on_the_page_for_contributors() -> None:
    page = read("contributing/index.md")
    folders = ("kit", "formulas")
    rooms = {path.stem for folder in folders for path in (PROJECT / "calculators" / folder).glob("*.py")} - {"__init__"}
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == sorted(rooms)
    assert {path.name for path in (DOCS / "assets").glob("*.js")} == set(re.findall(r"`(\w+\.js)`", page))


# (f) What no file may hold


def any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# Taken apart with brackets here, because this file is looked through as well.
FORBIDDEN = {
    "a registry's host": any_of(r"pyp[i]\.org", r"pythonhoste[d]\.org", r"npmj[s]\.(?:org|com)", r"\.debia[n]\.org"),
    "a path of one machine": any_of(
        r"(?<![\w.])/wor[k]/", r"(?<![\w.])/roo[t]/", r"(?<![\w.])/tm[p]/v/", r"(?<![\w./])/hom[e]/(?!pyodide)\w"),
    "notes that are not part of the project": any_of(
        r"(?<![\w-])share[d]/", r"\bfact[s]\.md\b", r"\bcorrection[s]\.md\b", r"\bcontrac[t]\.md\b", r"\bbrie[f]\.md\b"),
}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True).stdout.decode()
    return [PROJECT / name for name in listed.split("\0") if name]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = []
    for path in tracked():
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            found += [f"{path.relative_to(PROJECT)}:{number}: {line.strip()[:100]}"
                      for number, line in enumerate(content.decode().splitlines(), 1) if FORBIDDEN[what].search(line)]
    assert found == []


@pytest.mark.parametrize(("what", "text"), [
    ("a registry's host", "https://py" + "pi.org/simple"), ("a registry's host", "registry.npm" + "js.org"),
    ("a registry's host", "deb.debian" + ".org"), ("a path of one machine", "see /wor" + "k/main/x"),
    ("a path of one machine", "in '/roo" + "t/.cache'"), ("notes that are not part of the project", "share" + "d/facts"),
    ("notes that are not part of the project", "from facts" + ".md"),
])
def test_the_search_for_what_no_file_may_hold(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)


def test_pages_are_written_without_em_dashes() -> None:
    found = [f"docs/{page}:{row.number}" for page in pages() for row in rows(read(page))
             if "\N{EM DASH}" in row.text and row.fence is None and not row.quoted]
    assert found == []
