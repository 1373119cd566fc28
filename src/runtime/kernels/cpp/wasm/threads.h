#ifndef TOKENFLARE_THREADS_H_
#define TOKENFLARE_THREADS_H_

namespace tokenflare {

// The life of a thread; returns after StopThreads.
void Serve();
void StopThreads();
// A thread has trapped: what waits for it traps as well.
void FailThreads();
bool HaveFailed();

}  // namespace tokenflare

#endif  // TOKENFLARE_THREADS_H_
