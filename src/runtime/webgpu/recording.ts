import { assertInvariant } from '../../errors.ts';
import type { Arena } from './arena.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { GpuKvCache } from './gpu-kv-cache.ts';
import { gpuParameter } from './gpu-parameter.ts';
import type { BufferRef, Dispatch } from './lower.ts';
import { Pipelines } from './pipelines.ts';
import { type StepPlan, planStep } from './step-plan.ts';
import type { Forward } from '../runtime.ts';
import type { StepBatch } from '../step-batch.ts';
import type { Bucket } from './bucket.ts';
import { attentionTileRows } from './kernels/attention.ts';

interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** A plan with its pipelines and bind groups ready: replayed for each step of its bucket. */
export class Recording {
  readonly plan: StepPlan;
  readonly cache: GpuKvCache;
  readonly #commands: readonly Command[];

  private constructor(plan: StepPlan, cache: GpuKvCache, commands: readonly Command[]) {
    this.plan = plan;
    this.cache = cache;
    this.#commands = commands;
  }

  /** The arena has room for the plan. Throws `backend_failure` when a kernel does not compile. */
  static async make(parts: {
    plan: StepPlan;
    cache: GpuKvCache;
    device: GpuDevice;
    arena: Arena;
    pipelines: Pipelines;
  }): Promise<Recording> {
    const { plan, cache, device, arena, pipelines } = parts;
    const bufferOf = bufferFinder(arena, cache);
    const commands = await Promise.all(
      plan.dispatches.map(async ({ kernel, buffers }: Dispatch): Promise<Command> => ({
        pipeline: await pipelines.pipelineOf(kernel),
        bindGroup: device.device.createBindGroup({
          label: kernel.name,
          layout: pipelines.layoutOf(kernel.access),
          entries: [arena.step, ...buffers.map(bufferOf)].map((buffer, binding) => ({
            binding,
            resource: { buffer },
          })),
        }),
        workgroups: kernel.workgroups,
      })),
    );
    return new Recording(plan, cache, commands);
  }

  /** One pass with every kernel in order; what one writes, the next reads. */
  replay(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass();
    let current: GPUComputePipeline | undefined;
    for (const { pipeline, bindGroup, workgroups } of this.#commands) {
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    }
    pass.end();
  }
}

function bufferFinder(arena: Arena, cache: GpuKvCache): (ref: BufferRef) => GPUBuffer {
  return (ref) => {
    switch (ref.kind) {
      case 'slot':
        return arena.slot(ref.slot);
      case 'parameter':
        return found(gpuParameter(ref.parameter).parts[ref.part]?.buffer);
      case 'keys':
      case 'values':
        return found(cache[ref.kind][ref.layerIndex]);
      case 'topChunks':
      case 'topRows':
        return arena[ref.kind];
    }
  };
}

function found(buffer: GPUBuffer | undefined): GPUBuffer {
  assertInvariant(buffer, 'a kernel binds buffers that there are');
  return buffer;
}

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
