"""Berry and orbital-moment phases: the gapped Dirac cone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lzjax import breakdown as mb
from lzjax.breakdown._units import ELEMENTARY_CHARGE, FLUX, VELOCITY
from tests.breakdown.records import check, record

CASE = record(47)["parameters"]
SLOPE = CASE["v"] / VELOCITY  # ħv, eV Å
MASS = CASE["Delta_meV"] * 1e-3


def _dirac(k, p):
    return p["mass"], -p["mass"], p["slope"] * (k[0] + 1j * k[1])


BANDS = mb.TwoBandFunction(_dirac, {"mass": MASS, "slope": SLOPE})


@jax.jit
def phases_at(energy):
    """(Berry, moment) of the upper band's orbit."""
    radius = jnp.sqrt(energy**2 - MASS**2) / SLOPE
    band = BANDS.adiabatic("upper")
    start = radius * jnp.array([1.0, 0.0, 0.0])
    found = mb.orbit(band, start, [0, 0, 1.0], reach=8 * radius, steps=512)
    return tuple(mb.orbit_phases(BANDS, "upper", found))


@pytest.mark.parametrize("energy", [0.011, 0.03, 0.2])
def test_only_the_sum_of_berry_and_moment_is_pi(energy):
    berry, moment = phases_at(energy)
    np.testing.assert_allclose(
        abs(berry), np.pi * (1 - MASS / energy), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(abs(moment), np.pi * MASS / energy, rtol=1e-7)
    np.testing.assert_allclose(abs(berry + moment), np.pi, rtol=1e-7)


def test_levels_of_the_gapped_dirac_cone():
    berry, moment = phases_at(0.03)

    def network(energy):
        area = jnp.pi * (energy**2 - MASS**2) / SLOPE**2
        return mb.Network([mb.Arc(area, 2 * np.pi, berry + moment)])

    joule = record(47)["value"]
    top = 1.05 * joule[-1] / ELEMENTARY_CHARGE
    found = mb.levels(network, float(CASE["B_T"]), 1.2 * MASS, top, 5)
    wanted = np.array(CASE["n"]) - 1
    np.testing.assert_allclose(found[wanted] * ELEMENTARY_CHARGE, joule, rtol=1e-7)
    exact = np.sqrt(MASS**2 + 2 * SLOPE**2 * CASE["B_T"] * np.array(CASE["n"]) / FLUX)
    check(exact * ELEMENTARY_CHARGE, record(47))


def test_zeeman_phases_split_as_the_spin_factor():
    up, down = (mb.zeeman_phase(0.7, 2.1, s) for s in (0.5, -0.5))
    np.testing.assert_allclose(
        0.5 * np.abs(np.exp(1j * up) + np.exp(1j * down)),
        abs(mb.spin_factor(0.7, 2.1)),
        rtol=1e-13,
    )
