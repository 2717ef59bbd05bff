"""A model of the reader's own: an architecture from the counts in the form."""

from calculators.formulas import architecture
from calculators.formulas.architecture import Architecture
from calculators.kit import workload
from calculators.kit.fields import InputError
from calculators.kit.units import show
from calculators.kit.workload import OwnModel

NAME = "Your model"


def outline(own: OwnModel) -> Architecture:
    """Only what cache and split need; the weights go by the count that was given. Raises InputError if it cannot be."""
    workload.check_own(own)
    return Architecture(own.layers, own.hidden_size, own.heads, own.vocabulary,
                        architecture.grouped(own.heads, own.kv_heads), own.kv_heads, own.head_size,
                        full_layers=own.layers, cached_full_layers=own.layers)


def whole(own: OwnModel, per_token: int) -> Architecture:
    """An architecture with the counts that were given.

    What attention and embeddings leave is MLP or, if a token uses fewer than all parameters, routed experts of which it
    uses `per_token`. Raises InputError if the counts contradict each other.
    """
    workload.check_own(own)
    h, vocabulary = own.hidden_size, max(1, own.vocabulary)
    attention = workload.attention_of(own)
    left = own.parameters_b * 1e9 - attention - 2 * vocabulary * h
    used = own.parameters_b if own.active_parameters_b is None else own.active_parameters_b
    active = used * 1e9 - attention - vocabulary * h
    for field, label, given, beyond in (("parameters_b", "Parameters", own.parameters_b, left),
                                        ("active_parameters_b", "Active parameters", used, active)):
        if beyond <= 0:
            least = show(float(f"{given - beyond / 1e9:.4g}"), "billion")
            raise InputError(field, f"{label} must be more than those of the attention and the embeddings by themselves, "
                                    f"{least} (got {given:g}).")
    common = {"layers": own.layers, "hidden_size": h, "heads": own.heads, "vocabulary": vocabulary,
              "attention": architecture.grouped(own.heads, own.kv_heads), "kv_heads": own.kv_heads, "head_size": own.head_size}
    width = left / (3 * h * own.layers)
    if active >= left * 0.98:
        return architecture.from_dict(common | {"intermediate_size": max(1, round(width))})
    experts = max(per_token, round(per_token * left / active))
    return architecture.from_dict(common | {
        "experts": experts, "experts_per_token": per_token, "expert_layers": own.layers,
        "expert_intermediate_size": max(1, round(width / experts)), "expert_hidden_size": h})
