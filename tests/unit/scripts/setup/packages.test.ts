import { describe, expect, it } from 'vitest';
import { installationFor, npmCommand } from '../../../../scripts/setup/packages.mjs';

const argsFor = (...given: Parameters<typeof installationFor>): string[] =>
  (installationFor(...given)?.args ?? []).filter((arg) => !/^--(ignore-scripts|no-|loglevel)/.test(arg));

describe('installationFor', () => {
  it('takes what serving needs for a start, and all for tests', () => {
    expect(argsFor(undefined, false)).toEqual(['ci', '--omit=dev']);
    // With NODE_ENV=production npm would leave them out.
    expect(argsFor(undefined, true)).toEqual(['ci', '--include=dev']);
  });

  it('takes nothing where nothing is missing', () => {
    expect(installationFor({ isCurrent: true, isAll: false }, false)).toBeUndefined();
    expect(installationFor({ isCurrent: true, isAll: true }, false)).toBeUndefined();
    expect(installationFor({ isCurrent: true, isAll: true }, true)).toBeUndefined();
  });

  it('adds the rest to what is there, which a service may be using', () => {
    expect(argsFor({ isCurrent: true, isAll: false }, true)).toEqual(['install', '--include=dev']);
    expect(installationFor({ isCurrent: true, isAll: false }, true)?.args).toContain('--no-save');
  });

  it('leaves a checkout that has all with all, when the lockfile has changed', () => {
    expect(argsFor({ isCurrent: false, isAll: true }, false)).toEqual(['ci', '--include=dev']);
    expect(argsFor({ isCurrent: false, isAll: false }, false)).toEqual(['ci', '--omit=dev']);
  });

  it('has npm say nothing of engines and of deprecated packages, and run no scripts', () => {
    const { args = [] } = installationFor(undefined, false) ?? {};
    expect(args).toEqual(expect.arrayContaining(['--loglevel=error', '--ignore-scripts']));
  });
});

describe('npmCommand', () => {
  it('is the npm that runs the script', () => {
    const npm = npmCommand({ npm_execpath: '/usr/lib/node_modules/npm/bin/npm-cli.js' }, 'win32');
    expect(npm).toEqual({
      program: process.execPath,
      first: ['/usr/lib/node_modules/npm/bin/npm-cli.js'],
      shell: false,
    });
  });

  it('is the one on the path where another program runs it, by a shell on Windows alone', () => {
    const environment = { npm_execpath: '/usr/lib/node_modules/yarn/bin/yarn.js' };
    expect(npmCommand(environment, 'linux')).toEqual({ program: 'npm', first: [], shell: false });
    expect(npmCommand({}, 'win32')).toEqual({ program: 'npm', first: [], shell: true });
  });
});
