"""Linear maps that know their transposes: derivatives run backwards, or all at once.

Of a map of one lane, `jax.jvp` takes the map and `jax.grad` its transpose; where
`jax.vmap` asks for many directions of one lane, as `jax.jacfwd` and `jax.jacrev` do,
the whole matrix is found once. Batches of lanes stay batches of lanes.
"""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array

from ._rules import changing, in_front, replaced

Arrays = Sequence[Array]


@dataclasses.dataclass(frozen=True, eq=False)
class Linear:
    """A map of lists of arrays, linear in `moved`, that depends on others, `given`.

    - `forward(given, moved)` and `backward(given, pulled)`: the map and its transpose.
    - `whole(given)`: the matrix in any form, for `applied(matrix, moved)` and
      `pulled(matrix, pulled)`, which do the same.
    - `inputs`, `outputs`: shapes and types of `moved` and of what the map gives.
    """

    forward: Callable[[Arrays, Arrays], Arrays]
    backward: Callable[[Arrays, Arrays], Arrays]
    whole: Callable[[Arrays], Any]
    applied: Callable[[Any, Arrays], Arrays]
    pulled: Callable[[Any, Arrays], Arrays]
    inputs: tuple[jax.ShapeDtypeStruct, ...]
    outputs: tuple[jax.ShapeDtypeStruct, ...]

    def __call__(self, given: Arrays, moved: Arrays) -> list[Array]:
        return _linear.bind(*given, *moved, linear=self, split=len(given))

    def transposed(self) -> "Linear":
        return Linear(
            self.backward,
            self.forward,
            self.whole,
            self.pulled,
            self.applied,
            self.outputs,
            self.inputs,
        )

    def of_lanes(self, axes: tuple[int | None, ...], size: int) -> "Linear":
        """For each lane its own map, where `axes` of what is given says 0."""
        return Linear(
            jax.vmap(self.forward, (list(axes), 0)),
            jax.vmap(self.backward, (list(axes), 0)),
            jax.vmap(self.whole, (list(axes),)),
            jax.vmap(self.applied),
            jax.vmap(self.pulled),
            _longer(self.inputs, size),
            _longer(self.outputs, size),
        )

    def of_directions(self, size: int) -> "Linear":
        """One map for many directions: by its matrix, unless they are few."""
        applied = jax.vmap(self.applied, (None, 0))
        pulled = jax.vmap(self.pulled, (None, 0))
        numbers = max(
            sum(math.prod(x.shape) for x in shapes)
            for shapes in (self.inputs, self.outputs)
        )
        few = 2 * size < numbers
        forward, backward = (
            jax.vmap(one, (None, 0))
            if few
            else (lambda given, moved, by=by: by(self.whole(given), moved))
            for one, by in ((self.forward, applied), (self.backward, pulled))
        )
        return Linear(
            forward,
            backward,
            self.whole,
            applied,
            pulled,
            _longer(self.inputs, size),
            _longer(self.outputs, size),
        )


def explicit(forward: Callable, backward: Callable, moved, out) -> Linear:
    """A map that is not worth a matrix; with examples of what it takes and gives."""
    shapes = (
        tuple(jax.ShapeDtypeStruct(x.shape, x.dtype) for x in arrays)
        for arrays in (moved, out)
    )
    return Linear(forward, backward, lambda given: given, forward, backward, *shapes)


def _longer(shapes, size: int) -> tuple[jax.ShapeDtypeStruct, ...]:
    return tuple(jax.ShapeDtypeStruct((size, *x.shape), x.dtype) for x in shapes)


def _run(*arrays, linear: Linear, split: int) -> list[Array]:
    return list(linear.forward(list(arrays[:split]), list(arrays[split:])))


def _abstract(*_, linear: Linear, split: int):
    return [jax.core.ShapedArray(x.shape, x.dtype) for x in linear.outputs]


def _jvp(primals, tangents, *, linear: Linear, split: int):
    given, moved = list(primals[:split]), list(primals[split:])
    along = tangents[split:]
    parts = []
    if not all(isinstance(x, ad.Zero) for x in along):
        parts.append(linear(given, [ad.instantiate_zeros(x) for x in along]))
    places = changing(tangents[:split])
    if places:

        def of_given(*some):
            return linear.forward(replaced(given, places, some), moved)

        changed = tuple(given[j] for j in places), tuple(tangents[j] for j in places)
        parts.append(jax.jvp(of_given, *changed)[1])
    return linear(given, moved), [sum(each) for each in zip(*parts, strict=True)]


def _transpose(pulled, *arrays, linear: Linear, split: int):
    given, moved = list(arrays[:split]), arrays[split:]
    pulled = [
        jnp.zeros(x.shape, x.dtype) if isinstance(p, ad.Zero) else p
        for p, x in zip(pulled, linear.outputs, strict=True)
    ]
    found = linear.transposed()(given, pulled)
    wanted = [
        x if ad.is_undefined_primal(m) else None
        for x, m in zip(found, moved, strict=True)
    ]
    return [None] * split + wanted


def _batched(arrays, places, *, linear: Linear, split: int):
    size, front, batched = in_front(arrays, places)
    given = front[:split]
    moved = [
        x if yes else jnp.broadcast_to(x, (size, *x.shape))
        for x, yes in zip(front[split:], batched[split:], strict=True)
    ]
    lanes = tuple(0 if yes else None for yes in batched[:split])
    some = any(batched[:split])
    many = linear.of_lanes(lanes, size) if some else linear.of_directions(size)
    out = many(given, moved)
    return out, [0] * len(out)


_linear = Primitive("lzjax_linear")
_linear.multiple_results = True
_linear.def_impl(_run)
_linear.def_abstract_eval(_abstract)
ad.primitive_jvps[_linear] = _jvp
ad.primitive_transposes[_linear] = _transpose
batching.primitive_batchers[_linear] = _batched
mlir.register_lowering(_linear, mlir.lower_fun(_run, multiple_results=True))
