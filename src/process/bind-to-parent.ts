import { spawnSync } from 'node:child_process';

/** util-linux's tool that asks the kernel to kill a process when the one that started it is gone (prctl(2)). */
const BINDER = ['setpriv', '--pdeathsig', 'KILL'] as const;

let works: boolean | undefined;

/** Whether the kernel can be asked: on Linux with util-linux 2.33 or newer. */
export function canBindToParent(): boolean {
  if (works !== undefined) return works;
  const [program, ...flags] = BINDER;
  works =
    process.platform === 'linux' &&
    spawnSync(program, [...flags, program, '--version'], { stdio: 'ignore', timeout: 5000 }).status === 0;
  return works;
}

/**
 * A command that the kernel kills when the thread that started it ends, whatever either is doing then; the command as
 * it is where the kernel cannot be asked. The process keeps its id and its arguments.
 */
export function bindToParent(
  command: readonly [program: string, ...args: string[]],
): [program: string, ...args: string[]] {
  return canBindToParent() ? [...BINDER, ...command] : [...command];
}
