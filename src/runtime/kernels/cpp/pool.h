#ifndef TOKENFLARE_POOL_H_
#define TOKENFLARE_POOL_H_

#include <cstdint>

namespace tokenflare {

// How many threads compute, the calling one included; they are the process', not a runtime's.
void UseThreads(int num_threads);

using ChunkFunction = void (*)(const void *context, int64_t chunk);

// Calls work(context, chunk) for every chunk from 0 on, on all threads of the pool. Returns when all chunks are done.
// A chunk's result must not depend on which thread computes it.
void RunChunks(int64_t num_chunks, ChunkFunction work, const void *context);

// Calls a lambda for every chunk, as RunChunks. Internal linkage: each instruction set compiles its own.
namespace {
template <typename Work>
inline void ParallelFor(int64_t num_chunks, const Work &work) {
  RunChunks(num_chunks, [](const void *context, int64_t chunk) { (*static_cast<const Work *>(context))(chunk); }, &work);
}
}  // namespace

}  // namespace tokenflare

#endif  // TOKENFLARE_POOL_H_
