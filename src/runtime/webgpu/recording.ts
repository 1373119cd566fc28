import { assertInvariant } from '../../errors.ts';
import type { Arena } from './arena.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { GpuKvCache } from './gpu-kv-cache.ts';
import { gpuParameter } from './gpu-parameter.ts';
import type { BufferRef, Dispatch } from './lower.ts';
import type { Pipelines } from './pipelines.ts';
import type { StepPlan } from './step-plan.ts';

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
