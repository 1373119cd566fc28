import type { CompletionEvent, TokenLogprob, SampledToken, Usage } from '../../src/engine/engine.ts';
import { assertInvariant } from '../../src/errors.ts';
import type { EncodedPrompt } from '../../src/engine/client/encode-prompts.ts';
import type { TokenVocabulary } from '../../src/tokenizer/incremental-detokenizer.ts';
import type { ChatBody, ChatChunk, ChatLogprobs } from './chat.ts';
import { toFinishReason, toTruncationBody, toUsageBody } from './completion-chunks.ts';
import { tokenText, toJsonLogprob } from './logprobs.ts';

type ChunkChoice = ChatChunk['choices'][number];

/** How a chat completion is shown, apart from its events. */
export interface ChatView {
  id: string;
  /** Unix time in seconds. */
  created: number;
  model: string;
  tokenizer: TokenVocabulary;
  n: number;
  prompt: EncodedPrompt | undefined;
  withLogprobs: boolean;
  withTokenIds: boolean;
  /** Every chunk carries `usage`, null but in the last. */
  withUsage: boolean;
}

/**
 * Turns the engine's events into OpenAI's chunks of a chat. The body of an answer that is not streamed is the same
 * chunks joined, so that both always say the same.
 */
export class ChatChunks {
  readonly #view: ChatView;

  constructor(view: ChatView) {
    this.#view = view;
  }

  /** Who speaks, before the first event. */
  opening(): ChatChunk[] {
    return Array.from({ length: this.#view.n }, (_, index) =>
      this.#chunk({ ...EMPTY_CHOICE, index, delta: { role: 'assistant', content: '' } }),
    );
  }

  /** Most events make one chunk; a delta that shows nothing yet makes none. */
  toChunks(event: CompletionEvent): ChatChunk[] {
    if (event.type === 'prompt') return [];
    const { withLogprobs, withTokenIds, prompt } = this.#view;
    const { index } = event;
    if (event.type === 'delta') {
      const { text, tokens } = event;
      if (text === '' && !withLogprobs && !withTokenIds) return [];
      const logprobs = withLogprobs && tokens.length > 0 ? this.#logprobs(tokens) : null;
      const tokenIds = withTokenIds ? { token_ids: tokens.map(({ tokenId }) => tokenId) } : {};
      return [this.#chunk({ ...EMPTY_CHOICE, index, delta: { content: text }, logprobs, ...tokenIds })];
    }
    // The iteration throws right after it.
    if (event.finishReason === 'error') return [];
    const truncation = toTruncationBody(prompt);
    const finishReason = toFinishReason(event.finishReason);
    return [this.#chunk({ ...EMPTY_CHOICE, index, delta: {}, ...truncation, finish_reason: finishReason })];
  }

  /** The chunk of `include_usage`, which has no choices. */
  usageChunk(usage: Usage): ChatChunk {
    return { ...this.#chunk(), usage: toUsageBody(usage) };
  }

  /** The answer that is not streamed: all chunks of all choices joined. */
  join(chunks: readonly ChatChunk[], usage: Usage): ChatBody {
    const { id, created, model, n } = this.#view;
    const parts = Array.from({ length: n }, (): ChunkChoice[] => []);
    for (const { choices } of chunks) for (const choice of choices) parts[choice.index]?.push(choice);
    const choices = parts.map((choiceParts) => joinChoice(choiceParts, this.#view));
    return { id, object: 'chat.completion', created, model, choices, usage: toUsageBody(usage) };
  }

  #logprobs(tokens: readonly SampledToken[]): ChatLogprobs {
    const describe = ({
      tokenId,
      logprob,
    }: TokenLogprob): { token: string; bytes: number[]; logprob: number } => {
      const bytes = this.#view.tokenizer.idToBytes(tokenId);
      return { token: tokenText(bytes), bytes: [...bytes], logprob: toJsonLogprob(logprob) };
    };
    const content = tokens.map(({ tokenId, logprob, topLogprobs = [] }) => {
      assertInvariant(logprob !== undefined, 'a token that was asked for its logprob has one');
      return { ...describe({ tokenId, logprob }), top_logprobs: topLogprobs.map(describe) };
    });
    return { content, refusal: null };
  }

  #chunk(choice?: ChunkChoice): ChatChunk {
    const { id, created, model, withUsage } = this.#view;
    const usage = withUsage ? { usage: null } : {};
    return { id, object: 'chat.completion.chunk', created, model, choices: choice ? [choice] : [], ...usage };
  }
}

const EMPTY_CHOICE = { logprobs: null, finish_reason: null };

function joinChoice(parts: readonly ChunkChoice[], view: ChatView): ChatBody['choices'][number] {
  const last = parts.at(-1);
  assertInvariant(last?.finish_reason, 'every choice ends with a finish event');
  const { index, finish_reason: finishReason } = last;
  const content = parts.map(({ delta }) => delta.content ?? '').join('');
  const logprobs = parts.flatMap((part) => part.logprobs?.content ?? []);
  return {
    index,
    message: { role: 'assistant', content, refusal: null },
    logprobs: view.withLogprobs ? { content: logprobs, refusal: null } : null,
    ...toTruncationBody(view.prompt),
    ...(view.withTokenIds ? { token_ids: parts.flatMap((part) => part.token_ids ?? []) } : {}),
    finish_reason: finishReason,
  };
}
