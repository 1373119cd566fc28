import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dataHome } from '../../data-home.ts';

/**
 * Dawn, which is WebGPU outside a browser: npm's package `webgpu`. It holds the binaries of five platforms, 132 MB, so
 * that `tokenflare setup webgpu` fetches it where it is wanted (docs/decisions/0093-a-small-package.md).
 */
export const DAWN_VERSION = '0.6.2';
/** As npm has it of this version; npm refuses other bytes. */
export const DAWN_INTEGRITY =
  'sha512-3L4GfmqJLvYUIEWJngEQY+2HQiUlAFkg8+P8NDDj3Xx5hHHIFO/r8JW+ynfqBj7kHN4mbnwO74uB+lrRtLhp4Q==';

const PLATFORMS: readonly string[] = ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64'];

/** The folder of the package's `dist` that holds the binary for a machine; undefined: there is none. */
export function dawnFolderOf(platform: string, arch: string): string | undefined {
  if (platform === 'darwin') return ['x64', 'arm64'].includes(arch) ? 'darwin-universal' : undefined;
  return PLATFORMS.find((name) => name === `${platform}-${arch}`);
}

/** Where `tokenflare setup webgpu` puts it. The name has the version: another one is another folder. */
export function dawnHome(): string {
  return join(dataHome(), 'tokenflare', `webgpu-${DAWN_VERSION}`);
}

/**
 * The module of Dawn: the package `webgpu` if that is installed beside this code, as in a clone, else what
 * `tokenflare setup webgpu` has fetched.
 *
 * @param neighbour beside which module it is looked for, by its URL
 * @returns its URL, or undefined where it is not
 */
export function findDawn(neighbour = import.meta.url): string | undefined {
  const path = installedBeside(neighbour) ?? join(dawnHome(), 'node_modules/webgpu/index.js');
  return existsSync(path) ? pathToFileURL(path).href : undefined;
}

function installedBeside(neighbour: string): string | undefined {
  try {
    return createRequire(neighbour).resolve('webgpu');
  } catch {
    // It is an optional part.
    return undefined;
  }
}
