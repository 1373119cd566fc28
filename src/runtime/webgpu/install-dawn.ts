import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { hasCode, messageOf } from '../../values.ts';
import { DAWN_INTEGRITY, DAWN_VERSION, dawnFolderOf, dawnHome } from './dawn.ts';

const MANIFEST = { private: true, dependencies: { webgpu: DAWN_VERSION } };

/** With a lock file `npm ci` takes these bytes and no others, and none of what the package depends on for its own build. */
const lockOf = (integrity: string): object => ({
  lockfileVersion: 3,
  packages: {
    '': { dependencies: MANIFEST.dependencies },
    'node_modules/webgpu': { version: DAWN_VERSION, integrity },
  },
});

const NOT_WRITABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EDQUOT'];

/** One text, since npm is a script of the shell's on Windows. */
const NPM_CI = 'npm ci --ignore-scripts --no-audit --no-fund --loglevel=error';

/**
 * Fetches Dawn by npm and keeps this machine's binary. It is put in its place when it is whole.
 *
 * @param integrity that npm checks
 * @returns its folder
 * @throws EngineError `backend_unavailable` where there is no binary for this machine, `download_failed` where npm fails
 */
export async function installDawn(integrity = DAWN_INTEGRITY): Promise<string> {
  const binary = dawnFolderOf(process.platform, process.arch);
  if (binary === undefined) {
    throw new EngineError(
      'backend_unavailable',
      `Dawn has no binary for ${process.platform}-${process.arch}: use another runtime`,
    );
  }
  const home = dawnHome();
  const staging = `${home}.${process.pid}.part`;
  try {
    await mkdir(staging, { recursive: true });
    await writeFile(join(staging, 'package.json'), JSON.stringify(MANIFEST));
    await writeFile(join(staging, 'package-lock.json'), JSON.stringify(lockOf(integrity)));
    await runNpm(staging);
    await keepOnly(join(staging, 'node_modules/webgpu/dist'), binary);
    await rm(home, { recursive: true, force: true });
    await rename(staging, home);
  } catch (error) {
    throw hasCode(error, ...NOT_WRITABLE) ? notWritable(home, error) : error;
  } finally {
    // An error of this `rm` would hide the one that was thrown before.
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
  }
  return home;
}

function notWritable(home: string, cause: unknown): EngineError {
  return new EngineError(
    'download_failed',
    `Dawn cannot be put into ${home} (${messageOf(cause)}); XDG_DATA_HOME names another place, and webgpu ${DAWN_VERSION} from npm beside Tokenflare does as well`,
    { cause },
  );
}

async function runNpm(cwd: string): Promise<void> {
  const npm = spawn(NPM_CI, { cwd, shell: true, stdio: ['ignore', 2, 2] });
  const [status] = (await once(npm, 'close')) as [number | null];
  if (status === 0) return;
  throw new EngineError(
    'download_failed',
    `'${NPM_CI}' failed for webgpu ${DAWN_VERSION}; mend what it says above, and run the same command again`,
  );
}

async function keepOnly(folder: string, kept: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name !== kept) await rm(join(folder, name), { recursive: true });
  }
}
