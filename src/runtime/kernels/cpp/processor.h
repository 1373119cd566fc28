#ifndef TOKENFLARE_PROCESSOR_H_
#define TOKENFLARE_PROCESSOR_H_

#include <vector>

#include "kernels.h"

namespace tokenflare {

// The kernels that this processor can run and that compute right, the fastest first.
std::vector<const Kernels *> KernelsOfProcessor();

#if defined(__x86_64__)
// Products of bfloat16 by vectors, and by tiles, for which the system is asked.
bool HasAvx512BFloat();
bool ProvidesTiles();
#endif

}  // namespace tokenflare

#endif  // TOKENFLARE_PROCESSOR_H_
