"""Small matrices for many lanes at once: real arithmetic, lanes on the last axis."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Inexact

from .._types import Scalar
from ._linear import explicit

_fence = jax.lax.optimization_barrier
# Up to this size, products are sums of outer products, elementwise over the lanes.
_SMALL = 16
_BLOCK = 4
# exp(a) up to degree 19: by Taylor, and for anti-Hermitian matrices by what is best
# for cos and sin. Each with the largest norm for which it holds to rounding.
TAYLOR = tuple(1.0 / math.factorial(k) for k in range(20))
TAYLOR_REACH = 1.1
# Of cos and sin(r)/r in r², interpolated in Chebyshev's points of [0, 2.5²].
_COS = (
    1.0,
    -0.49999999999999994,
    0.041666666666665554,
    -0.001388888888884138,
    2.4801587293776794e-05,
    -2.7557318580440086e-07,
    2.0876727180030166e-09,
    -1.1469933576630449e-11,
    4.766553519746852e-14,
    -1.4503314021434991e-16,
)
_SINC = (
    1.0,
    -0.16666666666666666,
    0.00833333333333328,
    -0.00019841269841247097,
    2.755731922024723e-06,
    -2.5052108077431053e-08,
    1.6059029572947262e-10,
    -7.646775270905691e-13,
    2.80527779434349e-15,
    -7.687627288991658e-18,
)
TURNS = tuple(
    (-1.0) ** (k // 2) * (_SINC if k % 2 else _COS)[k // 2] for k in range(20)
)
TURNS_REACH = 2.5


class Matrix(eqx.Module):
    """A matrix as its real and imaginary parts; `imag` is `None` for a real one.

    Further axes behind the first two are lanes: sums, products and factors go lane
    by lane.
    """

    real: Float[Array, "N N *L"]
    imag: Float[Array, "N N *L"] | None

    def __add__(self, other: "Matrix") -> "Matrix":
        return jax.tree.map(jnp.add, self, other)

    def __sub__(self, other: "Matrix") -> "Matrix":
        return jax.tree.map(jnp.subtract, self, other)

    def scaled(self, factor: Scalar) -> "Matrix":
        if jnp.ndim(factor):
            factor = jnp.reshape(factor, (1, 1, *jnp.shape(factor)))
        return jax.tree.map(lambda x: factor * x, self)

    __rmul__ = scaled

    def __matmul__(self, other: "Matrix") -> "Matrix":
        # One matrix alone goes the usual way.
        small = self.real.ndim > 2 and self.real.shape[0] <= _SMALL
        return _fence((_small_product if small else _product)(self, other))

    def dagger(self) -> "Matrix":
        """The Hermitian conjugate."""
        real = self.real.swapaxes(0, 1)
        return Matrix(real, None if self.imag is None else -self.imag.swapaxes(0, 1))

    def square(self) -> Float[Array, "*L"]:
        """Squared Frobenius norm: at least that of the spectral norm."""
        return sum(jnp.sum(x * x, axis=(0, 1)) for x in jax.tree.leaves(self))

    def array(self) -> Inexact[Array, "N N *L"]:
        """As one array."""
        return self.real if self.imag is None else self.real + 1j * self.imag


def as_matrix(array: Complex[Array, "N N"]) -> Matrix:
    return Matrix(jnp.real(array), jnp.imag(array))


@jax.custom_jvp
def _small_product(a: Matrix, b: Matrix) -> Matrix:
    # Of shape (row, inner, column, lanes), reduced together: one loop for all.
    ar, br = a.real[:, :, None], b.real[None]
    if a.imag is None or b.imag is None:
        return Matrix(jnp.sum(ar * br, axis=1), None)
    ai, bi = a.imag[:, :, None], b.imag[None]
    parts = (ar * br - ai * bi, ar * bi + ai * br)
    zeros = tuple(jnp.zeros((), x.dtype) for x in parts)
    return Matrix(
        *jax.lax.reduce(
            parts, zeros, lambda p, q: tuple(map(jnp.add, p, q)), dimensions=(1,)
        )
    )


@_small_product.defjvp
def _small_product_jvp(primals, tangents):
    factors, structure = jax.tree.flatten(primals)
    changes = jax.tree.leaves(tangents)
    product, one = jax.tree.flatten(_small_product(*primals))

    def change(factors, changes):
        a, b = jax.tree.unflatten(structure, factors)
        da, db = jax.tree.unflatten(structure, changes)
        return jax.tree.leaves(_small_product(da, b) + _small_product(a, db))

    def pulled(factors, cotangents):
        a, b = jax.tree.unflatten(structure, factors)
        w = jax.tree.unflatten(one, cotangents)
        return jax.tree.leaves(
            (_small_product(w, b.dagger()), _small_product(a.dagger(), w))
        )

    # Reductions of several arrays have no transpose.
    found = explicit(change, pulled, changes, product)(factors, changes)
    return jax.tree.unflatten(one, product), jax.tree.unflatten(one, found)


def _product(a: Matrix, b: Matrix) -> Matrix:
    def whole(m):
        # Lanes, on any further axes, go first.
        return jnp.moveaxis(m.array(), (0, 1), (-2, -1))

    product = jnp.moveaxis(whole(a) @ whole(b), (-2, -1), (0, 1))
    if a.imag is None:
        return Matrix(product, None)
    return as_matrix(product)


def identity_like(a: Matrix) -> Matrix:
    shape = a.real.shape
    eye = jnp.eye(shape[0]).reshape((shape[0], shape[0]) + (1,) * (len(shape) - 2))
    eye = jnp.broadcast_to(eye, shape)
    return Matrix(eye, None if a.imag is None else jnp.zeros_like(eye))


def polynomial_expm(a: Matrix, coefficients: tuple[float, ...]) -> Matrix:
    """Σ cₖ aᵏ for twenty coefficients, in seven products."""
    powers = [identity_like(a), a]
    for _ in range(_BLOCK - 1):
        powers.append(powers[-1] @ a)

    def block(k):
        total = coefficients[k] * powers[0]
        for j in range(1, _BLOCK):
            total = total + coefficients[k + j] * powers[j]
        return total

    last = len(coefficients) - _BLOCK
    total = block(last)
    for k in range(last - _BLOCK, -1, -_BLOCK):
        total = total @ powers[_BLOCK] + block(k)
    return total


def expm(a: Matrix, coefficients: tuple[float, ...], reach: float) -> Matrix:
    """exp(a) for any a: halved until the polynomial holds, then squared as often."""
    size = jnp.sqrt(jax.lax.stop_gradient(a).square())
    halvings = jnp.ceil(jnp.log2(jnp.maximum(size / reach, 1.0)))
    # What is not finite stays so, and takes no time.
    halvings = jnp.where(jnp.isfinite(halvings), halvings, 0.0).astype(jnp.int32)

    def squared(k, u):
        again = u @ u
        active = (k < halvings).reshape((1, 1, *halvings.shape))
        return jax.tree.map(lambda new, old: jnp.where(active, new, old), again, u)

    start = polynomial_expm((0.5**halvings) * a, coefficients)
    return jax.lax.fori_loop(0, jnp.max(halvings), squared, start)
