import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arm64Node } from '../support/arm64-node.ts';
import { fixturePath } from '../support/fixtures.ts';
import { RUNTIME_NAMES_HERE } from '../support/runtimes.ts';

const SCRIPT = fileURLToPath(new URL('../../dist/scripts/native-digest.js', import.meta.url));
const MODELS = ['tiny-gpt2', 'tiny-llama/gqa', 'tiny-gemma3/pattern-6', 'gguf/tiny-gpt2-q8_0.gguf'].map(
  (name) => fixturePath(name),
);

/** The hash of what each instruction set computes. */
function digests([program = '', ...args]: readonly string[]): Record<string, string> {
  const { status, stdout, stderr } = spawnSync(program, [...args, SCRIPT, ...MODELS], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, string>;
}

const { command, reason = '' } = await arm64Node();

describe.runIf(RUNTIME_NAMES_HERE.includes('native') && command !== undefined)(
  `the native kernels for arm64 in an emulator ${reason}`,
  () => {
    it('compute the bits of those that run here', () => {
      const here = digests([process.execPath]);
      const emulated = digests(command ?? []);
      expect(Object.keys(emulated)).toEqual(['NEON i8mm', 'NEON']);
      expect(new Set([...Object.values(here), ...Object.values(emulated)]).size).toBe(1);
    });
  },
);
