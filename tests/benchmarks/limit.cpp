// The limit: the same model and arithmetic by hand, one thread.
//
//     limit FOLDER BLOCKS STEPS
//
// FOLDER holds float64 arrays: step, neuron (of the input's spikes), w (pre, block, post), apre,
// apost (one per block), constants. Prints what the other sides print.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using Numbers = std::vector<double>;

static Numbers read(const std::string &path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in) { std::fprintf(stderr, "%s is missing\n", path.c_str()); std::exit(1); }
    Numbers values(in.tellg() / sizeof(double));
    in.seekg(0);
    in.read(reinterpret_cast<char *>(values.data()), values.size() * sizeof(double));
    return values;
}

int main(int, char **argv) {
    const std::string folder = std::string(argv[1]) + "/";
    const int blocks = std::atoi(argv[2]), post = 10, inputs = 10, n = blocks * post;
    const long steps = std::atol(argv[3]);
    const Numbers step = read(folder + "step"), neuron = read(folder + "neuron");
    const Numbers Apre = read(folder + "apre"), Apost = read(folder + "apost");
    const Numbers c = read(folder + "constants");
    const double dt = c[0], rest = c[1], threshold = c[2], gain = c[3], tau_m = c[4], tau_s = c[5];
    const double tau = c[6], wmax = c[7];
    const int32_t refractory = std::lround(c[8] / dt);
    const double Pi = std::exp(-dt / tau_s), Pv = std::exp(-dt / tau_m);
    const double Pvi = gain * tau_s / (tau_s - tau_m) * (Pi - Pv);
    Numbers w = read(folder + "w");
    Numbers v(n, rest), current(n, 0.0), apost(n, 0.0), last_post(n, 0.0);
    Numbers apre(inputs * blocks, 0.0), last_pre(inputs, 0.0);
    std::vector<int32_t> left(n, 0), spiking;
    long spikes = 0;
    size_t next = 0;
    const auto clip = [wmax](double x) { return std::min(std::max(x, 0.0), wmax); };
    const auto start = std::chrono::steady_clock::now();
    for (long s = 0; s < steps; s++) {
        const double t = s * dt;
        double *__restrict V = v.data(), *__restrict C = current.data();
        int32_t *__restrict L = left.data();
        for (int k = 0; k < n; k++) {
            const double moved = rest + (V[k] - rest) * Pv + C[k] * Pvi;
            V[k] = L[k] > 0 ? V[k] : moved;
            C[k] *= Pi;
            L[k] -= L[k] > 0;
        }
        spiking.clear();
        for (int begin = 0; begin < n; begin += 64) {
            const int end = std::min(begin + 64, n);
            int any = 0;
            for (int k = begin; k < end; k++) any |= V[k] > threshold;
            if (any)
                for (int k = begin; k < end; k++)
                    if (V[k] > threshold && L[k] <= 0) spiking.push_back(k);
        }
        for (; next < step.size() && step[next] == s; next++) {
            const int i = neuron[next];
            const double decay = std::exp(-(t - last_pre[i]) / tau);
            double *__restrict W = &w[size_t(i) * n], *__restrict A = &apre[size_t(i) * blocks];
            for (int b = 0; b < blocks; b++) A[b] = A[b] * decay + Apre[b];
            for (int k = 0; k < n; k++) {
                C[k] += W[k];
                W[k] = clip(W[k] + apost[k] * std::exp(-(t - last_post[k]) / tau));
            }
            last_pre[i] = t;
        }
        for (int k : spiking) {
            const int b = k / post;
            apost[k] = apost[k] * std::exp(-(t - last_post[k]) / tau) + Apost[b];
            last_post[k] = t;
            for (int i = 0; i < inputs; i++) {
                const double pre = apre[size_t(i) * blocks + b];
                double &weight = w[size_t(i) * n + k];
                weight = clip(weight + pre * std::exp(-(t - last_pre[i]) / tau));
            }
            V[k] = rest;
            L[k] = refractory - 1;
        }
        spikes += spiking.size();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    double sum = 0;
    for (double x : w) sum += x;
    std::printf("{\"build\": 0, \"simulate\": %.6g, \"spikes\": %ld, \"mean\": %.12g}\n",
                took.count(), spikes, sum / w.size());
}
