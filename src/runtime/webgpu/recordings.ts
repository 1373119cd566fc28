import type { Forward } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import type { Arena } from './arena.ts';
import type { Bucket } from './bucket.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { GpuKvCache } from './gpu-kv-cache.ts';
import { gpuParameter } from './gpu-parameter.ts';
import { attentionTileRows } from './kernels/attention.ts';
import { Pipelines } from './pipelines.ts';
import { Recording } from './recording.ts';
import { planStep } from './step-plan.ts';

/** Buckets of one forward pass that stay recorded; the one not used for longest goes first. */
const MAX_RECORDINGS = 64;

/** Records a forward pass once for each bucket. What was recorded goes with the function that was. */
export class Recordings {
  readonly #device: GpuDevice;
  readonly #arena: Arena;
  readonly #pipelines: Pipelines;
  #byForward = new WeakMap<Forward, Map<string, Recording>>();

  constructor(device: GpuDevice, arena: Arena) {
    this.#device = device;
    this.#arena = arena;
    this.#pipelines = new Pipelines(device);
  }

  /** The recording for that batch's bucket, made if need be. Throws `backend_failure`. */
  async find(batch: StepBatch, cache: GpuKvCache, forward: Forward, wantsTop: boolean): Promise<Recording> {
    const bucket: Bucket = {
      step: batch.tokenIds.length,
      logit: batch.logitRows.length,
      tileRows: attentionTileRows(batch.segments.map(({ numRows }) => numRows)),
    };
    const key = `${bucket.step} ${bucket.logit} ${bucket.tileRows} ${wantsTop}`;
    const known = this.#byForward.get(forward)?.get(key);
    const recording = known?.cache === cache ? known : await this.#make(bucket, cache, forward, wantsTop);
    const ofForward = this.#byForward.get(forward) ?? new Map<string, Recording>();
    this.#byForward.set(forward, ofForward);
    // A map keeps the order of insertion: the last used is put last.
    ofForward.delete(key);
    ofForward.set(key, recording);
    if (ofForward.size > MAX_RECORDINGS) {
      const [oldest = ''] = ofForward.keys();
      ofForward.delete(oldest);
    }
    return recording;
  }

  #make(bucket: Bucket, cache: GpuKvCache, forward: Forward, wantsTop: boolean): Promise<Recording> {
    const plan = planStep(forward, {
      bucket,
      cacheShape: cache.shape,
      layoutOf: gpuParameter,
      wantsTop,
    });
    if (this.#arena.reserve(plan)) this.#byForward = new WeakMap();
    const [device, arena, pipelines] = [this.#device, this.#arena, this.#pipelines];
    return Recording.make({ plan, cache, device, arena, pipelines });
  }
}
