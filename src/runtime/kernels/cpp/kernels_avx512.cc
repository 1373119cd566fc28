// Compiled with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -mf16c.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 16
#include "vector.h"

#include "integer_avx512.h"

#define TOKENFLARE_KERNELS "AVX-512"
#define TOKENFLARE_FEW_TILES
#define TOKENFLARE_FLOAT_TILE_ROWS 12
#include "kernels_impl.h"

namespace tokenflare {
const Kernels *Avx512Kernels() { return &kKernels; }
}  // namespace tokenflare
