import type { RequestRecord, SampledToken, Usage } from '../../../src/engine/engine.ts';
import { PackedTokens } from '../../../src/engine/client/completion/packed-tokens.ts';
import { assertInvariant } from '../../../src/errors.ts';
import type { EncodedPrompt } from '../../../src/engine/client/texts/encode-prompts.ts';
import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import { JsonList, type WithLists } from '../../../src/json-pieces.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';
import { charactersPerToken, toTokenLogprobBody } from '../../shared/schemas/token-logprob.ts';
import type { ChatBody, ChatChunk, ChatLogprobs } from './chat.ts';
import { chunkUsage, toTruncationBody, toUsageBody } from './completion-writer.ts';

type ChunkChoice = ChatChunk['choices'][number];
type Delta = ChunkChoice['delta'];
type Message = ChatBody['choices'][number]['message'];
type ChatFinishReason = ChatBody['choices'][number]['finish_reason'];

/** How a chat completion is shown, apart from its events. */
export interface ChatView {
  id: string;
  /** Unix time in seconds. */
  created: number;
  model: string;
  systemFingerprint: string;
  tokenizer: TokenVocabulary;
  n: number;
  prompt: EncodedPrompt | undefined;
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
  /** False: the reasoning before the answer is left out. */
  withReasoning: boolean;
  /** The answer may be a call of a tool in place of content. */
  mayCall: boolean;
  /** The client chose the function, and not the model. */
  isCallChosen: boolean;
  /** The client speaks of functions, and reads one `function_call`. */
  usesFunctions: boolean;
}

/**
 * Turns the events of an answer into OpenAI's chunks of a chat. The body of an answer that is not streamed is the same
 * chunks joined, so that both always say the same. `logprobs` and `token_ids` have every token that was drawn, those of
 * reasoning and calls too.
 */
export class ChatWriter {
  readonly #view: ChatView;
  /** Choices that have content, perhaps an empty one, or calls. */
  readonly #answered = new Set<number>();
  /** By choice, of an answer that is not streamed. */
  readonly #reported: readonly PackedTokens[];
  /** By choice, of an answer that is not streamed. */
  readonly #parts: ChunkChoice[][];
  #usage: Usage | undefined;

  constructor(view: ChatView) {
    this.#view = view;
    const { isStreamed, n } = view;
    this.#reported = isStreamed ? [] : Array.from({ length: n }, () => new PackedTokens());
    this.#parts = isStreamed ? [] : Array.from({ length: n }, () => []);
  }

  /**
   * Who speaks, before the first event. Where there may be a call there is no content yet: openai 7 takes an empty one
   * for content, which a message with calls alone does not have.
   */
  open(): ChatChunk[] {
    const delta: Delta = this.#view.mayCall ? { role: 'assistant' } : { role: 'assistant', content: '' };
    return Array.from({ length: this.#view.n }, (_, index) => {
      if (delta.content !== undefined) this.#answered.add(index);
      return this.#chunk({ index, delta, logprobs: null, finish_reason: null });
    });
  }

