"""What is measured: a model with its preparation, readout, noise and decay."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_one_of
from ..dissipation import Lindblad, dephasing, relaxation, solve_lindblad
from ..models import AbstractHamiltonian, TwoLevel, scaled_coupling
from ..propagate import CommutatorFree4, Magnus6
from ..propagate._arguments import default_rtol
from ..propagate._steppers import AbstractStepper
from ..readout import transition_amplitudes
from ._noise import (
    MAX_NODES,
    AbstractNoise,
    CouplingNoise,
    DetuningNoise,
    Dissipation,
    PhaseNoise,
    ReadoutError,
    gauss_hermite,
    names_of,
    value_of,
)

Values = dict[str, Any]


class Experiment(eqx.Module):
    """A pure function from (parameters, controls) to predicted probabilities.

    **Arguments:**

    - `build`: function `(p, c) -> model` of the parameters and the controls of one
      point, two dictionaries of scalars (or, for a control with more axes, arrays).
    - `parameters`, `controls`: the names that `build` and `window` read. Those that
      the other arguments name are added.
    - `window`: `(t0, t1)`, or a function `(p, c) -> (t0, t1)`; ±inf as Python
      numbers stand for the limit.
    - `initial`, `measured`: the level prepared, and the one whose probability is
      read, in the `basis` (`"diabatic"` or `"adiabatic"`, lowest energy first).
    - `readout`: `lz.ReadoutError`.
    - `noise`: any of `lz.DetuningNoise`, `lz.CouplingNoise`, `lz.PhaseNoise`, one
      of each; averages by Gauss-Hermite quadrature, see `quadrature_error`.
    - `dissipation`: `lz.Dissipation`: dephasing and relaxation by a Lindblad
      equation (diabatic basis, finite windows, no phase noise).
    - `solver`, `rtol`: as for `lz.solve`, but 1e-7 by default in float64. With
      dissipation the solver is `lz.CommutatorFree4`; only the number of steps is taken
      over.

    Call it with `parameters` (name → scalar) and `controls` (name → array with the
    points along its first axis): predictions, shape `(n,)`. Composes with `jit`,
    `vmap`, `grad`, `jacfwd`.

    **Raises:** `ValueError` for unknown or missing names and wrong shapes;
    `RuntimeError` if a point's solve fails (see `unchecked`).
    """

    build: Callable[[Values, Values], AbstractHamiltonian] = eqx.field(static=True)
    own_parameters: tuple[str, ...] = eqx.field(static=True)
    controls: tuple[str, ...] = eqx.field(static=True)
    window: Any = eqx.field(static=True)
    initial: int = eqx.field(static=True)
    measured: int = eqx.field(static=True)
    basis: str = eqx.field(static=True)
    readout: ReadoutError
    noise: tuple[AbstractNoise, ...]
    dissipation: Dissipation | None
    solver: Any
    rtol: float = eqx.field(static=True)
    strict: bool = eqx.field(static=True)

    def __init__(
        self,
        build: Callable[[Values, Values], AbstractHamiltonian],
        *,
        parameters: tuple[str, ...] | list[str] = (),
        controls: tuple[str, ...] | list[str] = (),
        window: Any = (-np.inf, np.inf),
        initial: int = 0,
        measured: int = 0,
        basis: str = "diabatic",
        readout: ReadoutError | None = None,
        noise: tuple[AbstractNoise, ...] | list[AbstractNoise] = (),
        dissipation: Dissipation | None = None,
        solver: Any = None,
        rtol: float | None = None,
    ):
        if not callable(build):
            raise TypeError(
                "`build` must be a function (parameters, controls) -> model, got "
                f"{build!r}."
            )
        self.build = build
        self.own_parameters = _names("parameters", parameters)
        self.controls = _names("controls", controls)
        self.window = window if callable(window) else _window(window)
        self.initial, self.measured = _level(initial), _level(measured)
        self.basis = check_one_of("basis", basis, ("diabatic", "adiabatic"))
        self.readout = ReadoutError() if readout is None else readout
        self.noise = tuple(noise)
        kinds = [type(part) for part in self.noise]
        if len(set(kinds)) < len(kinds):
            raise ValueError("`noise` takes at most one of each kind.")
        self.dissipation = dissipation
        self.solver = Magnus6() if solver is None else solver
        self.rtol = float(default_rtol(1e-7) if rtol is None else rtol)
        self.strict = True
        if dissipation is not None and (basis != "diabatic" or self._of(PhaseNoise)):
            raise ValueError(
                "an experiment with dissipation reads diabatic levels and has no "
                "PhaseNoise."
            )

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of all parameters that a prediction needs."""
        named = [*self.own_parameters, *self.readout.names()]
        for part in self.noise:
            named += names_of(part.sigma)
        phase = self._of(PhaseNoise)
        if phase is not None and phase.time not in self.controls:
            named += names_of(phase.time)
        if self.dissipation is not None:
            named += self.dissipation.names()
        return tuple(dict.fromkeys(named))

    def unchecked(self) -> "Experiment":
        """The same experiment, with NaN instead of an error where a solve fails."""
        return _replaced(self, strict=False)

    def with_nodes(self, more: int) -> "Experiment":
        """The same experiment with so many more nodes in every average, or so many
        fewer where more are not allowed."""
        return _replaced(
            self, noise=tuple(_with_nodes(part, more) for part in self.noise)
        )

    def __call__(self, parameters: Values, controls: Values) -> Float[Array, " n"]:
        values, arrays = self._checked(parameters, controls)
        return _predict(self, values, arrays)

    @property
    def finer(self) -> "Experiment | None":
        """The same experiment with four more nodes in every average (four fewer where
        more are not allowed); `None` if it averages nothing."""
        return self.with_nodes(4) if self.noise else None

    def quadrature_error(
        self, parameters: Values, controls: Values
    ) -> Float[Array, " n"]:
        """How much the predictions change in the `finer` experiment."""
        here = self(parameters, controls)
        other = self.finer
        if other is None:
            return jnp.zeros_like(here)
        return jnp.abs(other(parameters, controls) - here)

    def _of(self, kind: type) -> Any:
        return next((part for part in self.noise if type(part) is kind), None)

    def _checked(self, parameters: Values, controls: Values):
        _check_names("parameter", self.parameters, parameters)
        _check_names("control", self.controls, controls)
        values = {n: jnp.asarray(parameters[n], float) for n in self.parameters}
        for name, value in values.items():
            if value.shape != ():
                raise ValueError(
                    f"parameter '{name}' must be one number, got shape {value.shape}; "
                    "for many parameter sets use jax.vmap."
                )
        arrays = {n: jnp.asarray(controls[n], float) for n in self.controls}
        lengths = {n: a.shape[0] if a.ndim else None for n, a in arrays.items()}
        if None in lengths.values() or len(set(lengths.values())) > 1:
            raise ValueError(
                "all controls need the same number of points along their first axis, "
                f"got {lengths}."
            )
        return values, arrays


