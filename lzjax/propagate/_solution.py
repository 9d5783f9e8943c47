"""What a solve returns: the propagator, how good it is, and what it cost."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Complex, Int

from .._types import Scalar


class STATUS(eqx.Enumeration):
    """Why a solve stopped; only `successful` ones met their tolerance."""

    successful = "successful"
    inaccurate = (
        "the step limit was reached before the tolerance: raise `max_steps`, loosen "
        "`rtol`, or shorten the window"
    )
    not_finite = (
        "the model gave a value that is not finite within the window: check its "
        "parameters and its function at all times of the window"
    )
    not_hermitian = (
        "the model's matrix is not Hermitian within the window: check its function, "
        "or give decay as an lz.Lindblad or as lz.models.DecayingLevels"
    )
    too_few_steps = (
        "fewer steps were asked for than there are intervals between breakpoints: "
        "raise `steps`"
    )
    not_diabatic = (
        "the states of an infinite end do not become diabatic ones: read them with "
        'basis="adiabatic"'
    )
    no_limit = (
        "the model has no limit at an infinite end (its states keep changing there, "
        "or its levels are degenerate): give a finite `t0` and `t1`"
    )


class Solution(eqx.Module):
    """The evolution over a window.

    - `propagator`: U(t1, t0), shape `(N, N)`. With an infinite end it is the limit
      in which the dynamical phases of that end are removed (see
      `lz.scattering_matrix`), between diabatic states.
    - `error`: estimated norm of the error of the propagator. With a tolerance it is
      measured, by halving all steps; with fixed steps it is the sum of the sampled
      local errors, which can be pessimistic but not blind.
    - `steps`: steps of the returned propagator.
    - `work`: steps taken in all, the ones for step control included.
    - `status`: a `lz.STATUS`; `ok` says whether it is the successful one.
    - `t0`, `t1`: the window that was propagated; finite also for infinite ends.
    """

    propagator: Complex[Array, "N N"]
    error: Scalar
    steps: Int[Array, ""]
    work: Int[Array, ""]
    status: STATUS
    t0: Scalar
    t1: Scalar

    @property
    def ok(self) -> Bool[Array, ""]:
        return self.status == STATUS.successful

    def checked(self) -> "Solution":
        """The same solution, or a `RuntimeError` that says why it failed."""
        propagator = self.status.error_if(self.propagator, jnp.logical_not(self.ok))
        return eqx.tree_at(lambda s: s.propagator, self, propagator)
