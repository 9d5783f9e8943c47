"""One step: Magnus and commutator-free schemes, written once for every group."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx

from .._checks import check_steps
from .._types import Scalar


class AbstractStepper(eqx.Module):
    """A way to cross a short interval by exponentials; unitary for unitary groups.

    **Arguments:**

    - `steps`: exactly this many steps in the window, shared among the intervals
      between breakpoints by their lengths.
    - `steps_per_interval`: exactly this many in each such interval.

    With neither, the tolerance decides.
    """

    order: eqx.AbstractClassVar[int]
    steps: eqx.AbstractVar[int | None]
    steps_per_interval: eqx.AbstractVar[int | None]

    def __check_init__(self):
        if self.steps is not None and self.steps_per_interval is not None:
            raise ValueError("give `steps` or `steps_per_interval`, not both.")
        for name in ("steps", "steps_per_interval"):
            check_steps(name, getattr(self, name))

    @property
    def by_tolerance(self) -> bool:
        """Whether the tolerance decides on the steps."""
        return self.steps is None and self.steps_per_interval is None

    @abc.abstractmethod
    def exponents(
        self, generator: Callable, bracket: Callable, t: Scalar, dt: Scalar
    ) -> tuple[Any, ...]:
        """Exponents for the step from t to t + dt, the one applied first, first.

        `generator(t)` is the element A of the algebra with U' = A U; elements add
        and are multiplied by numbers; `bracket` is their commutator.
        """


def _steps_field() -> Any:
    return eqx.field(default=None, static=True)


class Magnus2(AbstractStepper):
    r"""Second order: the exponential midpoint rule, $\Omega = \tau A(t + \tau/2)$.

    Source: Blanes, Casas, Oteo & Ros, Phys. Rep. 470, 151 (2009), section 5.4,
    doi:10.1016/j.physrep.2008.11.001.
    """

    order: ClassVar[int] = 2
    steps: int | None = _steps_field()
    steps_per_interval: int | None = _steps_field()

    def exponents(self, generator, bracket, t, dt):
        return (dt * generator(t + 0.5 * dt),)


class Magnus4(AbstractStepper):
    r"""Fourth order with two Gauss points, one exponential.

    $$\Omega = \tfrac{\tau}{2}(A_1 + A_2) - \tfrac{\sqrt3\,\tau^2}{12}[A_1, A_2]$$

    Source: Blanes, Casas, Oteo & Ros, Phys. Rep. 470, 151 (2009), eq. 253,
    doi:10.1016/j.physrep.2008.11.001.
    """

    order: ClassVar[int] = 4
    steps: int | None = _steps_field()
    steps_per_interval: int | None = _steps_field()

    def exponents(self, generator, bracket, t, dt):
        offset = 3**0.5 / 6
        a1 = generator(t + (0.5 - offset) * dt)
        a2 = generator(t + (0.5 + offset) * dt)
        # Without the commutator this is a second-order method.
        return ((0.5 * dt) * (a1 + a2) - (3**0.5 / 12 * dt * dt) * bracket(a1, a2),)


class Magnus6(AbstractStepper):
    r"""Sixth order with three Gauss points, one exponential, three commutators.

    With $\alpha_1 = \tau A_2$, $\alpha_2 = \tfrac{\sqrt{15}}{3}\tau(A_3 - A_1)$,
    $\alpha_3 = \tfrac{10}{3}\tau(A_3 - 2A_2 + A_1)$, $C_1 = [\alpha_1, \alpha_2]$ and
    $C_2 = -\tfrac1{60}[\alpha_1, 2\alpha_3 + C_1]$:
    $$\Omega = \alpha_1 + \tfrac1{12}\alpha_3
    + \tfrac1{240}[-20\alpha_1 - \alpha_3 + C_1,\ \alpha_2 + C_2]$$

    Source: Blanes, Casas, Oteo & Ros, Phys. Rep. 470, 151 (2009), eq. 257,
    doi:10.1016/j.physrep.2008.11.001.
    """

    order: ClassVar[int] = 6
    steps: int | None = _steps_field()
    steps_per_interval: int | None = _steps_field()

    def exponents(self, generator, bracket, t, dt):
        offset = 15**0.5 / 10
        a1 = generator(t + (0.5 - offset) * dt)
        a2 = generator(t + 0.5 * dt)
        a3 = generator(t + (0.5 + offset) * dt)
        first = dt * a2
        second = (15**0.5 / 3 * dt) * (a3 - a1)
        third = (10 / 3 * dt) * ((a3 + a1) - 2.0 * a2)
        c1 = bracket(first, second)
        c2 = (-1 / 60) * bracket(first, 2.0 * third + c1)
        nested = bracket(c1 - 20.0 * first - third, second + c2)
        return (first + (1 / 12) * third + (1 / 240) * nested,)


class CommutatorFree4(AbstractStepper):
    r"""Fourth order with two Gauss points and two exponentials, no commutator.

    $$U = e^{\tau(a_2 A_1 + a_1 A_2)}\, e^{\tau(a_1 A_1 + a_2 A_2)}, \qquad
    a_{1,2} = \tfrac14 \pm \tfrac{\sqrt3}{6}$$

    The weights of each exponential add to ½, so a constant dissipator stays one:
    the step of an open system keeps trace and positivity.

    Source: Alvermann & Fehske, J. Comput. Phys. 230, 5930 (2011), CF4:2,
    doi:10.1016/j.jcp.2011.04.006.
    """

    order: ClassVar[int] = 4
    steps: int | None = _steps_field()
    steps_per_interval: int | None = _steps_field()

    def exponents(self, generator, bracket, t, dt):
        offset = 3**0.5 / 6
        a1 = generator(t + (0.5 - offset) * dt)
        a2 = generator(t + (0.5 + offset) * dt)
        more, less = (0.25 + offset) * dt, (0.25 - offset) * dt
        return more * a1 + less * a2, less * a1 + more * a2
