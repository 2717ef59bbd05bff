"""What renting a GPU costs, from the table of rental prices."""

from collections.abc import Mapping

from calculators.kit.facts import Value


def median_usd(rows: Mapping[str, Mapping[str, Value]], gpu: str) -> tuple[float, int] | None:
    """USD per GPU-hour and the number of providers: the median over providers of the lowest on-demand price of each.

    Marketplaces count where nobody else rents the GPU out. None if nobody does.
    """
    offers = [row for row in rows.values() if row.get("gpu") == gpu and "on_demand" in row]
    lowest: dict[str, float] = {}
    for row in [row for row in offers if row["kind"] != "marketplace"] or offers:
        price, provider = float(row["on_demand"]), str(row["provider"])
        lowest[provider] = min(price, lowest.get(provider, price))
    if not lowest:
        return None
    known, middle = sorted(lowest.values()), len(lowest) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2, len(known)
