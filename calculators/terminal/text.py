"""A result as text for a terminal."""

from calculators.kit.export import as_written, chance_lines, flip_texts, table_lines, unused_sentences
from calculators.kit.result import Result


def as_text(result: Result) -> str:
    """The result for a terminal: the answer, the figures, the working, what would change it, the sources."""
    calculator = result.calculator
    shown = [(spec.label, spec.shown(result.outputs[name])) for name, spec in result.shown.items()
             if not spec.headline and not spec.table and not spec.code]
    width = max((len(label) for label, _ in shown), default=0)
    lines = [f"{calculator.title}: {result.headline}", *result.warnings, *unused_sentences(result), ""]
    lines += [f"  {label:<{width}}  {value}" for label, value in shown]
    for name, spec in result.shown.items():
        if spec.table:
            lines += ["", spec.label, *(f"  {line}" for line in table_lines(result.outputs[name], links=False))]
        if spec.code:
            lines += ["", f"{spec.label}:", str(as_written(result.outputs[name]))]
    lines += ["", "How it is worked out"]
    lines += [f"  {i}. {calculator.results()[step.of].label}: {step.text}" for i, step in enumerate(result.steps, 1)]
    lines += chance_lines(result)
    if result.flips:
        lines += ["", "What would change the answer, one input alone"]
        lines += [f"  {text}" for text in flip_texts(result.flips, calculator.fields())]
    if result.sources:
        lines += ["", "Sources"]
        lines += [f"  {s.publisher}, {s.title}, {s.url} ({s.dated()})" for s in result.sources]
    return "\n".join([*lines, "", f"Figures as of {result.as_of}. Link: {result.link}"]) + "\n"
