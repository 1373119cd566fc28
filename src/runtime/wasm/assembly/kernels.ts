import {
  ADD,
  CAUSAL_ATTENTION,
  EMBED,
  FILL,
  GELU,
  LAYER_NORM,
  LINEAR,
  PACK_ROWS,
  PACK_WEIGHT,
  SELECT_ROWS,
  STORE_KEYS_VALUES,
} from './kernel-ids';
import { causalAttention, storeKeysValues } from './attention';
import { embed, selectRows } from './gather';
import { layerNorm } from './layer-norm';
import { linear } from './linear';
import { packRows, packWeight } from './pack';
import { add, fill, gelu } from './pointwise';
import { KernelSet, runJobs, serve } from './pool';

/** The kernels of inference. Each says in its comment what arguments its jobs carry, in order. */
class InferenceKernels extends KernelSet {
  dispatch(kernelId: i32, job: usize, chunk: i32): void {
    switch (kernelId) {
      case FILL:
        return fill(job, chunk);
      case PACK_WEIGHT:
        return packWeight(job, chunk);
      case PACK_ROWS:
        return packRows(job, chunk);
      case LINEAR:
        return linear(job, chunk);
      case STORE_KEYS_VALUES:
        return storeKeysValues(job, chunk);
      case CAUSAL_ATTENTION:
        return causalAttention(job, chunk);
      case LAYER_NORM:
        return layerNorm(job, chunk);
      case GELU:
        return gelu(job, chunk);
      case ADD:
        return add(job, chunk);
      case EMBED:
        return embed(job, chunk);
      case SELECT_ROWS:
        return selectRows(job, chunk);
      default:
        unreachable();
    }
  }
}

export function serveJobs(control: usize, spinLimit: i32): void {
  serve<InferenceKernels>(control, spinLimit);
}

export function runJobList(control: usize, jobs: usize, numJobs: i32): bool {
  return runJobs<InferenceKernels>(control, jobs, numJobs);
}
