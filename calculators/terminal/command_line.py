"""A command line taken apart: calculator, options, switches, fields."""

from typing import NamedTuple

from calculators import SLUGS
from calculators.kit.fields import InputError

OPTIONS = ("as-of", "facts", "batch")  # take a value
SWITCHES = ("json", "markdown", "record", "help")  # do not


class Call(NamedTuple):
    """A command line, taken apart."""

    slug: str | None
    options: dict[str, str]
    switches: set[str]
    fields: dict[str, object]


def parse(arguments: list[str]) -> Call:
    """Take a command line apart. Raises InputError of kind "usage"."""
    slug, options, switches, fields = None, dict[str, str](), set[str](), dict[str, object]()
    rest = iter(arguments)
    for word in rest:
        if word == "-h":
            switches.add("help")
            continue
        if not word.startswith("--"):
            if slug is not None or word == "-":
                raise InputError(None, f"Unexpected {word!r}. A value follows its flag: --field VALUE.", "usage")
            slug = word
            continue
        name, equals, value = word[2:].partition("=")
        if name in SWITCHES:
            if equals:
                raise InputError(None, f"--{name} takes no value.", "usage")
            switches.add(name)
            continue
        if not equals:
            value = next(rest, "")
            if not value or value.startswith("--"):
                raise InputError(None, f"--{name} needs a value.", "usage")
        if name in OPTIONS:
            options[name] = value
        else:
            fields[name.replace("-", "_")] = value
    _check_together(slug, options, switches, fields)
    return Call(slug, options, switches, fields)


def named(arguments: list[str]) -> str:
    """The calculator that a command line names, be the rest of it right or wrong; empty if it names none."""
    rest = iter(arguments)
    for word in rest:
        if not word.startswith("--"):
            return word
        if "=" not in word and word[2:] not in SWITCHES:
            next(rest, "")
    return ""


def _check_together(slug: str | None, options: dict[str, str], switches: set[str], fields: dict[str, object]) -> None:
    forms = switches & {"json", "markdown", "record"}
    if len(forms) > 1:
        raise InputError(None, f"Ask for {' or for '.join(f'--{form}' for form in sorted(forms))}, not for both.", "usage")
    if slug is None and (fields or "batch" in options or forms - {"json"}):
        raise InputError(None, f"Name a calculator first: {', '.join(SLUGS)}.", "usage")
    if "batch" in options and (fields or forms - {"json"}):
        raise InputError(None, "With --batch the inputs stand in the file, one JSON object a line, "
                         "and the results are JSON.", "usage")
