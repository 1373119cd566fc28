#ifndef TOKENFLARE_THREADS_H_
#define TOKENFLARE_THREADS_H_

namespace tokenflare {

// The life of a thread; returns after StopThreads.
void Serve();
void StopThreads();
// A thread has trapped: the caller that waits for it traps as well.
void FailThreads();

}  // namespace tokenflare

#endif  // TOKENFLARE_THREADS_H_