  /** Most events make one chunk; one that shows nothing yet makes none. */
  write(event: GenerationEvent): ChatChunk[] {
    if (event.type === 'prompt') return [];
    const { index } = event;
    if (event.type === 'finish') {
      const truncation = toTruncationBody(this.#view.prompt);
      const finishReason = toChatFinishReason(event.finish, this.#view);
      const delta: Delta = this.#answered.has(index) ? {} : { content: '' };
      return [this.#chunk({ index, delta, logprobs: null, finish_reason: finishReason, ...truncation })];
    }
    const { tokens } = event;
    const delta = toDelta(event, this.#view);
    if (!showsText(event, this.#view) && !this.#showsTokens(tokens)) return [];
    if (delta.reasoning_content === undefined) this.#answered.add(index);
    const { withLogprobs, withTokenIds } = this.#view;
    const logprobs = withLogprobs && tokens.length > 0 ? this.#logprobs(index, tokens) : null;
    const tokenIds = withTokenIds ? { token_ids: tokens.map(({ tokenId }) => tokenId) } : {};
    return [this.#chunk({ index, delta, logprobs, finish_reason: null, ...tokenIds })];
  }

  #showsTokens({ length }: readonly SampledToken[]): boolean {
    const { withLogprobs, withTokenIds, withEveryToken } = this.#view;
    return length > 0 && (withLogprobs || withTokenIds || withEveryToken);
  }

  /** The chunk of `include_usage` has no choices. */
  close({ usage }: Pick<RequestRecord, 'usage'>): ChatChunk[] {
    this.#usage = usage;
    return this.#view.withUsage ? [{ ...this.#chunk(), usage: toUsageBody(usage) }] : [];
  }

  /** All chunks of all choices joined. */
  get body(): WithLists<ChatBody> {
    assertInvariant(this.#usage !== undefined, 'an answer is closed before it is read as a whole');
    const choices = this.#parts.map((parts, index) => ({
      ...joinChoice(parts, this.#view),
      logprobs: this.#wholeLogprobs(index),
    }));
    const usage = toUsageBody(this.#usage);
    return { ...headOf(this.#view, 'chat.completion', choices), usage };
  }

  #logprobs(index: number, tokens: readonly SampledToken[]): ChatLogprobs | null {
    const { tokenizer, isStreamed } = this.#view;
    if (!isStreamed) {
      this.#reported[index]?.push(tokens);
      return null;
    }
    return { content: tokens.map((token) => toTokenLogprobBody(token, tokenizer)), refusal: null };
  }

  #wholeLogprobs(index: number): WithLists<ChatLogprobs> | null {
    const { withLogprobs, tokenizer } = this.#view;
    const reported = this.#reported[index];
    if (!withLogprobs || reported === undefined) return null;
    const size = { length: reported.length, charactersPerItem: charactersPerToken(reported) };
    const content = new JsonList(function* () {
      for (const token of reported) yield toTokenLogprobBody(token, tokenizer);
    }, size);
    return { content, refusal: null };
  }

  #chunk(choice?: ChunkChoice): ChatChunk {
    if (choice !== undefined) this.#parts[choice.index]?.push(choice);
    const usage = chunkUsage(this.#view);
    const choices = choice ? [choice] : [];
    return { ...headOf(this.#view, 'chat.completion.chunk', choices), ...usage };
  }
}

/** All but `usage`, in one literal: V8 of Node 20 takes 1 us for each key that is added behind a spread. */
const headOf = <Kind extends string, Choices>(
  { id, created, model, systemFingerprint }: ChatView,
  kind: Kind,
  choices: Choices,
): Omit<ChatChunk, 'object' | 'choices' | 'usage'> & { object: Kind; choices: Choices } => ({
  id,
  object: kind,
  created,
  model,
  system_fingerprint: systemFingerprint,
  choices,
});

type TextEvent = Exclude<GenerationEvent, { type: 'finish' | 'prompt' }>;

/** Whether a client sees more of the answer by it. */
function showsText(event: TextEvent, { withReasoning }: ChatView): boolean {
  if (event.type === 'callStart') return true;
  return event.text !== '' && (event.type !== 'reasoning' || withReasoning);
}

function toDelta(event: TextEvent, { withReasoning, usesFunctions }: ChatView): Delta {
  switch (event.type) {
    case 'content':
      return { content: event.text };
    case 'reasoning':
      return withReasoning ? { reasoning_content: event.text } : { content: '' };
    case 'callStart': {
      const call = { name: event.name, arguments: '' };
      if (usesFunctions) return { function_call: call };
      return { tool_calls: [{ index: event.callIndex, id: event.id, type: 'function', function: call }] };
    }
    case 'callArguments': {
      const call = { arguments: event.text };
      return usesFunctions
        ? { function_call: call }
        : { tool_calls: [{ index: event.callIndex, function: call }] };
    }
  }
}

/** A call that the client chose itself ends by `stop`, as at OpenAI: it knew before that there would be one. */
function toChatFinishReason(
  finish: GenerationFinish,
  { isCallChosen, usesFunctions }: ChatView,
): ChatFinishReason {
  if (finish !== 'toolCalls') return finish;
  if (isCallChosen) return 'stop';
  return usesFunctions ? 'function_call' : 'tool_calls';
}

function joinChoice(
  parts: readonly ChunkChoice[],
  view: ChatView,
): Omit<ChatBody['choices'][number], 'logprobs'> {
  const last = parts.at(-1);
  assertInvariant(last?.finish_reason, 'every choice ends with a finish event');
  const { index, finish_reason: finishReason } = last;
  return {
    index,
    message: joinDeltas(parts.map(({ delta }) => delta)),
    ...toTruncationBody(view.prompt),
    ...(view.withTokenIds ? { token_ids: parts.flatMap((part) => part.token_ids ?? []) } : {}),
    finish_reason: finishReason,
  };
}

function joinDeltas(deltas: readonly Delta[]): Message {
  const content = deltas.map((delta) => delta.content ?? '').join('');
  const reasoning = deltas.map((delta) => delta.reasoning_content ?? '').join('');
  const toolCalls = joinToolCalls(deltas.flatMap((delta) => delta.tool_calls ?? []));
  const functionCall = joinCall(deltas.flatMap((delta) => delta.function_call ?? []));
  const hasCalls = toolCalls.length > 0 || functionCall !== undefined;
  return {
    role: 'assistant',
    content: content === '' && hasCalls ? null : content,
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    refusal: null,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
    ...(functionCall === undefined ? {} : { function_call: functionCall }),
  };
}

type ToolCallDelta = NonNullable<Delta['tool_calls']>[number];

function joinToolCalls(deltas: readonly ToolCallDelta[]): NonNullable<Message['tool_calls']> {
  const calls: ToolCallDelta[][] = [];
  for (const delta of deltas) (calls[delta.index] ??= []).push(delta);
  return calls.map((ofCall) => {
    const call = joinCall(ofCall.map((delta) => delta.function));
    const id = ofCall[0]?.id;
    assertInvariant(call !== undefined && id !== undefined, 'a call begins with its id and its name');
    return { id, type: 'function', function: call };
  });
}

function joinCall(
  deltas: readonly NonNullable<Delta['function_call']>[],
): Message['function_call'] | undefined {
  const name = deltas[0]?.name;
  if (name === undefined) return undefined;
  return { name, arguments: deltas.map((delta) => delta.arguments).join('') };
}
