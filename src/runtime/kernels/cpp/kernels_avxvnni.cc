// Compiled with -mavxvnni -mavx2 -mfma -mf16c.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 8
#include "vector.h"

#define TOKENFLARE_AVX_VNNI
#include "integer_avx2.h"

#define TOKENFLARE_KERNELS "AVX-VNNI"
#define TOKENFLARE_FEW_TILES
#define TOKENFLARE_BASE Avx2Kernels
#include "integer_kernels_impl.h"

namespace tokenflare {
const Kernels *AvxVnniKernels() { return KernelsWithIntegers(); }
}  // namespace tokenflare
