import { LINEAR_INT8_QUADS } from './kernel-ids';
import { InferenceKernels } from './kernels';
import { linearInt8Quads } from './linear-relaxed';
import { runJobs, serve } from './pool';

/** The kernels of inference and those that need relaxed SIMD. */
class RelaxedKernels extends InferenceKernels {
  dispatch(kernelId: i32, job: usize, chunk: i32): void {
    if (kernelId == LINEAR_INT8_QUADS) linearInt8Quads(job, chunk);
    else super.dispatch(kernelId, job, chunk);
  }
}

export function serveJobs(control: usize, spinLimit: i32): void {
  serve<RelaxedKernels>(control, spinLimit);
}

export function runJobList(control: usize, jobs: usize, numJobs: i32): bool {
  return runJobs<RelaxedKernels>(control, jobs, numJobs);
}
