import type { WasmExports } from '../../src/runtime/wasm/wasm-exports.ts';

export function rawExports(): WasmExports;
export function rawMemory(): WebAssembly.Memory;
export const TRAPS: Record<'writeBeside' | 'freeBeside' | 'overflowStack', () => void>;
