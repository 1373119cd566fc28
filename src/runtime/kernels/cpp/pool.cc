// A pool that waits for claimed chunks, not for workers: a worker that the system has taken off its core holds up
// nothing but the chunk that it has claimed.
#include "pool.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tokenflare {
namespace {

// How often an idle thread looks for work before it sleeps: longer than the pause between two jobs of a step, and much
// shorter than that between two steps of an idle service.
constexpr int kSpins = 2000;

inline void Pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

// A job is published in the slot of its generation's parity. A thread reads the slot before it claims a chunk; the
// claim fails where the slot has been used again meanwhile.
struct Slot {
  std::atomic<int64_t> num_chunks{0};
  std::atomic<int64_t> num_done{0};
  std::atomic<ChunkFunction> work{nullptr};
  std::atomic<const void *> context{nullptr};
};

class Pool {
 public:
  // Starts what is missing of them; those beyond wait.
  void UseThreads(int num_threads) {
    std::lock_guard<std::mutex> caller(callers_);
    num_threads_.store(num_threads, std::memory_order_relaxed);
    for (; num_started_ < num_threads; num_started_++) {
      std::thread([this, index = num_started_] { Serve(index); }).detach();
    }
  }

  void Run(int64_t num_chunks, ChunkFunction work, const void *context) {
    if (num_threads_.load(std::memory_order_relaxed) == 1 || num_chunks <= 1) {
      for (int64_t chunk = 0; chunk < num_chunks; chunk++) work(context, chunk);
      return;
    }
    std::lock_guard<std::mutex> caller(callers_);
    const uint64_t generation = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
    Slot &slot = slots_[generation & 1];
    slot.num_done.store(0, std::memory_order_relaxed);
    slot.num_chunks.store(num_chunks, std::memory_order_relaxed);
    slot.work.store(work, std::memory_order_relaxed);
    slot.context.store(context, std::memory_order_relaxed);
    ticket_.store(generation << 32, std::memory_order_seq_cst);
    if (num_sleepers_.load(std::memory_order_seq_cst) > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }
    while (TakeChunk()) {
    }
    for (int spins = 0; slot.num_done.load(std::memory_order_acquire) < num_chunks; spins++) {
      if (spins < kSpins) {
        Pause();
      } else {
        std::this_thread::yield();
      }
    }
  }

 private:
  // False where no chunk is left to claim.
  bool TakeChunk() {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    for (;;) {
      Slot &slot = slots_[(ticket >> 32) & 1];
      const int64_t chunk = static_cast<int64_t>(ticket & 0xffffffff);
      const ChunkFunction work = slot.work.load(std::memory_order_relaxed);
      const void *context = slot.context.load(std::memory_order_relaxed);
      if (chunk >= slot.num_chunks.load(std::memory_order_relaxed)) return false;
      if (ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
        work(context, chunk);
        slot.num_done.fetch_add(1, std::memory_order_release);
        return true;
      }
    }
  }

  bool HasChunk() const {
    const uint64_t ticket = ticket_.load(std::memory_order_seq_cst);
    const Slot &slot = slots_[(ticket >> 32) & 1];
    return static_cast<int64_t>(ticket & 0xffffffff) < slot.num_chunks.load(std::memory_order_relaxed);
  }

  bool IsUsed(int index) const { return index < num_threads_.load(std::memory_order_relaxed); }

  void Serve(int index) {
    for (int spins = 0;;) {
      if (IsUsed(index) && TakeChunk()) {
        spins = 0;
      } else if (++spins < kSpins) {
        Pause();
      } else {
        Sleep(index);
        spins = 0;
      }
    }
  }

  // A thread counts itself as a sleeper before it looks once more, and a caller publishes before it counts sleepers:
  // one of the two sees the other.
  void Sleep(int index) {
    std::unique_lock<std::mutex> lock(mutex_);
    num_sleepers_.fetch_add(1, std::memory_order_seq_cst);
    wake_.wait(lock, [this, index] { return IsUsed(index) && HasChunk(); });
    num_sleepers_.fetch_sub(1, std::memory_order_seq_cst);
  }

  std::atomic<int> num_threads_{1};
  int num_started_ = 1;  // the calling one included
  std::mutex callers_;  // two threads that call at once take turns
  std::mutex mutex_;
  std::condition_variable wake_;
  alignas(64) std::atomic<uint64_t> ticket_{0};  // generation << 32 | next chunk
  alignas(64) std::atomic<int> num_sleepers_{0};
  alignas(64) Slot slots_[2];
};

// Never destroyed: its threads end with the process.
Pool *pool = nullptr;

}  // namespace

void UseThreads(int num_threads) {
  if (pool == nullptr) pool = new Pool();
  pool->UseThreads(num_threads);
}

void RunChunks(int64_t num_chunks, ChunkFunction work, const void *context) {
  if (pool != nullptr) return pool->Run(num_chunks, work, context);
  for (int64_t chunk = 0; chunk < num_chunks; chunk++) work(context, chunk);
}

}  // namespace tokenflare
