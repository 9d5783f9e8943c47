"""Wavepackets on two curves: oracles, free motion, classical paths."""

import jax.numpy as jnp
import numpy as np
import pytest

import lzjax as lz
from lzjax import molecules
from tests.molecules.oracle_molecules import MOLECULES, packet, split
from tests.oracles import compute, oracle


def test_a_packet_splits_as_the_oracle_says():
    record = oracle("wavepacket-30")
    start, end = split(record["parameters"], 1024, 500)
    np.testing.assert_allclose(start.populations(), [1.0, 0.0], atol=1e-12)
    found = end.populations()
    np.testing.assert_allclose(found[1], record["value"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(jnp.sum(found), 1.0, rtol=0, atol=1e-11)
    np.testing.assert_allclose(
        jnp.sum(end.populations("diabatic")), 1.0, rtol=0, atol=1e-11
    )
    # Energy: what is up has lost the gap from its momentum, what is down has not.
    p, momenta = record["parameters"], end.momenta()
    density = end.momentum_densities() * (momenta[1] - momenta[0])
    np.testing.assert_allclose(jnp.sum(density, axis=1), found, rtol=0, atol=1e-9)
    lower, upper = jnp.sum(density * momenta[None, :], axis=1) / found
    gap = float(end.surfaces.gap(15.0))
    kinetic = (lower**2 - upper**2) / (2 * p["m"])
    # Slow parts jump less, so the upper packet was faster before: a few per cent.
    np.testing.assert_allclose(kinetic, gap, rtol=0.05)


@pytest.mark.slow
def test_a_fast_packet_splits_as_the_oracle_says():
    got, want = compute(MOLECULES, "wavepacket-60"), oracle("wavepacket-60")["value"]
    np.testing.assert_allclose(got, want, atol=1e-4)


@pytest.mark.slow
def test_a_heavy_packet_follows_the_classical_path():
    """Ten times the mass at the same speed: the amplitude of the trajectory."""
    p = oracle("wavepacket-60")["parameters"] | dict(m=20000.0, p0=600.0)
    start = packet(p, 16384, 22.0)
    duration = 30.0 * p["m"] / p["p0"]
    end = molecules.propagate_wavepacket(
        start, mass=p["m"], duration=duration, steps=2000
    )
    path = molecules.classical_trajectory(
        start.surfaces,
        mass=p["m"],
        position=p["x0"],
        velocity=p["p0"] / p["m"],
        duration=duration,
    )
    along = molecules.AlongPath(start.surfaces, path)
    known = lz.transition_matrix(along, 0.0, duration, basis="adiabatic")[1, 0]
    # Kinetic energy 9 over a gap of 0.012: the speed changes by 1e-3.
    np.testing.assert_allclose(end.populations()[1], known, rtol=0, atol=1e-3)


def test_a_free_packet_spreads_as_it_must():
    flat = molecules.Curves(0.0, 0.3, 0.0)
    start = molecules.Wavepacket.gaussian(
        flat,
        grid=np.linspace(-40.0, 40.0, 512, endpoint=False),
        position=-5.0,
        momentum=2.0,
        width=1.5,
        representation="diabatic",
    )
    end = molecules.propagate_wavepacket(start, mass=3.0, duration=12.0, steps=4)
    density = jnp.abs(end.diabatic[0]) ** 2 * (end.grid[1] - end.grid[0])
    mean = jnp.sum(density * end.grid)
    spread = jnp.sum(density * (end.grid - mean) ** 2)
    np.testing.assert_allclose(mean, -5.0 + 2.0 / 3.0 * 12.0, rtol=1e-9)
    np.testing.assert_allclose(
        spread, 1.5**2 + (12.0 / (2 * 3.0 * 1.5)) ** 2, rtol=1e-9
    )


def test_a_packet_that_leaves_its_grid_is_refused():
    flat = molecules.Curves(0.0, 0.3, 0.0)
    options = dict(position=0.0, momentum=2.0, width=1.5)
    start = molecules.Wavepacket.gaussian(
        flat, grid=np.linspace(-40.0, 40.0, 512, endpoint=False), **options
    )
    with pytest.raises(RuntimeError, match="reached the end of its grid"):
        molecules.propagate_wavepacket(start, mass=3.0, duration=60.0, steps=4)
    with pytest.raises(ValueError, match="rise in equal steps"):
        molecules.Wavepacket.gaussian(flat, grid=np.geomspace(1, 9, 50), **options)
    with pytest.raises(ValueError, match="`steps` must be a whole number"):
        molecules.propagate_wavepacket(start, mass=3.0, duration=1.0, steps=None)
