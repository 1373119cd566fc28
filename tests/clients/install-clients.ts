import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/tokenflare', import.meta.url));
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** npm's package `node` fetches its binary by a script; these packages hold it. */
const NODE_VERSIONS = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0' } as const;
export type NodeMajor = keyof typeof NODE_VERSIONS;
export const NODE_MAJORS: readonly NodeMajor[] = [20, 22, 24];

type Requirements = Readonly<Record<string, Readonly<Record<string, string>>>>;
const requirements = JSON.parse(readFileSync(here('requirements.json'), 'utf8')) as Requirements;

/** Exact versions of the packages that a client's script imports, by name; none for what Node has itself. */
export const packagesOf = (client: string): Readonly<Record<string, string>> => requirements[client] ?? {};

/**
 * A folder whose node_modules hold the packages of `packagesOf`, installed unless they are there. Outside of
 * package.json, since clients need versions that contradict each other. Without scripts.
 */
export async function installNodeClient(client: string): Promise<string> {
  const folder = join(CACHE, 'clients', client);
  await installPackages(folder, packagesOf(client));
  return folder;
}

/** The Python of a virtual environment that holds requirements.txt. */
export async function installPythonClients(): Promise<string> {
  const folder = join(CACHE, 'clients', 'python');
  const file = here('requirements.txt');
  const python = join(folder, 'bin/python');
  await unlessMade(`${folder}.made`, readFileSync(file, 'utf8'), async () => {
    rmSync(folder, { recursive: true, force: true });
    await runCommand(['python3', '-m', 'venv', folder], { cwd: CACHE });
    const quiet = ['--quiet', '--disable-pip-version-check'];
    await runCommand([python, '-m', 'pip', 'install', ...quiet, '--requirement', file], { cwd: CACHE });
  });
  return python;
}

/** Path of a `node` of this major version: the one that runs, or one from npm. */
export async function installNode(major: NodeMajor): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, `node-${major}`);
  await installPackages(folder, { [name]: NODE_VERSIONS[major] });
  return join(folder, 'node_modules', name, 'bin/node');
}

async function installPackages(folder: string, packages: Readonly<Record<string, string>>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  if (names.length === 0) return;
  await unlessMade(join(folder, 'packages.made'), names.join('\n'), async () => {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    await runCommand(['npm', 'install', ...flags, ...names], { cwd: folder });
  });
}

/** Does `work` unless the stamp says that it was done of the same `key`. */
async function unlessMade(stamp: string, key: string, work: () => Promise<void>): Promise<void> {
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === key) return;
  rmSync(stamp, { force: true });
  await work();
  writeFileSync(stamp, key);
}
