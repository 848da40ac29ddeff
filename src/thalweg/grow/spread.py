"""Spread: which weights of a model have to change when a layer's units are copied, found through its calls."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from thalweg.core.errors import ModelError
from thalweg.grow.follow import Layout, follow
from thalweg.grow.growth import Expansion
from thalweg.grow.trace import Call, Trace, Value, Weight
from thalweg.grow.weighted import Weighted, is_computed, weighted

BY_HAND = "name by hand what reads the layer: wider(..., into=[...], along=[...])"
_ALIKE = {"layer_norm", "rms_norm", "group_norm", "local_response_norm"}


class Spread:
    """What follows from copying the units that some calls make.

    Args:
        trace: What the model does.
        layer: Whose units are copied; errors name it.
        index: From new unit to old.

    Attributes:
        producers: The calls whose units are copied: those of the layer, and of all layers that are added to it.
        asked: By weight and dimension, what has to be done to it.
        widths: By module without weights that copies go through, on which dimension and how many.
        groups: By depthwise convolution, the number of its groups.

    Raises:
        ModelError: A weight that is shared, or a call through which copies do not go.
    """

    def __init__(self, trace: Trace, layer: str, producers: Sequence[Call], index: Tensor) -> None:
        self.trace, self.layer, self.index = trace, layer, index
        self.producers = list(producers)
        while self._goes_through():
            pass
        self._require_inside()
        self._require_unshared()

    def _goes_through(self) -> bool:
        """Follow the copies through all calls; says whether more layers turned out to need widening."""
        self.layouts: dict[Value, Layout] = {}
        self.asked: dict[str, dict[int, Expansion]] = {}
        self.widths: dict[str, tuple[int, int]] = {}
        self.groups: dict[str, int] = {}
        self._askers: dict[str, set[Call]] = {}
        found = len(self.producers)
        for call in self.trace.calls:
            mixing = weighted(call)
            copied = [value for value in call.values() if value in self.layouts]
            if mixing and self._reads_copies(mixing):
                self._read(mixing)
            elif copied and not (mixing and call in self.producers):
                self._follow(call)
            if call in self.producers:
                assert mixing is not None
                self._make(mixing)
            if len(self.producers) > found:
                return True
        return False

    def _reads_copies(self, mixing: Weighted) -> bool:
        layout = self.layouts.get(mixing.source) if mixing.reads_features else None
        return layout is not None and layout.axis == mixing.axis

    def _make(self, mixing: Weighted) -> None:
        """Copy the units that a call makes."""
        call, size = mixing.call, mixing.out_features
        if mixing.is_depthwise:
            raise self._refusal(call, "it makes a feature of each that it reads: widen the layer before it")
        if mixing.groups > 1:
            self._require_groups(mixing, size, of="makes")
        if call.kwargs.get("max_norm") is not None:
            raise self._refusal(call, "it bounds the norm of a vector, which grows with every copy")
        self._ask(call, mixing.weight, Expansion(mixing.out_dim, self.index, "out"))
        self._ask(call, mixing.bias, Expansion(0, self.index, "out"))
        self.layouts[call.outputs[0]] = Layout(mixing.axis, self.index, size)

    def _read(self, mixing: Weighted) -> None:
        """Divide the say of units among their copies."""
        layout = self.layouts[mixing.source]
        if mixing.is_depthwise:
            return self._read_one_by_one(mixing, layout)
        index = layout.index
        if mixing.groups > 1:
            self._require_groups(mixing, layout.size, of="reads", index=index)
            size = layout.size // mixing.groups
            locals_ = (index % size).view(mixing.groups, -1)
            if not (locals_ == locals_[0]).all():
                raise self._refusal(mixing.call, self._multiple("its groups would differ"))
            index = locals_[0]
        return self._ask(mixing.call, mixing.weight, Expansion(mixing.in_dim, index, "in"))

    def _read_one_by_one(self, mixing: Weighted, layout: Layout) -> None:
        """A depthwise convolution: what it makes of a copy is a copy of what it made."""
        each = mixing.out_features // layout.size
        index = (layout.index[:, None] * each + torch.arange(each)).flatten()
        self._ask(mixing.call, mixing.weight, Expansion(0, index, "out"))
        self._ask(mixing.call, mixing.bias, Expansion(0, index, "out"))
        self.groups[mixing.call.module] = len(layout.index)
        self.layouts[mixing.call.outputs[0]] = Layout(mixing.axis, index, mixing.out_features)

    def _require_groups(self, mixing: Weighted, size: int, *, of: str, index: Tensor | None = None) -> None:
        """Require that every copy is in the group of its unit."""
        index = self.index if index is None else index
        new, groups = len(index), mixing.groups
        kept = new % groups == 0 and torch.equal(
            index // (size // groups), torch.arange(new) // max(1, new // groups)
        )
        if not kept or "transpose" in mixing.call.name:
            why = f"the features that it {of} are in {groups} groups, and a copy would be in another than its unit"
            raise self._refusal(mixing.call, self._multiple(why))

    def _follow(self, call: Call) -> None:
        followed = follow(call, self.layouts)
        if followed is None:
            raise self._refusal(call, self._reason(call))
        for leaf, layout in followed.given.items():
            if isinstance(leaf, Weight):
                dim = leaf.tensor.ndim + layout.axis
                self._ask(call, leaf, Expansion(dim, layout.index, "out"))
            elif leaf not in self.layouts:
                self._widen_too(leaf, layout, call)
        if not call.weights() and call.module:
            first = next(iter(followed.given.values()))
            self.widths[call.module] = first.axis, len(first.index)
        for value, layout in zip(call.outputs, followed.outputs, strict=False):
            if layout is not None:
                self.layouts[value] = layout

    def _widen_too(self, value: Value, layout: Layout, call: Call) -> None:
        """Widen the layers whose units meet the copies one by one: what is added needs the same copies."""
        if not (layout.size == int(self.index.max()) + 1 and torch.equal(layout.index, self.index)):
            raise self._refusal(call, "what meets the copies there is no output of a layer")
        makers = self._makers(value, layout.axis, layout.size, call)
        if not makers:
            raise self._refusal(call, "what meets the copies there has lost its own")
        self.producers += makers

    def _makers(self, value: Value, axis: int, size: int, met: Call) -> list[Call]:
        """Return the calls that make a value's features."""
        maker = value.maker
        if maker is None:
            why = "there the copies meet an input of the model, or a constant, which has no copies"
            raise self._refusal(met, why)
        mixing = weighted(maker)
        if mixing and not mixing.is_depthwise and mixing.out_features == size:
            return [] if maker in self.producers else [maker]
        if any(output in self.layouts for output in maker.outputs):
            return []
        found: list[Call] = []
        sources = [(part, place) for part in maker.values() if (place := _axis(part.tensor, axis, size))]
        if not sources:
            raise self._refusal(met, f"the copies meet what {maker} makes, which cannot be traced to a layer")
        for part, place in sources:
            found += [call for call in self._makers(part, place, size, met) if call not in found]
        return found

    def _ask(self, call: Call, part: object, expansion: Expansion) -> None:
        if part is None:
            return
        if is_computed(part):
            why = "its weight is computed from others: take the parametrization off first"
            raise self._refusal(call, why)
        assert isinstance(part, Weight)
        known = self.asked.setdefault(part.name, {}).setdefault(expansion.dim, expansion)
        if not known.same(expansion):
            raise self._tied(part.name)
        self._askers.setdefault(part.name, set()).add(call)

    def _require_inside(self) -> None:
        if any(value in self.layouts for value in self.trace.outputs):
            raise ModelError(
                f"{self.layer} cannot be widened: what it makes are outputs of the model.",
                expected="a layer that another reads",
            )

    def _require_unshared(self) -> None:
        """Require that no weight that changes is used where it should not change."""
        for call in self.trace.calls:
            for weight in call.weights():
                if weight.name in self.asked and call not in self._askers[weight.name]:
                    raise self._tied(weight.name)

    def _tied(self, name: str) -> ModelError:
        users = [str(call) for call in self.trace.calls if name in [weight.name for weight in call.weights()]]
        return ModelError(
            f"{self.layer} cannot be widened: the weight {name} is tied.",
            got=f"used by {' and by '.join(users)}",
            expected="a weight that changes in the same way wherever it is used",
            remedy="untie it: give each of them a weight of its own",
        )

    def _reason(self, call: Call) -> str:
        if call.name in _ALIKE:
            return self._multiple("it takes the mean over features, in which each has to be copied equally often")
        return "it does not treat features alike, so that what it makes of copies are no copies"

    def _multiple(self, why: str) -> str:
        old = int(self.index.max()) + 1
        return f"{why}: widen to a multiple of {old}, such as {2 * old}"

    def _refusal(self, call: Call, why: str) -> ModelError:
        return ModelError(
            f"{self.layer} cannot be widened: its features go into {call}.",
            got=why,
            remedy=None if "widen " in why else f"choose another layer, or {BY_HAND}",
        )


def _axis(tensor: Tensor, axis: int, size: int) -> int | None:
    """Where a tensor has these features: on the same dimension, else on the only one of that size."""
    if tensor.ndim >= -axis and tensor.shape[axis] == size:
        return axis
    places = [place for place in range(-tensor.ndim, 0) if tensor.shape[place] == size]
    return places[0] if len(places) == 1 else None
