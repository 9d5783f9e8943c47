"""Experiments, data and parameters put together, and checked against each other."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..experiments import Experiment
from ._data import AbstractData
from ._parameters import Coordinates, Parameter
from ._renamed import Renamed


class Problem(eqx.Module):
    """What a fit minimises. Numbers are leaves: new ones need no new compilation."""

    experiments: tuple[Any, ...]
    data: tuple[AbstractData, ...]
    coordinates: Coordinates
    fixed: dict[str, Array]
    free: tuple[str, ...] = eqx.field(static=True)

    @property
    def points(self) -> int:
        """The number of data points in all sets."""
        return sum(len(data.observed()) for data in self.data)

    def named(self, x: Float[Array, " n"]) -> dict[str, Array]:
        """All parameters by name, from the values of the free ones."""
        return {**self.fixed, **{name: x[k] for k, name in enumerate(self.free)}}

    def predict(self, x: Float[Array, " n"]) -> Float[Array, " m"]:
        """The predictions for all data sets, one after the other."""
        parameters = self.named(x)
        parts = []
        for experiment, data in zip(self.experiments, self.data, strict=True):
            own = {name: parameters[name] for name in experiment.parameters}
            part = experiment(own, data.controls)
            if part.shape != data.observed().shape:
                raise ValueError(
                    f"the experiment predicts shape {part.shape} for data of shape "
                    f"{data.observed().shape}; it must give one number a data point."
                )
            parts.append(part)
        return jnp.concatenate(parts)

    def split(self, flat: Any) -> list[Any]:
        """A vector over all points, cut into one piece a data set."""
        return np.split(flat, np.cumsum([len(d.observed()) for d in self.data])[:-1])

    def residuals(self, p: Float[Array, " m"]) -> Float[Array, " m"]:
        """Deviance residuals of predictions."""
        return self._each(p, lambda data, part: data.residuals(part))

    def slope(self, p: Float[Array, " m"]) -> Float[Array, " m"]:
        """Minus the root of each point's Fisher information on its prediction."""
        return self._each(p, lambda data, part: data.slope(part))

    def _each(self, p, function):
        parts, start = [], 0
        for data in self.data:
            stop = start + data.observed().shape[0]
            parts.append(function(data, p[start:stop]))
            start = stop
        return jnp.concatenate(parts)


def build(
    experiment: Any, data: Any, parameters: Sequence[Parameter]
) -> tuple[Problem, tuple[Parameter, ...]]:
    """The problem, and the free parameters in the order of its vectors.

    **Raises:** `ValueError` or `TypeError` where the pieces do not fit together.
    """
    experiments, sets = _pair(experiment, data)
    needed = sorted({name for e in experiments for name in e.parameters})
    given = [p.name for p in parameters]
    missing = [name for name in needed if name not in given]
    if missing:
        raise ValueError(
            f"no value for parameter {', '.join(missing)}: the experiment needs "
            f"{', '.join(needed)}; got {', '.join(given) or 'none'}."
        )
    unused = [name for name in given if name not in needed]
    if unused:
        raise ValueError(
            f"no experiment uses parameter {', '.join(unused)}: the experiment needs "
            f"{', '.join(needed)}. Remove it, or correct the name."
        )
    free = tuple(p for p in parameters if not p.fixed)
    if not free:
        raise ValueError("every parameter is fixed: there is nothing to fit.")
    for k, (one, its_data) in enumerate(zip(experiments, sets, strict=True)):
        _check_controls(one, its_data, f" of data set {k + 1}" if len(sets) > 1 else "")
    problem = Problem(
        experiments=experiments,
        data=sets,
        coordinates=Coordinates(free),
        fixed={p.name: jnp.asarray(p.value, float) for p in parameters if p.fixed},
        free=tuple(p.name for p in free),
    )
    return problem, free


def _pair(experiment: Any, data: Any) -> tuple[tuple, tuple]:
    several = isinstance(experiment, list | tuple), isinstance(data, list | tuple)
    if several[0] != several[1]:
        raise TypeError(
            "`experiment` and `data` must both be single or both be sequences: for "
            "several data sets of one experiment give [experiment] * len(data)."
        )
    experiments = tuple(experiment) if several[0] else (experiment,)
    experiments = tuple(unchecked(one) for one in experiments)
    sets = tuple(data) if several[1] else (data,)
    if len(experiments) != len(sets) or not sets:
        raise ValueError(
            f"got {len(experiments)} experiments for {len(sets)} data sets; each data "
            "set needs its own."
        )
    for one in sets:
        if not isinstance(one, AbstractData):
            raise TypeError(
                f"`data` must be lz.Counts or lz.Means, got {type(one).__name__}."
            )
    for one in experiments:
        names = [getattr(one, field, None) for field in ("parameters", "controls")]
        if not callable(one) or None in names:
            raise TypeError(
                "an experiment is callable and has `.parameters` and `.controls`, the "
                f"names it needs; got {type(one).__name__}."
            )
    return experiments, sets


def unchecked(experiment: Any) -> Any:
    """The same experiment, with NaN where a solve fails: that ends one start only."""
    if isinstance(experiment, Renamed):
        return eqx.tree_at(
            lambda e: e.experiment, experiment, unchecked(experiment.experiment)
        )
    return experiment.unchecked() if isinstance(experiment, Experiment) else experiment


def _check_controls(experiment: Any, data: AbstractData, which: str) -> None:
    needed, given = list(experiment.controls), list(data.controls)
    missing = [name for name in needed if name not in given]
    unused = [name for name in given if name not in needed]
    if missing or unused:
        what = [f"missing: {', '.join(missing)}"] if missing else []
        what += [f"not used: {', '.join(unused)}"] if unused else []
        raise ValueError(
            f"the controls{which} do not match the experiment ({'; '.join(what)}). It "
            f"needs {', '.join(needed) or 'none'}; got {', '.join(given) or 'none'}."
        )
