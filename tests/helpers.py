"""What many tests share: steppers, models of every kind, and small measures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import models
from lzjax.propagate import _finite, _leaves, _run

# A new stepper goes here: order, unitarity and exactness follow.
ALL_STEPPERS = (lz.Magnus2(), lz.Magnus4(), lz.Magnus6(), lz.CommutatorFree4())

PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def name_of(thing) -> str:
    return type(thing).__name__


def _value(t, model):
    return model(t)


def dense(model) -> lz.HamiltonianFunction:
    """The same model as a matrix: away from the fast path of two levels."""
    return lz.HamiltonianFunction(_value, model, model.breakpoints())


def _bent(t, p):
    """A smooth field that does not commute with itself, and kinks on top."""
    x = 1.1 * jnp.cos(1.3 * t) + 0.4
    y = 0.7 * jnp.sin(0.9 * t + 0.3)
    z = 0.8 * t - 0.2
    bends = jnp.sum(jnp.abs(t - p["kinks"]) * p["slopes"])
    smooth = p["smooth"]
    constant = p["constant"]
    return (
        smooth * x + bends + constant[0],
        smooth * y - 0.5 * bends + constant[1],
        smooth * z + 0.7 * bends + constant[2],
    )


def bent(*, kinks=(-1.25, 0.0, 1.25), slopes=(0, 0, 0), smooth=1.0, constant=(0, 0, 0)):
    """Three possible kinks; all share one compilation."""
    kinks = jnp.asarray(kinks, float)
    numbers = dict(
        kinks=kinks,
        slopes=jnp.asarray(slopes, float),
        smooth=float(smooth),
        constant=jnp.asarray(constant, float),
    )
    return lz.TwoLevelFunction(_bent, numbers, kinks)


def _own(t, p):
    return p["height"] * jnp.tanh(p["steepness"] * t)


def zoo() -> models.AbstractTwoLevel:
    """Every two-level model and waveform at once, no two kinks together."""
    detuning = (
        models.Linear(0.6, 0.1)
        + 0.4 * models.Sinusoid(0.5, 1.7, 0.3, 0.05)
        + models.PiecewiseLinear([-1.5, 0.2, 1.1], [0.1, -0.5, 0.4])
        - models.Ramp(0.1, 0.5, -0.7, 0.9)
        + models.FunctionWaveform(_own, {"height": 0.3, "steepness": 0.8})
        + models.TanhRamp(0.3, 0.6, 0.15, -0.1)
        + models.PowerLaw(0.2, 1.5, signed=True).shifted(-0.6)
        + models.Polynomial([0.1, -0.2, 0.05])
        + models.Exponential(0.15, 0.7, -0.1)
    )
    coupling = (
        models.Constant(0.3 - 0.2j)
        + models.PiecewiseConstant([-0.4, 0.6], [0.2, -0.3, 0.5])
        + models.TrapezoidPulse(0.4, -1.3, 1.4, 0.35)
        + models.GaussianPulse(0.5, 0.7, 0.2).shifted(0.1)
        + models.SechPulse(0.3, 0.5, -0.3).stretched(1.2)
        + models.ChirpedTone(0.2 - 0.1j, 0.8, 0.3, 0.2)
    )
    return (
        lz.TwoLevel(detuning, coupling)
        + lz.LinearSweep(0.4 + 0.3j, 0.5).shifted(0.25)
        + lz.DrivenTwoLevel(0.2, 0.3, 0.8, 2.1, 0.4)
        + lz.DitheredSweep(0.1, 0.2, 0.3, 1.9, 0.7).stretched(1.3)
        + lz.TwoLevelFunction(_own_field, {"size": 0.25})
    )


def _own_field(t, p):
    return p["size"] * jnp.cos(t), p["size"] * t / (1 + t * t), 0.0


def three_levels() -> lz.OperatorSum:
    """A model of three levels with kinks, with real and imaginary couplings."""
    rng = np.random.default_rng(3)
    raw = rng.normal(size=(3, 3, 3)) + 1j * rng.normal(size=(3, 3, 3))
    waves = (
        models.Linear(0.5, 0.2),
        models.PiecewiseLinear([-1.0, 0.3, 1.2], [0.2, 0.7, -0.3]),
        models.Sinusoid(0.4, 1.3, 0.2),
    )
    return lz.OperatorSum(0.5 * (raw + raw.conj().swapaxes(1, 2)), waves)


def distance(u, v) -> float:
    """Spectral norm of the difference."""
    return float(np.linalg.norm(np.asarray(u) - np.asarray(v), 2))


def defect(u) -> float:
    """How far from unitary."""
    u = np.asarray(u)
    return distance(u.conj().T @ u, np.eye(u.shape[-1]))


def differences(function, tree, step=1e-3):
    """Fourth-order differences of a scalar function in every number of a pytree.

    Leaves an error of step⁴ (1e-12), and the rounding of the function over step.
    """
    leaves, structure = jax.tree.flatten(tree)
    found = []
    for k, leaf in enumerate(leaves):
        leaf = np.asarray(leaf)
        slope = np.zeros(leaf.shape, leaf.dtype)
        for place in np.ndindex(leaf.shape):
            for unit in (1.0, 1j) if np.iscomplexobj(leaf) else (1.0,):

                def at(move, k=k, leaf=leaf, place=place, unit=unit):
                    moved = leaf.copy()
                    moved[place] += move * unit
                    return float(
                        function(
                            jax.tree.unflatten(
                                structure,
                                leaves[:k] + [jnp.asarray(moved)] + leaves[k + 1 :],
                            )
                        )
                    )

                near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
                # JAX's gradient of a real function of z = x + iy is ∂x − i ∂y.
                slope[place] += np.conj(unit) * (8 * near - far) / (12 * step)
        found.append(slope)
    return jax.tree.unflatten(structure, found)


def directions(tree, count, seed=5):
    """`count` random directions of length one for all numbers of a pytree, complex
    ones where it is complex, as pytrees of the same structure."""
    leaves, structure = jax.tree.flatten(tree)
    rng = np.random.default_rng(seed)
    for _ in range(count):
        moves = [
            rng.normal(size=x.shape)
            + (1j * rng.normal(size=x.shape) if jnp.iscomplexobj(x) else 0.0)
            for x in leaves
        ]
        length = np.sqrt(sum(np.sum(np.abs(move) ** 2) for move in moves))
        moves = [
            jnp.asarray(m / length, x.dtype) for m, x in zip(moves, leaves, strict=True)
        ]
        yield jax.tree.unflatten(structure, moves)


def slope_along(function, tree, direction, step=1e-3):
    """As `differences`, of all numbers together along a direction."""

    def at(move):
        moved = jax.tree.map(lambda x, d: x + move * d, tree, direction)
        return float(function(moved))

    near, far = at(step) - at(-step), at(2 * step) - at(-2 * step)
    return (8 * near - far) / (12 * step)


def projected(gradient, direction) -> float:
    """A gradient as JAX gives it, along a direction."""
    pairs = zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    return sum(float(np.sum(np.real(np.asarray(g) * d))) for g, d in pairs)


needs_kernels = pytest.mark.skipif(
    jax.__version_info__[:2] < (0, 11), reason="kernels need jax 0.11"
)


def loop_of(model, stepper, group=None):
    """The loop over steps that `solve` runs, and the numbers of the model."""
    leaves, structure = _leaves.split(model)
    return _run.Loop(group or _finite.group_of(model), stepper, structure), leaves


def tilted(t, p):
    gap = p[0] * (1 + 0.3j)
    return 0.5 * jnp.array([[p[1] * t, gap], [jnp.conj(gap), 0.2 - p[1] * t]])


# Straight lines, and a coupling that jumps.
KINKS = lz.TwoLevel(
    lz.models.PiecewiseLinear([-0.5, 0.2], [0.1, 0.9]),
    lz.models.PiecewiseConstant([0.6], [0.3 + 0.1j, 0.5]),
)
