"""Which way a solve goes, and what a step of it costs."""

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from ..kernels import NotScalarisable, Operations, operations, scalarise
from . import _grid, _run
from ._cos_sinc import COS, REACH
from ._finite import group_of
from ._runge_kutta import RungeKutta
from ._solve import check_model, check_solver
from ._steppers import Magnus6
from ._su2 import SU2
from ._unitary import Unitary


@dataclasses.dataclass(frozen=True, repr=False)
class Explanation:
    """Which way a solve goes; see `lz.explain`.

    - `path`: "four real numbers" (two levels given by their field), "real matrices"
      (all others) or "Runge-Kutta".
    - `reason`: why.
    - `operations`: of one step of one state as elementwise arithmetic, where it can be
      written so.
    - `degree`, `reach`: of the polynomials for the exponential of a step, and the
      largest angle (two levels) or norm of the exponent (more) up to which they hold.
      Steps beyond are found as they run, and taken in a more general way.
    """

    path: str
    reason: str
    operations: Operations | None = None
    degree: int | None = None
    reach: float | None = None

    def __repr__(self) -> str:
        lines = [f"{self.path}: {self.reason}"]
        if self.operations is not None:
            found = self.operations
            lines.append(
                f"a step of one state: {found.arithmetic} multiply-adds, "
                f"{found.divisions} divisions and roots, {found.functions} functions, "
                f"{found.choices} comparisons and choices"
            )
        if self.degree is not None:
            lines.append(
                f"exponentials: polynomials of degree {self.degree}, up to "
                f"{self.reach:.3g} a step"
            )
        return "\n".join(lines)


def explain(model: Any, *, solver: Any = Magnus6()) -> Explanation:
    """Which way `lz.solve` goes with this model and solver, why, and what a step costs.

    **Arguments:** `model`, `solver`: as for `lz.solve`. Nothing is solved.

    Everything runs as compiled loops over blocks of lanes, on a CPU and on a GPU; no
    path has kernels of its own for GPUs yet.

    **Raises:** `ValueError` or `TypeError` for wrong arguments.
    """
    check_model(model)
    check_solver(solver, 1)
    if isinstance(solver, RungeKutta):
        return Explanation("Runge-Kutta", "the solver is an lz.RungeKutta")
    make = group_of(model)
    if make is SU2:
        reason = "two levels given by their field, a rotation as a unit quaternion"
        return Explanation(
            "four real numbers",
            reason,
            _operations(model, solver),
            2 * len(COS) - 1,
            math.sqrt(REACH),
        )
    reason = f"{model.dim} levels, real and imaginary parts apart"
    if model.dim == 2 and make is Unitary:
        reason = (
            "two levels given by a matrix; lz.TwoLevelFunction, with the field "
            "instead, is several times faster"
        )
    return Explanation(
        "real matrices", reason, None, len(make.coefficients) - 1, make.reach
    )


def _operations(model: Any, solver: Any) -> Operations | None:
    leaves, structure = _run.split(model)

    def step(t, dt, u, *leaves):
        group = SU2(_run.join(structure, leaves))
        move, _ = _grid.one_step(group, group.generator, solver, t, dt, False)
        return move @ u

    group = SU2(model)
    arguments = (jnp.zeros(()), jnp.zeros(()), group.identity(), *leaves)
    try:
        scalarised = scalarise(step, *arguments)
    except NotScalarisable:
        return None
    lanes = scalarised.inputs.split(
        jax.tree.map(lambda x: jnp.zeros((1, *x.shape)), arguments)
    )
    return operations(scalarised, *lanes)
