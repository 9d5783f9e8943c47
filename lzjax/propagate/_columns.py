"""N levels in a kernel: each column of the propagator u is a lane of its own.

Backwards, it goes beside that column of u·w which the cotangent w of the displacement
makes: what w makes of a change of the steps is the sum over columns and steps of

    Re ⟨column of u·w after the step| d(step) |column of u before it⟩.
"""

import dataclasses
import functools
from typing import Any, ClassVar

import jax
import jax.numpy as jnp

from ..kernels import Cell, Layout
from ._actions import Polynomial, chebyshev, chebyshev_pulled, polynomials, taylor
from ._matrix import Matrix, as_matrix
from ._moved import exponents_in
from ._unitary import Irreversible


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

    def spread(self, given):
        """A lane for each column, whose number comes first."""
        lanes = given.edges.shape[-1]
        column = jnp.repeat(jnp.arange(self.dim, dtype=given.edges.dtype), lanes)
        edges, counts, *rows = (
            jnp.concatenate([x] * self.dim, axis=-1)
            for x in (given.edges, given.counts, *given.numbers)
        )
        return edges, counts, (column, *rows)

    def run(self, kernel, groups, given):
        """What is carried at the end, of each group of numbers that move."""
        spread = self.spread(given)
        return [kernel(self, part, *spread) for part in groups]

    def start(self, moving, numbers):
        zero = jnp.zeros_like(numbers[0])
        ket = [jnp.where(numbers[0] == k, 1.0, zero) for k in range(self.dim)]
        rest = self.dim * (self.parts - 1 + self.parts * len(moving))
        return *ket, *(zero,) * rest, zero

    def ket(self, row):
        real = jnp.stack(row[: self.dim])
        if self.parts == 1:
            return real
        return jax.lax.complex(real, jnp.stack(row[self.dim :]))

    def row(self, ket) -> list:
        if self.parts == 1:
            return list(ket)
        return [*jnp.real(ket), *jnp.imag(ket)]

    def advance(self, way, moving, index, carry, cell, numbers):
        size = self.amplitudes
        kets = [self.ket(carry[k : k + size]) for k in range(0, len(carry) - 1, size)]
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
        row = [x for each in (ket, *rates) for x in self.row(each)]
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


@dataclasses.dataclass(frozen=True)
class ColumnsBackwards:
    """Carried: the state, the other one that the cotangent makes, a sum for each number
    that moves, and the largest squared norm of an exponent."""

    columns: Columns

    together: ClassVar[int] = 8
    derivatives: ClassVar[int] = 32
    complete: ClassVar[bool] = False

    @property
    def layout(self) -> Layout:
        return self.columns.layout

    @property
    def dtype(self) -> Any:
        return self.columns.dtype

    @property
    def ways(self) -> tuple[Polynomial, ...]:
        return self.columns.ways

    @property
    def more(self) -> int:
        return 1 + self.columns.amplitudes

    def reached(self, way, edges, counts, numbers):
        return self.columns.reached(way, edges, counts, numbers)

    def run(self, kernel, groups, given):
        """As that of `Columns`."""
        edges, counts, numbers = self.columns.spread(given)
        # Rows, columns, lanes: a row has the columns side by side.
        other = [row.reshape(-1) for x in given.cotangent for row in x]
        numbers = (*other, *numbers)
        return [kernel(self, part, edges, counts, numbers) for part in groups]

    def start(self, moving, numbers):
        *ket, zero = self.columns.start((), numbers[self.columns.amplitudes :])
        return *ket, *numbers[: len(ket)], *(zero,) * len(moving), zero

    def advance(self, way, moving, index, carry, cell, numbers):
        columns, size = self.columns, self.columns.amplitudes
        ket, other = columns.ket(carry[:size]), columns.ket(carry[size : 2 * size])
        *sums, square = carry[2 * size :]
        exponents, moved = exponents_in(
            columns.loop, self.layout, moving, index, cell, numbers[self.more :]
        )
        found, pull = jax.vjp(exponents, moved)
        parts = []
        for exponent in found:
            square = jnp.maximum(square, exponent.square())
            ket, other, part = chebyshev_pulled(
                exponent.array(), ket, other, way.norm, way.degree
            )
            parts.append(as_matrix(part))
        (changes,) = pull(tuple(parts))
        states = (*columns.row(ket), *columns.row(other))
        return *states, *map(jnp.add, sums, changes), square

    def collected(self, way, moving, found):
        """(cotangents of the moving leaves, beyond) from what is carried at the end,
        kernel by kernel."""

        def by_column(x):
            return x.reshape(self.columns.dim, -1)

        size = 2 * self.columns.amplitudes
        sums = [jnp.sum(by_column(x), axis=0) for row in found for x in row[size:-1]]
        square = by_column(found[0][-1])[0]
        return self.layout.part(moving).join(sums), ~(square <= self.columns.most(way))
