// SPDX-License-Identifier: Apache-2.0
//
// The loops are assembly, so that what is measured is exactly what stands here. Twelve sums, as
// many as the kernels have rows; gathers and products in groups of six, which is the order that
// Zen 5 runs fastest.
#include "bench/kernels/peaks.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>
#include <functional>
#include <latch>
#include <numeric>
#include <thread>
#include <vector>

namespace sta::bench {

double Peaks::CeilingGops(Pattern pattern) const {
  const double dense = product * products_a_vector * 2.0;
  if (pattern.IsDense()) return dense;
  return std::max(dense, pair * products_a_vector * 2.0 * pattern.m / pattern.n);
}

#if defined(__x86_64__)
namespace {

constexpr int64_t kOperationsPerRound = 12;

struct alignas(64) Operands {
  std::array<int8_t, 64> activations;
  std::array<int8_t, 64> weights;
  std::array<int8_t, 64> places;
  std::array<int16_t, 32> ones;
};

using Loop = void (*)(const Operands& operands, int64_t rounds);

// The loop over both bodies; registers 6 to 9 hold the operands. Registers from 16 on are used,
// too, and not named: code compiled for any x86-64 processor has nothing in them.
#define STA_LOOP(move, r, body, body2)                                                       \
  __asm__ volatile(move " (%1), %%" r "6\n" move " 64(%1), %%" r "7\n" move " 128(%1), %%" r \
                        "8\n" move " 192(%1), %%" r "9\n.p2align 6\n1:\n" body body2         \
                        "dec %0\njnz 1b\nvzeroupper\n"                                       \
                   : "+r"(rounds)                                                            \
                   : "r"(&operands)                                                          \
                   : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
                     "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15")
// The instruction for \i = 0 to 5.
#define STA_SIX(instruction) ".irp i,0,1,2,3,4,5\n" instruction "\n.endr\n"

// Twelve sums of AVX-512 are registers 0 to 5 and 10 to 15, gathered values 20 to 25.
#define STA_AVX512_PAIRS(sums)                \
  STA_SIX("vpermb %%zmm6, %%zmm8, %%zmm2\\i") \
  STA_SIX("vpdpbusd %%zmm7, %%zmm2\\i, %%zmm" sums "\\i")
void Avx512Product(const Operands& operands, int64_t rounds) {
  STA_LOOP("vmovdqu64", "zmm", STA_SIX("vpdpbusd %%zmm7, %%zmm6, %%zmm\\i"),
           STA_SIX("vpdpbusd %%zmm7, %%zmm6, %%zmm1\\i"));
}
void Avx512Gather(const Operands& operands, int64_t rounds) {
  STA_LOOP("vmovdqu64", "zmm", STA_SIX("vpermb %%zmm6, %%zmm8, %%zmm2\\i"),
           STA_SIX("vpermb %%zmm6, %%zmm8, %%zmm1\\i"));
}
void Avx512Pair(const Operands& operands, int64_t rounds) {
  STA_LOOP("vmovdqu64", "zmm", STA_AVX512_PAIRS(""), STA_AVX512_PAIRS("1"));
}

// Sums of AVX2 are registers 0 to 5 (an addition takes one cycle), intermediate values 10 to 15. s8
// by s8: the weight's sign goes to the activation.
#define STA_AVX2_PRODUCTS                            \
  STA_SIX("vpmaddubsw %%ymm1\\i, %%ymm7, %%ymm1\\i") \
  STA_SIX("vpmaddwd %%ymm9, %%ymm1\\i, %%ymm1\\i")   \
  STA_SIX("vpaddd %%ymm1\\i, %%ymm\\i, %%ymm\\i")
#define STA_AVX2_DENSE STA_SIX("vpsignb %%ymm7, %%ymm6, %%ymm1\\i") STA_AVX2_PRODUCTS
#define STA_AVX2_GATHER STA_SIX("vpshufb %%ymm8, %%ymm6, %%ymm1\\i")
#define STA_AVX2_PAIRS \
  STA_AVX2_GATHER STA_SIX("vpsignb %%ymm7, %%ymm1\\i, %%ymm1\\i") STA_AVX2_PRODUCTS
void Avx2Product(const Operands& operands, int64_t rounds) {
  STA_LOOP("vmovdqu", "ymm", STA_AVX2_DENSE, STA_AVX2_DENSE);
}
void Avx2Gather(const Operands& operands, int64_t rounds) {
  STA_LOOP("vmovdqu", "ymm", STA_AVX2_GATHER, STA_AVX2_GATHER);
}
void Avx2Pair(const Operands& operands, int64_t rounds) {
  STA_LOOP("vmovdqu", "ymm", STA_AVX2_PAIRS, STA_AVX2_PAIRS);
}

double ThreadCpuSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double SecondsOf(Loop loop, const Operands& operands, int64_t rounds) {
  const double start = ThreadCpuSeconds();
  loop(operands, rounds);
  return ThreadCpuSeconds() - start;
}

// The threads' rates together, in 1e9 operations a second.
double RateOnce(Loop loop, const Operands& operands, int64_t rounds, int threads) {
  std::vector<double> rates(static_cast<size_t>(threads));
  std::latch start(threads);
  const auto run = [&](double& rate) {
    start.arrive_and_wait();
    rate = 1e-9 * static_cast<double>(rounds * kOperationsPerRound) /
           SecondsOf(loop, operands, rounds);
  };
  {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < rates.size(); ++i) others.emplace_back(run, std::ref(rates[i]));
    run(rates[0]);
  }
  return std::reduce(rates.begin(), rates.end());
}

double RateOf(Loop loop, int threads, double seconds) {
  constexpr int kTries = 7;
  Operands operands;
  operands.activations.fill(77);
  operands.weights.fill(13);
  operands.ones.fill(1);
  for (size_t i = 0; i < operands.places.size(); ++i) {
    operands.places[i] = static_cast<int8_t>(i * 37 % 16);
  }
  int64_t rounds = 10'000;
  while (SecondsOf(loop, operands, rounds) < seconds) rounds *= 2;
  double best = 0.0;
  for (int i = 0; i < kTries; ++i) best = std::max(best, RateOnce(loop, operands, rounds, threads));
  return best;
}

}  // namespace

std::optional<Peaks> MeasurePeaks(std::string_view instruction_set, int threads, double seconds) {
  if (instruction_set == "avx512") {
    return Peaks{.instruction_set = "avx512",
                 .threads = threads,
                 .product_name = "vpdpbusd zmm",
                 .gather_name = "vpermb zmm",
                 .product = RateOf(Avx512Product, threads, seconds),
                 .gather = RateOf(Avx512Gather, threads, seconds),
                 .pair = RateOf(Avx512Pair, threads, seconds),
                 .products_a_vector = 64};
  }
  if (instruction_set == "avx2") {
    return Peaks{.instruction_set = "avx2",
                 .threads = threads,
                 .product_name = "vpsignb, vpmaddubsw, vpmaddwd, vpaddd ymm",
                 .gather_name = "vpshufb ymm",
                 .product = RateOf(Avx2Product, threads, seconds),
                 .gather = RateOf(Avx2Gather, threads, seconds),
                 .pair = RateOf(Avx2Pair, threads, seconds),
                 .products_a_vector = 32};
  }
  return std::nullopt;
}
#else
std::optional<Peaks> MeasurePeaks(std::string_view /*instruction_set*/, int /*threads*/,
                                  double /*seconds*/) {
  return std::nullopt;
}
#endif

}  // namespace sta::bench
