import { streamChunks } from '../../client/read-sse.ts';
import type { AnsweringService } from './open-service.ts';

/** A message as OpenAI's API has it. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** How a text is drawn; what is absent is the service's default. */
export interface SamplingFields {
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
  readonly seed?: number;
}

/** A piece of an answer as it comes. */
export interface AnswerPiece {
  readonly kind: 'reasoning' | 'text';
  readonly text: string;
}

/** What is read of a chunk of a chat or a completion. */
interface Chunk {
  readonly choices?: readonly {
    readonly text?: string;
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
  }[];
}

/**
 * The answer to a conversation, as it comes, without white space at its beginning: a base model begins with some.
 * @throws as `postJson`; EngineError for a stream that breaks
 */
export async function* streamChat(
  service: AnsweringService,
  messages: readonly Message[],
  sampling: SamplingFields,
  signal: AbortSignal,
): AsyncGenerator<AnswerPiece> {
  const body = { model: service.modelId, messages, ...sampling };
  let hasText = false;
  for await (const { choices } of streamChunks<Chunk>(service, '/v1/chat/completions', body, signal)) {
    const { content, reasoning_content: reasoning } = choices?.[0]?.delta ?? {};
    if (reasoning) yield { kind: 'reasoning', text: reasoning };
    const text = hasText ? (content ?? '') : (content ?? '').trimStart();
    if (text === '') continue;
    hasText = true;
    yield { kind: 'text', text };
  }
}

/** What follows a text, as it comes. @throws as `streamChat` */
export async function* streamCompletion(
  service: AnsweringService,
  prompt: string,
  options: SamplingFields & { readonly stop?: readonly string[] },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const body = { model: service.modelId, prompt, ...options };
  for await (const { choices } of streamChunks<Chunk>(service, '/v1/completions', body, signal)) {
    const text = choices?.[0]?.text;
    if (text) yield text;
  }
}
