#ifndef TOKENFLARE_LASTING_MEMORY_H_
#define TOKENFLARE_LASTING_MEMORY_H_

#include <cstddef>
#include <cstdint>

namespace tokenflare {

// Whether an address can count so many bytes, and some more: it has 32 bits in WebAssembly.
constexpr bool IsCountable(int64_t num_bytes) {
  return sizeof(size_t) > 4 || num_bytes <= static_cast<int64_t>(SIZE_MAX - 65536);
}

// Zeros for what lives long and is read whole in every step, weights and caches, in pages of 2 MiB where the system
// has them: with its ordinary ones a third of the time of reading goes into finding them. Null without memory.
void *AllocateLasting(size_t num_bytes);

// Gives the memory behind a part of it back to the system, whose numbers nobody needs: it holds them still, or zeros.
// Nothing where the system does not take it.
void ReleaseLasting(void *start, size_t num_bytes);

// Gives back what AllocateLasting gave.
void FreeLasting(void *memory);

}  // namespace tokenflare

#endif  // TOKENFLARE_LASTING_MEMORY_H_
