"""The record of a decision as Markdown, in the order of MADR (Markdown Any Decision Records, version 4, adr.github.io/madr).

A calculator says what was decided, as a Draft. What holds for any result is added here: what would change the answer, what
was assumed, how old the figures are and where they come from, and the link that brings the result back.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from calculators.kit.export import flip_text
from calculators.kit.result import Result
from calculators.kit.shape import NoValue, Table


class Considered(NamedTuple):
    """One option: its cost in words, what became of it, and what speaks for and against it, to follow "because"."""

    name: str
    cost: str
    fate: str
    good: Sequence[str] = ()
    bad: Sequence[str] = ()


class Draft(NamedTuple):
    """What a calculator has to say of a decision. `watch`: what to measure or look after, beside what would change it."""

    title: str
    context: str
    drivers: Sequence[str]
    considered: Sequence[Considered]
    outcome: str
    good: Sequence[str]
    bad: Sequence[str]
    watch: Sequence[str]
    note: str = ""  # what holds of every such record


def written(answer: Result, draft: Draft) -> str:
    """The record. Its link carries the day of the figures, so that it opens later with then beside now."""
    blocks = [
        f"# {draft.title}",
        _list(["Status: proposed", f"Date: {answer.as_of}"]),
        "## Context and Problem Statement", draft.context,
        "## Decision Drivers", _list(draft.drivers),
        "## Considered Options", _table(("Option", "A month", "What became of it"),
                                        ((one.name, one.cost, one.fate) for one in draft.considered)),
        "## Decision Outcome", draft.outcome,
        "### Consequences", _list([*(f"Good, because {text}" for text in draft.good),
                                   *(f"Bad, because {text}" if text[:1].islower() else f"Bad: {text}" for text in draft.bad)]),
        "### Confirmation", "What to watch, since it would change the decision or show that it was wrong:",
        _list([*draft.watch, *turning(answer)]),
        "## Pros and Cons of the Options", *(block for one in draft.considered for block in _weighed(one)),
        "## More Information", *_assumed(answer), *_sources(answer), draft.note,
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"* {_line(text)}" for text in texts)


def _line(text: str) -> str:
    return text.replace("\n", " ")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_line(cell).replace("|", "\\|") for cell in row) + " |" for row in lines)


def _weighed(one: Considered) -> Iterator[str]:
    """What speaks for an option and against it; nothing of one of which nothing was said."""
    points = [*(f"Good, because {text}" for text in one.good), *(f"Bad, because {text}" for text in one.bad)]
    if points:
        yield f"### {one.name}"
        yield _list(points)


def turning(answer: Result) -> list[str]:
    """What would change the answer, an input at a time, in sentences."""
    fields = answer.calculator.fields()
    return [flip_text(flip, fields[flip.input]) for flip in answer.flips or [] if flip.value is not None]


def _assumed(answer: Result) -> Iterator[str]:
    """The inputs: those that were set, and those that are assumptions of the guide because they were left alone."""
    fields = answer.calculator.fields()
    told = [f"{fields[name].label}: {text}" for name, text in answer.asked.items() if name in answer.changed]
    left = [f"{fields[name].label}: {text}" for name, text in answer.asked.items() if name not in answer.changed]
    if told:
        yield f"Answers that were given. {'; '.join(told)}."
    if left:
        yield f"Assumed, since they were left as the guide has them. {'; '.join(left)}."


def _sources(answer: Result) -> Iterator[str]:
    yield f"The figures are those of {answer.as_of}. They come from:"
    yield _list(f"{source.publisher}, {source.title} ({source.dated()})" for source in answer.sources)
    yield (f"[The result, worked out again]({answer.dated_link}). Opened later it shows what it showed on {answer.as_of} and "
           "what it shows then, and which of the figures have changed.")
    yield f"Worked out by the calculator “{answer.calculator.title}”, version {answer.calculator.version}."


def cells(value: object) -> dict[str, tuple[str, ...]]:
    """The rows of a result that is a table, as text, by their labels; none of another result."""
    if not isinstance(value, Table):
        return {}
    return {row[0]: tuple(row[1:]) for row in value.shown()[1]}


def said(value: object) -> str:
    """A result that is a text, or why there is none."""
    return value.why if isinstance(value, NoValue) else str(value)
