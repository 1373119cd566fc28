import { EngineError } from '../../errors.ts';
import type { EagerContext } from './eager-context.ts';
import { once } from './once.ts';
import { FLOAT, type DType, type TensorInfo } from './tensorflow-binding.ts';

const NONE = {} as const;

/** A matrix in the form that the kernels read: float32 [out, in] -> [panels, in, panel width]. */
export function packMatrix(context: EagerContext, matrix: TensorInfo, format: DType): TensorInfo {
  return context.run('TokenflarePack', packAttributes(format), [matrix]); // [panels, in, width]
}

/** As in `native/ops.cc`: counts up with every change of the operations. */
const REVISION = 3;

/**
 * Whether the addon has the kernels: one built by others has not, nor a processor without AVX2.
 *
 * @throws EngineError `backend_unavailable` if they are not those of this version
 */
export function hasKernels(context: EagerContext): boolean {
  const revision = revisionOf(context);
  if (revision === undefined && !canPack(context)) return false;
  if (revision === REVISION) return true;
  throw new EngineError(
    'backend_unavailable',
    `the addon of TensorFlow has kernels of revision ${revision ?? 1} where this version has ${REVISION}; run ` +
      '`npm run setup:tensorflow` again',
  );
}

function revisionOf(context: EagerContext): number | undefined {
  try {
    const revision = context.run('TokenflareRevision', NONE, []); // []
    const [value] = context.read(revision); // []
    context.free(revision);
    return value;
  } catch {
    return undefined;
  }
}

/** The first revision could not say so. */
function canPack(context: EagerContext): boolean {
  const matrix = context.upload([1, 1], Float32Array.of(1));
  try {
    context.free(packMatrix(context, matrix, FLOAT));
    return true;
  } catch {
    return false;
  } finally {
    context.free(matrix);
  }
}

/** Zeros of four dimensions, for a cache that our kernels write in place. */
export function lastingZeros(context: EagerContext, shape: readonly number[]): TensorInfo {
  const size = context.upload([shape.length], Int32Array.from(shape)); // [4]
  const zeros = context.run('TokenflareZeros', NONE, [size]); // shape
  context.free(size);
  return zeros;
}

const packAttributes = once((type: DType) => ({ T: { type } }));
