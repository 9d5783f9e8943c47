"""Straight curves of slopes of the same sign as a scattering problem, at fixed energy.

Nothing here is from lzjax. In position space the two channels, closed on the left and
open on the right, give a matrix S by Numerov's recursion. In momentum space x = i d/dp,
and the same problem is two levels swept by a parabola, u² − b², whose amplitudes are
those of S with their phases. From these follows Stokes' constant of the problem, and
from that the exact jump p of one passage, |S₁₂|² = 4p(1 − p) sin²ψ: which is what Zhu
and Nakamura's formula is for.
"""

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import lzjax as lz
from lzjax.molecules import zhu_nakamura

_END = 12.0


def in_momentum_space(a: float, b2: float) -> tuple[complex, float]:
    """S₁₁, its phase measured from that of the uncoupled curve, and |S₁₂|²."""

    def slope(u, c):
        e = u * u - b2
        return -0.5j / a * np.array([e * c[0] + c[1], c[0] - e * c[1]])

    def splitting(u):
        return np.hypot(u * u - b2, 1.0)

    half = 0.5 * np.arctan2(1.0, _END**2 - b2)
    upper, lower = [np.cos(half), np.sin(half)], [-np.sin(half), np.cos(half)]
    end = solve_ivp(
        slope,
        (-_END, _END),
        np.array(upper, complex),
        "DOP853",
        rtol=1e-10,
        atol=1e-12,
    ).y[:, -1]
    uncoupled = 2 * (_END**3 / 3 - b2 * _END)
    # What the coupling adds to the phase beyond both ends.
    tails = 2 * quad(lambda u: 1 / (splitting(u) + u * u - b2), _END, np.inf)[0]
    phase = np.exp(0.5j / a * (uncoupled - tails))
    return np.dot(upper, end) * phase, abs(np.dot(lower, end)) ** 2


def exact_jump(a: float, b2: float) -> float:
    """S = [[1 + U₁U₂, U₂], [U₂, 1 − U₁*U₂]] with U₂ = 2i Im U₁ / (1 + |U₁|²)."""
    diagonal, change = in_momentum_space(a, b2)
    stokes = (diagonal - 1) / (1j * np.sqrt(change))
    return 1 / (1 + abs(stokes) ** 2)


def in_position_space(a: float, b2: float, ratio: float, points=16000, end=200.0):
    """S of −u″/2m + (−Fⱼx)u and V = 1 by Numerov's renormalised recursion."""
    f = np.array([np.sqrt(ratio), 1 / np.sqrt(ratio)])
    m, energy = (f[0] - f[1]) / (16 * a * a), 2 * b2 / (f[0] - f[1])
    start = -12 / (2 * m * f[1]) ** (1 / 3) - (abs(energy) + 3) / f[1]
    x, h = np.linspace(start, end, points, retstep=True)

    def potential(x):
        return np.array([[-f[0] * x, 1.0], [1.0, -f[1] * x]])

    one = np.eye(2)
    t = -(h * h) / 6 * m * np.array([energy * one - potential(x) for x in x])
    u = 12 * np.linalg.inv(one - t) - 10 * one
    ratios = np.zeros((2, 2))
    for step in u[1:-1]:
        inverse = np.linalg.inv(ratios) if ratios.any() else ratios
        ratios = step - inverse
    # From Numerov's F = (1 − T)ψ back to ψ: its ratio of the last two points.
    across = np.linalg.solve(one - t[-1], ratios @ (one - t[-2]))

    def local(x):
        energies, states = np.linalg.eigh(potential(x))
        return np.sqrt(2 * m * (energy - energies)), states * np.sign(np.diag(states))

    (k0, v0), (k1, v1) = local(x[-2]), local(x[-1])
    middle, _ = local(0.5 * (x[-1] + x[-2]))
    phase = np.exp(1j * h / 6 * (k0 + 4 * middle + k1))
    out0, out1 = v0 / np.sqrt(k0), v1 / np.sqrt(k1) * phase
    return np.linalg.solve(out1 - across @ out0, out1.conj() - across @ out0.conj())


@pytest.mark.parametrize(
    ("a2", "b2", "ratio"), [(1.0, 1.0, 2.6), (1.0, 0.0, 5.0), (4.0, -1.0, 2.6)]
)
def test_both_spaces_give_one_answer(a2, b2, ratio):
    """The slopes matter through a and b alone, above, at and below the crossing."""
    s = in_position_space(np.sqrt(a2), b2, ratio)
    # Waves are local at the end: their error falls off as its distance.
    np.testing.assert_allclose(s @ s.conj().T, np.eye(2), atol=5e-5)
    change = in_momentum_space(np.sqrt(a2), b2)[1]
    np.testing.assert_allclose(abs(s[0, 1]) ** 2, change, rtol=0, atol=5e-5)


@pytest.mark.slow
@pytest.mark.parametrize("b2", [2.0, 0.0, -1.0])
def test_a_parabolic_sweep_is_the_scattering(b2):
    a = 0.8
    sweep = lz.models.parabolic_sweep(1 / a, 1 / a, -b2 / a)
    change = lz.transition_probability(sweep, initial=0, final=1)
    want = in_momentum_space(a, b2)[1]
    # The ends at u = 12 are adiabatic states: they are off by some u⁻⁵/2.
    np.testing.assert_allclose(change, want, rtol=0, atol=5e-6)


# b² -> how far from the exact jump the formula and Zener's are at most.
LARGEST = {
    0.0: (0.069, 0.83),
    1.0: (0.025, 0.040),
    2.0: (0.0093, 0.0127),
    5.0: (0.0011, 0.0015),
}


@pytest.mark.parametrize("b2", LARGEST)
def test_the_formula_is_as_near_to_scattering_as_it_says(b2):
    a2 = np.array([0.1, 1.0, 16.0])
    exact = np.array([exact_jump(a, b2) for a in np.sqrt(a2)])
    coupling, slopes = 0.01, (0.05, 0.02)
    mean, difference = np.sqrt(np.prod(slopes)), slopes[0] - slopes[1]
    mass = mean * difference / (16 * a2 * coupling**3)
    kinetic = 2 * mean * coupling * b2 / difference
    found = zhu_nakamura(coupling, *slopes, kinetic_energy=kinetic, mass=mass)
    assert np.all(found.valid)
    error = np.max(np.abs(found.value - exact))
    rate = difference * np.sqrt(2 * kinetic / mass)
    zener = np.zeros(3) if b2 == 0 else lz.exact.landau_zener(2 * coupling, rate)
    zener_error = np.max(np.abs(zener - exact))
    # Two digits are given.
    np.testing.assert_allclose([error, zener_error], LARGEST[b2], rtol=0.05)
    assert np.argmax(np.abs(found.value - exact)) == 2
