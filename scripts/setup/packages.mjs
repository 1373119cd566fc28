/**
 * Installs packages by npm. There are two sets: what serving and the build need (package.json's dependencies, and those of
 * scripts/package.json, a workspace), and all, which adds what tests and checks need (devDependencies).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { modifiedAt } from './files.mjs';
import { SetUpError } from './set-up-error.mjs';

/** What npm says of it is of no use here: nobody who starts the service can mend what a package asks for. */
const FLAGS = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Which packages npm installs, if any. A checkout that has all keeps all.
 *
 * @param installed `undefined` without packages, else `isCurrent`: the lockfile is no newer; and `isAll`: not only what
 *     serving and the build need
 * @returns what to tell and npm's arguments; `undefined` where nothing is missing
 */
export function installationFor(installed, wantsAll) {
  if (installed?.isCurrent) {
    if (!wantsAll || installed.isAll) return undefined;
    // Not `npm ci`, which empties node_modules first: a service may run in it.
    const args = ['install', '--no-save', '--include=dev', ...FLAGS];
    return { title: 'installing the packages of tests and checks', args };
  }
  const getsAll = wantsAll || (installed?.isAll ?? false);
  const title = getsAll ? 'installing packages, those of tests and checks too' : 'installing packages';
  return { title, args: ['ci', getsAll ? '--include=dev' : '--omit=dev', ...FLAGS] };
}

/**
 * The program and first arguments of npm: the one that runs this, else the one on the path.
 *
 * @returns `shell`: Windows starts the script npm.cmd by a shell alone
 */
export function npmCommand(environment, platform) {
  const script = environment.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) {
    return { program: process.execPath, first: [script], shell: false };
  }
  return { program: 'npm', first: [], shell: platform === 'win32' };
}

/** What npm installed, by the lockfile that it leaves beside the packages. */
function readInstalled(root) {
  const path = join(root, 'node_modules/.package-lock.json');
  const installedAt = modifiedAt(path);
  if (installedAt === 0) return undefined;
  return {
    isCurrent: installedAt >= modifiedAt(join(root, 'package-lock.json')),
    // A getter: most starts need no answer, and to parse the file takes 5 ms.
    get isAll() {
      const { packages } = JSON.parse(readFileSync(path, 'utf8'));
      return Object.values(packages).some(({ dev }) => dev);
    },
  };
}

/** Installs what is missing, as a step of the set-up. */
export async function installPackages(root, wantsAll, step) {
  const installation = installationFor(readInstalled(root), wantsAll);
  if (installation === undefined) return;
  const { program, first, shell } = npmCommand(process.env, process.platform);
  await step(installation.title, () => {
    const args = [...first, ...installation.args];
    const { status, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
    if (status === 0) return;
    throw new SetUpError(error?.message ?? `'npm ${installation.args.join(' ')}' ended with ${status}`);
  });
}
