// Many linear sweeps by fourth-order Magnus steps, written by hand: what the kernels of
// lzjax are measured against. Also a chain of multiply-adds, for the ceiling.
#include <cuda_runtime.h>

// cos r and sin(r)/r in r², for r up to 1.8 in float64 and 1.2 in float32: those of
// lzjax's kernels.
__device__ void polynomials(double x, double *cos_r, double *sinc_r) {
    const double c[9] = {1.0, -0.49999999999999994, 0.04166666666666446,
        -0.0013888888888745582, 2.4801587266179305e-05, -2.755731492591586e-07,
        2.0876473467002404e-09, -1.1460370408410167e-11, 4.581099047818609e-14};
    const double s[9] = {1.0, -0.16666666666666666, 0.008333333333333217,
        -0.00019841269841194175, 2.755731920529127e-06, -2.5052106116400014e-08,
        1.6058894186560063e-10, -7.641689115073686e-13, 2.706846947575814e-15};
    double a = c[8], b = s[8];
#pragma unroll
    for (int k = 7; k >= 0; k--) {
        a = fma(a, x, c[k]);
        b = fma(b, x, s[k]);
    }
    *cos_r = a;
    *sinc_r = b;
}

__device__ void polynomials(float x, float *cos_r, float *sinc_r) {
    const float c[5] = {1.0f, -0.49999999094264935f, 0.041666465323179f,
        -0.0013881884848779425f, 2.4019730679524e-05f};
    const float s[5] = {1.0f, -0.1666666658404991f, 0.008333314968733234f,
        -0.00019834883264299773f, 2.684490222797098e-06f};
    float a = c[4], b = s[4];
#pragma unroll
    for (int k = 3; k >= 0; k--) {
        a = fmaf(a, x, c[k]);
        b = fmaf(b, x, s[k]);
    }
    *cos_r = a;
    *sinc_r = b;
}

template <typename T>
__global__ void sweeps(int lanes, int steps, T t0, T h, const T *gap, const T *rate,
                       T *out) {
    int lane = blockIdx.x * blockDim.x + threadIdx.x;
    if (lane >= lanes) return;
    const T node = T(0.28867513459481287), wx = T(0.5) * h * gap[lane];
    const T wy = T(0.07216878364870323) * h * h * gap[lane], r = rate[lane];
    T c = 1, x = 0, y = 0, z = 0;
    for (int i = 0; i < steps; i++) {
        T t = t0 + h * (T(i) + T(0.5));
        T za = r * (t - node * h), zb = r * (t + node * h);
        T vx = wx, vy = wy * (zb - za), vz = T(0.25) * h * (za + zb), m, s;
        polynomials(fma(vx, vx, fma(vy, vy, vz * vz)), &m, &s);
        vx *= s;
        vy *= s;
        vz *= s;
        T c1 = m * c - vx * x - vy * y - vz * z;
        T x1 = m * x + vx * c + vy * z - vz * y;
        T y1 = m * y + vy * c + vz * x - vx * z;
        T z1 = m * z + vz * c + vx * y - vy * x;
        c = c1;
        x = x1;
        y = y1;
        z = z1;
    }
    out[lane] = c;
    out[lanes + lane] = x;
    out[2 * lanes + lane] = y;
    out[3 * lanes + lane] = z;
}

template <typename T> __global__ void multiply_adds(int rounds, T *out) {
    T a[8], b = T(0.999999), c = T(threadIdx.x);
    for (int k = 0; k < 8; k++) a[k] = T(k);
    for (int i = 0; i < rounds; i++)
#pragma unroll
        for (int k = 0; k < 8; k++) a[k] = fma(a[k], b, c);
    T sum = 0;
    for (int k = 0; k < 8; k++) sum += a[k];
    out[blockIdx.x * blockDim.x + threadIdx.x] = sum;
}

template <typename F> static float timed(F launch, int repeats, float *milliseconds) {
    cudaEvent_t from, to;
    cudaEventCreate(&from);
    cudaEventCreate(&to);
    for (int i = -3; i < repeats; i++) {
        float took;
        cudaEventRecord(from);
        launch();
        cudaEventRecord(to);
        cudaEventSynchronize(to);
        cudaEventElapsedTime(&took, from, to);
        if (i >= 0) milliseconds[i] = took;
    }
    return cudaGetLastError() == cudaSuccess ? 0.0f : -1.0f;
}

template <typename T>
static int run_sweeps(int lanes, int steps, double t0, double h, const T *gap,
                      const T *rate, T *out, int repeats, float *milliseconds) {
    T *g, *r, *o;
    size_t bytes = sizeof(T) * (size_t)lanes;
    if (cudaMalloc(&g, bytes) || cudaMalloc(&r, bytes) || cudaMalloc(&o, 4 * bytes))
        return 1;
    cudaMemcpy(g, gap, bytes, cudaMemcpyHostToDevice);
    cudaMemcpy(r, rate, bytes, cudaMemcpyHostToDevice);
    auto launch = [&] {
        sweeps<T><<<(lanes + 127) / 128, 128>>>(lanes, steps, T(t0), T(h), g, r, o);
    };
    int failed = timed(launch, repeats, milliseconds) != 0.0f;
    cudaMemcpy(out, o, 4 * bytes, cudaMemcpyDeviceToHost);
    cudaFree(g);
    cudaFree(r);
    cudaFree(o);
    return failed;
}

template <typename T>
static int run_multiply_adds(int blocks, int rounds, int repeats, float *milliseconds) {
    T *out;
    if (cudaMalloc(&out, sizeof(T) * (size_t)blocks * 256)) return 1;
    auto launch = [&] { multiply_adds<T><<<blocks, 256>>>(rounds, out); };
    int failed = timed(launch, repeats, milliseconds) != 0.0f;
    cudaFree(out);
    return failed;
}

extern "C" int sweeps_float64(int lanes, int steps, double t0, double h,
                              const double *gap, const double *rate, double *out,
                              int repeats, float *milliseconds) {
    return run_sweeps(lanes, steps, t0, h, gap, rate, out, repeats, milliseconds);
}

extern "C" int sweeps_float32(int lanes, int steps, double t0, double h,
                              const float *gap, const float *rate, float *out,
                              int repeats, float *milliseconds) {
    return run_sweeps(lanes, steps, t0, h, gap, rate, out, repeats, milliseconds);
}

extern "C" int multiply_adds_float64(int blocks, int rounds, int repeats, float *ms) {
    return run_multiply_adds<double>(blocks, rounds, repeats, ms);
}

extern "C" int multiply_adds_float32(int blocks, int rounds, int repeats, float *ms) {
    return run_multiply_adds<float>(blocks, rounds, repeats, ms);
}
