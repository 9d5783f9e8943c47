"""Which way a solve goes, and what a step of it costs."""

import dataclasses
import math
from typing import Any

import jax

from ..kernels import NotScalarisable, Operations, why_no_kernel
from . import _actions, _kernel, _run
from ._arguments import check_model, chosen_solver
from ._cos_sinc import COS, SMALL_ANGLES, short, short_degree
from ._finite import group_of
from ._leaves import split
from ._runge_kutta import RungeKutta
from ._su2 import SU2
from ._unitary import Unitary

_PLATFORMS = ("cpu", "cuda")


@dataclasses.dataclass(frozen=True, repr=False)
class Explanation:
    """Which way a solve goes; see `lz.explain`.

    - `path`: "fused kernel" (on a GPU: the loop over the steps in one kernel, the state
      in registers), or loops of compiled operations on "four real numbers" (two levels
      given by their field) or "real matrices" (all others), or "Runge-Kutta".
    - `reason`: why.
    - `operations`: of one step of one state as elementwise arithmetic, where it can be
      written so; without what is the same for all steps.
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


def explain(
    model: Any, *, solver: Any = None, platform: str | None = None
) -> Explanation:
    """Which way `lz.solve` goes with this model and solver, why, and what a step costs.

    **Arguments:**

    - `model`, `solver`: as for `lz.solve` at its default tolerance. Nothing is solved.
    - `platform`: "cpu", or "cuda" for an NVIDIA GPU that kernels are written for
      (compute capability 9.0, H100, or newer, with jax 0.11 or newer); by default,
      what is here.

    Derivatives go the same way, in up to 64 numbers of two levels or 32 of more; but
    compiled loops find those in more, those in the ends of the window or the times of
    jumps, and second derivatives, on a GPU, too.

    **Raises:** `ValueError` or `TypeError` for wrong arguments.
    """
    check_model(model)
    solver = chosen_solver(solver, None, 1)
    if platform not in (None, *_PLATFORMS):
        raise ValueError(
            f"`platform` must be 'cpu', 'cuda' or None for what is here; got "
            f"{platform!r}."
        )
    if isinstance(solver, RungeKutta):
        return Explanation("Runge-Kutta", "the solver is an lz.RungeKutta")
    make = group_of(model)
    leaves, structure = split(model)
    loop = _run.Loop(make, solver, structure)
    layout = _kernel.layout_of(leaves)
    path, reason = _loops(model, make)
    if platform == "cuda" or (platform is None and jax.default_backend() == "gpu"):
        missing = why_no_kernel() if platform is None else None
        missing = missing or _kernel.why_not(loop, leaves, layout)
        if missing is None:
            return _fused(model, make, _kernel.cost(_kernel.form_of(loop, layout)))
        reason = f"no kernel, for {missing}; {reason}"
    if make is SU2:
        degree, reach = 2 * len(COS) - 2, 0.5 * math.sqrt(SMALL_ANGLES.reach)
        try:
            count = _kernel.cost(_kernel.form_of(loop, layout), way=SMALL_ANGLES)
        except NotScalarisable:
            count = None
        return Explanation(path, reason, count, degree, reach)
    degree, reach = len(make.coefficients) - 1, make.reach
    return Explanation(path, reason, None, degree, reach)


def _loops(model: Any, make: Any) -> tuple[str, str]:
    if make is SU2:
        reason = "two levels given by their field, a rotation as a unit quaternion"
        return "four real numbers", reason
    reason = f"{model.dim} levels, real and imaginary parts apart"
    if model.dim == 2 and make is Unitary:
        reason = (
            "two levels given by a matrix; lz.TwoLevelFunction, with the field "
            "instead, is several times faster"
        )
    return "real matrices", reason


def _fused(model: Any, make: Any, count: Operations) -> Explanation:
    dtype = jax.numpy.result_type(float)
    if make is SU2:
        reason = "two levels given by their field, a quaternion in registers"
        degree, reach = short_degree(dtype), 0.5 * math.sqrt(short(dtype).reach)
        return Explanation("fused kernel", reason, count, degree, reach)
    reason = f"{model.dim} levels, each column of the propagator in registers"
    first = _actions.polynomials(make, dtype)[0]
    return Explanation("fused kernel", reason, count, first.degree, first.norm)
