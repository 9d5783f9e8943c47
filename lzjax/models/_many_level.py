"""Models of N levels, given as matrices."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from .._types import Scalar
from ._base import AbstractHamiltonian
from ._waveforms import AbstractWaveform, as_arrays, as_waveform


class HamiltonianFunction(AbstractHamiltonian):
    """A user's own model: H(t) = function(t, parameters), a Hermitian matrix.

    **Arguments:**

    - `function`: pure JAX function of a time and a pytree, returns `(N, N)`.
    - `parameters`: any pytree; its array leaves are differentiated and batched.
    - `breakpoints`: times of kinks and jumps, shape `(K,)`; no step straddles one.

    **Raises:** `ValueError` if the function does not return a square matrix.
    """

    dim: int = eqx.field(static=True)
    function: Callable[[Scalar, Any], Any] = eqx.field(static=True)
    parameters: Any
    kinks: Float[Array, " K"]

    def __init__(self, function, parameters=None, breakpoints=()):
        self.function = function
        self.parameters = as_arrays(parameters)
        self.kinks = jnp.asarray(breakpoints, dtype=float).reshape(-1)
        out = jax.eval_shape(lambda: jnp.asarray(function(0.0, self.parameters)))
        if len(out.shape) != 2 or out.shape[0] != out.shape[1]:
            raise ValueError(
                "the function of a HamiltonianFunction must return a square matrix "
                f"(N, N), got shape {out.shape}."
            )
        self.dim = out.shape[0]

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        return jnp.asarray(self.function(t, self.parameters), dtype=complex)

    def breakpoints(self) -> Float[Array, " K"]:
        return self.kinks


class OperatorSum(AbstractHamiltonian):
    """H(t) = Σₖ fₖ(t) Oₖ, with constant Hermitian operators and real waveforms.

    **Arguments:**

    - `operators`: shape `(K, N, N)`, each Hermitian.
    - `waveforms`: K waveforms or numbers.

    **Raises:** `ValueError` if the shapes disagree or an operator is not Hermitian.
    """

    operators: Complex[Array, "K N N"]
    waveforms: tuple[AbstractWaveform, ...]

    def __init__(self, operators, waveforms):
        self.operators = jnp.asarray(operators, dtype=complex)
        self.waveforms = tuple(as_waveform(waveform) for waveform in waveforms)
        shape = self.operators.shape
        if len(shape) != 3 or shape[1] != shape[2] or shape[0] != len(self.waveforms):
            raise ValueError(
                "OperatorSum needs `operators` of shape (K, N, N) and K waveforms, "
                f"got shape {shape} and {len(self.waveforms)} waveforms."
            )
        if not isinstance(self.operators, jax.core.Tracer):
            matrices = np.asarray(self.operators)
            if not np.allclose(matrices, matrices.conj().swapaxes(1, 2), atol=1e-12):
                raise ValueError("OperatorSum needs Hermitian operators, got others.")

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.operators.shape[-1]

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        values = jnp.stack([waveform(t) for waveform in self.waveforms])
        return jnp.tensordot(values, self.operators, axes=1)

    def breakpoints(self) -> Float[Array, " K"]:
        return jnp.concatenate([w.breakpoints() for w in self.waveforms])

    def landmarks(self) -> Float[Array, " K"]:
        return jnp.concatenate([w.landmarks() for w in self.waveforms])
