import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Finished {
  readonly status: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, in the root of the repository unless another folder is named. */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  environment: Record<string, string | undefined> = {},
  input = '',
  cwd = ROOT,
): Promise<Finished> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...environment } });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  // One that does not read it may be gone before.
  child.stdin.on('error', () => undefined).end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status: code ?? signal, ...output };
}

/** `tokenflare …`, compiled. */
export function tokenflare(
  args: readonly string[],
  environment?: Record<string, string | undefined>,
  input?: string,
): Promise<Finished> {
  return runProgram([process.execPath, 'dist/src/cli/main.js', ...args], environment, input);
}
