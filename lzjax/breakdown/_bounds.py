"""Cramér-Rao bounds: what data that are yet to be taken could tell."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Float

from .._checks import check_positive

# Information on a scaled parameter below this share of the largest is rounding.
_SINGULAR = 1e-12


class Bounds(NamedTuple):
    """The best that unbiased estimates can do.

    - `errors`: name -> smallest standard error; infinite if not identified.
    - `covariance`: the inverse Fisher information, in the order of `names`; infinite
      rows where nothing is known.
    - `identified`: name -> whether the data would determine it.
    """

    names: tuple[str, ...]
    errors: dict[str, float]
    covariance: Float[np.ndarray, "n n"]
    identified: dict[str, bool]


def cramer_rao(
    experiment: Any,
    values: Mapping[str, float],
    controls: Mapping[str, ArrayLike],
    error: ArrayLike,
    known: Sequence[str] = (),
) -> Bounds:
    r"""The Cramér-Rao bound of an experiment with Gaussian errors, before any data.

    $\mathrm{cov} \ge F^{-1}$, $F = J^\top J/\sigma^2$ with the derivatives J of the
    prediction at `values`.

    **Arguments:**

    - `experiment`: as for `lz.fit`. `values`: name -> number, for all its parameters.
    - `controls`: name -> array `(n,)`.
    - `error`: standard error of the data, one number or shape `(n,)`.
    - `known`: parameters that are not fitted.

    **Raises:** `ValueError` if a name is missing or unknown.

    After a fit, `FitResult.errors` are the same bound at the optimum.
    """
    needed = tuple(experiment.parameters)
    missing = [name for name in needed if name not in values]
    unknown = [name for name in (*values, *known) if name not in needed]
    if missing or unknown:
        raise ValueError(
            f"the experiment's parameters are {list(needed)}; missing: {missing}, "
            f"unknown: {unknown}."
        )
    lost = [name for name in experiment.controls if name not in controls]
    if lost:
        raise ValueError(f"the experiment needs the controls {lost}, too.")
    check_positive("error", error)
    free = tuple(name for name in needed if name not in known)
    numbers = {name: jnp.asarray(float(values[name])) for name in needed}
    arrays = {name: jnp.asarray(array, float) for name, array in controls.items()}
    slopes = _slopes(experiment, numbers, arrays)
    jacobian = np.stack([np.asarray(slopes[name]) for name in free], axis=1)
    errors = np.broadcast_to(np.asarray(error), jacobian.shape[:1])
    return _bounds(free, jacobian / errors[:, None])


@eqx.filter_jit
def _slopes(experiment, numbers, controls):
    """Of all parameters, known ones too: so one program serves all questions."""
    return jax.jacfwd(lambda numbers: experiment(numbers, controls))(numbers)


def _bounds(names, weighted) -> Bounds:
    size = np.linalg.norm(weighted, axis=0)
    scale = np.where(size > 0, size, 1.0)
    _, singular, axes = np.linalg.svd(weighted / scale, full_matrices=False)
    lost = singular**2 <= _SINGULAR * singular.max() ** 2
    # A parameter with a part in a lost direction is not determined.
    identified = np.all(np.abs(axes[lost]) < 1e-4, axis=0) & (size > 0)
    kept = axes[~lost].T / singular[~lost]
    covariance = kept @ kept.T / np.outer(scale, scale)
    open_ = ~(identified[:, None] & identified[None, :])
    covariance = np.where(open_, np.inf, covariance)
    errors = np.sqrt(np.diag(covariance))
    return Bounds(
        names,
        dict(zip(names, errors.tolist(), strict=True)),
        covariance,
        dict(zip(names, identified.tolist(), strict=True)),
    )
