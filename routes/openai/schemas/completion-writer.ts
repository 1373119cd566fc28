import type { RequestRecord, Usage } from '../../../src/engine/engine.ts';
import { PackedTokens } from '../../../src/engine/client/completion/packed-tokens.ts';
import { assertInvariant, EngineError } from '../../../src/errors.ts';
import type { EncodedPrompt } from '../../../src/engine/client/texts/encode-prompts.ts';
import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import { type WithLists } from '../../../src/json-pieces.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';
import type { CompletionBody, CompletionChunk, LogprobsBody, UsageBody } from './completions.ts';
import { toLogprobsBody, wholeLogprobs, type ReportedToken } from './logprobs.ts';

type ChunkChoice = CompletionChunk['choices'][number];

/** How a completion is shown, apart from its events. */
export interface CompletionView {
  id: string;
  /** Unix time in seconds. */
  created: number;
  model: string;
  systemFingerprint: string;
  tokenizer: TokenVocabulary;
  /** Choices for each prompt. */
  n: number;
  prompts: readonly ({ echo: string | undefined } & Truncation)[];
  withLogprobs: boolean;
  /** False: logprobs are kept in a small form until the whole answer is written. */
  isStreamed: boolean;
  withTokenIds: boolean;
  /** Every chunk carries `usage`, null but in the last. */
  withUsage: boolean;
  /** What was used up to now, if every chunk is to say it. */
  usageSoFar: (() => Usage) | undefined;
  /** A chunk for each token, also for one that shows nothing yet. */
  withEveryToken: boolean;
  /** Special tokens are no part of the text. */
  skipsSpecialTokens: boolean;
}

/**
 * Turns events into OpenAI's chunks of a completion. The body of an answer that is not streamed is the same chunks
 * joined, so that both always say the same.
 */
export class CompletionWriter {
  readonly #view: CompletionView;
  readonly #textOffsets: number[];
  /** By choice, of an answer that is not streamed: the tokens of its prompt, if that is echoed, and its own. */
  readonly #reported: { echoed: readonly ReportedToken[]; own: PackedTokens }[] = [];
  /** By choice, of an answer that is not streamed. */
  readonly #parts: ChunkChoice[][];
  #usage: Usage | undefined;

  constructor(view: CompletionView) {
    this.#view = view;
    const numChoices = view.prompts.length * view.n;
    this.#textOffsets = new Array<number>(numChoices).fill(0);
    this.#parts = view.isStreamed ? [] : Array.from({ length: numChoices }, () => []);
  }

