import { EMBED, ROW_CHUNK } from '../../src/runtime/wasm/assembly/kernel-ids.ts';
import { linearJobs, linearScratchBytes } from '../../src/runtime/wasm/kernels/linear.ts';
import { floatArg, KernelPool } from '../../src/runtime/wasm/kernel-pool.ts';
import { readKernels, startWasmBackend, type KernelModule } from '../../src/runtime/wasm/start.ts';
import { WasmParameter, type WasmWeightFormat } from '../../src/runtime/wasm/wasm-parameter.ts';
import { flat, type Rows } from './matrix.ts';

/** Dense products on a kernel pool of their own, their rows in float32 and their scratch full of ones. */
export class LinearBench {
  readonly #pool: KernelPool;

  private constructor(pool: KernelPool) {
    this.#pool = pool;
  }

  static async start(numThreads: number, kernels: KernelModule = 'inference'): Promise<LinearBench> {
    const { heap } = await startWasmBackend();
    const wasmBytes = await readKernels(kernels);
    return new LinearBench(await KernelPool.start({ wasmBytes, heap, numThreads }));
  }

  dispose(): Promise<void> {
    return this.#pool.dispose();
  }

  pack(rows: Rows, format: WasmWeightFormat): WasmParameter {
    const shape = [rows.length, rows[0]?.length ?? 0];
    return new WasmParameter(this.#pool, 'w', shape, flat(rows), format);
  }

  /** x W^T + b: [rows][in], weight [out, in] -> [rows][out]. Runs its jobs twice and returns what the second run wrote. */
  multiply(x: Rows, weight: WasmParameter, bias?: readonly number[]): number[][] {
    const { heap } = this.#pool;
    const [numCols = 0, depth = 0] = weight.shape;
    const { format } = weight;
    const shape = { numRows: x.length, depth, numCols, format, numThreads: this.#pool.numThreads };
    const scratchBytes = linearScratchBytes(shape);
    const [from, to] = [heap.malloc(4 * x.length * depth), heap.malloc(4 * x.length * numCols)];
    const scratch = heap.malloc(scratchBytes);
    heap.float32(from, x.length * depth).set(flat(x));
    const shift = bias && new WasmParameter(this.#pool, 'b', [numCols], Float32Array.from(bias), 'f32');
    const operands = {
      x: from,
      weight: heap.tensorAddress(weight.tensor),
      bias: shift ? heap.tensorAddress(shift.tensor) : 0,
      out: to,
      scratch,
    };
    const jobs = linearJobs(shape, operands);
    for (let run = 0; run < 2; run++) {
      heap.uint8(scratch, scratchBytes).fill(0xff);
      heap.uint8(to, 4 * x.length * numCols).fill(0xff);
      for (const job of jobs) this.#pool.run(...job);
    }
    const values = [...heap.float32(to, x.length * numCols)];
    for (const address of [from, to, scratch]) heap.free(address);
    shift?.tensor.dispose();
    return x.map((_, row) => values.slice(row * numCols, (row + 1) * numCols));
  }

  /** Every row of an embedding: [rows][in]. */
  embed(tokens: WasmParameter, positions: WasmParameter | undefined, scale: number): number[][] {
    const { heap } = this.#pool;
    const [numRows = 0, dim = 0] = tokens.shape;
    const [ids, out] = [heap.malloc(4 * numRows), heap.malloc(4 * numRows * dim)];
    heap.int32(ids, numRows).set(Array.from({ length: numRows }, (_, row) => row));
    const panels = heap.tensorAddress(tokens.tensor);
    const positionPanels = positions ? heap.tensorAddress(positions.tensor) : 0;
    const formats = [tokens.format, positions?.format ?? 0];
    const args = [panels, positionPanels, ids, ids, out, numRows, dim, floatArg(scale), ...formats];
    this.#pool.run(EMBED, Math.ceil(numRows / ROW_CHUNK), args);
    const values = [...heap.float32(out, numRows * dim)];
    for (const address of [ids, out]) heap.free(address);
    return Array.from({ length: numRows }, (_, row) => values.slice(row * dim, (row + 1) * dim));
  }
}
