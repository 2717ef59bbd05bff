"""MkDocs calls the pack command before a build. The fence says so if nobody did."""

from typing import Any

from calculators.buildtime import data, pack


def on_pre_build(config: Any) -> None:
    """Make the browser runtime, so that its files are there to be copied."""
    from mkdocs.exceptions import Abort

    data.forget()
    pack.inputs_hash.cache_clear()
    try:
        pack.pack()
    except (pack.PackError, data.BadData) as error:
        raise Abort(str(error)) from None
