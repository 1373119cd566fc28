#include "processor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tokenflare {
namespace {

struct Candidate {
  bool can_run;
  const Kernels *(*kernels)();
};

#if defined(__x86_64__)
// Leaf 7, sub-leaf 1, bit 4 of EAX; compilers have no name for it that all know.
bool HasAvxVnni() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1) != 0;
}
#endif

}  // namespace

const Kernels *KernelsOfProcessor(int num_skipped) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const Candidate candidates[] = {
      {has_avx2 && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"),
       Avx512VnniKernels},
      {has_avx2 && HasAvxVnni(), AvxVnniKernels},
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
