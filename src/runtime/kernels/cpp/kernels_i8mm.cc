// Compiled with -march=armv8.2-a+dotprod+i8mm.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 4
#include "vector.h"

#define TOKENFLARE_I8MM
#include "integer_neon.h"

#define TOKENFLARE_KERNELS "NEON i8mm"
#define TOKENFLARE_BASE NeonKernels
#include "integer_kernels_impl.h"

namespace tokenflare {
const Kernels *NeonI8mmKernels() { return KernelsWithIntegers(); }
}  // namespace tokenflare
