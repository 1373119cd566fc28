import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILY_WRITERS, type FamilyWriter, type ScriptedCall } from '../support/call-writers.ts';
import { chatApis, type ChatApi, type WireAnswer } from '../support/chat-apis.ts';
import { makeChatModel, type ChatModel } from '../support/chat-model.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { publishedReasoning, publishedTemplate, publishedToolUse } from '../support/published-templates.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import type { ClientTool } from '../support/tool-clients.ts';

/**
 * Whatever a model makes of its calls, an answer comes: the same streamed and whole, with nothing lost that is no call, and
 * the conversation goes on.
 */

const SEED = 20_261_126;
const NUM_RUNS = 6;

interface ToolTurns {
  system: string;
  question: string;
  tools: ClientTool[];
  turns: Record<string, { said: string; calls: ScriptedCall[] }>;
}
const GOLDENS = readJsonFixture('chat-templates', 'published', 'tool-turns.json') as ToolTurns;
const TURNS = Object.values(GOLDENS.turns);

/** Pieces of every family's way of calling and thinking, and what breaks strings and brackets. */
const FRAGMENTS = [
  ...[
    '<think>',
    '</think>',
    '<tool_call>',
    '</tool_call>',
    '<|tool_call|>',
    '[TOOL_CALLS]',
    '[ARGS]',
    '[CALL_ID]',
  ],
  ...[
    '<|python_tag|>',
    '<start_function_call>',
    'call:',
    '<end_function_call>',
    '<escape>',
    '<function=get_time>',
  ],
  ...[
    '<parameter=city>',
    '</parameter>',
    '</function>',
    '{"name": "',
    '", "arguments": ',
    '{"tool_calls": [',
  ],
  ...[
    '{"response": "',
    '[get_time(',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '\\',
    '\\ud83d',
    '\\u0000',
    '\u0000',
    ':',
    ',',
  ],
  ...['null', '```json\n', '\n\n', '🌊', '\u2028', '\ufeff', '[['.repeat(200), '{"a":'.repeat(150)],
];

type Mutation = (text: string) => string;
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (text: string, share: number): number => Math.round(text.length * share);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  place.map(
    (end): Mutation =>
      (text) =>
        text.slice(0, at(text, end)),
  ),
  place.map(
    (start): Mutation =>
      (text) =>
        text.slice(at(text, start)),
  ),
  fc.tuple(place, fc.constantFrom(...FRAGMENTS)).map(
    ([where, fragment]): Mutation =>
      (text) =>
        text.slice(0, at(text, where)) + fragment + text.slice(at(text, where)),
  ),
  fc.tuple(place, place).map(([a, b]): Mutation => (text) => {
    const [start, end] = [at(text, a), at(text, b)].toSorted((one, other) => one - other);
    return text.slice(0, end) + text.slice(start);
  }),
  fc
    .tuple(place, place, fc.string({ unit: 'binary', maxLength: 6 }))
    .map(([a, b, filling]): Mutation => (text) => {
      const start = at(text, a);
      return text.slice(0, start) + filling + text.slice(start + Math.round(8 * b));
    }),
);

/** A cut may have halved a character. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

/** A scripted answer, changed a few times. */
const outputOf = ({ writeCalls }: FamilyWriter): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...TURNS), fc.array(mutation, { minLength: 1, maxLength: 4 }))
    .map(([{ said, calls }, mutations]) =>
      wellFormed(mutations.reduce((text, mutate) => mutate(text), `${said}${writeCalls(calls)}`)),
    );

/** Arguments are an object in some APIs and text in others. */
const comparable = ({ content, calls }: WireAnswer): object => ({
  content,
  calls: calls.map(({ name, args }) => ({ name, args: parsed(args) })),
});

function parsed(args: unknown): unknown {
  if (typeof args !== 'string') return args;
  try {
    return JSON.parse(args) as unknown;
  } catch {
    return args;
  }
}

/** Whether all characters of one text stand in the other, in their order. */
function isWithin(part: string, whole: string): boolean {
  let from = 0;
  return Array.from(part).every((character) => {
    const found = whole.indexOf(character, from);
    from = found + character.length;
    return found !== -1;
  });
}

describe.each(FAMILY_WRITERS)('$family', (writer: FamilyWriter) => {
  const { format } = publishedToolUse(writer.family);
  const isGeneric = format.shape === 'json' && format.isGeneric;
  const reasons = publishedReasoning(writer.family) !== undefined;
  let model: ChatModel;
  let engine: ScriptedEngine;
  let service: HttpService;

  beforeAll(async () => {
    model = makeChatModel(publishedTemplate(writer.family));
    engine = await ScriptedEngine.create(model.path);
    engine.model.contextLength = 65_536;
    service = await startHttpService(engine, { bodyLimitBytes: 1_000_000 });
  });
  afterAll(async () => {
    await service.close();
    model.remove();
  });

  async function ask(
    api: ChatApi,
    body: object,
    tokensPerDelta: number,
  ): Promise<{ text: string; json: unknown }> {
    engine.script.tokensPerDelta = tokensPerDelta;
    const answer = await post(service, api.path, body);
    expect(answer.status, answer.text).toBe(200);
    return answer;
  }

  it.each(Object.entries(chatApis('@test/tiny-gpt2')))('%s', async (_, api) => {
    const body = api.ask(GOLDENS);
    await fc.assert(
      fc.asyncProperty(outputOf(writer), async (output) => {
        engine.reset({ text: output });
        const whole = await ask(api, body, 10_000);
        const answer = api.read(whole.json);
        const streamed = api.readStream((await ask(api, { ...body, stream: true }, 1)).text);
        expect(comparable(streamed)).toEqual(comparable(answer));
        const isPlain = answer.calls.length === 0 && !(isGeneric && output.includes('"response"'));
        if (isPlain && !reasons) expect(answer.content).toBe(output);
        else if (!isGeneric) expect(isWithin(answer.content, output)).toBe(true);
        if (answer.calls.length > 0) await ask(api, api.goOn(body, whole.json, 'done'), 10_000);
      }),
      { seed: SEED, numRuns: NUM_RUNS },
    );
  });
});
