import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { VERSION } from '../../src/version.ts';
import { makeClone } from './clone.ts';
import { runProgram } from './run-command.ts';

/** Makes the package in a clone of its own, since that compiles anew. */
export async function packPackage(folder: string): Promise<{ clone: string; tarball: string }> {
  const clone = join(folder, 'clone');
  makeClone(clone);
  const { status, stderr } = await runProgram(['npm', 'run', '--silent', 'package'], {}, '', clone);
  expect(status, stderr).toBe(0);
  return { clone, tarball: join(clone, `dist/tokenflare-${VERSION}.tgz`) };
}

/**
 * Installs packages by a `node` and its npm, with an empty cache. A folder that is not there is made.
 *
 * @param folder with files of a project, or empty
 * @param packages as npm names them: the tarball of the package, `wrangler@4.164.0`
 */
export async function installInto(
  folder: string,
  node: string,
  packages: readonly string[],
): Promise<[folder: string, environment: Record<string, string | undefined>]> {
  const [bin, home] = [`${folder}-bin`, `${folder}-home`];
  for (const path of [folder, bin, home]) mkdirSync(path, { recursive: true });
  const npm = await npmFolder();
  symlinkSync(node, join(bin, 'node'));
  symlinkSync(join(npm, 'bin/npm-cli.js'), join(bin, 'npm'));
  const environment = {
    PATH: `${bin}:/usr/bin:/bin`,
    HOME: home,
    npm_config_cache: join(home, 'npm'),
    LOG_LEVEL: undefined,
    RUNTIME: undefined,
    XDG_DATA_HOME: undefined,
  };
  const install = ['npm', 'install', '--no-audit', '--no-fund', ...packages];
  const { status, stderr } = await runProgram(install, environment, '', folder);
  expect(status, stderr).toBe(0);
  return [folder, environment];
}

/** Runs a program that serves, until the work is done; then it is told to end, and must. */
export async function withService(
  [program = '', ...args]: readonly string[],
  environment: Record<string, string | undefined>,
  cwd: string,
  work: (url: string, said: () => string) => Promise<void>,
): Promise<void> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...environment } });
  const exited = once(child, 'exit');
  let said = '';
  const note = (text: string): void => void (said += text);
  child.stdout.setEncoding('utf8').on('data', note);
  child.stderr.setEncoding('utf8').on('data', note);
  try {
    for (;;) {
      const url = /(http:\/\/127\.0\.0\.1:\d+[\w/]*)\s/.exec(said)?.[1];
      if (url !== undefined) {
        await work(url, () => said);
        return;
      }
      if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    child.kill('SIGTERM');
    const [code] = (await exited) as [number | null];
    expect(code, said).toBe(0);
  }
}

export async function postJson(url: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

/** Where npm lies, which came with the `node` that is on the path. */
export async function npmFolder(): Promise<string> {
  const { stdout } = await runProgram(['npm', 'root', '--global']);
  return join(stdout.trim(), 'npm');
}
