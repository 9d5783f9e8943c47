"""From a propagator to what is asked of it: probabilities and scattering phases."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Complex, Float

from .._checks import check_one_of
from .._types import Scalar
from ..bases import superadiabatic_states
from ..models import AbstractHamiltonian
from ..propagate._arguments import MAX_STEPS, as_time, check_model
from ..propagate._limits import dynamical_phases, infinite_ends
from ..propagate._solve import asymptotic, labelled

BASES = ("diabatic", "adiabatic", "superadiabatic")


def transition_matrix(
    model: AbstractHamiltonian,
    t0: ArrayLike = -np.inf,
    t1: ArrayLike = np.inf,
    *,
    basis: str = "diabatic",
    order: int = 1,
    rtol: ArrayLike | None = None,
    solver: Any = None,
    max_steps: int = MAX_STEPS,
) -> Float[Array, "N N"]:
    """Probabilities of all transitions, `[final, initial]`: a column is where one
    initial state goes.

    **Arguments:**

    - `basis`: `"diabatic"`: the levels of the model; `"adiabatic"`: the eigenstates
      of H, lowest energy first; `"superadiabatic"`: those of the given `order`.
      At an infinite end the last two are the same.

    The others are those of `lz.solve`. Differentiable in the model and in finite
    times; `[i, j]` sums to one along i and, as H is Hermitian, along j. What is
    missing where levels decay (`lz.models.DecayingLevels`) has been lost.

    **Raises:** as `lz.solve`, and `RuntimeError` if the tolerance is not met.
    """
    found = asymptotic(model, t0, t1, rtol=rtol, solver=solver, max_steps=max_steps)
    _check_basis(basis, order, model)
    return _probabilities(model, found, basis, order)


def transition_probability(
    model: AbstractHamiltonian,
    t0: ArrayLike = -np.inf,
    t1: ArrayLike = np.inf,
    *,
    initial: int,
    final: int,
    **options: Any,
) -> Scalar:
    """Probability to end in `final` from `initial`; a cell of `transition_matrix`,
    which says what the `options` are.

    For a linear sweep over all times with initial = final this is the probability
    to stay in the diabatic level, exp(−π gap²/2|rate|).
    """
    matrix = transition_matrix(model, t0, t1, **options)
    for name, level in (("initial", initial), ("final", final)):
        if isinstance(level, bool) or not isinstance(level, int | np.integer):
            raise TypeError(f"`{name}` must be a level's number, got {level!r}.")
        if not 0 <= level < model.dim:
            raise ValueError(
                f"`{name}` must be a level from 0 to {model.dim - 1}, got {level}."
            )
    return matrix[final, initial]


def scattering_matrix(
    model: AbstractHamiltonian,
    t0: ArrayLike = -np.inf,
    t1: ArrayLike = np.inf,
    *,
    basis: str = "diabatic",
    reference: ArrayLike = 0.0,
    rtol: ArrayLike | None = None,
    solver: Any = None,
    max_steps: int = MAX_STEPS,
) -> Complex[Array, "N N"]:
    r"""Complex amplitudes `[final, initial]` with the dynamical phases removed.

    $$S_{ij} = e^{i\int_{t_r}^{t_1} E_i\,dt}\;\langle v_i(t_1)|U|v_j(t_0)\rangle\;
    e^{i\int_{t_0}^{t_r} E_j\,dt}$$

    with the adiabatic energies E and the reference time $t_r$ (the crossing).

    For a linear sweep (gap, rate > 0) over all times with P = exp(−π gap²/2 rate)
    and the Stokes phase φ, in the adiabatic basis (ground, excited)
    $$S = \begin{pmatrix} \sqrt{1-P}\,e^{i\varphi} & \sqrt P \\
    -\sqrt P & \sqrt{1-P}\,e^{-i\varphi} \end{pmatrix}$$
    in the gauge lower (−sin θ/2, e^{iφ} cos θ/2), upper (cos θ/2, e^{iφ} sin θ/2).
    In the diabatic basis there is no gauge to choose: each adiabatic state carries
    the phase of the diabatic state that it becomes, so that S has √P on the
    diagonal and $-\sqrt{1-P}\,e^{\pm i\varphi}$ (with a sign from the gauge) off it.

    **Arguments:** `reference`: the time from which phases count. `basis`:
    `"diabatic"` (infinite ends; at a finite end the levels' own states) or
    `"adiabatic"`. The others are those of `lz.solve`.

    **Raises:** as `lz.transition_matrix`.

    Source: Ivakhnenko, Shevchenko & Nori, Phys. Rep. 995, 1 (2023), section 2.3,
    doi:10.1016/j.physrep.2022.10.002.
    """
    check_one_of("basis", basis, BASES[:2])
    _check_basis(basis, 0, model)
    found = asymptotic(model, t0, t1, rtol=rtol, solver=solver, max_steps=max_steps)
    return _scattering(
        model, found, basis == "diabatic", as_time("reference", reference)
    )


@eqx.filter_jit
def _scattering(model, found, diabatic: bool, reference):
    good = labelled(found, diabatic).checked()
    found = eqx.tree_at(lambda f: f.solution, found, good)
    basis = "diabatic" if diabatic else "adiabatic"
    ends = infinite_ends(model, found, (diabatic, diabatic), tails=True)
    matrix = _amplitudes(model, found, ends, (basis, basis), 0)
    before, after = dynamical_phases(model, found, ends, diabatic, reference)
    return jnp.exp(1j * (after[:, None] + before[None, :])) * matrix


@eqx.filter_jit
def _probabilities(model, found, basis: str, order: int):
    good = labelled(found, basis == "diabatic").checked()
    found = eqx.tree_at(lambda f: f.solution, found, good)
    amplitudes = _read(model, found, (basis, basis), order)
    return amplitudes.real**2 + amplitudes.imag**2


def transition_amplitudes(
    model: AbstractHamiltonian,
    t0: ArrayLike = -np.inf,
    t1: ArrayLike = np.inf,
    *,
    basis: str | tuple[str, str] = "diabatic",
    order: int = 1,
    rtol: ArrayLike | None = None,
    solver: Any = None,
    max_steps: int = MAX_STEPS,
) -> tuple[Complex[Array, "N N"], Bool[Array, ""]]:
    """Amplitudes `[final, initial]`, and whether the solve met its tolerance.

    As `transition_matrix` before the squares; the phases are those of the gauge of
    `lz.bases.superadiabatic_states`. `basis` may be a pair, (initial, final). A
    failure does not raise here.
    """
    pair = (basis, basis) if isinstance(basis, str) else tuple(basis)
    for each in pair:
        _check_basis(each, order, model)
    found = asymptotic(model, t0, t1, rtol=rtol, solver=solver, max_steps=max_steps)
    return _amplitudes_and_status(model, found, pair, order)


@eqx.filter_jit
def _amplitudes_and_status(model, found, pair: tuple[str, str], order: int):
    good = labelled(found, "diabatic" in pair).ok
    return _read(model, found, pair, order), good


def _read(model, found, pair: tuple[str, str], order: int):
    diabatic = pair[0] == "diabatic", pair[1] == "diabatic"
    ends = infinite_ends(model, found, diabatic, tails=False)
    return _amplitudes(model, found, ends, pair, order)


def _amplitudes(model, found, ends, pair: tuple[str, str], order: int):
    times = found.solution.t0, found.solution.t1
    first, last = (
        _finite_basis(model, t, basis, order) if end is None else end.states
        for end, t, basis in zip(ends, times, pair, strict=True)
    )
    return last.conj().T @ found.solution.propagator @ first


def _finite_basis(model, t: Scalar, basis: str, order: int):
    """The states of a basis at a finite end of the window, as columns."""
    if basis == "diabatic":
        return jnp.eye(model.dim, dtype=complex)
    return superadiabatic_states(model, t, 0 if basis == "adiabatic" else order)


def _check_basis(basis: str, order: int, model: AbstractHamiltonian) -> None:
    check_one_of("basis", basis, BASES)
    check_model(model)
    if basis != "diabatic" and not model.is_hermitian:
        raise ValueError(
            f"the {type(model).__name__} is not Hermitian and has no orthogonal "
            f'eigenstates: read it with basis="diabatic", not {basis!r}.'
        )
    if isinstance(order, bool) or not isinstance(order, int) or not 0 <= order <= 10:
        raise ValueError(f"`order` must be a whole number from 0 to 10, got {order!r}.")
