"""`scalarise`: the public face of lane scalarisation, with its derivatives."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array

from ._cells import Precision, is_known
from ._scalarise import Emission
from ._structure import filled


class Layout(NamedTuple):
    """How a pytree of small arrays lies in a row of real numbers."""

    structure: Any
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[np.dtype, ...]

    @classmethod
    def of(cls, tree: Any) -> "Layout":
        leaves, structure = jax.tree.flatten(tree)
        return cls(
            structure,
            tuple(tuple(np.shape(leaf)) for leaf in leaves),
            tuple(np.dtype(jnp.result_type(leaf)) for leaf in leaves),
        )

    @property
    def numbers(self) -> list[np.dtype]:
        """The dtype of each real number."""
        found: list[np.dtype] = []
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            parts = 2 if dtype.kind == "c" else 1
            found += [np.zeros((), dtype).real.dtype] * (parts * int(np.prod(shape)))
        return found

    def places(self, leaves: Sequence[int]) -> tuple[int, ...]:
        """Where the numbers of real leaves, given by their numbers, lie in the row."""
        ends = np.cumsum([0, *[int(np.prod(shape)) for shape in self.shapes]])
        return tuple(int(k) for j in leaves for k in range(ends[j], ends[j + 1]))

    def part(self, leaves: Sequence[int]) -> "Layout":
        """Of a tuple of some of the leaves."""
        structs = [jax.ShapeDtypeStruct(self.shapes[j], self.dtypes[j]) for j in leaves]
        return Layout.of(tuple(structs))

    def split(self, tree: Any) -> tuple[Array, ...]:
        """The numbers one by one; axes in front of the shapes stay."""
        leaves = jax.tree.leaves(tree)
        row: list[Array] = []
        for leaf, shape, dtype in zip(leaves, self.shapes, self.dtypes, strict=True):
            leaf = jnp.asarray(leaf)
            for place in np.ndindex(shape):
                entry = leaf[(..., *place)] if shape else leaf
                is_complex = dtype.kind == "c"
                row += [lax.real(entry), lax.imag(entry)] if is_complex else [entry]
        return tuple(row)

    def join(self, row: Sequence[Any]) -> Any:
        """The pytree again; axes that all numbers have come first."""
        rest, leaves = list(row), []
        batch = np.shape(rest[0]) if rest else ()
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            entries = []
            for _ in range(int(np.prod(shape))):
                entry = rest.pop(0)
                if dtype.kind == "c":
                    entry = lax.complex(entry, rest.pop(0))
                entries.append(entry)
            if not entries:
                leaves.append(jnp.zeros((*batch, *shape), dtype))
            elif shape:
                stacked = jnp.stack(entries, axis=-1)
                leaves.append(stacked.reshape(*stacked.shape[:-1], *shape))
            else:
                leaves.append(entries[0])
        return jax.tree.unflatten(self.structure, leaves)


class Scalarised:
    """A function on lanes: real arrays of one common shape in, and out.

    Differentiable, with the rules of the original function: the derivative is the
    scalarised derivative, not the derivative of what was emitted.
    """

    inputs: Layout
    outputs: Layout

    def __init__(self, function: Callable, inputs: Layout, neutral: bool):
        self.inputs, self._function, self._neutral = inputs, function, neutral
        numbers = [jax.ShapeDtypeStruct((), dtype) for dtype in inputs.numbers]
        self._program, found = jax.make_jaxpr(self._on_row, return_shape=True)(*numbers)
        self.outputs = Layout.of(found[1])
        floats = [dtype for dtype in inputs.numbers if dtype.kind == "f"]
        self._traced = floats[0] if floats else np.dtype(float)
        self._callable = jax.custom_jvp(self.plain)
        self._callable.defjvp(self._rule, symbolic_zeros=True)

    def _on_row(self, *row):
        out = self._function(*self.inputs.join(row))
        return Layout.of(out).split(out), out

    def __call__(self, *lanes: Array) -> tuple[Array, ...]:
        return self._callable(*lanes)

    def plain(
        self, *lanes: Array, constant: Callable[..., Array] = lax.full
    ) -> tuple[Array, ...]:
        """As a call, without a rule for derivatives: for inside of kernels. `constant`
        makes a lane of a shape, a number and a dtype."""
        shape = jnp.broadcast_shapes(*[lane.shape for lane in lanes])
        floats = [lane.dtype for lane in lanes if lane.dtype.kind == "f"]
        precision = Precision(self._traced, floats[0] if floats else self._traced)
        emission = Emission(precision, self._neutral)
        arguments = [filled(lane) for lane in lanes]
        count = len(self.outputs.numbers)
        program = self._program
        found = emission.program(program.jaxpr, program.consts, arguments)[:count]
        return tuple(
            constant(shape, cell[()], precision.of(dtype))
            if is_known(cell[()])
            else jnp.broadcast_to(cell[()], shape)
            for cell, dtype in zip(found, self.outputs.numbers, strict=True)
        )

    def _rule(self, primals, tangents):
        moves = [not isinstance(tangent, SymbolicZero) for tangent in tangents]

        def both(row, moving):
            rest = list(moving)
            full = [
                rest.pop(0) if move else _no_tangent(number)
                for move, number in zip(moves, row, strict=True)
            ]
            values, slopes = jax.jvp(
                lambda *x: self._on_row(*x)[0], tuple(row), tuple(full)
            )
            return values, [s for s in slopes if s.dtype != jax.dtypes.float0]

        moving = [t for t, move in zip(tangents, moves, strict=True) if move]
        examples = [jax.ShapeDtypeStruct((), x.dtype) for x in (*primals, *moving)]
        cut = len(primals)
        # Traced in the precision of the lanes: the rule may be asked for in another.
        twin = Scalarised(
            both, Layout.of((examples[:cut], examples[cut:])), self._neutral
        )
        found = twin.plain(*primals, *moving)
        count = len(self.outputs.numbers)
        values, slopes = found[:count], iter(found[count:])
        return values, tuple(
            next(slopes)
            if jnp.issubdtype(value.dtype, jnp.floating)
            else np.zeros(value.shape, jax.dtypes.float0)
            for value in values
        )


def _no_tangent(number):
    if jnp.issubdtype(number.dtype, jnp.floating):
        return jnp.zeros((), number.dtype)
    return np.zeros((), jax.dtypes.float0)


def scalarise(function: Callable, *examples: Any, neutral: bool = False) -> Scalarised:
    """A function of one sample, as elementwise operations on lanes.

    **Arguments:**

    - `function`: pure JAX function of pytrees of small real or complex arrays.
    - `examples`: its arguments, or `jax.ShapeDtypeStruct`s of them, for one sample.
    - `neutral`: use only operations that GPU kernels have, with functions such as
      `expm1` or `pow` rewritten; otherwise as `jax.lax` has them.

    **Returns:** a function of lanes, real arrays of one shape. Lanes of another
    precision than that of the examples change the precision of all of it. `inputs`
    and `outputs` say how lanes belong to arguments and results:
    `s.outputs.join(s(*s.inputs.split(arguments)))` is `jax.vmap(function)(*arguments)`.

    **Raises:** `NotScalarisable` when it is called, if the function does something
    that has no form on lanes (large arrays, loops of unknown length, callbacks,
    decompositions); the message says what.
    """
    return Scalarised(function, Layout.of(tuple(examples)), neutral)
