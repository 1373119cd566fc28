import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { post } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

const COMPLETIONS = '/v1/completions';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

describe('the log', () => {
  async function logged(path: string, body: unknown): Promise<Record<string, unknown>> {
    const { headers } = await post(service, path, body);
    const lines = service.logLines.filter(({ requestId }) => requestId === headers['x-request-id']);
    expect(lines).toHaveLength(1);
    return lines[0] ?? {};
  }

  it.each([false, true])('has one line a request; stream: %s', async (stream) => {
    const line = await logged(COMPLETIONS, { prompt: 'The river', max_tokens: 3, stream });
    expect(line).toMatchObject({
      level: 30,
      method: 'POST',
      path: COMPLETIONS,
      status: 200,
      ended: 'length',
      model: '@test/tiny-gpt2',
      promptTokens: 4,
      completionTokens: 3,
      queueMs: 1,
      ttftMs: 2,
    });
    expect(line['tokensPerSecond']).toBeGreaterThan(0);
  });

  it('says how a request ended that did not end well', async () => {
    expect(await logged(COMPLETIONS, { prompt: 5 })).toMatchObject({
      status: 400,
      ended: 'error: invalid_request',
    });
    engine.reset({ failAfter: 1 });
    const line = await logged(COMPLETIONS, { prompt: 'The river', stream: true });
    expect(line).toMatchObject({ status: 200, ended: 'error: backend_failure', completionTokens: 1 });
  });

  it('never holds the prompt, valid or not', async () => {
    const secret = 'xyzzy';
    for (const body of [
      { prompt: secret },
      { prompt: [secret, 5] },
      { prompt: 'a', stop: { secret } },
      `{"prompt": "${secret}`,
      { prompt: secret.repeat(200) },
      { prompt: 'a', suffix: secret },
    ]) {
      await post(service, COMPLETIONS, body);
      await post(service, '/ai/run/@test/tiny-gpt2', body);
    }
    expect(JSON.stringify(service.logLines)).not.toContain(secret);
  });

  it('holds the prompt where that is switched on', async () => {
    const talkative = await startHttpService(engine, { logPrompts: true });
    await post(talkative, COMPLETIONS, { prompt: 'The river' });
    expect(talkative.logLines.at(-1)).toMatchObject({ prompt: ['The river'] });
    await talkative.close();
  });
});
