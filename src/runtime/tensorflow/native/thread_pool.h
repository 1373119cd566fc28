#ifndef TOKENFLARE_THREAD_POOL_H_
#define TOKENFLARE_THREAD_POOL_H_

#include <cstdint>
#include <functional>

namespace tokenflare {

// Calls work(chunk) for every chunk, on as many threads as TF_NUM_INTRAOP_THREADS says, the calling one included.
// Which thread takes which chunk is left to chance: a chunk's result must not depend on it.
void ParallelFor(int64_t num_chunks, const std::function<void(int64_t)> &work);

}  // namespace tokenflare

#endif  // TOKENFLARE_THREAD_POOL_H_