def _with_nodes(part: AbstractNoise, more: int) -> AbstractNoise:
    nodes = part.nodes + more
    nodes = nodes if nodes <= MAX_NODES else part.nodes - more
    return dataclasses.replace(part, nodes=nodes)


def _replaced(experiment: Experiment, **changes: Any) -> Experiment:
    # The constructor takes other arguments than the fields.
    new = object.__new__(Experiment)
    for field in dataclasses.fields(experiment):
        value = changes.get(field.name, getattr(experiment, field.name))
        object.__setattr__(new, field.name, value)
    return new


@eqx.filter_jit
def _predict(experiment: Experiment, parameters: Values, controls: Values):
    def point(controls):
        return _average(experiment, parameters, controls)

    if not controls:
        p, good = point({})
        p, good = p[None], good[None]
    else:
        p, good = jax.vmap(point)(controls)
    p = experiment.readout(p, parameters)
    if experiment.strict:
        return eqx.error_if(
            p,
            ~good,
            "an experiment's solve failed at one point or more: see lz.solve for "
            "the same model and window, whose status says why. (It also fails where a "
            "decay rate is negative or a PhaseNoise acts outside of the window.)",
        )
    return jnp.where(good, p, jnp.nan)


def _average(experiment: Experiment, parameters: Values, controls: Values):
    """The probability at one point, averaged over the static noise."""
    detuning, coupling = experiment._of(DetuningNoise), experiment._of(CouplingNoise)
    model = experiment.build(parameters, controls)
    if not isinstance(model, AbstractHamiltonian):
        raise TypeError(
            f"`build` must return a model, got {type(model).__name__}; wrap a function "
            "with lz.TwoLevelFunction or lz.HamiltonianFunction."
        )
    for name in ("initial", "measured"):
        if getattr(experiment, name) >= model.dim:
            raise ValueError(
                f"`{name}` must be a level from 0 to {model.dim - 1}, got "
                f"{getattr(experiment, name)}."
            )
    for part in experiment.noise:
        if model.dim != 2 and not isinstance(part, CouplingNoise):
            raise ValueError(
                f"{type(part).__name__} is for two levels, the model has {model.dim}."
            )
    window = experiment.window
    t0, t1 = window(parameters, controls) if callable(window) else window
    shifts, shift_weights = _nodes(detuning, parameters)
    scales, scale_weights = _nodes(coupling, parameters)

    def sample(shift, scale):
        noisy = model
        if detuning is not None:
            noisy = noisy + TwoLevel(detuning=shift, coupling=0.0)
        if coupling is not None:
            noisy = scaled_coupling(noisy, 1.0 + scale)
        return _probability(experiment, noisy, t0, t1, parameters, controls)

    grid = jnp.meshgrid(shifts, scales, indexing="ij")
    weights = shift_weights[:, None] * scale_weights[None, :]
    p, good = jax.vmap(sample)(grid[0].ravel(), grid[1].ravel())
    return jnp.sum(weights.ravel() * p), jnp.all(good)


