import * as fc from 'fast-check';
import { jsonStep, postStep, type FuzzKind, type FuzzScript, type FuzzStep } from './fuzz-script.ts';

/** Stored conversations: items that are named again and again, chains of responses, large arguments, other owners. */

const PATH = '/v1/responses';
const MAX_OUTPUT = { max_output_tokens: 2 };

const argumentsText = fc.oneof(
  fc.integer({ min: 1, max: 60_000 }).map((count) => `{"a":[${'1,'.repeat(count)}1]}`),
  fc.integer({ min: 1, max: 3000 }).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
  fc.integer({ min: 1, max: 100_000 }).map((length) => JSON.stringify({ a: 'x'.repeat(length) })),
  fc.constantFrom('{}', '{}', '{"__proto__":{"a":1}}', '{', 'null', '[]'),
);

/** The template of the cases writes no calls, so they may be larger than the context. */
const call = fc.tuple(argumentsText, fc.string({ maxLength: 20 })).map(([text, output]) => [
  { type: 'function_call', call_id: 'c', name: 'f', arguments: text },
  { type: 'function_call_output', call_id: 'c', output },
]);

const message = fc.constantFrom<object[]>(
  [{ role: 'user', content: 'Hello' }],
  [{ role: 'assistant', content: 'Yes' }],
  [{ role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
  [{ type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm' }] }],
);

const long = fc
  .oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60_000 }))
  .map((length) => [{ role: 'user', content: 'a '.repeat(length) }]);

const items = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: message },
      { weight: 4, arbitrary: call },
      { weight: 1, arbitrary: long },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.flat());
/** Another owner at the same address now and then. */
const headers = fc.constantFrom<Record<string, string>>({}, {}, {}, { authorization: 'Bearer invented-one' });

/** What may follow a stored response, which is the answer to step 0; the items of its input are that to step 1. */
const follower: fc.Arbitrary<FuzzStep> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('{{0.output.0.id}}', '{{1.data.0.id}}', '{{1.data.1.id}}', 'msg_none'),
      fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(300, 1000, 4095)),
      fc.boolean(),
      headers,
    )
    .map(([id, count, store, own]) =>
      postStep(
        PATH,
        {
          input: [
            ...Array.from({ length: count }, () => ({ type: 'item_reference', id })),
            { role: 'user', content: 'Go on' },
          ],
          store,
          ...MAX_OUTPUT,
        },
        own,
      ),
    ),
  fc
    .tuple(items, fc.boolean(), headers)
    .map(([input, stream, own]) =>
      postStep(PATH, { input, previous_response_id: '{{0.id}}', stream, ...MAX_OUTPUT }, own),
    ),
  fc
    .constantFrom(
      '',
      '/input_items',
      '/input_items?limit=1&order=asc',
      '/input_items?after={{0.output.0.id}}',
    )
    .map((end) => jsonStep('GET', `${PATH}/{{0.id}}${end}`)),
  fc.constant(postStep(`${PATH}/input_tokens`, { input: 'a', previous_response_id: '{{0.id}}' })),
  fc.constant(jsonStep('POST', `${PATH}/{{0.id}}/cancel`)),
  fc.constant(jsonStep('DELETE', `${PATH}/{{0.id}}`)),
);

/** Each names the one before it. */
const chain = fc
  .tuple(fc.integer({ min: 2, max: 12 }), items, headers)
  .map(([length, input, own]): FuzzScript =>
    Array.from({ length }, (_, index) =>
      postStep(
        PATH,
        { input, ...MAX_OUTPUT, ...(index === 0 ? {} : { previous_response_id: `{{${index - 1}.id}}` }) },
        own,
      ),
    ),
  );

const stored = fc
  .tuple(items, fc.array(follower, { minLength: 1, maxLength: 5 }))
  .map(([input, followers]): FuzzScript => [
    postStep(PATH, { input, ...MAX_OUTPUT }),
    jsonStep('GET', `${PATH}/{{0.id}}/input_items`),
    ...followers,
  ]);

export const REFERENCE_KIND: FuzzKind = {
  name: 'references',
  scripts: fc.oneof({ weight: 4, arbitrary: stored }, { weight: 1, arbitrary: chain }),
};
