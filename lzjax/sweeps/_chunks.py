"""A grid cut into equal chunks, computed by a few threads into NumPy arrays."""

import concurrent.futures
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..propagate import COMPILER_OPTIONS

# Points a chunk at most. On a CPU the working set should stay in the cache; an
# accelerator needs many points to be busy.
_CPU_CHUNK = 1024
_ACCELERATOR_CHUNK = 65_536
# Results a chunk may hold at most, in bytes.
_RESULT_BYTES = 2**26


class Plan(NamedTuple):
    """How a grid is cut: `total` points, `chunk` at a time, by `workers` threads."""

    total: int
    chunk: int
    workers: int

    def starts(self) -> Iterator[int]:
        return iter(range(0, self.total, self.chunk))


@functools.partial(eqx.filter_jit, compiler_options=COMPILER_OPTIONS)
def evaluate_chunk(
    point: Any,
    names: tuple[str, ...],
    axes: tuple[jax.Array, ...],
    fixed: dict[str, Any],
    start: jax.Array,
    chunk: int,
) -> dict[str, jax.Array]:
    """`chunk` points of the grid from flat index `start` on.

    Points past the end repeat the last one: the shapes never change, so one
    compilation serves all chunks. Axis values are gathered here, from the index.
    """
    shape = tuple(axis.shape[0] for axis in axes)
    last = int(np.prod(shape)) - 1
    flat = jnp.minimum(start + jnp.arange(chunk), last)
    indices = jnp.unravel_index(flat, shape)

    def one(index):
        values = {
            name: axis[i] for name, axis, i in zip(names, axes, index, strict=True)
        }
        return point(values, fixed)

    return jax.vmap(one)(indices)


def result_shapes(
    point: Any, axes: Mapping[str, np.ndarray], fixed: dict[str, Any]
) -> dict[str, jax.ShapeDtypeStruct]:
    """Shape and type of each result at one point, without computing it."""
    first = {name: jnp.asarray(values[0]) for name, values in axes.items()}
    return eqx.filter_eval_shape(point, first, fixed)


def make_plan(
    total: int,
    shapes: Mapping[str, jax.ShapeDtypeStruct],
    chunk: int | None,
    workers: int,
) -> Plan:
    """Choose the chunk: few enough points for the memory, a share for each worker."""
    if chunk is not None:
        return Plan(total, min(chunk, total), workers)
    is_cpu = jnp.zeros(()).device.platform == "cpu"
    each = sum(s.size * np.dtype(s.dtype).itemsize for s in shapes.values())
    limit = max(1, _RESULT_BYTES // max(each, 1))
    limit = min(limit, _CPU_CHUNK if is_cpu else _ACCELERATOR_CHUNK)
    chunks = -(-total // limit)
    if total >= workers:
        chunks = -(-chunks // workers) * workers
    return Plan(total, -(-total // chunks), workers)


def run_chunks(
    compute: Callable[[int], dict[str, jax.Array]],
    plan: Plan,
    results: dict[str, np.ndarray],
    finished: np.ndarray,
    advance: Callable[[int], None],
) -> None:
    """Fill `results` and `finished` (flat over the grid), chunk by chunk.

    The first chunk runs here, so that its compilation happens once; the rest in
    `plan.workers` threads. A compiled call gives up Python's lock while it runs.
    When this raises, no thread writes any more.
    """

    def do(start: int) -> int:
        stop = min(start + plan.chunk, plan.total)
        for name, value in compute(start).items():
            results[name][start:stop] = np.asarray(value)[: stop - start]
        finished[start:stop] = True
        return stop - start

    starts = plan.starts()
    advance(do(next(starts)))
    if plan.workers == 1:
        for start in starts:
            advance(do(start))
        return
    with concurrent.futures.ThreadPoolExecutor(plan.workers) as pool:
        # A few chunks wait in line, not all: a large grid has very many.
        waiting = {
            pool.submit(do, s) for s in itertools.islice(starts, 2 * plan.workers)
        }
        try:
            while waiting:
                done, waiting = concurrent.futures.wait(
                    waiting, return_when=concurrent.futures.FIRST_COMPLETED
                )
                for future in done:
                    advance(future.result())
                more = itertools.islice(starts, len(done))
                waiting |= {pool.submit(do, start) for start in more}
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
