import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findWrangler } from '../../../src/cli/wrangler/find-wrangler.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

/** A project below which folders lie, with a wrangler of a version. */
function project(version: string): { folder: string; below: string } {
  const folder = tempDirectory();
  const wrangler = join(folder, 'node_modules/wrangler');
  const below = join(folder, 'packages/worker');
  for (const path of [wrangler, below]) mkdirSync(path, { recursive: true });
  const manifest = { version, bin: { wrangler: './bin/wrangler.js', wrangler2: './bin/other.js' } };
  writeFileSync(join(wrangler, 'package.json'), JSON.stringify(manifest));
  return { folder, below };
}

it.each(['4.45.0', '4.164.0', '5.0.0-beta.1'])('wrangler %s is found from below', (version) => {
  const { folder, below } = project(version);
  expect(findWrangler(below)).toEqual({
    version,
    path: join(folder, 'node_modules/wrangler/bin/wrangler.js'),
  });
});

it.each(['4.44.0', '3.114.17'])('wrangler %s is too old', (version) => {
  const { below } = project(version);
  expect(() => findWrangler(below)).toThrow(/is too old, 4\.45 or later will do; run npm install/);
});

it('a folder without one says what to do', () => {
  expect(() => findWrangler('/')).toThrow('there is no wrangler in / or above it; run npm install');
});
