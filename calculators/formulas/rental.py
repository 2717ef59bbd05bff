"""What renting a GPU costs, from the table of rental prices."""

from collections.abc import Mapping

from calculators.kit.facts import Value


def offers(rows: Mapping[str, Mapping[str, Value]], gpu: str, column: str) -> list[float]:
    """The lowest price of each provider for a GPU, cheapest first; USD per GPU-hour.

    `column`: on_demand, spot or committed. Marketplaces count where nobody else has a price.
    """
    found = [row for row in rows.values() if row.get("gpu") == gpu and column in row]
    lowest: dict[str, float] = {}
    for row in [row for row in found if row["kind"] != "marketplace"] or found:
        price, provider = float(row[column]), str(row["provider"])
        lowest[provider] = min(price, lowest.get(provider, price))
    return sorted(lowest.values())


def median_usd(rows: Mapping[str, Mapping[str, Value]], gpu: str) -> tuple[float, int] | None:
    """USD per GPU-hour and the number of providers: the median of what they ask on demand. None if nobody rents it out."""
    known = offers(rows, gpu, "on_demand")
    middle = len(known) // 2
    if not known:
        return None
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2, len(known)
