"""Measured data and what they say about a prediction: counts and means."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._likelihood import guarded, signed_root_deviance


class AbstractData(eqx.Module):
    """Data of one experiment: the controls it ran at, and what came out."""

    controls: eqx.AbstractVar[dict[str, Array]]

    def residuals(self, p: Float[Array, " n"]) -> Float[Array, " n"]:
        """Residuals whose squares sum to the deviance."""
        raise NotImplementedError

    def slope(self, p: Float[Array, " n"]) -> Float[Array, " n"]:
        """Minus the root of the information: d residual / d p where they agree."""
        raise NotImplementedError

    def observed(self) -> Float[Array, " n"]:
        """What the prediction is compared with."""
        raise NotImplementedError

    def data_errors(self) -> Float[Array, " n"]:
        """Standard errors from the data alone."""
        raise NotImplementedError


class Counts(AbstractData):
    r"""Counted outcomes: `successes` out of `trials` at each setting. Binomial.

    $$D = 2 \sum_i n_i \left[ y_i \ln\frac{y_i}{p_i}
      + (1 - y_i) \ln\frac{1 - y_i}{1 - p_i} \right], \quad y_i = k_i / n_i$$

    **Arguments:**

    - `controls`: name -> array `(n, ...)`, the settings the experiment needs. ħ = 1.
    - `successes`: counts, shape `(n,)`.
    - `trials`: shots, shape `(n,)` or one number for all.

    **Raises:** `ValueError` or `TypeError` for counts below 0, above `trials`, not
    whole or not finite, for trials below 1, and for lengths that differ.

    Source: McCullagh & Nelder, Generalized Linear Models, 2nd ed., sec. 4.4 (1989).
    """

    controls: dict[str, Array]
    successes: Float[Array, " n"]
    trials: Float[Array, " n"]

    def __init__(self, controls: Mapping[str, Any], successes: Any, trials: Any):
        k = _vector("successes", successes)
        n = _vector("trials", trials, like=k)
        _refuse(k < 0, "successes", k, "counts cannot be negative")
        _refuse(n < 1, "trials", n, "every point needs at least one trial")
        _refuse(k > n, "successes", k, "more successes than trials")
        for name, x in (("successes", k), ("trials", n)):
            why = "counts are whole numbers; for means with errors use lz.Means"
            _refuse(x != np.round(x), name, x, why)
        self.controls = _controls(controls, len(k))
        self.successes, self.trials = jnp.asarray(k), jnp.asarray(n)

    def observed(self):
        return self.successes / self.trials

    def residuals(self, p):
        return signed_root_deviance(self.observed(), self.trials, guarded(p))

    def slope(self, p):
        p = guarded(p)
        return -jnp.sqrt(self.trials / (p * (1 - p)))

    def data_errors(self):
        """√(y(1-y)/n); where y is 0 or 1, half a count is used instead of none."""
        y, n = self.observed(), self.trials
        half = 0.5 / n
        y = jnp.clip(y, half, 1 - half)
        return jnp.sqrt(y * (1 - y) / n)


class Means(AbstractData):
    r"""Measured means with standard errors. Gaussian.

    $$D = \chi^2 = \sum_i \left(\frac{y_i - p_i}{\sigma_i}\right)^2$$

    **Arguments:**

    - `controls`: name -> array `(n, ...)`, the settings the experiment needs. ħ = 1.
    - `values`: means, shape `(n,)`, in the units of the prediction (a probability is a
      fraction, not per cent).
    - `errors`: standard errors, shape `(n,)` or one number for all; above 0.

    **Raises:** `ValueError` or `TypeError` for values that are not finite, errors that
    are not positive, and lengths that differ.
    """

    controls: dict[str, Array]
    values: Float[Array, " n"]
    errors: Float[Array, " n"]

    def __init__(self, controls: Mapping[str, Any], values: Any, errors: Any):
        y = _vector("values", values)
        e = _vector("errors", errors, like=y)
        _refuse(e <= 0, "errors", e, "standard errors must be positive")
        self.controls = _controls(controls, len(y))
        self.values, self.errors = jnp.asarray(y), jnp.asarray(e)

    def observed(self):
        return self.values

    def residuals(self, p):
        return (self.values - p) / self.errors

    def slope(self, p):
        return -1.0 / self.errors

    def data_errors(self):
        return self.errors


def _plain(name: str, value: Any) -> np.ndarray:
    """A float or integer array without units."""
    for mark in ("units", "unit"):
        unit = getattr(value, mark, None)
        if unit is not None and not isinstance(unit, str):
            raise TypeError(
                f"`{name}` carries the unit {unit}. Fits take plain numbers with ħ = 1 "
                "(angular frequencies and times in matching units): convert it first."
            )
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            array = array.astype(float)
    except (TypeError, ValueError):
        raise TypeError(f"`{name}` must be numbers, got {value!r}.") from None
    if not np.all(np.isfinite(array)):
        raise ValueError(
            f"`{name}` must be finite, got {array[~np.isfinite(array)][0]} in "
            f"{np.sum(~np.isfinite(array))} of {array.size} entries. Leave such points "
            "out."
        )
    return array


def _vector(name: str, value: Any, like: np.ndarray | None = None) -> np.ndarray:
    array = _plain(name, value).astype(float)
    if like is not None and array.ndim == 0:
        array = np.full(like.shape, float(array))
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"`{name}` must have shape (n,), n >= 1, got {array.shape}.")
    if like is not None and array.shape != like.shape:
        raise ValueError(
            f"`{name}` must be as long as the data, {like.shape}, got {array.shape}."
        )
    return array


def _refuse(bad: np.ndarray, name: str, values: np.ndarray, why: str) -> None:
    if np.any(bad):
        first = int(np.argmax(bad))
        raise ValueError(
            f"`{name}` is {values[first]:g} at point {first}: {why} "
            f"({int(bad.sum())} of {bad.size} points)."
        )


def _controls(controls: Mapping[str, Any], count: int) -> dict[str, Array]:
    if not isinstance(controls, Mapping):
        raise TypeError(
            "`controls` must be a dict from the control's name to its values, got "
            f"{type(controls).__name__}."
        )
    arrays = {}
    for name, value in controls.items():
        array = _plain(f"controls[{name!r}]", value)
        if array.ndim == 0 or len(array) != count:
            raise ValueError(
                f"control {name!r} must have one entry for each of the {count} data "
                f"points, got shape {array.shape}."
            )
        arrays[name] = jnp.asarray(array)
    return arrays
