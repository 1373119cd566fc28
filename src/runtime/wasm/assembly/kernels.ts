import {
  ADD,
  ATTENTION,
  ATTENTION_INT8,
  EMBED,
  FILL,
  GATE,
  GELU,
  LAYER_NORM,
  LINEAR,
  LINEAR_BFLOAT16,
  LINEAR_INT8,
  NORM_HEADS,
  PACK_BFLOAT16,
  PACK_INT8,
  PACK_ROWS,
  PACK_WEIGHT,
  QUANTISE_GROUPS,
  QUANTISE_ROWS,
  RMS_NORM,
  ROTATE,
  SELECT_ROWS,
  STORE_KEYS_VALUES,
  STORE_KEYS_VALUES_INT8,
  TOP_LOGITS_MERGE,
  TOP_LOGITS_PARTS,
} from './kernel-ids';
import { add } from './add';
import { attention, storeKeysValues } from './attention';
import { Float32KeysValues } from './attention-float32';
import { Int8KeysValues } from './attention-int8';
import { embed } from './embed';
import { fill } from './fill';
import { gate } from './gate';
import { gelu } from './gelu';
import { layerNorm } from './layer-norm';
import { linear, linearBfloat16, linearInt8 } from './linear';
import { normHeads } from './norm-heads';
import { packBfloat16, packRows, packWeight } from './pack';
import { KernelSet, runJobs, serve } from './pool';
import { packInt8, quantiseRows } from './quantise';
import { quantiseGroups } from './quantise-groups';
import { rmsNorm } from './rms-norm';
import { rotate } from './rotate';
import { selectRows } from './select-rows';
import { topLogitsMerge, topLogitsParts } from './top-logits';

/** The kernels of inference. Each says in its comment what arguments its jobs carry, in order. */
export class InferenceKernels extends KernelSet {
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
        return storeKeysValues<Float32KeysValues>(job, chunk);
      case STORE_KEYS_VALUES_INT8:
        return storeKeysValues<Int8KeysValues>(job, chunk);
      case ATTENTION:
        return attention<Float32KeysValues>(job, chunk);
      case ATTENTION_INT8:
        return attention<Int8KeysValues>(job, chunk);
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
      case RMS_NORM:
        return rmsNorm(job, chunk);
      case NORM_HEADS:
        return normHeads(job, chunk);
      case ROTATE:
        return rotate(job, chunk);
      case GATE:
        return gate(job, chunk);
      case PACK_BFLOAT16:
        return packBfloat16(job, chunk);
      case LINEAR_BFLOAT16:
        return linearBfloat16(job, chunk);
      case PACK_INT8:
        return packInt8(job, chunk);
      case QUANTISE_ROWS:
        return quantiseRows(job, chunk);
      case QUANTISE_GROUPS:
        return quantiseGroups(job, chunk);
      case LINEAR_INT8:
        return linearInt8(job, chunk);
      case TOP_LOGITS_PARTS:
        return topLogitsParts(job, chunk);
      case TOP_LOGITS_MERGE:
        return topLogitsMerge(job, chunk);
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
