import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/errors.ts';
import type { Grammar } from '../../../src/grammar/grammar.ts';
import { isTextOf, randomTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled, complaintOf, seededRandom, validatorOf } from '../../support/grammar/json-schema.ts';

interface Group {
  description: string;
  schema: object | boolean;
  tests: { description: string; data: unknown; valid: boolean }[];
}

const suite = JSON.parse(readFileSync('tests/fixtures/json-schema/test-suite.json', 'utf8')) as {
  drafts: Record<'2020-12' | '7', Record<string, Group[]>>;
};
const files = (['2020-12', '7'] as const).flatMap((draft) =>
  Object.entries(suite.drafts[draft]).map(([file, groups]) => ({ draft, file, groups })),
);

const count = { groups: 0, refused: 0, valid: 0, accepted: 0, invalid: 0 };

function tryCompile({ schema }: Group): Grammar | undefined {
  try {
    return compiled(schema);
  } catch (error) {
    if (
      error instanceof EngineError &&
      error.code === 'invalid_request' &&
      error.param?.startsWith('schema') === true
    )
      return undefined;
    throw error;
  }
}

describe('the JSON Schema test suite', () => {
  it.each(files)(
    '$draft $file: no invalid instance is a text, and each text is valid',
    ({ draft, groups }) => {
      for (const group of groups) {
        count.groups++;
        const grammar = tryCompile(group);
        if (grammar === undefined) {
          count.refused++;
          continue;
        }
        for (const test of group.tests) {
          const accepted = isTextOf(grammar, JSON.stringify(test.data));
          if (accepted && !test.valid)
            expect.unreachable(`${group.description}, ${test.description}: accepted`);
          count[test.valid ? 'valid' : 'invalid']++;
          if (accepted) count.accepted++;
        }
        const validate = validatorOf(group.schema, draft);
        const random = seededRandom(count.groups);
        for (let i = 0; i < 25; i++) {
          const text = randomTextOf(grammar, random);
          const complaint = complaintOf(validate, text);
          if (complaint !== undefined) expect.unreachable(`${group.description}: ${text}: ${complaint}`);
        }
      }
    },
  );

  it('is mostly enforced', () => {
    expect(count.invalid).toBeGreaterThan(400);
    expect(count.accepted / count.valid).toBeGreaterThan(0.5);
    expect(count.refused / count.groups).toBeLessThan(0.4);
  });
});
