import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageOf, readImports } from '../../../scripts/build-package/imports.mjs';
import { SLIM } from '../../../scripts/build-package/slim-packages.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};

it.each([
  ['hono/cors', 'hono'],
  ['@tensorflow/tfjs-core', '@tensorflow/tfjs-core'],
  ['@hono/node-server/serve-static', '@hono/node-server'],
  ['node:fs', undefined],
  ['fs/promises', undefined],
  ['./answer.ts', undefined],
])('%s is of the package %s', (specifier, name) => {
  expect(packageOf(specifier)).toBe(name);
});

describe('what is published', () => {
  const sources = ['src', 'routes', 'studio/commands', 'studio/training'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?<!\.d)\.ts$/.test(path) && !path.startsWith('page/'))
      .map((path) => `./${folder}/${path}`),
  );

  it('imports its dependencies alone', async () => {
    const { specifiers, files } = await readImports(ROOT, sources);
    expect(files.length).toBeGreaterThan(400);
    const names = new Set(specifiers.map(packageOf));
    expect(names).toContain('hono');
    expect([...names].filter((name) => !(String(name) in dependencies))).toEqual([]);
  });

  it('gets what faces the network from npm, so that its mends reach users at once', () => {
    const facing = ['hono', '@hono/node-server', 'ioredis', 'pino'];
    expect(facing.filter((name) => name in SLIM || !(name in dependencies))).toEqual([]);
  });
});
