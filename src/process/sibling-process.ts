import { fork, spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bindToParent } from './bind-to-parent.ts';
import { childEnvironment } from './child-environment.ts';
import { forwardOutput } from './child-output.ts';

/**
 * Processes that run a module of ours beside the one that starts them. Each has a clean environment and ends with the
 * process that started it, however that one ends.
 */

export interface ForkOptions {
  /** Of the module. */
  args?: readonly string[];
  /** Node's flags for the process. */
  execArgv?: readonly string[];
  /** Pipes beside the standard ones and the channel, from descriptor 4 on. */
  pipes?: number;
}

/** Those that run now. */
const running = new Set<ChildProcess>();

/**
 * Starts the module beside another in a process with a channel, over which maps and typed arrays arrive as what they
 * are. What it prints goes to standard error, see child-output.ts.
 *
 * @param neighbour `import.meta.url` of the module that starts the process
 */
export function forkSibling(
  neighbour: string,
  name: string,
  { args = [], execArgv = [], pipes = 0 }: ForkOptions = {},
): ChildProcess {
  const { file, execArgv: loader } = siblingProcess(neighbour, name);
  const [execPath, ...flags] = bindToParent([process.execPath, ...loader, ...execArgv]);
  const child = fork(file, args, {
    execPath,
    execArgv: flags,
    env: childEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...new Array<'pipe'>(pipes).fill('pipe')],
  });
  forwardOutput(child);
  endWithThisProcess(child);
  return child;
}

/** Starts the module beside another in a process whose output is the caller's to read. */
export function spawnSibling(
  neighbour: string,
  name: string,
  args: readonly string[],
  options: { timeout: number },
): ChildProcessByStdio<null, Readable, Readable> {
  const { file, execArgv: loader } = siblingProcess(neighbour, name);
  const [program, ...flags] = bindToParent([process.execPath, ...loader, file, ...args]);
  const child = spawn(program, flags, {
    ...options,
    killSignal: 'SIGKILL',
    env: childEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  return child;
}

/**
 * The module beside another as the entry of a process: what it was compiled to, or its source behind the loader where
 * the other runs as TypeScript (development, tests).
 *
 * @param neighbour `import.meta.url` of the module that starts the process
 */
export function siblingProcess(neighbour: string, name: string): { file: string; execArgv: string[] } {
  const extension = extname(fileURLToPath(neighbour));
  const file = fileURLToPath(new URL(`./${name}${extension}`, neighbour));
  if (extension !== '.ts') return { file, execArgv: [] };
  // Not `import.meta.resolve`, which a test runner's own loader may lack.
  const loader = createRequire(neighbour).resolve('tsx');
  return { file, execArgv: ['--import', pathToFileURL(loader).href] };
}

/** For exits that this process sees. Of the others the kernel takes care, see bind-to-parent.ts. */
function endWithThisProcess(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
  const onEnd = (): void => {
    running.delete(child);
    if (running.size === 0) process.off('exit', killAll);
  };
  child.once('exit', onEnd);
  child.once('error', onEnd);
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
