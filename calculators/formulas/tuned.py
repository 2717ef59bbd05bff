"""What a tuned model takes to serve: as a model of its own, as an adapter on a shared base, or at a provider."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from calculators.formulas import training
from calculators.formulas.memory import GB
from calculators.formulas.tuning_run import Constants
from calculators.kit.shape import NoValue, Table
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.fine_tuning import Inputs


class Served(NamedTuple):
    """What the result takes to serve: sizes in GB, GPUs, USD a month."""

    merged_gb: float
    adapter_gb: float
    gpus: int | NoValue  # for a model of its own
    usd_month: float | NoValue
    base_gpus: int | NoValue  # for the base with all adapters
    shared_usd_month: float | NoValue  # of them each tuned model's share
    hosting_usd_month: float


def served(inputs: "Inputs", merged: float, adapter: float, room: float, price: float | NoValue, c: Constants,
            counts: Sequence[int]) -> Served:
    """GPUs and rent of serving a result; `merged`, `adapter` and `room` in bytes."""
    share, hours = c.of["serving.share"] / 100, c.of["serving.hours"]
    none = NoValue(f"too large for {show(counts[-1], 'GPUs')} of this kind")
    gpus = training.holding_gpus(merged, room, share, counts) or none
    base = training.holding_gpus(merged + inputs.tuned_models * adapter, room, share, counts) or none
    rent = _rent(base, price, hours)
    return Served(merged / GB, adapter / GB, gpus, _rent(gpus, price, hours), base,
                  rent if isinstance(rent, NoValue) else rent / inputs.tuned_models, inputs.hosting_usd_hour * hours)


def _rent(gpus: int | NoValue, price: float | NoValue, hours: float) -> float | NoValue:
    if isinstance(gpus, NoValue):
        return gpus
    return price if isinstance(price, NoValue) else gpus * price * hours


def serving_text(inputs: "Inputs", served: Served) -> str:
    """The ways to serve a result, in words."""
    on = "" if isinstance(served.gpus, NoValue) else f", at least {show(served.gpus, 'GPUs')}"
    month = "" if isinstance(served.usd_month, NoValue) else f", {_month(served.usd_month)} round the clock"
    own = f"a model of its own of {show(float(f'{served.merged_gb:.3g}'), 'GB')}{on}{month}, used or not"
    if inputs.method == "full":
        return f"Only as {own}."
    size = show(float(f"{served.adapter_gb:.3g}"), "GB")
    base = " The adapter was trained over a 4-bit base: test it on the base that will serve it." * (inputs.method == "qlora")
    return (f"As an adapter of {size} on a base model that serves others too: it costs that much memory, and its tokens what "
            f"the base's cost. Merged into the base: {own}.{base}")


def _month(usd: float) -> str:
    return show(float(f"{usd:.3g}"), "USD/month")


def ways(inputs: "Inputs", served: Served) -> Table:
    """The three ways to serve a result, with the rent or fee of each."""
    adapter = NoValue("full tuning makes no adapter")
    full = inputs.method == "full"
    return Table((("Way", "text"), ("GPUs", "count"), ("Rent or fee", "USD/month"), ("What it is paid for", "text")), (
        ("A model of its own, merged", (_whole(served.gpus), _three(served.usd_month), "GPUs round the clock, used or not")),
        ("An adapter on a base that is shared", (
            adapter if full else _whole(served.base_gpus), adapter if full else _three(served.shared_usd_month),
            f"a {'whole' if inputs.tuned_models == 1 else f'1/{inputs.tuned_models:,}'} share of the GPUs of the base")),
        ("Tuned and hosted by a provider, one example (Azure)", (
            NoValue("the provider's"), _three(served.hosting_usd_month),
            "a fee by the hour, used or not; tokens come on top")),
    ))


def _whole(gpus: int | NoValue) -> float | NoValue:
    return gpus if isinstance(gpus, NoValue) else float(gpus)


def _three(usd: float | NoValue) -> float | NoValue:
    return usd if isinstance(usd, NoValue) else float(f"{usd:.3g}")
