import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type * as Dawn from 'webgpu';
import { EngineError } from '../../errors.ts';
import { findDawn, dawnFolderOf } from './dawn.ts';
import { GpuDevice } from './gpu-device.ts';
import { messageOf } from '../../values.ts';

/** What to do where Dawn is not there. */
export function notInstalled(platform: string, arch: string): EngineError {
  const remedy =
    dawnFolderOf(platform, arch) === undefined
      ? `and npm has none for ${platform}-${arch}: use another runtime`
      : 'run `npx tokenflare setup webgpu`';
  return new EngineError('backend_unavailable', `Dawn is not installed: ${remedy}`);
}

/** What is known when the package `webgpu` (Dawn) could not be loaded. */
interface LoadFailure {
  error: unknown;
  platform: string;
  arch: string;
}

/** Why Dawn could not be loaded, and what to do about it, as an error for people. */
export function loadFailure({ error, platform, arch }: LoadFailure): EngineError {
  const message = messageOf(error);
  return new EngineError('backend_unavailable', `the webgpu runtime cannot start: ${explainLoad()}`, {
    cause: error,
  });

  function explainLoad(): string {
    if (/dawn\.node/.test(message) && /Cannot find module|no such file/i.test(message)) {
      return `the npm package \`webgpu\` has no binary for ${platform}-${arch}: use another runtime`;
    }
    const glibc = /version [`'](GLIBC(?:XX)?_[\d.]+)' not found/.exec(message);
    if (glibc) {
      return `Dawn's binary needs ${glibc[1] ?? 'a newer glibc'}, which this system's C library lacks: take a newer distribution`;
    }
    const library = /^(\S+\.so\S*): cannot open shared object file/.exec(message);
    if (library) return `the shared library ${library[1] ?? ''} is missing: install it`;
    return `the npm package \`webgpu\` does not load: ${message}`;
  }
}

/** What Dawn says about each adapter it must refuse, as the remedy for it. */
const ADAPTER_REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /Couldn't load|libvulkan|cannot open shared object|Failed to load Vulkan/i,
    'there is no Vulkan loader: install libvulkan1 (Debian) and the driver of the GPU',
  ],
  [
    /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/i,
    'the Vulkan loader found no driver: install that of the GPU, or mesa-vulkan-drivers for a software device; ' +
      'a container needs NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility',
  ],
  [/required/i, 'the Vulkan driver is too old for Dawn: update it (Mesa 23 or later)'],
];

/** Why Dawn offers no adapter, told from what it printed while it looked for one. */
export function noAdapter(dawnLog: string): EngineError {
  const lines = dawnLog
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at ') && !line.includes('artificially reduced'));
  const remedy = ADAPTER_REMEDIES.find(([pattern]) => pattern.test(dawnLog))?.[1];
  const said = lines.length === 0 ? 'Dawn gave no reason' : `Dawn said: ${lines.join('; ')}`;
  return new EngineError(
    'backend_unavailable',
    `the webgpu runtime found no adapter: ${remedy ?? 'is there a GPU with a Vulkan driver?'} (${said})`,
    { details: { dawnLog: lines } },
  );
}

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
    throw new EngineError('backend_unavailable', `the webgpu runtime cannot start: ${messageOf(cause)}`, {
      cause,
    });
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
    throw new EngineError(
      'backend_unavailable',
      `${adapter.info.description} gave no WebGPU device: ${messageOf(cause)}`,
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
