import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import type { Grammar } from '../../../src/grammar/grammar.ts';
import { anySchema } from '../../support/grammar/any-schema.ts';
import { randomTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled, complaintOf, seededRandom, validatorOf } from '../../support/grammar/json-schema.ts';

/** TEST_SEED and TEST_NUM_RUNS look further. */
const SEED = 20_261_126;

function tryCompile(it: object): Grammar | undefined {
  try {
    return compiled(it);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'invalid_request') throw error;
    return undefined;
  }
}

describe('random schemas', () => {
  it('are refused by name, or give only texts that ajv accepts', () => {
    let numCompiled = 0;
    fc.assert(
      fc.property(anySchema, fc.integer(), (it, seed) => {
        const grammar = tryCompile(it);
        if (grammar === undefined) return;
        numCompiled++;
        const validate = validatorOf(it);
        const random = seededRandom(seed);
        for (let i = 0; i < 8; i++) {
          const text = randomTextOf(grammar, random);
          const complaint = complaintOf(validate, text);
          if (complaint !== undefined) expect.unreachable(`${text} of ${JSON.stringify(it)}: ${complaint}`);
        }
      }),
      { numRuns: Number(process.env.TEST_NUM_RUNS ?? 1_000), seed: Number(process.env.TEST_SEED ?? SEED) },
    );
    expect(numCompiled).toBeGreaterThan(500);
  }, 120_000);
});
