import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command whose output goes to stderr. @throws Error when it cannot be run or fails */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  { cwd }: { cwd: string },
): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 2, 2] });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new Error(`'${[program, ...args].join(' ')}' failed; its reason is above`);
}
