import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Puts the files of the repository where a clone would. Dependencies are lent, to spare npm's server: all of them, or
 * those alone that a start installs.
 */
export function makeClone(clone: string, packages: 'all' | 'of a start' = 'all'): void {
  const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const name of listed.stdout
    .split('\0')
    .filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    cpSync(join(ROOT, name), join(clone, name), { preserveTimestamps: true });
  }
  spawnSync('cp', ['-al', join(ROOT, 'node_modules'), clone]);
  if (packages === 'of a start') removeDevelopmentPackages(clone);
}

/** As `npm ci --omit=dev` would have left them out; npm says of each what it is for. */
function removeDevelopmentPackages(clone: string): void {
  const path = join(clone, 'node_modules/.package-lock.json');
  const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, { dev?: boolean }> };
  const all = Object.entries(lock.packages);
  for (const [name, { dev }] of all) {
    if (dev === true) rmSync(join(clone, name), { recursive: true, force: true });
  }
  const rest = Object.fromEntries(all.filter(([, { dev }]) => dev !== true));
  // A link to the file of the repository, which is to stay as it is.
  rmSync(path);
  writeFileSync(path, JSON.stringify({ ...lock, packages: rest }));
}
