/** The compiler of all targets: zig from PyPI's `ziglang`, one package with the C libraries of every system. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './build-native.mjs';

export const ZIG_VERSION = '0.17.1';
const HOME = join(ROOT, 'dist/zig');

/** Command and first arguments of zig itself. */
export const ZIG = ['python3', '-m', 'ziglang'];

const environment = () => ({ ...process.env, PYTHONPATH: HOME });

/** There is no zig, and none can be had. */
export class ZigError extends Error {}

/** Installs zig unless it is there, and lets what this process starts find it. @throws ZigError */
export function useZig() {
  const done = spawnSync('python3', ['-m', 'ziglang', 'version'], { env: environment(), encoding: 'utf8' });
  if (done.stdout?.trim() !== ZIG_VERSION) {
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--upgrade',
      '--target',
      HOME,
      `ziglang==${ZIG_VERSION}`,
    ];
    const { status } = spawnSync('python3', args, { stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new ZigError('zig could not be installed from PyPI');
  }
  process.env.PYTHONPATH = HOME;
}
