#include "thread_pool.h"

#include <immintrin.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace tokenflare {
namespace {

// How often an idle thread looks for work before it sleeps: some 50 us, longer than the pause between two operations
// of a step and much shorter than that between two steps of an idle service.
constexpr int kSpins = 2000;

// TensorFlow's own pool hands work out in microseconds as well, but its C interface does not lend it to kernels.
class ThreadPool {
 public:
  explicit ThreadPool(int num_threads) : num_workers_(num_threads - 1) {
    for (int i = 0; i < num_workers_; i++) std::thread([this] { Run(); }).detach();
  }

  void ParallelFor(int64_t num_chunks, const std::function<void(int64_t)> &work) {
    if (num_workers_ == 0 || num_chunks <= 1) {
      for (int64_t chunk = 0; chunk < num_chunks; chunk++) work(chunk);
      return;
    }
    std::lock_guard<std::mutex> caller(callers_);
    work_ = &work;
    num_chunks_ = num_chunks;
    next_chunk_.store(0, std::memory_order_relaxed);
    num_busy_.store(num_workers_, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      round_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    TakeChunks();
    for (int spins = 0; num_busy_.load(std::memory_order_acquire) > 0; spins++) {
      if (spins < kSpins) {
        _mm_pause();
      } else {
        std::this_thread::yield();
      }
    }
  }

 private:
  void Run() {
    for (uint64_t seen = 0;;) {
      WaitForRound(seen);
      seen++;
      TakeChunks();
      num_busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  void WaitForRound(uint64_t seen) {
    for (int spins = 0; spins < kSpins; spins++) {
      if (round_.load(std::memory_order_acquire) != seen) return;
      _mm_pause();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [&] { return round_.load(std::memory_order_acquire) != seen; });
  }

  void TakeChunks() {
    for (;;) {
      const int64_t chunk = next_chunk_.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= num_chunks_) return;
      (*work_)(chunk);
    }
  }

  const int num_workers_;
  std::mutex callers_;  // two threads that call at once take turns
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> round_{0};
  std::atomic<int64_t> next_chunk_{0};
  std::atomic<int> num_busy_{0};
  int64_t num_chunks_ = 0;
  const std::function<void(int64_t)> *work_ = nullptr;
};

int NumThreads() {
  const char *text = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int asked = text == nullptr ? 0 : std::atoi(text);
  const int num_threads = asked > 0 ? asked : static_cast<int>(std::thread::hardware_concurrency());
  return num_threads > 0 ? num_threads : 1;
}

}  // namespace

void ParallelFor(int64_t num_chunks, const std::function<void(int64_t)> &work) {
  // Never destroyed: its threads end with the process.
  static ThreadPool *pool = new ThreadPool(NumThreads());
  pool->ParallelFor(num_chunks, work);
}

}  // namespace tokenflare
