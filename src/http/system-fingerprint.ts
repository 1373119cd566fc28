import { createHash } from 'node:crypto';
import type { ModelInfo } from '../engine/engine.ts';
import { VERSION } from '../version.ts';

/**
 * OpenAI's `system_fingerprint`: the same as long as nothing changed that may change a text, the model's files aside.
 */
export function systemFingerprint({ id, runtime, weightFormat }: ModelInfo): string {
  const digest = createHash('sha256').update(JSON.stringify([id, runtime, weightFormat, VERSION]));
  return `fp_${digest.digest('hex').slice(0, 12)}`;
}
