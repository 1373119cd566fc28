// Compiled twice: with and without relaxed instructions.
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels.h"
#include "pool.h"
#include "scratch.h"

#define TOKENFLARE_PART_WIDTH 4
#include "vector.h"

#ifdef __wasm_relaxed_simd__
#define TOKENFLARE_DOTS(format) ((format) == Format::kQ8 ? Dots::kWords : Dots::kHalves)
#else
#define TOKENFLARE_DOTS(format) Dots::kWords
#endif
#include "integer_wasm.h"

#ifdef __wasm_relaxed_simd__
#define TOKENFLARE_KERNELS "relaxed SIMD"
#else
#define TOKENFLARE_KERNELS "SIMD"
#endif
#define TOKENFLARE_FEW_TILES
#define TOKENFLARE_FLOAT_TILE_ROWS 4
#define TOKENFLARE_NARROW_TILES
#define TOKENFLARE_STRETCH_DEPTH 1536
#include "kernels_impl.h"

namespace tokenflare {
const Kernels *WasmKernels() { return &kKernels; }
}  // namespace tokenflare
