"""Causes: which of what was suspected comes first, and what is only its consequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from thalweg.check.look import Suspicion
from thalweg.core.finding import Finding, Proof, Severity

STAGES: tuple[tuple[str, ...], ...] = (
    ("nan_in_data", "tensor_shape", "token_encoding"),
    ("labels_wrong", "target_range", "data_leakage", "train_val_mismatch"),
    ("output_size", "output_activation", "wrong_loss", "loss_sign"),
    ("missing_nonlinearity", "gradient_blocked", "numerical_instability"),
    ("zero_grad", "params_not_optimised", "frozen_layer", "train_eval_mode", "data_not_shuffled"),
    ("input_scaling", "target_scaling", "weight_init", "class_imbalance", "batchnorm_small_batch"),
    ("lr_too_high", "lr_too_low", "optimizer_setting", "batch_too_large"),
    ("dropout_too_high", "weight_decay_too_strong", "capacity_too_small", "overfitting"),
    ("saturation", "dead_relu", "exploding_gradient", "vanishing_gradient"),
)
"""Faults from upstream to downstream: data, targets, loss, model, step; settings; then what all of these cause."""

SYMPTOMS = STAGES[-1]
"""Faults that others cause as a rule."""

BUGS = 5
"""Stages that are bugs: what is trained is not what was meant. The others are settings, and symptoms."""

BUG = 0.1
"""By how much a bug goes before a setting that is as likely: it takes more than another number to mend it."""

HELPED, FAILED = 0.5, 0.5
"""What is left of the doubt where the remedy helps, and of the weight where it does not."""

_STAGE = {fault: stage for stage, faults in enumerate(STAGES) for fault in faults}
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A suspicion in the course of the examination, and what became of it.

    Attributes:
        suspicion: What a look suspected.
        look: The name of the look.
        proof: What its remedy did when it was tried.
        tried: Whether it was, even if nothing could be measured.
        late: Whether it came to light only in a mended set-up.
        stands: Whether it was seen again after other remedies that helped: it is nobody's consequence.
        under: The fault whose remedy made it vanish; empty if none did.
        consequences: What it explains.
    """

    suspicion: Suspicion
    look: str
    proof: Proof | None = None
    tried: bool = False
    late: bool = False
    stands: bool = False
    under: str = ""
    consequences: tuple[Cause, ...] = ()

    @property
    def fault(self) -> str:
        """The name of the fault."""
        return self.suspicion.finding.fault

    @property
    def helped(self) -> bool:
        """Whether its remedy was tried and helped."""
        return self.proof is not None and self.proof.helped

    @property
    def failed(self) -> bool:
        """Whether its remedy was tried and did not help, and its evidence is no proof by itself."""
        return self.proof is not None and not self.proof.helped and self.suspicion.weight < 1

    @property
    def severity(self) -> Severity | None:
        """How bad it is, and at least what it causes; a step less if its remedy failed. None is below a note."""
        severity = self.suspicion.finding.severity
        if not self.failed:
            caused = (one.severity for one in self.consequences)
            return min((severity, *filter(None, caused)), key=lambda one: _RANK[one])
        return {Severity.ERROR: Severity.WARNING, Severity.WARNING: Severity.NOTE}.get(severity)

    @property
    def strength(self) -> float:
        """How likely it is, in [0, 1] but for the start that bugs have."""
        weight = self.suspicion.weight
        if self.failed:
            weight *= FAILED
        elif self.helped:
            weight = 1 - HELPED * (1 - weight)
        return weight + (BUG if _STAGE.get(self.fault, len(STAGES)) < BUGS else 0)

    @property
    def finding(self) -> Finding:
        """What is told: the finding with its severity, its proof and its consequences, most likely first."""
        found = self.suspicion.finding
        return replace(
            found,
            severity=self.severity or Severity.NOTE,
            proof=self.proof,
            consequences=(*found.consequences, *(one.finding for one in self.consequences)),
        )


def order(cause: Cause) -> tuple[int, float, int]:
    """Return by what causes are sorted: severity, then likelihood, then how far upstream they are."""
    return _RANK[cause.severity or Severity.NOTE], -cause.strength, _STAGE.get(cause.fault, len(STAGES))


def folded(causes: Sequence[Cause]) -> list[Cause]:
    """Return the causes, most likely first, each with the others that it explains as its consequences.

    One explains another if its look says that it may cause such a fault, or if its remedy made that vanish; of two
    of the same fault one whose remedy can be tried holds the other, else the likelier does. Where two explain each
    other the likelier is the cause. A note explains notes only, a cause whose remedy failed nothing.

    Args:
        causes: All of them, without consequences.
    """
    ranked = sorted(causes, key=order)
    parent: dict[int, int] = {}
    for place in reversed(range(len(ranked))):  # the least likely first: so a circle is cut at its likeliest
        for other in range(len(ranked)):
            if other != place and _explains(ranked[other], ranked[place]) and place not in _line(parent, other):
                parent[place] = other
                break
    return sorted((_with(ranked, parent, place) for place in range(len(ranked)) if place not in parent), key=order)


def _explains(one: Cause, other: Cause) -> bool:
    if one.fault == other.fault:
        return _of_one_fault(one) <= _of_one_fault(other)
    if other.under:
        return one.fault == other.under
    if other.stands or one.failed:
        return False
    heard = one.severity is not Severity.NOTE or other.severity is Severity.NOTE
    return heard and other.fault in one.suspicion.explains


def _of_one_fault(cause: Cause) -> tuple[bool, tuple[int, float, int]]:
    """Return by what causes of one fault are sorted: that which says what would mend it holds the others."""
    return cause.suspicion.change is None or cause.failed, order(cause)


def _line(parent: Mapping[int, int], place: int) -> set[int]:
    """A place and all above it."""
    line = {place}
    while place in parent:
        place = parent[place]
        line.add(place)
    return line


def _with(ranked: Sequence[Cause], parent: Mapping[int, int], root: int) -> Cause:
    """A root with all below it, in one row."""
    below = [place for place in range(len(ranked)) if place != root and root in _line(parent, place)]
    return replace(ranked[root], consequences=tuple(ranked[place] for place in below))
