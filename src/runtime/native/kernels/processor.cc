#include "processor.h"

namespace tokenflare {
namespace {

struct Candidate {
  bool can_run;
  const Kernels *(*kernels)();
};

}  // namespace

const Kernels *KernelsOfProcessor(int num_skipped) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const Candidate candidates[] = {
      {has_avx2 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"),
       Avx512VnniKernels},
      {has_avx2, Avx2Kernels},
  };
#elif defined(__aarch64__)
  const Candidate candidates[] = {{true, NeonKernels}};
#endif
  for (const Candidate &candidate : candidates) {
    if (candidate.can_run && num_skipped-- <= 0) return candidate.kernels();
  }
  return nullptr;
}

}  // namespace tokenflare
