"""Servers that come whole against an API paid by the token: what one server takes, and the volumes at which the bills meet."""

from calculators.kit.units import HOURS_PER_MONTH, SECONDS_PER_HOUR, TOKENS_PER_MTOK, whole_up


def capacity_tokens(tokens_per_second: float, utilisation_percent: float) -> float:
    """Tokens that one server handles in a month of 720 hours.

    Takes tokens/s and per cent (0 to 100), returns tokens/month. The original's formula, which it never used.
    """
    return tokens_per_second * HOURS_PER_MONTH * SECONDS_PER_HOUR * utilisation_percent / 100


def servers_for(monthly_tokens: float, capacity: float) -> int:
    """Whole servers for a volume; one at least, since a server that stands ready is paid for. Both in tokens/month."""
    return max(1, whole_up(monthly_tokens / capacity))


def first_break_even(api_usd_per_mtok: float, server_usd_per_month: float, capacity: float) -> float | None:
    """The volume (tokens/month) above which self-hosting is first cheaper, or None if it never is.

    Within stair k the servers cost k times one server, so the API costs more from k x the volume that pays for one
    server; if that volume is beyond what one server can serve, it is so on every stair.
    """
    if api_usd_per_mtok <= 0:
        return None
    pays_for_one = server_usd_per_month / api_usd_per_mtok * TOKENS_PER_MTOK
    return pays_for_one if pays_for_one < capacity * (1 - 1e-12) else None


def last_break_even(pays_for_one: float, capacity: float) -> float:
    """The volume (tokens/month) above which self-hosting stays cheaper, given that it ever is.

    On stair k the API is cheaper from (k-1) x capacity to k x the volume that pays for one server. That gap closes
    at the first k that has k x pays_for_one <= (k-1) x capacity; the stair before it holds the last crossing.
    """
    stairs = whole_up(capacity / (capacity - pays_for_one))
    return max(1, stairs - 1) * pays_for_one
