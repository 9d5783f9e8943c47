"""Another name for a parameter, so that two experiments need not share it."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
from jaxtyping import Array


class Renamed(eqx.Module):
    """An experiment whose parameters go by other names.

    In a joint fit, parameters of the same name are shared. Rename one in one experiment
    to make it separate: `Renamed(ramsey, {"offset": "offset_ramsey"})`.

    **Arguments:**

    - `experiment`: any experiment.
    - `names`: the experiment's own name -> the name in the fit.

    **Raises:** `ValueError` if the experiment has no such parameter, or if two
    parameters would get the same name.
    """

    experiment: Any
    names: tuple[tuple[str, str], ...] = eqx.field(static=True)

    def __init__(self, experiment: Any, names: Mapping[str, str]):
        own = tuple(experiment.parameters)
        unknown = sorted(set(names) - set(own))
        if unknown:
            raise ValueError(
                f"cannot rename {', '.join(unknown)}: the experiment's parameters are "
                f"{', '.join(own)}."
            )
        new = [names.get(name, name) for name in own]
        if len(set(new)) < len(new):
            raise ValueError(
                f"after renaming, two parameters have the same name: {', '.join(new)}."
            )
        self.experiment = experiment
        self.names = tuple(zip(new, own, strict=True))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the fit."""
        return tuple(new for new, _ in self.names)

    @property
    def controls(self) -> tuple[str, ...]:
        """The experiment's own controls."""
        return tuple(self.experiment.controls)

    def _own(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        return {own: parameters[new] for new, own in self.names}

    def __call__(self, parameters: Mapping[str, Any], controls: dict) -> Array:
        return self.experiment(self._own(parameters), controls)

    @property
    def finer(self) -> "Renamed | None":
        """As the experiment's own `finer`; `None` if it has none."""
        inner = getattr(self.experiment, "finer", None)
        if inner is None:
            return None
        return Renamed(inner, {own: new for new, own in self.names})
