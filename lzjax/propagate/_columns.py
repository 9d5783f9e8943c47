"""N levels in a kernel: each column of the propagator is a lane of its own.

The exponential of a step is applied to the state by polynomials; entries of the
generator that are zero cost nothing.
"""

import dataclasses
import functools
import math
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp

from ..kernels import Cell, Layout
from ._matrix import TAYLOR, TAYLOR_REACH, Matrix
from ._moved import exponents_in
from ._unitary import Irreversible


class Polynomial(NamedTuple):
    """A way to the exponential of a: right to rounding for up to the `norm` of a, after
    a division into `parts` equal ones."""

    norm: float
    degree: int
    parts: int


# Norm, and degree by bytes of a number, for steps that are short, and for others: of
# Chebyshev for anti-Hermitian exponents, of Taylor for all.
_CHEBYSHEV = (0.2, {8: 9, 4: 5}), (1.0, {8: 14, 4: 8})
_TAYLOR = (0.2, {8: 11, 4: 6}), (TAYLOR_REACH, {8: len(TAYLOR) - 1, 4: 11})
_PARTS = 8


def polynomials(group, dtype) -> tuple[Polynomial, ...]:
    """For exponents of this group in a kernel, the one with fewest operations first."""
    rows = _TAYLOR if issubclass(group, Irreversible) else _CHEBYSHEV
    found = [Polynomial(norm, degree[dtype.itemsize], 1) for norm, degree in rows]
    return *found, found[-1]._replace(parts=_PARTS)


def _bessel(order: int, x: float) -> float:
    """J of this order at x, by its series."""
    half = 0.5 * x
    terms = (
        (-1) ** m
        * half ** (2 * m + order)
        / (math.factorial(m) * math.factorial(m + order))
        for m in range(20)
    )
    return math.fsum(terms)


def _added(total, a, ket):
    """total + a ket, every product going into a sum: one operation for both."""
    for k in range(ket.shape[0]):
        total = total + a[:, k] * ket[k]
    return total


def chebyshev(a, ket, norm: float, degree: int):
    """exp(a) ket for anti-Hermitian a up to a norm ρ.

    $$e^{a} = J_0 + 2\\sum_k J_k(\\rho)\\,\\phi_k(a/\\rho), \\qquad
    \\phi_{k+1}(x) = 2x\\,\\phi_k(x) + \\phi_{k-1}(x)$$

    Source: Tal-Ezer & Kosloff, J. Chem. Phys. 81, 3967 (1984), doi:10.1063/1.448136.
    """
    double = (2.0 / norm) * a
    before, here = ket, _added(jnp.zeros_like(ket), (1.0 / norm) * a, ket)
    total = _bessel(0, norm) * before + (2.0 * _bessel(1, norm)) * here
    for k in range(2, degree + 1):
        before, here = here, _added(before, double, here)
        total = total + (2.0 * _bessel(k, norm)) * here
    return total


def taylor(a, ket, norm: float, degree: int):
    """exp(a) ket for any a up to a norm."""
    total = TAYLOR[degree] * ket
    for coefficient in TAYLOR[degree - 1 :: -1]:
        total = _added(coefficient * ket, a, total)
    return total


