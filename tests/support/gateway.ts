import { expect } from 'vitest';
import { call, type Answer } from './http-client.ts';
import { useScriptedService } from './scripted-service.ts';

/** The model and a chat that it answers, a gateway, and where its logs are. */
export const MODEL = '@test/tiny-gpt2';
export const MESSAGES = [{ role: 'user', content: 'a' }];
export const CHAT = { model: MODEL, messages: MESSAGES, max_tokens: 8 };
export const GATEWAY = '/gateway/local/mine';
export const LOGS = '/client/v4/accounts/any/ai-gateway/gateways/mine/logs';

const TEMPLATE = '{% for message in messages %}{{ message.role }}:{{ message.content }};{% endfor %}';

/** For a test file: a service whose gateways are asked. */
export function useGateway() {
  const on = useScriptedService({ template: TEMPLATE, model: { contextLength: 1024 } });

  const ask = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    call(on.service, 'POST', path, { body, headers });
  const openai = (body: unknown = CHAT, headers: Record<string, string> = {}): Promise<Answer> =>
    ask(`${GATEWAY}/openai/chat/completions`, body, headers);

  const logOf = async ({ headers }: Answer): Promise<Record<string, unknown>> => {
    const answer = await call(on.service, 'GET', `${LOGS}/${headers['cf-aig-log-id'] ?? ''}`);
    expect(answer.status, answer.text).toBe(200);
    return (answer.json as { result: Record<string, unknown> }).result;
  };
  return { on, ask, openai, logOf };
}
