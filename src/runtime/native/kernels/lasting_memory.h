#ifndef TOKENFLARE_LASTING_MEMORY_H_
#define TOKENFLARE_LASTING_MEMORY_H_

#include <cstddef>

namespace tokenflare {

// Zeros for what lives long and is read whole in every step, weights and caches, in pages of 2 MiB where the system
// has them: with its ordinary ones a third of the time of reading goes into finding them. Null without memory.
void *AllocateLasting(size_t num_bytes);

// Gives back what AllocateLasting gave.
void FreeLasting(void *memory);

}  // namespace tokenflare

#endif  // TOKENFLARE_LASTING_MEMORY_H_
