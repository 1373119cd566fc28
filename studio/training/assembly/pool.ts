/**
 * The kernel pool, as every thread of it sees it. AssemblyScript; all threads instantiate the same module on the
 * same shared memory, the heap of tfjs.
 *
 * A job is 64 bytes: one kernel over one set of buffers, cut into chunks that may run in any order on any thread.
 *
 *     byte  0  i32  kernelId    what `dispatch` switches on
 *     byte  4  i32  numChunks   at least 1
 *     byte  8  14 arguments of 4 bytes each: an address (u32), an i32 or an f32
 *
 * The main thread works through a list of jobs. It publishes one job at a time, takes chunks of it like any other
 * thread, waits until the last chunk is done and goes on to the next: a job may rely on everything before it.
 *
 *     control +0    remaining   unclaimed chunks of the published job; zero or less: none
 *             +64   done        chunks finished; the job is over when it reaches numChunks
 *             +128  sleepers    workers that wait on wakeEpoch
 *             +192  wakeEpoch, stop, failed
 *             +256  currentJob  address of the published job
 *             +260  mainSleeps  whether the main thread waits on `done`
 *
 * Every word that another thread writes has a cache line of its own. A thread claims a chunk by `remaining--`, and
 * the claim counts only if the old value was positive. Such a claim keeps its job published, because the main
 * thread cannot pass a job with an unfinished chunk; so `currentJob` is read after the claim and never stale. A
 * worker that comes late or is descheduled holds up nothing but the chunk it has claimed.
 *
 * An idle worker spins, then sleeps. It announces itself in `sleepers` before it looks at `remaining` once more,
 * and the main thread writes `remaining` before it reads `sleepers`: one of the two sees the other, so no wake-up
 * is lost. The main thread wakes sleepers for each job, not once a list, or a worker that falls asleep inside a
 * list would be gone for the rest of it.
 *
 * How to add a kernel to a module:
 * 1. Write `export function name(job: usize, chunk: i32): void`, reading its arguments by `pointerArg`, `intArg` and
 *    `floatArg`. Its chunks must not write the same bytes, and a chunk must do the same whatever thread runs it.
 * 2. Give it a number in the entry's subclass of `KernelSet` and call it from `dispatch`.
 * 3. Run it by `KernelPool.run(kernelId, numChunks, args)`, with the arguments in the same order.
 * Code must need neither a data segment nor static memory: no strings, array literals, function references, `new`
 * or mutable globals. The address space belongs to tfjs; the build refuses a module that claims a piece of it.
 */

const REMAINING: usize = 0;
const DONE: usize = 64;
const SLEEPERS: usize = 128;
const WAKE_EPOCH: usize = 192;
const STOP: usize = 196;
const FAILED: usize = 200;
const CURRENT_JOB: usize = 256;
const MAIN_SLEEPS: usize = 260;

const JOB_BYTES: usize = 64;
const ARGUMENTS: usize = 8;

/** Looks at `done`, some 20 µs of them, before the main thread sleeps until a worker wakes it. */
const PATIENCE: i32 = 8000;
/** After so long it checks `failed`: a worker that traps does not wake it. */
const LONGEST_SLEEP_NS: i64 = 2000000;

/** The kernels of one module. Never instantiated: `serve` and `runJobs` are compiled once for each subclass. */
export abstract class KernelSet {
  abstract dispatch(kernelId: i32, job: usize, chunk: i32): void;
}

export function pointerArg(job: usize, index: usize): usize {
  return load<u32>(job + ARGUMENTS + (index << 2)) as usize;
}

export function intArg(job: usize, index: usize): i32 {
  return load<i32>(job + ARGUMENTS + (index << 2));
}

export function floatArg(job: usize, index: usize): f32 {
  return load<f32>(job + ARGUMENTS + (index << 2));
}

/** The bytes of `count` float32 (or int32) numbers. */
export function floats(count: i32): usize {
  return (count as usize) << 2;
}

/** The life of a worker thread; returns when the pool is told to stop. */
export function serve<K extends KernelSet>(control: usize, spinLimit: i32): void {
  let spins = 0;
  while (true) {
    if (atomic.load<i32>(control + REMAINING) > 0) {
      takeChunks<K>(control);
      spins = 0;
    } else if (++spins >= spinLimit) {
      if (!sleep(control)) return;
      spins = 0;
    }
  }
}

/** Runs a list of jobs on the main thread and the workers. False when a worker has trapped. */
export function runJobs<K extends KernelSet>(control: usize, jobs: usize, numJobs: i32): bool {
  for (let i = 0; i < numJobs; i++) {
    const job = jobs + (i as usize) * JOB_BYTES;
    const numChunks = load<i32>(job, 4);
    if (numChunks == 1) {
      changetype<K>(0).dispatch(load<i32>(job), job, 0);
      continue;
    }
    publish(control, job, numChunks);
    takeChunks<K>(control);
    if (!awaitDone(control, numChunks)) return false;
  }
  return true;
}

function takeChunks<K extends KernelSet>(control: usize): void {
  while (true) {
    const claim = atomic.sub<i32>(control + REMAINING, 1);
    if (claim <= 0) return;
    const job = atomic.load<u32>(control + CURRENT_JOB) as usize;
    changetype<K>(0).dispatch(load<i32>(job), job, load<i32>(job, 4) - claim);
    atomic.add<i32>(control + DONE, 1);
    if (atomic.load<i32>(control + MAIN_SLEEPS) != 0) atomic.notify(control + DONE, 1);
  }
}

function publish(control: usize, job: usize, numChunks: i32): void {
  atomic.store<u32>(control + CURRENT_JOB, job as u32);
  atomic.store<i32>(control + DONE, 0);
  atomic.store<i32>(control + REMAINING, numChunks);
  if (atomic.load<i32>(control + SLEEPERS) > 0) {
    atomic.add<i32>(control + WAKE_EPOCH, 1);
    atomic.notify(control + WAKE_EPOCH, -1);
  }
}

/** Waits for the chunks of other threads. False when one of them has trapped. */
function awaitDone(control: usize, numChunks: i32): bool {
  let spins = 0;
  while (true) {
    const done = atomic.load<i32>(control + DONE);
    if (done >= numChunks) return true;
    if (atomic.load<i32>(control + FAILED) != 0) return false;
    if (++spins > PATIENCE) sleepUntilDone(control, done);
  }
}

/**
 * Sleeps until `done` changes. Another process may have taken a worker off its core; Linux then moves the worker to
 * this core, but only while this thread sleeps. No wake-up is lost: the main thread sets `mainSleeps` before it compares
 * `done`, and a worker adds to `done` before it reads `mainSleeps`.
 */
function sleepUntilDone(control: usize, done: i32): void {
  atomic.store<i32>(control + MAIN_SLEEPS, 1);
  atomic.wait<i32>(control + DONE, done, LONGEST_SLEEP_NS);
  atomic.store<i32>(control + MAIN_SLEEPS, 0);
}

/** Waits for the next job. False when the pool is told to stop. */
function sleep(control: usize): bool {
  atomic.add<i32>(control + SLEEPERS, 1);
  const epoch = atomic.load<i32>(control + WAKE_EPOCH);
  const stop = atomic.load<i32>(control + STOP) != 0;
  if (!stop && atomic.load<i32>(control + REMAINING) <= 0) atomic.wait<i32>(control + WAKE_EPOCH, epoch, -1);
  atomic.sub<i32>(control + SLEEPERS, 1);
  return !stop;
}
