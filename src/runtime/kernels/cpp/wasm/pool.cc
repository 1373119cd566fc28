// The pool of WebAssembly: JavaScript starts its threads, each an instance of this module on the same memory, and they
// call Serve. See pool.cc for how chunks are claimed.
#include "threads.h"

#include <atomic>

#include "pool.h"

namespace tokenflare {
namespace {

// Looks for work before an idle thread sleeps, about 0.2 ms: longer than a chunk, short beside a step.
constexpr int kSpins = 100000;
// Looks at what is done before the caller sleeps, about 20 us: Linux moves a worker whose core is taken to this one, but
// only while this thread sleeps.
constexpr int kPatience = 8000;
// After so long the caller looks whether a thread has trapped, which wakes nobody.
constexpr int64_t kLongestSleepNs = 2000000;
constexpr int64_t kForever = -1;

struct Slot {
  std::atomic<int32_t> num_chunks{0};
  std::atomic<ChunkFunction> work{nullptr};
  std::atomic<const void *> context{nullptr};
};

int num_threads = 1;  // the caller's
alignas(64) std::atomic<uint64_t> ticket{0};  // generation << 32 | next chunk
alignas(64) std::atomic<int32_t> num_done{0};
alignas(64) std::atomic<int32_t> num_sleepers{0};
alignas(64) std::atomic<int32_t> wake_epoch{0};
alignas(64) std::atomic<int32_t> caller_sleeps{0};
std::atomic<int32_t> has_stopped{0}, has_failed{0};
alignas(64) Slot slots[2];

void Wait(std::atomic<int32_t> &word, int32_t expected, int64_t timeout_ns) {
  __builtin_wasm_memory_atomic_wait32(reinterpret_cast<int32_t *>(&word), expected, timeout_ns);
}
void Notify(std::atomic<int32_t> &word, uint32_t count) {
  __builtin_wasm_memory_atomic_notify(reinterpret_cast<int32_t *>(&word), count);
}

bool HasChunk() {
  const uint64_t now = ticket.load();
  return static_cast<int32_t>(now & 0xffffffff) < slots[(now >> 32) & 1].num_chunks.load();
}

// False where no chunk is left to claim.
bool TakeChunk() {
  uint64_t now = ticket.load();
  for (;;) {
    Slot &slot = slots[(now >> 32) & 1];
    const int32_t chunk = static_cast<int32_t>(now & 0xffffffff);
    const ChunkFunction work = slot.work.load();
    const void *context = slot.context.load();
    if (chunk >= slot.num_chunks.load()) return false;
    if (ticket.compare_exchange_weak(now, now + 1)) {
      work(context, chunk);
      num_done.fetch_add(1);
      if (caller_sleeps.load() != 0) Notify(num_done, 1);
      return true;
    }
  }
}

// A thread counts itself as a sleeper before it looks once more, and a caller publishes before it counts sleepers: one of
// the two sees the other. False where it is to end.
bool Sleep() {
  num_sleepers.fetch_add(1);
  const int32_t epoch = wake_epoch.load();
  const bool ends = has_stopped.load() != 0;
  if (!ends && !HasChunk()) Wait(wake_epoch, epoch, kForever);
  num_sleepers.fetch_sub(1);
  return !ends;
}

// The caller sets caller_sleeps before it compares num_done, and a thread adds to that before it reads caller_sleeps.
void SleepUntilDone(int32_t done) {
  caller_sleeps.store(1);
  Wait(num_done, done, kLongestSleepNs);
  caller_sleeps.store(0);
}

}  // namespace

void UseThreads(int count) { num_threads = count; }

void RunChunks(int64_t num_chunks, ChunkFunction work, const void *context) {
  if (num_threads == 1 || num_chunks <= 1) {
    for (int64_t chunk = 0; chunk < num_chunks; chunk++) work(context, chunk);
    return;
  }
  const uint64_t generation = (ticket.load() >> 32) + 1;
  Slot &slot = slots[generation & 1];
  num_done.store(0);
  slot.num_chunks.store(static_cast<int32_t>(num_chunks));
  slot.work.store(work);
  slot.context.store(context);
  ticket.store(generation << 32);
  if (num_sleepers.load() > 0) {
    wake_epoch.fetch_add(1);
    Notify(wake_epoch, UINT32_MAX);
  }
  while (TakeChunk()) {
  }
  for (int spins = 0;;) {
    const int32_t done = num_done.load();
    if (done >= num_chunks) return;
    // Whoever called has lost what the thread was to compute: it traps as well.
    if (HaveFailed()) __builtin_trap();
    if (++spins > kPatience) SleepUntilDone(done);
  }
}

void Serve() {
  for (int spins = 0;;) {
    if (TakeChunk()) {
      spins = 0;
    } else if (++spins >= kSpins) {
      if (!Sleep()) return;
      spins = 0;
    }
  }
}

void StopThreads() {
  has_stopped.store(1);
  wake_epoch.fetch_add(1);
  Notify(wake_epoch, UINT32_MAX);
}

void FailThreads() { has_failed.store(1); }
bool HaveFailed() { return has_failed.load() != 0; }

}  // namespace tokenflare