  /** What goes out before the first event: the prompts, when they are echoed without logprobs. */
  open(): CompletionChunk[] {
    if (this.#view.withLogprobs) return [];
    return this.#view.prompts.flatMap((_, promptIndex) => this.#echo(promptIndex, undefined));
  }

  /** Most events make one chunk; a delta that shows nothing yet makes none. */
  write(event: GenerationEvent): CompletionChunk[] {
    switch (event.type) {
      case 'prompt':
        return this.#echo(event.promptIndex, event.tokens);
      case 'content': {
        const { withLogprobs, withTokenIds, withEveryToken } = this.#view;
        const showsTokens = withLogprobs || withTokenIds || (withEveryToken && event.tokens.length > 0);
        if (event.text === '' && !showsTokens) return [];
        return [this.#chunk(this.#choice(event.index, event.text, event.tokens))];
      }
      case 'finish': {
        const truncation = toTruncationBody(this.#view.prompts[Math.floor(event.index / this.#view.n)]);
        const choice = this.#choice(event.index, '', [], toFinishReason(event.finish));
        return [this.#chunk({ ...choice, ...truncation })];
      }
      default:
        throw new EngineError('internal', `a text that is gone on with has no ${event.type}`);
    }
  }

  /** The chunk of `include_usage` has no choices. */
  close({ usage }: Pick<RequestRecord, 'usage'>): CompletionChunk[] {
    this.#usage = usage;
    return this.#view.withUsage ? [{ ...this.#chunk(), usage: toUsageBody(usage) }] : [];
  }

  /** All chunks of all choices joined. */
  get body(): WithLists<CompletionBody> {
    assertInvariant(this.#usage !== undefined, 'an answer is closed before it is read as a whole');
    const choices = this.#parts.map((parts, index) => ({
      ...joinChoice(parts, this.#view),
      logprobs: this.#view.withLogprobs ? wholeLogprobs(this.#reportedOf(index), this.#view) : null,
    }));
    const usage = toUsageBody(this.#usage);
    return { ...headOf(this.#view, choices), usage };
  }

  #echo(promptIndex: number, tokens: readonly ReportedToken[] | undefined): CompletionChunk[] {
    const { n, prompts } = this.#view;
    const text = prompts[promptIndex]?.echo;
    if (text === undefined) return [];
    return Array.from({ length: n }, (_, i) => {
      const index = promptIndex * n + i;
      if (!this.#view.isStreamed) this.#reportedOf(index).echoed = tokens ?? [];
      const logprobs = this.#view.isStreamed ? this.#logprobs(index, tokens ?? [], false) : null;
      return this.#chunk({ index, text, logprobs, finish_reason: null });
    });
  }

  #choice(
    index: number,
    text: string,
    tokens: readonly ReportedToken[],
    finishReason: ChunkChoice['finish_reason'] = null,
  ): ChunkChoice {
    const { withLogprobs, withTokenIds, isStreamed, skipsSpecialTokens } = this.#view;
    const tokenIds = withTokenIds ? { token_ids: tokens.map(({ tokenId }) => tokenId) } : {};
    if (withLogprobs && !isStreamed) this.#reportedOf(index).own.push(tokens);
    return {
      index,
      text,
      logprobs: isStreamed ? this.#logprobs(index, tokens, skipsSpecialTokens) : null,
      finish_reason: finishReason,
      ...tokenIds,
    };
  }

  #logprobs(
    index: number,
    tokens: readonly ReportedToken[],
    skipSpecialTokens: boolean,
  ): LogprobsBody | null {
    const { withLogprobs, tokenizer } = this.#view;
    if (!withLogprobs || tokens.length === 0) return null;
    const start = this.#textOffsets[index] ?? 0;
    const { body, textOffset } = toLogprobsBody(tokens, start, { tokenizer, skipSpecialTokens });
    this.#textOffsets[index] = textOffset;
    return body;
  }

  #reportedOf(index: number): { echoed: readonly ReportedToken[]; own: PackedTokens } {
    return (this.#reported[index] ??= { echoed: [], own: new PackedTokens() });
  }

  #chunk(choice?: ChunkChoice): CompletionChunk {
    if (choice !== undefined) this.#parts[choice.index]?.push(choice);
    const usage = chunkUsage(this.#view);
    return { ...headOf(this.#view, choice ? [choice] : []), ...usage };
  }
}

/** All but `usage`, in one literal: V8 of Node 20 takes 1 us for each key that is added behind a spread. */
const headOf = <Choices>(
  { id, created, model, systemFingerprint }: CompletionView,
  choices: Choices,
): Omit<CompletionChunk, 'choices' | 'usage'> & { choices: Choices } => ({
  id,
  object: 'text_completion',
  created,
  model,
  system_fingerprint: systemFingerprint,
  choices,
});

/** Of every chunk but the last. */
export function chunkUsage({
  withUsage,
  usageSoFar,
}: Pick<CompletionView, 'withUsage' | 'usageSoFar'>): Pick<CompletionChunk, 'usage'> {
  if (!withUsage) return {};
  return { usage: usageSoFar === undefined ? null : toUsageBody(usageSoFar()) };
}

/** What of a prompt was cut. */
type Truncation = Pick<EncodedPrompt, 'isTruncated' | 'numDropped'>;

export function toTruncationBody(prompt: Truncation | undefined): {
  truncated?: true;
  dropped_tokens?: number;
} {
  if (prompt?.isTruncated !== true) return {};
  const { numDropped } = prompt;
  return { truncated: true, ...(numDropped === undefined ? {} : { dropped_tokens: numDropped }) };
}

export function toUsageBody({
  numPromptTokens,
  numGeneratedTokens,
  numReasoningTokens,
  numCachedTokens,
}: Usage): UsageBody {
  return {
    prompt_tokens: numPromptTokens,
    completion_tokens: numGeneratedTokens,
    total_tokens: numPromptTokens + numGeneratedTokens,
    prompt_tokens_details: { cached_tokens: numCachedTokens },
    ...(numReasoningTokens === 0
      ? {}
      : { completion_tokens_details: { reasoning_tokens: numReasoningTokens } }),
  };
}

function joinChoice(
  parts: readonly ChunkChoice[],
  view: CompletionView,
): Omit<CompletionBody['choices'][number], 'logprobs'> {
  const last = parts.at(-1);
  const finishReason = last?.finish_reason;
  assertInvariant(last && finishReason, 'every choice ends with a finish event');
  return {
    ...last,
    text: parts.map(({ text }) => text).join(''),
    ...(view.withTokenIds ? { token_ids: parts.flatMap((part) => part.token_ids ?? []) } : {}),
    finish_reason: finishReason,
  };
}

function toFinishReason(finish: GenerationFinish): 'stop' | 'length' | 'abort' {
  assertInvariant(finish !== 'toolCalls', 'a text that is gone on with calls nothing');
  return finish;
}
