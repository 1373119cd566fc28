import type { ChatKind, Setup, Turn } from '../chats/chat.ts';
import { toSetupFields } from '../options/setup.ts';
import { toBodyFields, type Settings } from '../options/settings.ts';

/** What is asked of a model: to answer the last turn, or to go on with its text. */
export interface Question {
  kind: ChatKind;
  model: string;
  turns: readonly Turn[];
  setup: Setup;
  settings: Settings;
}

/** Path, relative to the service, and body: what the snippets show, without what only this page asks for. */
export function toRequest(question: Question): { path: string; body: Record<string, unknown> } {
  const { kind, model, turns, setup, settings } = question;
  const fields = toBodyFields(settings);
  if (kind === 'prompt') {
    const prompt = turns.findLast(({ role }) => role === 'user')?.content ?? '';
    return { path: 'v1/completions', body: { model, prompt, ...fields } };
  }
  const isResult = turns.at(-1)?.role === 'tool';
  const messages = [
    ...(setup.system.trim() === '' ? [] : [{ role: 'system', content: setup.system }]),
    ...turns.map(toMessage),
  ];
  return {
    path: 'v1/chat/completions',
    body: { model, messages, ...fields, ...toSetupFields(setup, isResult) },
  };
}

function toMessage(turn: Turn): object {
  switch (turn.role) {
    case 'user':
      return { role: 'user', content: turn.content };
    case 'tool':
      return { role: 'tool', tool_call_id: turn.callId, content: turn.content };
    case 'assistant': {
      const { content, calls } = turn;
      if (calls.length === 0) return { role: 'assistant', content };
      const toolCalls = calls.map(({ id, name, arguments: given }) => ({
        id,
        type: 'function',
        function: { name, arguments: given },
      }));
      return { role: 'assistant', content: content === '' ? null : content, tool_calls: toolCalls };
    }
  }
}