def _nodes(noise: AbstractNoise | None, parameters: Values):
    if noise is None:
        return jnp.zeros(1), np.ones(1)
    places, weights = gauss_hermite(noise.nodes)
    return value_of(noise.sigma, parameters) * jnp.asarray(places), weights


def _probability(experiment, model, t0, t1, parameters, controls):
    """Probability of the measured level without readout errors, and whether it is
    good."""
    initial, measured = experiment.initial, experiment.measured
    options = {"rtol": experiment.rtol, "solver": experiment.solver}
    if experiment.dissipation is not None:
        return _open_probability(experiment, model, t0, t1, parameters)
    phase = experiment._of(PhaseNoise)
    if phase is None:
        amplitudes, good = transition_amplitudes(
            model, t0, t1, basis=experiment.basis, **options
        )
        return jnp.abs(amplitudes[measured, initial]) ** 2, good
    # The phase acts between the adiabatic states at its time: one sum of amplitudes.
    time = value_of(phase.time, {**controls, **parameters})
    first, good_first = transition_amplitudes(
        model, t0, time, basis=(experiment.basis, "adiabatic"), **options
    )
    last, good_last = transition_amplitudes(
        model, time, t1, basis=("adiabatic", experiment.basis), **options
    )
    places, weights = gauss_hermite(phase.nodes)
    angles = value_of(phase.sigma, parameters) * jnp.asarray(places)
    paths = last[measured] * first[:, initial]
    levels = jnp.arange(model.dim)
    amplitudes = jnp.exp(1j * jnp.outer(angles, levels)) @ paths
    inside = (t0 <= time) & (time <= t1)
    return weights @ (jnp.abs(amplitudes) ** 2), good_first & good_last & inside


def _positive(solver: Any) -> CommutatorFree4:
    """The solver that keeps density matrices positive, with the same steps."""
    if isinstance(solver, AbstractStepper):
        return CommutatorFree4(solver.steps, solver.steps_per_interval)
    return CommutatorFree4(solver.steps)


def _open_probability(experiment, model, t0, t1, parameters):
    rates = experiment.dissipation
    decay = relaxation(
        value_of(rates.relaxation, parameters), rates.source, rates.target, model.dim
    )
    jumps = dephasing(value_of(rates.dephasing, parameters), model.dim) + decay
    solution = solve_lindblad(
        Lindblad(model, jumps),
        t0,
        t1,
        rtol=experiment.rtol,
        solver=_positive(experiment.solver),
    )
    rho = solution(experiment.initial)
    good = solution.ok & jnp.all(jumps.rates >= 0)
    return jnp.real(rho[experiment.measured, experiment.measured]), good


def _names(what: str, names: Any) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"`{what}` must be a sequence of names, got {names!r}.")
    if len(set(names)) < len(tuple(names)):
        raise ValueError(f"`{what}` has a name twice: {tuple(names)}.")
    return tuple(names)


def _window(window: Any) -> tuple[float, float]:
    ends = np.asarray(window, dtype=float)
    if ends.shape != (2,) or np.any(np.isnan(ends)):
        raise ValueError(
            "`window` must be (t0, t1) or a function (parameters, controls) -> "
            f"(t0, t1), got {window!r}."
        )
    return float(ends[0]), float(ends[1])


def _level(level: Any) -> int:
    whole = isinstance(level, int | np.integer) and not isinstance(level, bool)
    if not whole or level < 0:
        raise ValueError(f"a level is a whole number from 0 up, got {level!r}.")
    return int(level)


def _check_names(kind: str, wanted: tuple[str, ...], given: Values) -> None:
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    if missing or unknown:
        raise ValueError(
            f"the experiment's {kind}s are {list(wanted)}; missing: {missing}, "
            f"unknown: {unknown}."
        )
