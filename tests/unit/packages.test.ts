import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** What a start of a clone installs, in packages. */
const MAX_PACKAGES = 150;

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
}

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: Record<string, LockedPackage> };

/** As `npm ci --omit=dev` installs them on a machine. */
function installedOn(platform: string, arch: string): string[] {
  const fits = (names: readonly string[] | undefined, name: string): boolean =>
    names === undefined || names.includes(name);
  return Object.entries(packages).flatMap(([path, { dev, os, cpu, ...rest }]) => {
    const isPackage = path.startsWith('node_modules/') || path.includes('/node_modules/');
    const isLeftOut = dev === true || rest.devOptional === true || rest.peer === true;
    return isPackage && !isLeftOut && fits(os, platform) && fits(cpu, arch) ? [path] : [];
  });
}

it.each([
  ['linux', 'x64'],
  ['linux', 'arm64'],
  ['darwin', 'arm64'],
  ['win32', 'x64'],
])('a start on %s-%s installs what serving and the build need, and few packages', (platform, arch) => {
  const installed = installedOn(platform, arch);
  expect(installed.length).toBeLessThanOrEqual(MAX_PACKAGES);
  expect(installed).toEqual(
    expect.arrayContaining([
      'node_modules/hono',
      'node_modules/esbuild',
      `node_modules/@esbuild/${platform}-${arch}`,
    ]),
  );
  for (const name of ['typescript', 'vitest', 'eslint'])
    expect(installed).not.toContain(`node_modules/${name}`);
});
