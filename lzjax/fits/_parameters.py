"""What a fit may change: start values, bounds, and the coordinates behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# A start on a bound is moved inside by this fraction of the parameter's scale: on the
# bound itself the transform is infinite.
_INSIDE = 1e-3


@dataclass(frozen=True)
class Parameter:
    r"""One parameter of a fit: a start value, perhaps bounds, perhaps fixed.

    The optimiser works on coordinates $u$ without bounds, chosen from the bounds:

    - none: $x = s u$, with $s$ the `scale`;
    - one: $x = \text{lower} + s e^{u}$ (or $\text{upper} - s e^{u}$);
    - two: $x = \text{lower} + (\text{upper} - \text{lower}) / (1 + e^{-u})$.

    **Arguments:**

    - `name`: as the experiment calls it.
    - `value`: where to start; the value itself if `fixed`. Units: ħ = 1.
    - `lower`, `upper`: bounds, inclusive; `None` for none. A parameter that is positive
      by its nature (a gap, a rate, a noise width) should have `lower=0`.
    - `fixed`: keep the value.
    - `scale`: the size of a change that matters, for a parameter without bounds.
      `abs(value)` by default, or 1 if the value is 0.

    **Raises:** `ValueError` or `TypeError` if these do not fit together.
    """

    name: str
    value: float
    lower: float | None = None
    upper: float | None = None
    fixed: bool = False
    scale: float | None = None

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            raise TypeError(f"a parameter's name must be a string, got {self.name!r}.")
        for field in ("value", "lower", "upper", "scale"):
            number = getattr(self, field)
            if number is None and field != "value":
                continue
            object.__setattr__(self, field, _number(self.name, field, number))
        _check_order(self)

    @property
    def kind(self) -> str:
        """Which transform the bounds ask for."""
        if self.lower is None:
            return "free" if self.upper is None else "below"
        return "above" if self.upper is None else "between"

    @property
    def size(self) -> float:
        """The natural size of a change: of the interval, the distance, the value."""
        if self.lower is not None and self.upper is not None:
            return self.upper - self.lower
        if self.scale is not None:
            return self.scale
        bounds = [bound for bound in (self.lower, self.upper) if bound is not None]
        origin = bounds[0] if bounds else 0.0
        return abs(self.value - origin) or abs(self.value) or 1.0


def _number(name: str, field: str, number: Any) -> float:
    try:
        number = float(number)
    except (TypeError, ValueError):
        raise TypeError(
            f"the {field} of parameter {name!r} must be a plain number (ħ = 1, no "
            f"unit attached), got {number!r}."
        ) from None
    if not np.isfinite(number):
        raise ValueError(
            f"the {field} of parameter {name!r} must be finite, got {number}. "
            "Leave a bound out to have none."
        )
    return number


def _check_order(p: Parameter) -> None:
    low = -np.inf if p.lower is None else p.lower
    high = np.inf if p.upper is None else p.upper
    if not low < high:
        raise ValueError(
            f"parameter {p.name!r} needs lower < upper, got lower={p.lower}, "
            f"upper={p.upper}. To keep it at one value use fixed=True."
        )
    if not low <= p.value <= high:
        raise ValueError(
            f"parameter {p.name!r} starts at {p.value}, outside its bounds "
            f"[{low}, {high}]."
        )
    if p.scale is not None and p.scale <= 0:
        raise ValueError(f"the scale of {p.name!r} must be positive, got {p.scale}.")


def as_parameters(given: Any) -> tuple[Parameter, ...]:
    """The parameters from a sequence of `Parameter` or a dict name -> number."""
    if isinstance(given, Parameter):
        given = [given]
    if isinstance(given, Mapping):
        items = [_named(name, value) for name, value in given.items()]
    elif isinstance(given, Sequence) and not isinstance(given, str):
        items = list(given)
    else:
        raise TypeError(
            "`parameters` must be a sequence of lz.Parameter or a dict from name to "
            f"lz.Parameter or number, got {type(given).__name__}."
        )
    for item in items:
        if not isinstance(item, Parameter):
            raise TypeError(
                "`parameters` must hold lz.Parameter objects, got "
                f"{item!r}. A dict {{name: number}} is the short form."
            )
    names = [item.name for item in items]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"parameters given more than once: {', '.join(twice)}.")
    return tuple(items)


def _named(name: str, value: Any) -> Parameter:
    if not isinstance(value, Parameter):
        return Parameter(name, value)
    if value.name != name:
        raise ValueError(
            f"the key {name!r} holds a Parameter named {value.name!r}; make them equal."
        )
    return value


class Coordinates(eqx.Module):
    """The map between natural values and the optimiser's unbounded coordinates."""

    lower: Float[Array, " n"]
    upper: Float[Array, " n"]
    size: Float[Array, " n"]
    kinds: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, parameters: Sequence[Parameter]):
        self.kinds = tuple(p.kind for p in parameters)
        # A missing bound is never read; 0 and 1 keep the unused branch finite.
        low = [0.0 if p.lower is None else p.lower for p in parameters]
        high = [1.0 if p.upper is None else p.upper for p in parameters]
        self.lower, self.upper = jnp.asarray(low, float), jnp.asarray(high, float)
        self.size = jnp.asarray([p.size for p in parameters], float)

    def natural(self, u: Float[Array, " n"]) -> Float[Array, " n"]:
        """Unbounded coordinates -> values inside the bounds."""
        # exp is capped where it would overflow: such a start has failed anyway.
        grown = self.size * jnp.exp(jnp.clip(u, -300.0, 300.0))
        choices = {
            "free": self.size * u,
            "above": self.lower + grown,
            "below": self.upper - grown,
            "between": self.lower + (self.upper - self.lower) * jax.nn.sigmoid(u),
        }
        return jnp.stack([choices[kind][k] for k, kind in enumerate(self.kinds)])

    def unbounded(self, x: Float[Array, " n"]) -> Float[Array, " n"]:
        """Values -> unbounded coordinates; a value on a bound is moved inside."""
        least = _INSIDE * self.size
        fraction = (x - self.lower) / (self.upper - self.lower)
        fraction = jnp.clip(fraction, _INSIDE, 1 - _INSIDE)
        choices = {
            "free": x / self.size,
            "above": jnp.log(jnp.maximum(x - self.lower, least) / self.size),
            "below": jnp.log(jnp.maximum(self.upper - x, least) / self.size),
            "between": jnp.log(fraction / (1 - fraction)),
        }
        return jnp.stack([choices[kind][k] for k, kind in enumerate(self.kinds)])


