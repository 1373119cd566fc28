import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import util from 'node:util';
import { EngineError } from '../../errors.ts';
import type { TensorflowBinding } from './tensorflow-binding.ts';
import { messageOf } from '../../values.ts';

const PACKAGE = '@tensorflow/tfjs-node-gpu';
const REMEDY = 'run `npm run setup:tensorflow` in a clone of Tokenflare';

/**
 * Loads tfjs' TensorFlow addon into this thread. The number of threads is read by the library as it loads, once a
 * process. Throws `backend_unavailable` with what is missing and how to get it.
 */
export function loadTensorflow(numThreads: number): TensorflowBinding {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw unavailable(`TensorFlow runs on Linux x64, and this is ${process.platform} ${process.arch}`);
  }
  setEnvironment(numThreads);
  restoreRemovedUtilities();
  const require = createRequire(import.meta.url);
  let loaded: unknown;
  try {
    loaded = require(PACKAGE);
  } catch (cause) {
    throw unavailable(reasonOf(cause), cause);
  }
  return bindingOf(loaded);
}

/** Whether its addon is there; whether it loads is told by loading it. */
export function isTensorflowBuilt(): boolean {
  try {
    const lib = join(dirname(createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`)), 'lib');
    return readdirSync(lib).some((name) => existsSync(join(lib, name, 'tfjs_binding.node')));
  } catch {
    return false;
  }
}

/** The library reads these by getenv while it loads, which a worker thread's own environment does not reach. */
function setEnvironment(numThreads: number): void {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(numThreads);
  process.env['TF_NUM_INTEROP_THREADS'] = '1';
  // Warnings and above; 0 also says which processor instructions a build does not use.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  // Else the first process takes the whole memory of a GPU.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  // Else products of float32 on Ampere and later keep ten bits of the mantissa, and greedy texts part from the others'.
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
}

/**
 * tfjs-node 4.22 calls three functions of `util` that Node 23 removed (tensorflow/tfjs#8609, mended upstream in #8425
 * and never released).
 */
function restoreRemovedUtilities(): void {
  const utilities = util as unknown as Record<string, unknown>;
  utilities['isNullOrUndefined'] ??= (value: unknown) => value === undefined || value === null;
  utilities['isUndefined'] ??= (value: unknown) => value === undefined;
  utilities['isArray'] ??= Array.isArray;
}

function bindingOf(loaded: unknown): TensorflowBinding {
  // By its name: another runtime may have made its own backend the current one.
  const tf = loaded as { findBackend?: (name: string) => { binding?: TensorflowBinding } | null };
  const binding = tf.findBackend?.('tensorflow')?.binding;
  if (typeof binding?.executeOp === 'function') return binding;
  throw unavailable(`${PACKAGE} is installed, but not in a version that is known here (4.22)`);
}

/** What went wrong as it loaded, in one line. */
function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'MODULE_NOT_FOUND' && message.includes(PACKAGE)) return `${PACKAGE} is not installed`;
  if (message.includes('can not be found at path')) return `the addon of ${PACKAGE} is not built`;
  return `${PACKAGE} does not load: ${message.split('\n')[0] ?? ''}`;
}

function unavailable(reason: string, cause?: unknown): EngineError {
  return new EngineError('backend_unavailable', `${reason}; ${REMEDY}`, { cause });
}
