import { createHash } from 'node:crypto';
import type { ModelInfo } from '../engine/engine.ts';
import { VERSION } from '../version.ts';

/**
 * OpenAI's `system_fingerprint`: the same as long as nothing has changed that may change the text of a request. It covers
 * the version, the model's files, its template and defaults, the runtime with its formats of weights and cache, and the
 * device.
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

function makeFingerprint(model: ModelInfo): string {
  const { id, filesDigest, chatTemplateDigest, generationDefaults, eosTokenIds, contextLength } = model;
  const { runtime, runtimeDescription, device, weightFormat } = model;
  const files = [filesDigest, chatTemplateDigest, generationDefaults, eosTokenIds];
  const computed = [runtime, runtimeDescription, device, weightFormat, contextLength];
  const digest = createHash('sha256').update(JSON.stringify([VERSION, id, ...files, ...computed]));
  return `fp_${digest.digest('hex').slice(0, 12)}`;
}
