import { execFileSync } from 'node:child_process';
import { bindToParent } from '../../bind-to-parent.ts';
import { childEnvironment } from '../../child-environment.ts';
import type { RuntimeDevice } from '../runtime.ts';

const QUERY = ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'];

/** The GPU that tfjs' addon takes, the last of those TensorFlow lists, as NVIDIA's own tool describes it. */
export function cudaDevice(): RuntimeDevice {
  try {
    const [program, ...args] = bindToParent(['nvidia-smi', ...QUERY]);
    const options = { encoding: 'utf8', timeout: 10_000, env: childEnvironment() } as const;
    const lines = execFileSync(program, args, options).trim().split('\n');
    return parseCudaDevice(lines.at(-1) ?? '');
  } catch {
    return { name: 'a CUDA GPU (nvidia-smi, which knows its name, did not run)' };
  }
}

/** `NVIDIA H100 80GB HBM3, 81559`, the memory in MiB. */
export function parseCudaDevice(line: string): RuntimeDevice {
  const [name = '', memoryMib = ''] = line.split(',').map((part) => part.trim());
  const memoryBytes = Number.parseInt(memoryMib, 10) * 2 ** 20;
  return Number.isNaN(memoryBytes) ? { name } : { name, memoryBytes };
}
