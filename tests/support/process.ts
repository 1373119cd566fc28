import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll } from 'vitest';
import { watchLine } from './log-watch.ts';
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
export function spawnService(
  environment: Record<string, string> = {},
  { stdout = 'pipe', stderr = 'pipe' }: { stdout?: 'pipe' | number; stderr?: 'pipe' | number } = {},
): ServiceProcess {
  const child = spawn(process.execPath, ['dist/src/cli/main.js'], {
    cwd: ROOT,
    env: {
      ...process.env,
      PORT: '0',
      MODEL: TINY_MODEL,
      RUNTIME: 'wasm',
      BENCHMARK_RESULTS: 'memory',
      GATEWAY_LOGS: 'memory',
      ...environment,
    },
    stdio: ['ignore', stdout, stderr],
  });
  const output = { stdout: '', stderr: '' };
  const take = (stream: 'stdout' | 'stderr') => (text: string) => {
    output[stream] += text;
    if (environment['LOG_PROMPTS'] !== 'on') watch[stream](text);
  };
  const watch = { stdout: wholeLines(watchLine), stderr: wholeLines(watchLine) };
  child.stdout?.setEncoding('utf8').on('data', take('stdout'));
  child.stderr?.setEncoding('utf8').on('data', take('stderr'));
  const exited = once(child, 'close').then(
    ([code, signal]) => (code ?? signal) as number | NodeJS.Signals | null,
  );
  return { child, stdout: () => output.stdout, stderr: () => output.stderr, exited };
}

/** Hands on what comes in pieces as lines; what follows the last end of a line waits. */
function wholeLines(onLine: (line: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}

/**
 * For a test file: builds before its tests, and after each of them kills the services that it started.
 *
 * @returns `spawnService`
 */
export function useServices(): typeof spawnService {
  const started: ServiceProcess[] = [];
  beforeAll(build);
  afterEach(async () => {
    await Promise.all(started.splice(0).map(kill));
  });
  return (...options) => {
    const service = spawnService(...options);
    started.push(service);
    return service;
  };
}

export async function kill({ child, exited }: ServiceProcess): Promise<void> {
  child.kill('SIGKILL');
  await exited;
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

/** A port that nothing listens on now, for a service whose greeting cannot be read. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

/**
 * The processes that a process started and that have not ended; of one module where it is named. Those that are not bound
 * to it yet (src/process/bind-to-parent.ts) are left out: they would outlive it if they were stopped now.
 */
export function childrenOf(pid: number, module = ''): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const children = text.split(' ').flatMap((child) => (child.trim() === '' ? [] : Number(child)));
  return children.filter((child) => {
    const command = commandOf(child);
    return command.includes(module) && !command.startsWith('setpriv');
  });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** False for a process that has ended, also where nobody has taken note of it. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
