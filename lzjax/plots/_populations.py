"""Populations along a sweep, under the levels that cause them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..propagate import evolve
from ._style import GREY, colour, given_axes, new_axes, one_of, probability_axis, tidy


def plot_populations(
    model: Any,
    t0: float,
    t1: float,
    psi0: Any = None,
    points: int = 400,
    basis: str = "diabatic",
    *,
    axes: Any = None,
) -> Any:
    r"""Levels and populations of a model along time.

    Above, the adiabatic levels (eigenvalues of $H(t)$, solid) and the diabatic ones
    (its diagonal, dashed); below, the populations of `basis`.

    **Arguments:**

    - `model`: a Hamiltonian of N levels.
    - `t0`, `t1`: the window, finite.
    - `psi0`: the state at `t0`, shape `(N,)`; by default level 0 of `basis`. It is
      normalised.
    - `points`: times drawn.
    - `basis`: "diabatic", or "adiabatic": the eigenstates of $H(t)$, the lowest
      first.
    - `axes`: two matplotlib axes (levels, populations) to draw into.

    **Returns:** the figure.

    **Raises:** `ValueError` if the window, the state or the basis is not allowed.
    """
    one_of("basis", basis, ("diabatic", "adiabatic"))
    if not (np.isfinite(t0) and np.isfinite(t1)) or t0 == t1:
        raise ValueError(
            f"a figure needs a finite window with `t0` different from `t1`, got {t0} "
            f"and {t1}."
        )
    if points < 2:
        raise ValueError(f"`points` must be at least 2, got {points}.")
    times = np.linspace(t0, t1, points)
    hamiltonians = np.asarray(jax.vmap(model)(jnp.asarray(times)))
    energies, vectors = np.linalg.eigh(hamiltonians)
    start = _initial_state(psi0, vectors[0], basis)
    states = np.asarray(evolve(model, jnp.asarray(start), jnp.asarray(times)))
    if basis == "adiabatic":
        states = np.einsum("tij,ti->tj", vectors.conj(), states)
    populations = np.abs(states) ** 2

    if axes is None:
        figure, grid = new_axes(
            2, 1, sharex=True, figsize=(6.0, 5.0), height_ratios=(1.0, 1.3)
        )
    else:
        figure, grid = given_axes(axes, (2, 1))
    upper, lower = grid[:, 0]
    _draw_levels(upper, times, energies, hamiltonians, basis)
    for i, population in enumerate(populations.T):
        name = f"level {i}" if basis == "diabatic" else f"state {i}"
        lower.plot(times, population, color=colour(i), label=name, lw=1.6)
    probability_axis(lower, f"{basis} population")
    lower.set_xlabel("time")
    lower.legend(frameon=False)
    lower.set_xlim(min(t0, t1), max(t0, t1))
    for ax in (upper, lower):
        tidy(ax)
    return figure


def _initial_state(psi0: Any, vectors: np.ndarray, basis: str) -> np.ndarray:
    n = vectors.shape[0]
    if psi0 is None:
        return vectors[:, 0] if basis == "adiabatic" else np.eye(n, dtype=complex)[0]
    state = np.asarray(psi0, dtype=complex)
    if state.shape != (n,):
        raise ValueError(f"`psi0` must have shape ({n},), got {state.shape}.")
    norm = np.linalg.norm(state)
    if not (np.isfinite(norm) and norm > 0):
        raise ValueError(f"`psi0` must have a finite length above 0, got {psi0!r}.")
    return state / norm


def _draw_levels(ax, times, energies, hamiltonians, basis) -> None:
    diagonal = np.real(np.diagonal(hamiltonians, axis1=1, axis2=2))
    # The levels whose populations are drawn have their colours; the others are grey.
    coloured = basis == "adiabatic"
    for i in range(energies.shape[1]):
        ax.plot(
            times,
            energies[:, i],
            color=colour(i) if coloured else GREY,
            lw=1.6 if coloured else 1.2,
            label="adiabatic" if i == 0 else None,
        )
        ax.plot(
            times,
            diagonal[:, i],
            color=GREY if coloured else colour(i),
            lw=1.2,
            ls="--",
            label="diabatic" if i == 0 else None,
        )
    ax.set_ylabel("energy")
    ax.legend(frameon=False, ncols=2, loc="upper center")
