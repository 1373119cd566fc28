import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  DAWN_INTEGRITY,
  DAWN_VERSION,
  dawnFolderOf,
  dawnHome,
  findDawn,
} from '../../../../src/runtime/webgpu/dawn.ts';
import { installDawn } from '../../../../src/runtime/webgpu/install-dawn.ts';
import { tempDirectory } from '../../../support/temp-directory.ts';

afterEach(() => vi.unstubAllEnvs());

it('the version that is fetched is the one that the tests run on', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  expect(lock.packages['node_modules/webgpu']).toMatchObject({
    version: DAWN_VERSION,
    integrity: DAWN_INTEGRITY,
  });
});

it.each([
  ['linux', 'x64', 'linux-x64'],
  ['linux', 'arm64', 'linux-arm64'],
  ['darwin', 'arm64', 'darwin-universal'],
  ['win32', 'x64', 'win32-x64'],
  ['linux', 'riscv64', undefined],
  ['freebsd', 'x64', undefined],
])('on %s %s the binary is in %s', (platform, arch, folder) => {
  expect(dawnFolderOf(platform, arch)).toBe(folder);
});

describe('Dawn is found', () => {
  function makePackage(nodeModules: string): string {
    const folder = join(nodeModules, 'webgpu');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "main": "index.js", "type": "module" }');
    writeFileSync(join(folder, 'index.js'), '');
    return pathToFileURL(join(folder, 'index.js')).href;
  }
  const moduleIn = (folder: string): string => pathToFileURL(join(folder, 'module.js')).href;

  it('nowhere, where neither npm nor set-up has put it', () => {
    vi.stubEnv('XDG_DATA_HOME', tempDirectory());
    expect(findDawn(moduleIn(tempDirectory()))).toBeUndefined();
  });

  it('where set-up has put it, and before that beside the module that asks', () => {
    const folder = tempDirectory();
    vi.stubEnv('XDG_DATA_HOME', tempDirectory());
    const fetched = makePackage(join(dawnHome(), 'node_modules'));
    expect(findDawn(moduleIn(folder))).toBe(fetched);
    const installed = makePackage(join(folder, 'node_modules'));
    expect(findDawn(moduleIn(folder))).toBe(installed);
  });
});

it('says where Dawn cannot be put, before anything is fetched', async () => {
  const file = join(tempDirectory(), 'file');
  writeFileSync(file, '');
  vi.stubEnv('XDG_DATA_HOME', file);
  await expect(installDawn()).rejects.toMatchObject({
    code: 'download_failed',
    message: expect.stringContaining('XDG_DATA_HOME names another place') as string,
  });
});
