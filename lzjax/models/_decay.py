"""Models whose matrix is not Hermitian: levels that decay, couplings that do not
conjugate."""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from .._types import Scalar, as_complex_or_real_scalar, as_scalar
from ._base import AbstractHamiltonian
from ._waveforms import AbstractWaveform, Number, as_waveform


class DecayingLevels(AbstractHamiltonian):
    r"""A model whose diabatic levels leak out of it,
    $H - \tfrac i2\,\mathrm{diag}(\Gamma_0(t), \dots)$.

    A population that nothing else moves falls as exp(−Γt). What the propagator loses
    of the norm has left; to see where it goes, give an `lz.Lindblad` one more level.

    **Arguments:**

    - `model`: N levels, Hermitian.
    - `rates`: Γ of every level, N waveforms or numbers, 1/time; not negative.

    Finite windows only, read in the diabatic basis. Survival of a stable level in a
    linear sweep: `lz.exact.decaying_level_survival` and `finite_window_propagator`.

    **Raises:** `ValueError` if there is not one rate for each level.
    """

    model: AbstractHamiltonian
    rates: tuple[AbstractWaveform, ...]

    convention: ClassVar[str] = "H = model − (i/2) diag(rates), ħ = 1"

    def __init__(self, model: AbstractHamiltonian, rates: Any):
        self.model = model
        self.rates = tuple(as_waveform(rate) for rate in rates)
        if len(self.rates) != model.dim:
            raise ValueError(
                f"DecayingLevels needs one rate for each of the {model.dim} levels of "
                f"the {type(model).__name__}, got {len(self.rates)}; a stable level "
                "has the rate 0.0."
            )

    @property
    def dim(self) -> int:  # type: ignore[override]
        return self.model.dim

    @property
    def is_hermitian(self) -> bool:
        return False

    def __call__(self, t: Scalar) -> Complex[Array, "N N"]:
        rates = jnp.stack([jnp.asarray(rate(t), dtype=float) for rate in self.rates])
        return self.model(t) - 0.5j * jnp.diag(rates)

    def breakpoints(self) -> Float[Array, " K"]:
        own = [rate.breakpoints() for rate in self.rates]
        return jnp.concatenate([self.model.breakpoints(), *own])

    def landmarks(self) -> Float[Array, " K"]:
        own = [rate.landmarks() for rate in self.rates]
        return jnp.concatenate([self.model.landmarks(), *own])


class _ComplexSymmetric(AbstractHamiltonian):
    gap: Number = eqx.field(converter=as_complex_or_real_scalar)
    rate: Scalar = eqx.field(converter=as_scalar)

    dim: ClassVar[int] = 2
    convention: ClassVar[str] = (
        "H = ½ (rate·t σz + gap σx), the complex gap not conjugated, ħ = 1"
    )

    @property
    def is_hermitian(self) -> bool:
        return False

    def __call__(self, t: Scalar) -> Complex[Array, "2 2"]:
        z, x = 0.5 * self.rate * t + 0j, 0.5 * self.gap + 0j
        return jnp.array([[z, x], [x, -z]])

    def landmarks(self) -> Float[Array, " 1"]:
        return jnp.zeros(1)


def complex_symmetric_sweep(gap: ArrayLike, rate: ArrayLike) -> AbstractHamiltonian:
    r"""A linear sweep with $H_{01} = H_{10} = \Delta/2$, complex and *not* conjugated.

    Not Hermitian: squared amplitudes need not add to one. It is what
    `gap * sigma_x` makes of a complex gap, and a model of gain and loss; a coupling
    with a phase is `lz.LinearSweep(gap, rate)`. For Δ = 0.6 + 0.8i at α = 1 the
    survival is 1.552 here, and 0.208 there. Finite windows only; over all times
    the survival is `lz.exact.complex_symmetric_survival`.
    """
    return _ComplexSymmetric(gap, rate)
