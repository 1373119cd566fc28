// Compiled with -mavx2 -mfma -mf16c.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 8
#include "vector.h"

#include "integer_avx2.h"

#define TOKENFLARE_KERNELS "AVX2"
#define TOKENFLARE_FEW_TILES
#define TOKENFLARE_FLOAT_TILE_ROWS 3
#include "kernels_impl.h"

namespace tokenflare {
const Kernels *Avx2Kernels() { return &kKernels; }
}  // namespace tokenflare
