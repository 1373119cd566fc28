import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

const KERNELS = JSON.stringify(new URL('../../../training/kernels.ts', import.meta.url).href);

/** A process of its own that starts three threads of wasm kernels, uses them, and then does what `last` says. */
async function runProcess(last: string): Promise<{ code: number | null; output: string }> {
  const script = `
    import * as tf from '@tensorflow/tfjs-core';
    import { TrainingKernels } from ${KERNELS};
    const kernels = await TrainingKernels.start(3, 'wasm');
    const x = tf.tensor1d(new Float32Array(40000).fill(4.5));
    console.log('last:', kernels.add(x, x).dataSync().at(-1));
    ${last}
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script]);
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

describe('a process with the kernels of the trainer', () => {
  it('ends by itself although they were never disposed of', async () => {
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
