import { EngineError } from '../../errors.ts';
import type { GpuDevice } from './gpu-device.ts';
import type { Access, Kernel } from './kernels/kernel.ts';

/** Compiled kernels, one for each text. */
export class Pipelines {
  readonly #device: GpuDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: GpuDevice) {
    this.#device = device;
  }

  /** Throws `backend_failure` with the compiler's words. */
  pipelineOf(kernel: Kernel): Promise<GPUComputePipeline> {
    let pipeline = this.#pipelines.get(kernel.code);
    if (pipeline === undefined) {
      pipeline = this.#compile(kernel);
      this.#pipelines.set(kernel.code, pipeline);
    }
    return pipeline;
  }

  layoutOf(access: readonly Access[]): GPUBindGroupLayout {
    const key = access.join();
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      layout = this.#device.device.createBindGroupLayout({
        entries: access.map((kind, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: kind === 'read' ? 'read-only-storage' : 'storage' },
        })),
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }

  async #compile({ name, code, access }: Kernel): Promise<GPUComputePipeline> {
    const { device } = this.#device;
    // Within a scope, a kernel at fault is this kernel's error, not that of the next step.
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: name, code });
    const pipeline = device.createComputePipelineAsync({
      label: name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [this.layoutOf(access)] }),
      compute: { module, entryPoint: 'main' },
    });
    const scope = device.popErrorScope();
    const [compiled, checked] = await Promise.allSettled([pipeline, scope]);
    if (compiled.status === 'fulfilled') return compiled.value;
    const reason = checked.status === 'fulfilled' ? checked.value?.message : undefined;
    throw new EngineError(
      'backend_failure',
      `kernel ${name} does not compile on ${this.#device.name}: ${reason ?? String(compiled.reason)}`,
      { retryable: false, cause: compiled.reason },
    );
  }
}
