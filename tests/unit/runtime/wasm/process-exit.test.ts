import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

const sources = (path: string) => JSON.stringify(new URL(`../../../../src/${path}`, import.meta.url).href);

/** A process of its own that starts three threads of kernels, uses them, and then does what `last` says. */
async function runProcess(last: string): Promise<{ code: number | null; output: string }> {
  const script = `
    import { KernelPool } from ${sources('runtime/wasm/kernel-pool.ts')};
    import { readKernels, startWasmBackend } from ${sources('runtime/wasm/start.ts')};
    const { heap } = await startWasmBackend();
    const pool = await KernelPool.start({ wasmBytes: await readKernels('inference'), heap, numThreads: 3 });
    const out = heap.malloc(400);
    pool.run(0, 10, [out, 100, 10, 0]);
    console.log('last:', heap.float32(out, 100)[99]);
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
