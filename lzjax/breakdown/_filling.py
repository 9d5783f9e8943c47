"""A fixed number of electrons, whose chemical potential oscillates with the field."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import ArrayLike

from .._checks import check_positive, check_shape
from .._types import Scalar, as_array, as_scalar
from ._units import BOLTZMANN, ELEMENTARY_CHARGE, FLUX

_KELVIN = BOLTZMANN / ELEMENTARY_CHARGE


def chemical_potential(
    energies: ArrayLike, field: ArrayLike, density: ArrayLike, temperature: ArrayLike
) -> Scalar:
    r"""μ of a layer with a fixed number of electrons in its Landau levels.

    $$n = \frac{B}{h/e}\sum_j \frac{1}{e^{(E_j - \mu)/k_BT} + 1}$$

    In two dimensions it oscillates with the field; that brings the combination
    frequencies (β − α, 2α, ...) and harmonics which a fixed μ does not have.

    **Arguments:** `energies`: eV, shape `(n,)`, all levels up to well above μ, each
    spin as its own. `field`: T. `density`: electrons per Å². `temperature`: K, above 0.

    Differentiable in all of them. **Raises:** `RuntimeError` if the levels cannot hold
    the electrons.

    Source: Audouard et al., EPL 97, 57003 (2012), arXiv:1110.3696.
    """
    energies, field, filling, thermal = _checked(energies, field, density, temperature)
    energies = eqx.error_if(
        energies,
        filling >= energies.shape[0],
        "the levels given cannot hold so many electrons: give more of them.",
    )

    def excess(potential):
        return jnp.sum(jax.nn.sigmoid((potential - energies) / thermal)) - filling

    def bisect(function, guess):
        def halve(_, bracket):
            low, high = bracket
            middle = 0.5 * (low + high)
            above = function(middle) > 0
            return jnp.where(above, low, middle), jnp.where(above, middle, high)

        # At the ends the sum is within e^-60 of empty and of full.
        low, high = jnp.min(energies) - 60 * thermal, jnp.max(energies) + 60 * thermal
        low, high = jax.lax.fori_loop(0, 80, halve, (low, high))
        return 0.5 * (low + high)

    return jax.lax.custom_root(
        excess, jnp.mean(energies), bisect, lambda g, y: y / g(jnp.ones_like(y))
    )


def free_energy(
    energies: ArrayLike, field: ArrayLike, density: ArrayLike, temperature: ArrayLike
) -> Scalar:
    r"""The free energy F = Ω + μn of the layer, in eV/Å²; arguments as above.

    The magnetisation at a fixed number of electrons is −dF/dB by `jax.grad`, with the
    levels as functions of the field.
    """
    potential = chemical_potential(energies, field, density, temperature)
    energies, field, filling, thermal = _checked(energies, field, density, temperature)
    logs = jax.nn.softplus((potential - energies) / thermal)
    per_flux = -thermal * jnp.sum(logs) + potential * filling
    return per_flux * field / (2.0 * jnp.pi * FLUX)


def _checked(energies, field, density, temperature):
    energies = as_array(energies)
    check_shape("energies", energies, (None,))
    for name, value in (
        ("field", field),
        ("density", density),
        ("temperature", temperature),
    ):
        check_positive(name, value)
    field, density = as_scalar(field), as_scalar(density)
    filling = density * 2.0 * jnp.pi * FLUX / field
    return energies, field, filling, _KELVIN * as_scalar(temperature)
