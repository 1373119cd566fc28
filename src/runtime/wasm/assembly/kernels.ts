import { floatArg, intArg, KernelSet, pointerArg, runJobs, serve } from './pool';

/** The kernels of inference. Their numbers are repeated in ../kernel-ids.ts. */
class InferenceKernels extends KernelSet {
  dispatch(kernelId: i32, job: usize, chunk: i32): void {
    switch (kernelId) {
      case 0:
        fill(job, chunk);
        break;
      default:
        unreachable();
    }
  }
}

/** Writes a value into every element of one chunk: the smallest kernel there is, for tests of the pool. */
function fill(job: usize, chunk: i32): void {
  const out = pointerArg(job, 0);
  const length = intArg(job, 1);
  const chunkLength = intArg(job, 2);
  const value = floatArg(job, 3);
  const end = min(length, (chunk + 1) * chunkLength);
  for (let i = chunk * chunkLength; i < end; i++) store<f32>(out + ((i as usize) << 2), value + (chunk as f32));
}

export function serveJobs(control: usize, spinLimit: i32): void {
  serve<InferenceKernels>(control, spinLimit);
}

export function runJobList(control: usize, jobs: usize, numJobs: i32): bool {
  return runJobs<InferenceKernels>(control, jobs, numJobs);
}