@dataclasses.dataclass(frozen=True)
class Columns:
    """Carried: the state, the largest squared norm of an exponent, and the derivative
    of the state by each number that moves."""

    loop: Any
    layout: Layout
    dtype: Any
    identity: Matrix

    # So many derivatives fit into the registers.
    together: ClassVar[int] = 2
    # Beyond so many, a loop with one pass backwards takes less.
    derivatives: ClassVar[int] = 32
    # Numbers that each lane is given, beside those of the model.
    more: ClassVar[int] = 1
    # Beyond the last way, there is only the loop over matrices.
    complete: ClassVar[bool] = False

    @property
    def ways(self) -> tuple[Polynomial, ...]:
        return polynomials(self.loop.group, self.dtype)

    def reached(self, way, edges, counts, numbers):
        """Whether the first, a middle and the last step of all cells of all lanes are
        within reach of a way: what tells whether it is worth a try."""

        def largest(edges, counts, *numbers):
            group = self.loop.build(self.layout.join(numbers))
            low, high, count = edges[:-1], edges[1:], jnp.maximum(counts, 1)
            cells = Cell(low, (high - low) / count)
            squares = [
                jax.vmap(lambda t, dt: self._square(group, t, dt))(*cells.step(index))
                for index in (jnp.zeros_like(count), count // 2, count - 1)
            ]
            return jnp.max(jnp.stack(squares))

        return jnp.all(jax.vmap(largest, -1)(edges, counts, *numbers) <= self.most(way))

    def _square(self, group, t, dt):
        found = self.loop.stepper.exponents(group.generator, group.bracket, t, dt)
        return functools.reduce(jnp.maximum, [x.square() for x in found])

    @staticmethod
    def most(way: Polynomial) -> float:
        """The largest squared norm of an exponent."""
        return (way.norm * way.parts) ** 2

    @property
    def amplitudes(self) -> int:
        """Real numbers of a state."""
        return self.dim * self.parts

    @property
    def dim(self) -> int:
        return self.identity.real.shape[0]

    @property
    def parts(self) -> int:
        """Real numbers of an amplitude."""
        return len(jax.tree.leaves(self.identity))

    def run(self, kernel, groups, given):
        """What is carried at the end, of each group of numbers that move. A lane for
        each column, whose number comes first."""
        lanes = given.edges.shape[-1]
        column = jnp.repeat(jnp.arange(self.dim, dtype=given.edges.dtype), lanes)
        edges, counts, *rows = (
            jnp.concatenate([x] * self.dim, axis=-1)
            for x in (given.edges, given.counts, *given.numbers)
        )
        numbers = (column, *rows)
        return [kernel(self, part, edges, counts, numbers) for part in groups]

    def start(self, moving, numbers):
        zero = jnp.zeros_like(numbers[0])
        ket = [jnp.where(numbers[0] == k, 1.0, zero) for k in range(self.dim)]
        rest = self.dim * (self.parts - 1 + self.parts * len(moving))
        return *ket, *(zero,) * rest, zero

    def _ket(self, row):
        real = jnp.stack(row[: self.dim])
        if self.parts == 1:
            return real
        return jax.lax.complex(real, jnp.stack(row[self.dim :]))

    def _row(self, ket) -> list:
        if self.parts == 1:
            return list(ket)
        return [*jnp.real(ket), *jnp.imag(ket)]

    def advance(self, way, moving, index, carry, cell, numbers):
        size = self.amplitudes
        kets = [self._ket(carry[k : k + size]) for k in range(0, len(carry) - 1, size)]
        apply = taylor if issubclass(self.loop.group, Irreversible) else chebyshev

        def exponents_of(*moving):
            return exponents_in(
                self.loop, self.layout, moving, index, cell, numbers[1:]
            )

        def moved(found, ket):
            square = jnp.zeros((), self.dtype)
            for exponent in found:
                a = exponent.scaled(1.0 / way.parts) if way.parts > 1 else exponent
                square = jnp.maximum(square, exponent.square())
                for _ in range(way.parts):
                    ket = apply(a.array(), ket, way.norm, way.degree)
            return ket, square

        def rate(j, change):
            exponents, (number,) = exponents_of(j)

            def along(x, ket):
                return moved(exponents([x]), ket)[0]

            one = jnp.ones((), self.dtype)
            return jax.jvp(along, (number, kets[0]), (one, change))[1]

        ket, square = moved(exponents_of()[0]([]), kets[0])
        rates = [rate(j, ket) for j, ket in zip(moving, kets[1:], strict=True)]
        row = [x for each in (ket, *rates) for x in self._row(each)]
        return *row, jnp.maximum(carry[-1], square)

    def collected(self, way, moving, found):
        """((u, rates), beyond) from what is carried at the end, kernel by kernel."""
        size = self.amplitudes

        def matrix(row):
            # Rows, columns, lanes.
            full = jnp.stack([x.reshape(self.dim, -1) for x in row])
            real = full[: self.dim]
            return Matrix(real, full[self.dim :] if self.parts == 2 else None)

        u = matrix(found[0][:size])
        group = self.loop.group
        columns = [
            group.rate(u, matrix(out[k : k + size]))
            for out in found
            for k in range(size, len(out) - 1, size)
        ]
        rates = None
        if columns:
            rates = jax.tree.map(
                lambda *x: jnp.moveaxis(jnp.stack(x, axis=-1), -2, 0), *columns
            )
        beyond = ~(found[0][-1].reshape(self.dim, -1)[0] <= self.most(way))
        return (jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), u), rates), beyond
