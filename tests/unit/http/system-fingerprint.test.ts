import { describe, expect, it } from 'vitest';
import type { ModelInfo } from '../../../src/engine/engine.ts';
import { systemFingerprint } from '../../../src/http/system-fingerprint.ts';
import { SCRIPTED_MODEL } from '../../support/scripted-engine.ts';

const fingerprintOf = (fields: Partial<ModelInfo> = {}): string =>
  systemFingerprint({ ...SCRIPTED_MODEL, ...fields });

describe('systemFingerprint', () => {
  it('is the same for what changes no text', () => {
    const others = { createdAt: 1, maxNumSeqs: 3, kvCacheTokens: 9, memoryBytes: 5 };
    expect(fingerprintOf(others)).toBe(fingerprintOf());
  });

  it.each<Partial<ModelInfo>>([
    { filesDigest: '1' },
    { chatTemplateDigest: '1' },
    { generationDefaults: { temperature: 0.25 } },
    { eosTokenIds: [1, 2] },
    { contextLength: 77 },
    { runtime: 'wasm' },
    { runtimeDescription: 'tfjs wasm, weights, keys and values int8' },
    { device: 'another processor' },
    { weightFormat: 'GGUF Q4_1' },
  ])('changes with %o', (fields) => {
    expect(fingerprintOf(fields)).not.toBe(fingerprintOf());
  });
});
