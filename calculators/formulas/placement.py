"""Where one copy of a model is placed to be served: the GPUs of one server that hold it, or why there are none."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from calculators.formulas import architecture, holding, memory, own_model
from calculators.formulas.architecture import Architecture
from calculators.formulas.holding import Machine, Need, Rows
from calculators.formulas.memory import SERVER, Split
from calculators.kit import workload
from calculators.kit.facts import Facts, Value
from calculators.kit.units import show

if TYPE_CHECKING:  # the calculator imports this module
    from calculators.serving import Inputs

EXPERTS = "serving-assumptions.model.experts-per-token"  # of a model of one's own


class Placed(NamedTuple):
    """One copy of a model over GPUs of one server; a link between servers is not modelled."""

    name: str
    arch: Architecture
    need: Need  # of one request
    machine: Machine
    rows: Rows
    split: Split


class Refusal(NamedTuple):
    """Why there is no estimate: a headline, and the reason as it stands in place of a figure."""

    headline: str
    why: str


def model_of(inputs: "Inputs", facts: Facts) -> tuple[str, Architecture]:
    """Name and architecture. Raises InputError for a model of one's own that cannot be."""
    if inputs.model == workload.CUSTOM:
        return own_model.NAME, own_model.whole(inputs, round(float(facts[EXPERTS].value)))
    return str(facts.rows("models")[inputs.model]["name"]), architecture.of(facts, inputs.model)


def memory_of(inputs: "Inputs", facts: Facts) -> tuple[Need, Machine, Rows]:
    """What one request needs and what there is, as the GPU memory page counts it, and the rows of data/ that were read."""
    own = {name: getattr(inputs, name) for name in workload.OwnModel.__dataclass_fields__}
    asked = holding.Question(
        **own, model=inputs.model, weight_precision=inputs.weight_precision, kv_precision=inputs.kv_precision,
        context_tokens=inputs.input_tokens + inputs.output_tokens, concurrent_requests=1, gpu=inputs.gpu, engine=inputs.engine)
    need, rows = holding.need_of(asked, facts)
    return need, holding.machine_of(inputs.gpu, asked, facts), rows


def split_of(inputs: "Inputs", gpus: int) -> Split:
    """How one copy is spread over so many GPUs: each layer, or by engines that do so whole layers."""
    return Split(1, gpus) if inputs.engine in workload.LAYERWISE else Split(gpus, 1)


def holding_of(need: Need, machine: Machine, requests: int) -> int | None:
    """The fewest GPUs of one server that hold so many requests, or else the most that hold one; None if none do."""
    one_server = [split for split in machine.splits(need, None) if split.gpus <= SERVER and 1 in split]
    holding = [split for split in one_server if machine.holds(need, split)]
    all_of_them = need._replace(requests=requests)
    found = next((split for split in holding if machine.holds(all_of_them, split)), holding[-1] if holding else None)
    return found.gpus if found else None


def placed(inputs: "Inputs", facts: Facts) -> Placed | Refusal:
    """Over as many GPUs as are asked for, or the fewest that hold model and requests; or why there are none."""
    name, arch = model_of(inputs, facts)
    need, machine, rows = memory_of(inputs, facts)
    row = facts.rows("gpus")[inputs.gpu]
    fewest = holding_of(need, machine, 1)
    # With copies the requests are shared out, so that one copy need not hold them all.
    holds_all = holding_of(need, machine, inputs.concurrent_requests or 1) if inputs.gpus is None else fewest
    gpus = inputs.tensor_parallel or holds_all
    why = _why_not(inputs, row, arch, gpus, machine.name)
    if why or gpus is None:
        return why or _too_large(inputs, machine, fewest)
    split = split_of(inputs, gpus)
    return Placed(name, arch, need, machine, rows, split) if machine.holds(need, split) else _too_large(inputs, machine, fewest)


def _why_not(inputs: "Inputs", row: Mapping[str, Value], arch: Architecture, gpus: int | None,
             gpu_name: str) -> Refusal | None:
    """Arrangements that are refused before anything is counted."""
    if gpus is None:
        return None
    if gpus > 1 and row.get("vendor") == "Apple":
        return Refusal(f"No estimate for several {gpu_name}", "Apple's chips have one GPU each")
    if gpus > SERVER:
        return Refusal(f"No estimate for {gpus:,} GPUs to a layer",
                       f"more than {SERVER} GPUs to a layer are not modelled: the network between servers decides")
    if gpus > 1 and not row.get("link_gb_s") and inputs.engine not in workload.LAYERWISE:
        return Refusal(f"No estimate for several {gpu_name}", "no speed of the link between them was found")
    why = memory.refused(arch, gpus) if inputs.engine not in workload.LAYERWISE else ""
    if why:
        return Refusal(f"{why}: take {memory.nearest(arch, gpus, SERVER)}", "engines refuse such a split")
    if inputs.gpus is not None and inputs.gpus < gpus:
        return Refusal(f"{show(inputs.gpus, 'GPUs')} {'is' if inputs.gpus == 1 else 'are'} too few: one copy of the model "
                       f"needs {gpus}", f"one copy of the model needs {gpus}")
    return None


def _too_large(inputs: "Inputs", machine: Machine, fewest: int | None) -> Refusal:
    """The weights and one request do not fit on the GPUs given, or if none were given on any number that is tried."""
    given = inputs.tensor_parallel
    where = f"{given or (1 if machine.single else SERVER)} × {machine.name}"
    beyond = f": {fewest} are needed" if fewest else "" if machine.single else (
        f", nor on any other number up to {SERVER}" if given and given < SERVER else ", the most that is tried")
    return Refusal(f"Does not fit on {where}{beyond}", f"weights and one request do not fit on {where}{beyond}")
