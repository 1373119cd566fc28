// Products of integers by the relaxed dot product of bytes; all else as kernels.cc has it.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 4
#include "vector.h"

#define TOKENFLARE_DOTS(format) Dots::kBytes
#include "integer_wasm.h"

namespace tokenflare {
const Kernels *WasmKernels();
}  // namespace tokenflare

#define TOKENFLARE_BASE WasmKernels
#define TOKENFLARE_KERNELS "relaxed SIMD with products of bytes"
#define TOKENFLARE_FEW_TILES
#include "integer_kernels_impl.h"

namespace tokenflare {
const Kernels *WasmByteKernels() { return KernelsWithIntegers(); }
}  // namespace tokenflare
