/* Fourth-order Magnus steps for many linear sweeps, H = (rate t sz + gap sx) / 2.
 *
 * What a hand-written loop reaches: a group of lanes stays in vector registers for all
 * its steps; cos r and sin(r)/r are polynomials in r^2, so that there is no root, no
 * branch and no call. Valid while r, half the angle turned in a step, is at most 1.
 */
#include <stddef.h>

/* One vector register of lanes, and how many of them are in flight at once: that hides
   the latency of multiply-adds. */
#ifndef WIDTH
#define WIDTH 8
#endif
#ifndef FLIGHT
#define FLIGHT 2
#endif
typedef double vec __attribute__((vector_size(8 * WIDTH)));

/* sum_k (-q)^k / (2k + offset)!, k = 0..8. */
static inline __attribute__((always_inline)) vec cosine_of(vec q)
{
    vec c = q * 0 + 1.0 / 20922789888000.0;
    c = c * q - 1.0 / 87178291200.0;
    c = c * q + 1.0 / 479001600;
    c = c * q - 1.0 / 3628800;
    c = c * q + 1.0 / 40320;
    c = c * q - 1.0 / 720;
    c = c * q + 1.0 / 24;
    c = c * q - 1.0 / 2;
    return c * q + 1.0;
}

static inline __attribute__((always_inline)) vec sinc_of(vec q)
{
    vec s = q * 0 + 1.0 / 355687428096000.0;
    s = s * q - 1.0 / 1307674368000.0;
    s = s * q + 1.0 / 6227020800.0;
    s = s * q - 1.0 / 39916800;
    s = s * q + 1.0 / 362880;
    s = s * q - 1.0 / 5040;
    s = s * q + 1.0 / 120;
    s = s * q - 1.0 / 6;
    return s * q + 1.0;
}

/* out: four reals (c, x, y, z) for each lane, U = c - i (x sx + y sy + z sz). */
void sweep(ptrdiff_t lanes, ptrdiff_t steps, double t0, double t1,
           const double *gap, const double *rate, double *out)
{
    const double dt = (t1 - t0) / (double)steps;
    const double offset = 0.28867513459481288;           /* sqrt(3) / 6 */
    const double bracket = 0.14433756729740644 * dt * dt; /* sqrt(3) dt^2 / 12 */
    const ptrdiff_t block = WIDTH * FLIGHT;

#pragma omp parallel for schedule(static)
    for (ptrdiff_t first = 0; first < lanes; first += block) {
        vec g[FLIGHT], a[FLIGHT], c[FLIGHT], x[FLIGHT], y[FLIGHT], z[FLIGHT];
        for (int f = 0; f < FLIGHT; ++f) {
            for (int k = 0; k < WIDTH; ++k) {
                ptrdiff_t lane = first + f * WIDTH + k;
                lane = lane < lanes ? lane : lanes - 1;
                g[f][k] = gap[lane];
                a[f][k] = rate[lane];
                c[f][k] = 1.0;
                x[f][k] = y[f][k] = z[f][k] = 0.0;
            }
        }
        for (ptrdiff_t i = 0; i < steps; ++i) {
            const double ta = t0 + ((double)i + 0.5 - offset) * dt;
            const double tb = t0 + ((double)i + 0.5 + offset) * dt;
#pragma GCC unroll 8
            for (int f = 0; f < FLIGHT; ++f) {
                const vec za = a[f] * ta, zb = a[f] * tb;
                /* Half of the exponent; the bracket of (g,0,za), (g,0,zb) is along y. */
                const vec wx = 0.5 * dt * g[f];
                const vec wy = -0.5 * bracket * g[f] * (za - zb);
                const vec wz = 0.25 * dt * (za + zb);
                const vec q = wx * wx + wy * wy + wz * wz;
                const vec m = cosine_of(q), s = sinc_of(q);
                const vec mx = s * wx, my = s * wy, mz = s * wz;
                const vec c0 = c[f], x0 = x[f], y0 = y[f], z0 = z[f];
                c[f] = m * c0 - mx * x0 - my * y0 - mz * z0;
                x[f] = m * x0 + mx * c0 + my * z0 - mz * y0;
                y[f] = m * y0 + my * c0 + mz * x0 - mx * z0;
                z[f] = m * z0 + mz * c0 + mx * y0 - my * x0;
            }
        }
        for (ptrdiff_t k = 0; k < block && first + k < lanes; ++k) {
            double *o = out + 4 * (first + k);
            o[0] = c[k / WIDTH][k % WIDTH];
            o[1] = x[k / WIDTH][k % WIDTH];
            o[2] = y[k / WIDTH][k % WIDTH];
            o[3] = z[k / WIDTH][k % WIDTH];
        }
    }
}
