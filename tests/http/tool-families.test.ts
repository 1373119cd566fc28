import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILY_WRITERS, type FamilyWriter, type ScriptedCall } from '../support/call-writers.ts';
import { makeChatModel, type ChatModel } from '../support/chat-model.ts';
import { readJsonFixture } from '../support/fixtures.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { publishedTemplate } from '../support/published-templates.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { TOOL_CLIENTS, type ClientTool } from '../support/tool-clients.ts';

/**
 * A model of each family calls tools as that family does; official clients put the stream together and send the results
 * back. What they put together is what was scripted, and the next prompt is what transformers makes of the same turns.
 */

interface ToolTurns {
  system: string;
  question: string;
  tools: ClientTool[];
  results: Record<string, string>;
  turns: Record<string, { said: string; calls: ScriptedCall[] }>;
  prompts: Record<string, { start: string; turns: Record<string, string> }>;
}

/** By transformers: `scripts/goldens/tool_turns.py`. */
const GOLDENS = readJsonFixture('chat-templates', 'published', 'tool-turns.json') as ToolTurns;
const REPLY = 'Take an umbrella.';
const PIECES = [
  ['one token at a time', 1],
  ['in one piece', 10_000],
] as const;

/** Ids are the service's; a template writes them beside a call and beside its result. */
const withoutIds = (prompt: string): string =>
  prompt
    .replaceAll(/"(id|call_id)": "[^"]*"/g, '"$1": "…"')
    .replaceAll(/\[(CALL_ID|TOOL_RESULTS)\][a-zA-Z0-9]{9}\[/g, '[$1]…[');

describe.each(FAMILY_WRITERS)('$family', ({ family, writeCalls, writeReply, takesText }: FamilyWriter) => {
  const golden = GOLDENS.prompts[family];
  const turns = Object.entries(GOLDENS.turns).filter(([, { said }]) => said === '' || takesText);
  let model: ChatModel;
  let engine: ScriptedEngine;
  let service: HttpService;

  beforeAll(async () => {
    model = makeChatModel(publishedTemplate(family), {
      specialTokens: { bos_token: '<s>', eos_token: '</s>' },
    });
    engine = await ScriptedEngine.create(model.path);
    engine.model.contextLength = 16_384;
    service = await startHttpService(engine);
  });
  afterAll(async () => {
    await service.close();
    model.remove();
  });

  // The older and the newer version of a client take turns.
  const cases = turns.flatMap(([turn], place) =>
    PIECES.map(([pieces, tokensPerDelta], other) => ({
      turn,
      pieces,
      tokensPerDelta,
      version: place + other,
    })),
  );
  describe.each(cases)('$turn, $pieces', ({ turn, tokensPerDelta, version }) => {
    it.each(Object.entries(TOOL_CLIENTS))('%s', async (_, versions) => {
      const converse = versions[version % versions.length];
      const { said = '', calls = [] } = GOLDENS.turns[turn] ?? {};
      engine.reset({
        tokensPerDelta,
        text: said === '' ? writeCalls(calls) : `${said}\n${writeCalls(calls)}`,
      });
      const answers = await converse?.({
        ...GOLDENS,
        url: service.url,
        model: engine.model.id,
        resultOf: (name) => {
          engine.script.text = writeReply?.(REPLY) ?? REPLY;
          return GOLDENS.results[name] ?? '';
        },
      });
      expect(answers).toEqual({ said, calls, reply: REPLY });
      const [prompt = []] = engine.requests.at(-1)?.prompts ?? [];
      const expected = `${golden?.start}${golden?.turns[turn]}`;
      expect(withoutIds(engine.ownTokenizer.decode(prompt))).toBe(withoutIds(expected));
    });
  });
});
