#ifndef TOKENFLARE_GROWING_MEMORY_H_
#define TOKENFLARE_GROWING_MEMORY_H_

#include <cstdint>

#include "lasting_memory.h"

namespace tokenflare {

// Memory that grows to the most that was asked for, and stays. Its contents do not outlive the next call.
class GrowingMemory {
 public:
  // Null where the system has none.
  void *Reserve(int64_t num_bytes) {
    if (num_bytes <= capacity_) return memory_;
    if (memory_ != nullptr) FreeLasting(memory_);
    memory_ = IsCountable(num_bytes) ? AllocateLasting(num_bytes) : nullptr;
    capacity_ = memory_ == nullptr ? 0 : num_bytes;
    return memory_;
  }

 private:
  void *memory_ = nullptr;
  int64_t capacity_ = 0;
};

}  // namespace tokenflare

#endif  // TOKENFLARE_GROWING_MEMORY_H_
