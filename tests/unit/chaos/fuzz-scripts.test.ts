import { describe, expect, it } from 'vitest';
import { fillIn, postStep, scriptsOf, type FuzzScript } from '../../../chaos/fuzz/fuzz-script.ts';
import { keepFinding, readFinding } from '../../../chaos/fuzz/findings.ts';
import { faultOfAnswer } from '../../../chaos/fuzz/judge-answer.ts';
import { FUZZ_KINDS } from '../../../chaos/fuzz/kinds.ts';
import { toolKind } from '../../../chaos/fuzz/tools.ts';
import type { Answer } from '../../../chaos/support/client.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const KINDS = [...FUZZ_KINDS, toolKind('hermes')];

const textOf = (script: FuzzScript): string =>
  script.map(({ method, path, body }) => `${method} ${path} ${body?.toString() ?? ''}`).join('\n');

function sample(name: string, seed: number, count: number): string[] {
  const kind = KINDS.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`no kind is called ${name}`);
  const scripts = scriptsOf(kind, seed);
  return Array.from({ length: count }, () => textOf(scripts.next().value));
}

describe.each(KINDS.map(({ name }) => name))('scripts of %s', (name) => {
  it('are the same for the same seed, and others for another', () => {
    const first = sample(name, 1, 30);
    expect(sample(name, 1, 30)).toEqual(first);
    expect(sample(name, 2, 30)).not.toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(10);
  });
});

it('a step names what an earlier one was answered', () => {
  const step = postStep(
    '/v1/responses/{{0.id}}',
    '{"a":"{{0.output.0.id}}","b":{{0.tokens}},"c":"{{1.id}}"}',
  );
  const filled = fillIn(step, ['{"id":"r","output":[{"id":"m"}],"tokens":[1,2]}']);
  expect(filled.path).toBe('/v1/responses/r');
  expect(filled.body?.toString()).toBe('{"a":"m","b":[1,2],"c":"none"}');
});

it('a finding is read back byte for byte', () => {
  const scripts = [[postStep('/tokenize', Buffer.from([0, 0xff, 0x22]).toString('latin1'), { a: 'b' })]];
  const finding = { kind: 'unit-test', seed: 1, fault: 'none', scripts };
  expect(readFinding(keepFinding(finding, 0, tempDirectory()))).toEqual(finding);
});

describe('an answer', () => {
  const ask = (body: object): FuzzScript => [postStep('/v1/completions', body)];
  const answer = (text: string, given: Partial<Answer> = {}): Answer => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    text,
    ms: 1,
    ...given,
  });
  const completion = (text: string): Answer =>
    answer(JSON.stringify({ choices: [{ text, finish_reason: 'stop' }] }));
  const stream = (...frames: object[]): Answer =>
    answer(frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join('') + 'data: [DONE]\n\n', {
      headers: { 'content-type': 'text/event-stream' },
    });
  const SCHEMA = { guided_json: { type: 'integer' } };
  const lists = { type: 'array', items: { $ref: '#' } };
  /** Each level of lists doubles the ways to read a text. */
  const WAYS = { anyOf: [lists, { ...lists, minItems: 0 }] };

  it.each<[what: string, script: FuzzScript, given: Answer, fault: string | undefined]>([
    ['that does not come', ask({}), answer('', { status: 0, error: 'aborted' }), 'no answer'],
    ['of a service that failed', ask({}), answer('sorry', { status: 503 }), '503 sorry'],
    ['that refuses', ask({}), answer('no', { status: 400 }), undefined],
    ['of the schema', ask(SCHEMA), completion('7'), undefined],
    ['that is not of the schema', ask(SCHEMA), completion('"7"'), 'is not as asked'],
    ['that is not of the expression', ask({ guided_regex: 'a+' }), completion('ab'), 'is not as asked'],
    [
      'of an expression that backtracks',
      ask({ guided_regex: '(a+)+' }),
      completion(`${'a'.repeat(60)}b`),
      undefined,
    ],
    [
      'of a schema by which ajv tries all ways',
      ask({ guided_json: WAYS }),
      completion(`${'['.repeat(60)}1${']'.repeat(60)}`),
      undefined,
    ],
    ['that is none of the choices', ask({ guided_choice: ['a'] }), completion('b'), 'is not as asked'],
    [
      'in pieces',
      ask(SCHEMA),
      stream({ choices: [{ text: '1' }] }, { choices: [{ text: 'x' }] }),
      'is not as asked',
    ],
    ['that ends in a fault', ask({}), stream({ error: { code: 'backend_failure' } }), 'the stream ends in'],
    ['that ends in a refusal', ask({}), stream({ error: { code: 'format_too_complex' } }), undefined],
    [
      'with a call that is no JSON',
      ask({}),
      answer('{"choices":[{"message":{"tool_calls":[{"function":{"arguments":"{"}}]}}]}'),
      'the arguments of a call are no object',
    ],
  ])('%s', (_, script, given, fault) => {
    const said = faultOfAnswer(script, 0, given);
    if (fault === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(fault);
  });

  it('of other tokens than the text has', () => {
    const script = [postStep('/tokenize', { prompt: 'a b' }), postStep('/detokenize', '{"tokens":[1]}')];
    expect(faultOfAnswer(script, 1, answer('{"prompt":"a b"}'))).toBeUndefined();
    expect(faultOfAnswer(script, 1, answer('{"prompt":"a  b"}'))).toContain('say "a  b"');
  });
});
