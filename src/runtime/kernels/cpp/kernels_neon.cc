// Compiled with -march=armv8.2-a+dotprod.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 4
#include "vector.h"

#include "integer_neon.h"

#define TOKENFLARE_KERNELS "NEON"
#define TOKENFLARE_FLOAT_TILE_ROWS 3
#include "kernels_impl.h"

namespace tokenflare {
const Kernels *NeonKernels() { return &kKernels; }
}  // namespace tokenflare
