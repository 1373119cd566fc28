import { EngineError } from '../errors.ts';
import type { CompletionRequest } from './engine.ts';

/** Throws `context_length_exceeded` for a request that the context cannot hold. */
export function checkLength({ prompts, maxTokens }: CompletionRequest, contextLength: number): void {
  const numPromptTokens = Math.max(...prompts.map((prompt) => prompt.length));
  if (numPromptTokens + maxTokens <= contextLength) return;
  throw new EngineError(
    'context_length_exceeded',
    `the prompt has ${numPromptTokens} tokens and max_tokens is ${maxTokens}: together more than the context of ` +
      `${contextLength} tokens; shorten one of them, or set truncate_prompt_tokens`,
    { param: 'max_tokens', details: { numPromptTokens, maxTokens, contextLength } },
  );
}
