#ifndef TOKENFLARE_PROCESSOR_H_
#define TOKENFLARE_PROCESSOR_H_

#include "kernels.h"

namespace tokenflare {

// The fastest kernels that this processor can run, but for the `num_skipped` fastest ones; null where there are none.
const Kernels *KernelsOfProcessor(int num_skipped);

}  // namespace tokenflare

#endif  // TOKENFLARE_PROCESSOR_H_
