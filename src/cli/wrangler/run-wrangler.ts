import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Wrangler } from './find-wrangler.ts';

const PRELOAD = new URL('../../library/miniflare/preload.js', import.meta.url).href;

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs wrangler until it ends, with a Miniflare that makes `env.AI` and indexes of Vectorize by the plugins.
 *
 * @param options of the plugins, without secrets: they are seen in the list of processes
 * @returns its exit code; 128 and the number of the signal if one ended it
 */
export async function runWrangler(
  { path }: Wrangler,
  words: readonly string[],
  options: object,
): Promise<number> {
  // By an argument and not by NODE_OPTIONS: wrangler hands Node's arguments on to its own process alone, and the scripts of
  // a project's build, which it runs as well, need no preload.
  const preload = `${PRELOAD}?${encodeURIComponent(JSON.stringify(options))}`;
  const child = spawn(process.execPath, ['--import', preload, path, ...words], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals): void => {
    // Ctrl-C reaches every process of a terminal, and wrangler is not to get it twice.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, pass);
  }
}
