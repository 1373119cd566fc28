import { createHash } from 'node:crypto';
import type { ModelInfo } from '../engine/engine.ts';
import { VERSION } from '../version.ts';

/**
 * OpenAI's `system_fingerprint`: the same as long as nothing changed that may change a text, the model's files aside.
 */
export function systemFingerprint(model: ModelInfo): string {
  const known = fingerprints.get(model);
  if (known !== undefined) return known;
  const fingerprint = makeFingerprint(model);
  fingerprints.set(model, fingerprint);
  return fingerprint;
}

/** A digest takes some 10 µs, for each request. */
const fingerprints = new WeakMap<ModelInfo, string>();

function makeFingerprint({ id, runtime, weightFormat }: ModelInfo): string {
  const digest = createHash('sha256').update(JSON.stringify([id, runtime, weightFormat, VERSION]));
  return `fp_${digest.digest('hex').slice(0, 12)}`;
}
