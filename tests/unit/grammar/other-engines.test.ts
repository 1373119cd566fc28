import { describe, expect, it } from 'vitest';
import { isTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled, complaintOf, validatorOf } from '../../support/grammar/json-schema.ts';
import { readJsonFixture } from '../../support/fixtures.ts';

/**
 * Two other engines on the same texts: that of transformers.js and llguidance (`scripts/goldens/structured_output.ts` and
 * `.py`). A text of ours is a text of theirs. They allow more ways to write a value; written in our way, it is ours too.
 */

interface Row {
  schema: object;
  texts: string[];
  /** A digit for each text, 1 if it is taken; or why the schema is refused. */
  huggingFace: string;
  llguidance: string;
}

const ROWS = readJsonFixture('json-schema', 'other-engines.json') as Row[];
const ENGINES = ['huggingFace', 'llguidance'] as const;

/** Each text that an engine judged. */
const judged = (engine: (typeof ENGINES)[number]): { schema: object; text: string; isTaken: boolean }[] =>
  ROWS.filter((row) => /^[01]+$/.test(row[engine])).flatMap(({ schema, texts, [engine]: verdicts }) =>
    texts.map((text, i) => ({ schema, text, isTaken: verdicts[i] === '1' })),
  );

/** The value as our grammars write it: compact, declared properties in the schema's order, and no others. */
const inOurWay = (text: string, schema: object): string =>
  JSON.stringify(ordered(JSON.parse(text), JSON.stringify(schema)));

function ordered(value: unknown, schema: string): unknown {
  if (Array.isArray(value)) return value.map((item) => ordered(item, schema));
  if (typeof value !== 'object' || value === null) return value;
  const indexOf = (name: string): number => schema.indexOf(JSON.stringify(name));
  const members = Object.entries(value).map(([name, item]) => [name, ordered(item, schema)] as const);
  const isOpen = /"(?:additionalProperties|patternProperties)":[^f]/.test(schema);
  const [declared, others] = [
    members.filter(([name]) => indexOf(name) >= 0),
    members.filter(([name]) => indexOf(name) < 0),
  ];
  declared.sort(([one], [other]) => indexOf(one) - indexOf(other));
  return Object.fromEntries(isOpen ? [...declared, ...others] : declared);
}

/** The engine of transformers.js takes no name twice; a grammar without memory of all names cannot tell. */
function repeatsName(text: string): boolean {
  let numMembers = 0;
  JSON.parse(text, (_, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      numMembers += Object.keys(value).length;
    return value;
  });
  return numMembers < (text.match(/"(?:[^"\\]|\\.)*":/g) ?? []).length;
}

/** Ours end in two letters or more, as Pydantic and Zod want it, where ajv and llguidance take any label. */
const isRareEmail = (schema: object, text: string): boolean =>
  JSON.stringify(schema).includes('"format":"email"') && !/\.[a-zA-Z]{2,}"/.test(text);

describe.each(ENGINES)('%s', (engine) => {
  const rows = judged(engine);
  const check = (complaints: readonly string[]): void => expect(complaints.slice(0, 5)).toEqual([]);

  it('takes each text of ours', () => {
    const ours = rows.filter(({ schema, text }) => isTextOf(compiled(schema), text));
    expect(ours.length).toBeGreaterThan(200);
    check(
      ours
        .filter(({ text, isTaken }) => !isTaken && !(engine === 'huggingFace' && repeatsName(text)))
        .map(({ schema, text }) => `${text} of ${JSON.stringify(schema)}`),
    );
  });

  it('takes no text whose value is not ours', () => {
    const taken = rows.filter(({ schema, text, isTaken }) => isTaken && !isRareEmail(schema, text));
    expect(taken.length).toBeGreaterThan(200);
    check(
      taken
        .filter(({ schema, text }) => !isTextOf(compiled(schema), text))
        .map(({ schema, text }) => ({ schema, text, written: inOurWay(text, schema) }))
        .filter(({ schema, text, written }) => written === text || !isTextOf(compiled(schema), written))
        .map(({ schema, text, written }) => `${text}, ours ${written}, of ${JSON.stringify(schema)}`),
    );
  });

  it('takes what ajv finds valid', () => {
    check(
      rows
        .filter(
          ({ schema, text, isTaken }) => isTaken && complaintOf(validatorOf(schema), text) !== undefined,
        )
        .map(({ schema, text }) => `${text} of ${JSON.stringify(schema)}`),
    );
  });
});

it('has texts that differ between the engines, and schemas that one refuses', () => {
  const differ = ROWS.filter(
    ({ huggingFace, llguidance }) => /^[01]+$/.test(huggingFace + llguidance) && huggingFace !== llguidance,
  );
  expect(differ.length).toBeGreaterThan(10);
  for (const engine of ENGINES)
    expect(judged(engine).filter(({ isTaken }) => !isTaken).length).toBeGreaterThan(100);
});
