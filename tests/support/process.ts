import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { TINY_MODEL } from './service.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Brings dist/ up to date with the sources; costs nothing when it is. */
export function build(): void {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the build failed:\n${stderr}`);
}

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Everything written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** The exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

/** The compiled service as its users run it. */
export function spawnService(environment: Record<string, string> = {}): ServiceProcess {
  const child = spawn(process.execPath, ['dist/src/main.js'], {
    cwd: ROOT,
    env: { ...process.env, PORT: '0', MODEL: TINY_MODEL, RUNTIME: 'wasm', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exited = once(child, 'close').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
  );
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, exited };
}

/** The address from the greeting. */
export async function urlOf(service: ServiceProcess): Promise<string> {
  for (;;) {
    const url = / on (http:\S+) /.exec(service.stderr())?.[1];
    if (url !== undefined) return url;
    if (service.child.exitCode !== null) throw new Error(`the service ended:\n${service.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
