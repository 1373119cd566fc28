import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { KERNEL } from '../../../../training/kernel-ids.ts';

const sources = (path: string) =>
  JSON.stringify(new URL(`../../../../training/${path}`, import.meta.url).href);

/** A process of its own that starts three threads of kernels, uses them, and then does what `last` says. */
async function runProcess(last: string): Promise<{ code: number | null; output: string }> {
  const script = `
    import { KernelPool } from ${sources('wasm/kernel-pool.ts')};
    import { readKernels, startWasmBackend } from ${sources('wasm/start.ts')};
    const { heap } = await startWasmBackend();
    const pool = await KernelPool.start({ wasmBytes: await readKernels(), heap, numThreads: 3 });
    const length = 40000;
    const numbers = heap.malloc(4 * length);
    heap.float32(numbers, length).fill(4.5);
    pool.run(${KERNEL.ADD}, 3, [numbers, numbers, numbers, length]);
    console.log('last:', heap.float32(numbers, length)[length - 1]);
    ${last}
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

describe('a process with a kernel pool', () => {
  it('ends by itself although the pool was never disposed', async () => {
    expect(await runProcess('')).toEqual({ code: 0, output: 'last: 9\n' });
  });

  it('leaves uncaught exceptions to Node', async () => {
    const { code, output } = await runProcess(`
      console.log('handlers:', process.listenerCount('uncaughtException'));
      setImmediate(() => { throw new RangeError('on purpose'); });
    `);
    expect(output).toContain('handlers: 0');
    expect(output).toContain('RangeError: on purpose');
    expect(code).toBe(1);
  });
});
