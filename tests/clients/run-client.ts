import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../scripts/install-packages.ts';
import type { ClientUnderTest } from './client-under-test.ts';
import { installNodeClient } from './install-clients.ts';
import type { ScriptSetup } from './scripted-service.ts';

const scriptPath = (name: string): string => fileURLToPath(new URL(`scripts/${name}`, import.meta.url));
/** Debian keeps nginx where only root looks. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;
const SHARED_SCRIPTS = [
  ...[
    'check.mjs',
    'ai-sdk-checks.mjs',
    'gateway-checks.mjs',
    'task-checks.mjs',
    'wire-checks.mjs',
    'miniflare-worker.mjs',
  ],
  ...['miniflare-cases.mjs', 'tool.mjs', 'worker-asks.mjs', 'wrangler-more.mjs'],
];
/** The Worker that all tools run, and its configuration. */
const WORKER = fileURLToPath(new URL('worker', import.meta.url));
/** Of a whole script. */
const LIMIT_MS = 180_000;

export interface CheckResult {
  check: string;
  ok: boolean;
  error?: string;
}

/** What one client's script found in one version of Node, or in Python. */
export interface CellResult {
  client: string;
  /** `node 20`, or `python`. */
  runtime: string;
  checks: CheckResult[];
  seconds: number;
  skipped?: string;
}

/** Runs a client's script by `program`; a script that does not end by itself is a failed check. */
export async function runClient(
  { name, script }: ClientUnderTest,
  { program, runtime, setup }: { program: string; runtime: string; setup: ScriptSetup },
): Promise<CellResult> {
  const startedAt = performance.now();
  const path = script.endsWith('.mjs') ? await placeScript(name, script) : scriptPath(script);
  const child = spawn(program, [path], {
    cwd: dirname(path),
    env: {
      PATH,
      HOME: process.env['HOME'] ?? '',
      PYTHONDONTWRITEBYTECODE: '1',
      ...(process.env['TEST_CHECK'] === undefined ? {} : { TEST_CHECK: process.env['TEST_CHECK'] }),
      CLIENT_SETUP: JSON.stringify({ ...setup, client: name }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const timer = setTimeout(killWithUs, LIMIT_MS);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-20_000)));
  const checks: CheckResult[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = parseCheck(line);
    if (result !== undefined) checks.push(result);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  process.removeListener('exit', killWithUs);
  if (code !== 0 || checks.length === 0) {
    const error = `it ended with ${String(code ?? signal)}: ${stderr.trim().slice(-1000)}`;
    checks.push({ check: 'the script', ok: false, error });
  }
  return { client: name, runtime, checks, seconds: (performance.now() - startedAt) / 1000 };
}

/** Puts the script beside its packages: Node looks for them from where a module lies. */
async function placeScript(client: string, script: string): Promise<string> {
  const folder = await installNodeClient(client);
  for (const name of [script, ...SHARED_SCRIPTS]) copyFileSync(scriptPath(name), join(folder, name));
  cpSync(WORKER, folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  // As if this checkout were installed there.
  rmSync(join(folder, 'node_modules/tokenflare'), { force: true });
  symlinkSync(ROOT, join(folder, 'node_modules/tokenflare'));
  return join(folder, script);
}

/** Libraries may print lines of their own. */
function parseCheck(line: string): CheckResult | undefined {
  if (!line.startsWith('{"check"')) return undefined;
  return JSON.parse(line) as CheckResult;
}

/** Why a client cannot be tested here; undefined where it can. @throws Error where the environment requires it */
export function missing({ needs }: ClientUnderTest): string | undefined {
  if (needs === undefined || spawnSync(needs.program, ['-V'], { env: { PATH } }).error === undefined)
    return undefined;
  const reason = `${needs.program} is not installed`;
  if (process.env[needs.requiredBy] === 'required')
    throw new Error(`${reason}, and ${needs.requiredBy}=required`);
  return reason;
}

/** What an installed package says of itself. */
export async function readPackage(
  client: string,
  name: string,
): Promise<{ version: string; engines?: { node?: string } }> {
  const path = join(await installNodeClient(client), 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(path, 'utf8')) as { version: string; engines?: { node?: string } };
}
