import { EngineError } from '../../errors.ts';
import type { WasmExports } from './wasm-exports.ts';
import { messageOf } from '../../values.ts';

export interface GuardedExports {
  readonly exports: WasmExports;
  readonly hasTrapped: () => boolean;
}

/**
 * The module's exports, none of which computes any more once one has trapped: a trap leaves the memory in the middle of
 * something, and malloc locked. Each call then throws the same `backend_failure`, which has the reason.
 *
 * @param faultOfThread the reason of a thread that trapped, which made the call trap; '' without one
 */
export function guardExports(exports: WasmExports, faultOfThread: () => string): GuardedExports {
  let failure: EngineError | undefined;
  const guard =
    (call: (...operands: never[]) => unknown) =>
    (...operands: never[]): unknown => {
      if (failure !== undefined) throw failure;
      try {
        return call(...operands);
      } catch (cause) {
        failure = trapError(cause, faultOfThread());
        throw failure;
      }
    };
  const guarded = Object.entries(exports).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' ? guard(value as () => unknown) : value,
  ]);
  return {
    exports: Object.fromEntries(guarded) as WasmExports,
    hasTrapped: () => failure !== undefined,
  };
}

function trapError(cause: unknown, faultOfThread: string): EngineError {
  const message =
    faultOfThread === ''
      ? `the wasm module trapped: ${messageOf(cause)}`
      : `a thread of the wasm module trapped: ${faultOfThread}`;
  return new EngineError('backend_failure', message, { cause });
}
