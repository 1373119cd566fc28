#ifndef TOKENFLARE_PROCESSOR_H_
#define TOKENFLARE_PROCESSOR_H_

#include <vector>

#include "kernels.h"

namespace tokenflare {

// The kernels that this processor can run and that compute right, the fastest first.
std::vector<const Kernels *> KernelsOfProcessor();

}  // namespace tokenflare

#endif  // TOKENFLARE_PROCESSOR_H_
