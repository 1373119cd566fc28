// Compiled with -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 16
#include "vector.h"

#define TOKENFLARE_AVX512_VNNI
#include "integer_avx512.h"

#define TOKENFLARE_KERNELS "AVX-512 VNNI"
#define TOKENFLARE_BASE Avx512Kernels
#include "integer_kernels_impl.h"

namespace tokenflare {
const Kernels *Avx512VnniKernels() { return KernelsWithIntegers(); }
}  // namespace tokenflare
