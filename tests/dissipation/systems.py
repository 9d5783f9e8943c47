"""Open systems of one structure, so that all tests share few compilations."""

import jax.numpy as jnp
import numpy as np

import lzjax as lz
from lzjax import models
from lzjax.dissipation import Jumps, Lindblad
from lzjax.dissipation._channel import hermitian_basis

X, Z = np.array([[0.0, 1], [1, 0]]), np.diag([1.0, -1.0])
DOWN = np.array([[0.0, 0], [1, 0]])


def system(operators, jumps, rates, *, rate=0.0, offset=0.0, drive=(0, 1, 0), rest=1.0):
    """H = (rate·t + offset) O₀ + A cos(ωt + φ) O₁ + rest·O₂, and constant jumps."""
    waves = (
        models.Linear(rate, offset),
        models.Sinusoid(*drive),
        models.Constant(float(rest)),
    )
    model = lz.OperatorSum(np.asarray(operators, complex), waves)
    return Lindblad(model, Jumps(jumps, np.asarray(rates, float)))


def qubit(gap, *, dephasing=0.0, decay=0.0, excitation=0.0, **drive):
    """Two levels: detuning on σz/2, gap on σx/2; three jumps."""
    return system(
        [Z / 2, Z / 2, X / 2],
        [Z, DOWN, DOWN.T],
        [dephasing / 2, decay, excitation],
        rest=gap,
        **drive,
    )


def random_system(seed, dim, strength=1.0):
    """Nothing commutes, nothing is real."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(2, 6, dim, dim))
    raw = raw[0] + 1j * raw[1]
    return system(
        raw[:3] + raw[:3].conj().swapaxes(1, 2),
        raw[3:],
        strength * rng.exponential(size=3),
        rate=rng.normal(),
        offset=rng.normal(),
        drive=rng.normal(size=3),
    )


def random_density(seed, dim):
    rng = np.random.default_rng(seed + 1)
    # Pure for even seeds: they leave positivity no room.
    rank = 1 if seed % 2 == 0 else dim
    raw = rng.normal(size=(dim, rank)) + 1j * rng.normal(size=(dim, rank))
    rho = raw @ raw.conj().T
    return rho / np.trace(rho).real


def liouvillian(system, t):
    """The generator on stacked columns, written down anew with Kronecker products."""
    h = np.asarray(system.model(jnp.asarray(t)))
    one = np.eye(system.dim)
    total = -1j * (np.kron(one, h) - np.kron(h.T, one))
    jumps = np.asarray(system.jumps.operators)
    for jump, rate in zip(jumps, np.asarray(system.jumps.rates), strict=True):
        lost = jump.conj().T @ jump
        total += rate * np.kron(jump.conj(), jump)
        total -= 0.5 * rate * (np.kron(one, lost) + np.kron(lost.T, one))
    return total


def superoperator(solution):
    """A channel as a matrix on stacked columns."""
    channel = np.asarray(solution.channel)
    dim = round(channel.shape[0] ** 0.5)
    stacked = hermitian_basis(dim).swapaxes(1, 2).reshape(dim**2, dim**2)
    return np.einsum("ai,ab,bj->ij", stacked, channel, stacked.conj())


def choi(solution):
    """Σ E(|i><j|) ⊗ |i><j|: positive if and only if the channel completely is."""
    channel = np.asarray(solution.channel)
    dim = round(channel.shape[0] ** 0.5)
    basis = hermitian_basis(dim)
    blocks = np.einsum("ab,aij,blk->ikjl", channel, basis, basis)
    return blocks.reshape(dim**2, dim**2)
