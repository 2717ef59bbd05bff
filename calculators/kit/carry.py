"""What a reader has set in one calculator, as a link takes it to the form of the next."""

from calculators.kit.fields import Input
from calculators.kit.shape import Link


def link(text: str, page: str, **values: Input) -> Link:
    """A link with the values that are known; a field that was left empty is left so."""
    return Link(text, page, {name: value for name, value in values.items() if value is not None})
