import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type * as Dawn from 'webgpu';
import { EngineError } from '../../errors.ts';
import { findDawn } from './dawn.ts';
import { GpuDevice } from './gpu-device.ts';
import { loadFailure, noAdapter, notInstalled } from './start-failures.ts';

export interface WebGpuDeviceOptions {
  /** Called once when the device is lost; never by `dispose`. */
  onLost?: ((error: EngineError) => void) | undefined;
  /** Whether a software adapter will do; by default yes. */
  allowSoftware?: boolean | undefined;
  /** Part of the adapter's name; by default the fastest. */
  adapter?: string | undefined;
  /** Dawn's null backend runs nothing: what a step costs in JavaScript is measured on it. */
  backend?: 'null' | undefined;
  /** Treats larger buffers as beyond the device, whatever its limits: for tests. */
  maxBufferBytes?: number | undefined;
}

/**
 * A device of our own with all that the adapter offers, and tfjs' WebGPU backend over it as the current one, so that
 * stock operations and our kernels share buffers and a queue.
 *
 * @throws EngineError `backend_unavailable` with the reason and the remedy
 */
export async function startDevice(options: WebGpuDeviceOptions): Promise<GpuDevice> {
  const module = findDawn();
  if (module === undefined) throw notInstalled(process.platform, process.arch);
  const gpu = await openDawn(module, dawnFlags(options));
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw noAdapter(whatDawnSays(module));
  const isSoftware = adapter.info.isFallbackAdapter;
  if (isSoftware && options.allowSoftware === false) {
    throw new EngineError(
      'backend_unavailable',
      `the only WebGPU adapter is software (${adapter.info.description}): install the driver of the GPU`,
    );
  }
  const device = await requestDevice(adapter);
  const backend = registerBackend(gpu, device, adapter.info);
  await tf.setBackend('webgpu');
  const { onLost, maxBufferBytes } = options;
  return new GpuDevice({ gpu, device, backend, info: adapter.info, onLost, maxBufferBytes });
}

function dawnFlags({ adapter, backend }: WebGpuDeviceOptions): string[] {
  return [
    ...(backend === undefined ? [] : [`backend=${backend}`]),
    ...(adapter === undefined ? [] : [`adapter=${adapter}`]),
  ];
}

async function openDawn(module: string, flags: string[]): Promise<GPU> {
  let dawn: typeof Dawn;
  try {
    dawn = (await import(module)) as typeof Dawn;
  } catch (error) {
    throw loadFailure({ error, platform: process.platform, arch: process.arch });
  }
  // tfjs looks for GPUBufferUsage, GPUBuffer and the like among the globals.
  Object.assign(globalThis, dawn.globals);
  try {
    return dawn.create(flags);
  } catch (cause) {
    // With an unknown adapter the message lists those that there are.
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('backend_unavailable', `the webgpu runtime cannot start: ${reason}`, { cause });
  }
}

/** No features: packed half precision and trees of reductions need none, so that any adapter will do. */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const requiredLimits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const limit = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof limit === 'number') requiredLimits[name] = limit;
  }
  try {
    return await adapter.requestDevice({ label: 'tokenflare', requiredLimits });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      'backend_unavailable',
      `${adapter.info.description} gave no WebGPU device: ${reason}`,
      { cause },
    );
  }
}

/** tfjs has one backend of a name, and its kernels are registered for the name `webgpu`: the latest device has it. */
function registerBackend(gpu: GPU, device: GPUDevice, info: GPUAdapterInfo): WebGPUBackend {
  const backend = withNavigatorGpu(gpu, () => new WebGPUBackend(device, info));
  if ('webgpu' in tf.engine().registryFactory) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => backend, 0);
  // Otherwise small tensors stay on the processor, and have no buffer.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  return backend;
}

/** The backend's constructor refuses to work without `navigator.gpu`; nothing else here should take Node for a browser. */
function withNavigatorGpu<T>(gpu: GPU, construct: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    return construct();
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, 'navigator');
    else Object.defineProperty(globalThis, 'navigator', before);
  }
}

/** Dawn writes to the process' stderr why it refuses an adapter: a process of its own lets us read it. */
function whatDawnSays(module: string): string {
  const script =
    `const { create } = await import(${JSON.stringify(module)});` + `await create([]).requestAdapter();`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stderr;
}
