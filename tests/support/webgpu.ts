import { describe } from 'vitest';
import type { GpuWeightFormat } from '../../src/runtime/webgpu/gpu-parameter.ts';
import { startDevice, type WebGpuDeviceOptions } from '../../src/runtime/webgpu/start.ts';
import { WebGpuRuntime } from '../../src/runtime/webgpu/webgpu-runtime.ts';
import { RUNTIME_NAMES_HERE } from './runtimes.ts';

/** Tests of WebGPU, where there is an adapter: CI has one, and elsewhere a line before the first test says why not. */
export const describeWebGpu = describe.runIf(RUNTIME_NAMES_HERE.includes('webgpu'));

interface OpenRuntime {
  runtime: WebGpuRuntime;
  /** What the runtime runs on, to do things to. */
  device: GPUDevice;
}

/** A WebGPU runtime with its device in reach. */
export async function openWebGpu(
  options: WebGpuDeviceOptions & { weights?: GpuWeightFormat } = {},
): Promise<OpenRuntime> {
  const device = await startDevice(options);
  return { runtime: new WebGpuRuntime(device, options.weights ?? 'f32'), device: device.device };
}
