"""MkDocs makes the runtime and the files to take away before a build; the pack command does the same by hand."""

from typing import Any

from calculators.buildtime import data, download, fence, pack
from calculators.buildtime.problems import BadData


def on_pre_build(config: Any) -> None:
    """Make what pages link to, so that its files are there to be copied."""
    from mkdocs.exceptions import Abort

    data.forget()
    pack.inputs_hash.cache_clear()
    try:
        pack.pack()
        download.write(fence.build_day())
    except (pack.PackError, BadData) as error:
        raise Abort(str(error)) from None
