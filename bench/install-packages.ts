import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../src/errors.ts';
import { tell } from './mode.ts';

/** Packages that a benchmark needs and no user of the service does: they are installed outside of package.json. */

/** From dist/bench, where this runs compiled. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const CACHE = join(ROOT, 'node_modules/.cache/tokenflare');

export async function pipInstall(
  folder: string,
  key: string,
  what: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await unlessMade(`${folder}.made`, key, async () => {
    await rm(folder, { recursive: true, force: true });
    await runCommand(['python3', '-m', 'pip', 'install', '--quiet', '--target', folder, ...what], signal);
  });
}

export async function npmInstall(
  folder: string,
  packages: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder];
  await runCommand(['npm', 'install', ...flags, ...packages], signal);
}

/** Does `work` unless the stamp says that it was done of the same `key`: versions, or the script that does it. */
export async function unlessMade(stamp: string, key: string, work: () => Promise<void>): Promise<void> {
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === key) return;
  await rm(stamp, { force: true });
  await work();
  await writeFile(stamp, key);
}

export async function runCommand(
  command: readonly string[],
  signal: AbortSignal,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [program = '', ...args] = command;
  tell(command.join(' '));
  const env = { ...process.env, ...environment };
  const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 2, 2], signal });
  const [status] = (await once(child, 'close').catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new EngineError('backend_unavailable', `'${program}' cannot be run`, { cause });
  })) as [number | null];
  if (status === 0) return;
  throw new EngineError('backend_unavailable', `'${command.join(' ')}' failed; mend what it says above`);
}
