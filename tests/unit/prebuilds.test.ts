import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOfSources, PREBUILDS, PREBUILT_SOURCES } from '../../scripts/build-native.mjs';
import { hashOfWasm, MODULES } from '../../scripts/build-wasm.mjs';

/**
 * Attention over pages, in three formats for each of five instruction sets, is 150 KB of it, the trainer's kernels some
 * 50, products of bfloat16 some 40. On Windows the run-time library of C++ is part of it.
 */
const maxBytes = (name: string): number => (name.startsWith('win32') ? 790_000 : 700_000);
const sums = readFileSync(join(PREBUILDS, 'SHA256SUMS'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split('  '));

describe('the prebuilt native kernels', () => {
  it('are of the sources beside them', () => {
    expect(readFileSync(PREBUILT_SOURCES, 'utf8').trim(), 'run `npm run prebuilds`').toBe(hashOfSources());
  });

  it('are there for every platform', () => {
    expect(sums.map(([, name]) => name)).toEqual([
      'linux-x64/tokenflare.glibc.node',
      'linux-x64/tokenflare.musl.node',
      'linux-arm64/tokenflare.glibc.node',
      'darwin-arm64/tokenflare.node',
      'win32-x64/tokenflare.node',
    ]);
  });

  it.each(sums)('with the hash %s: %s, small and without a path of the machine', (sum, name = '') => {
    const bytes = readFileSync(join(PREBUILDS, name));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sum);
    expect(bytes.length).toBeLessThan(maxBytes(name));
    expect(bytes.toString('latin1')).not.toMatch(/\/(home|root|work|tmp|Users)\//);
  });
});

describe('the prebuilt kernels of WebAssembly', () => {
  it('are of the sources beside them', () => {
    const stored = readFileSync(join(PREBUILDS, 'wasm/SOURCES'), 'utf8').trim();
    expect(stored, 'run `npm run prebuilds -- --only wasm`').toBe(hashOfWasm());
  });

  it.each(MODULES)('%s is a module, without a path of the machine', (name) => {
    const bytes = readFileSync(join(PREBUILDS, `wasm/${name}.wasm`));
    // Node 20 does not know relaxed SIMD.
    if (!name.includes('relaxed')) expect(WebAssembly.validate(bytes)).toBe(true);
    expect(bytes.length).toBeLessThan(325_000);
    expect(bytes.toString('latin1')).not.toMatch(/\/(home|root|work|tmp|Users)\//);
  });
});
