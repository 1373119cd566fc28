import { toBodyFields, type Settings } from './settings.ts';

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** What is asked of a model: to go on with a text, or to answer a conversation. */
export type Question =
  | { kind: 'prompt'; model: string; prompt: string; settings: Settings }
  | { kind: 'chat'; model: string; messages: readonly Message[]; settings: Settings };

/** Path, relative to the service, and body: what the snippets show, without what only this page asks for. */
export function toRequest(question: Question): { path: string; body: Record<string, unknown> } {
  const { kind, model, settings } = question;
  const fields = toBodyFields(settings);
  return kind === 'prompt'
    ? { path: 'v1/completions', body: { model, prompt: question.prompt, ...fields } }
    : { path: 'v1/chat/completions', body: { model, messages: question.messages, ...fields } };
}