def draw_starts(
    parameters: Sequence[Parameter], count: int, spread: float, seed: int
) -> Float[np.ndarray, "count n"]:
    """Start values; the first is the user's own.

    A parameter bounded on one side at 0 (or with positive bounds) is drawn uniformly in
    its logarithm within a factor `spread`; any other uniformly within
    ±(spread - 1)·scale. Then all are brought inside the bounds. Each parameter's draws
    are stratified: one in each of `count` equal slices, in random order.
    """
    n = len(parameters)
    key_order, key_place = jax.random.split(jax.random.key(seed))
    slices = jnp.broadcast_to(jnp.arange(count)[:, None], (count, n))
    order = jax.random.permutation(key_order, slices, axis=0, independent=True)
    place = jax.random.uniform(key_place, (count, n))
    unit = np.array((order + place) / count)
    columns = [
        _spread_one(p, 2 * unit[:, k] - 1, spread) for k, p in enumerate(parameters)
    ]
    starts = np.stack(columns, axis=1)
    starts[0] = [p.value for p in parameters]
    return starts


def _spread_one(p: Parameter, unit: np.ndarray, spread: float) -> np.ndarray:
    """Draws of one parameter from numbers in [-1, 1]."""
    if p.lower is not None and p.lower >= 0 and p.value > 0:
        drawn = p.value * spread**unit
    elif p.kind == "between":
        half = (spread - 1) * max(abs(p.value), 0.25 * p.size)
        drawn = p.value + half * unit
    else:
        drawn = p.value + (spread - 1) * p.size * unit
    low = -np.inf if p.lower is None else p.lower + _INSIDE * p.size
    high = np.inf if p.upper is None else p.upper - _INSIDE * p.size
    return np.clip(drawn, low, high)
