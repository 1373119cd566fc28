import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import type { EncodedPrompt } from '../../../src/engine/client/texts/encode-prompts.ts';
import type { RequestRecord, SampledToken, Usage } from '../../../src/engine/engine.ts';
import { assertInvariant, type EngineError } from '../../../src/errors.ts';
import { clientMessage } from '../../../src/http/error-response.ts';
import { toResponseId } from '../../../src/http/middleware/request-id.ts';
import type { TokenVocabulary } from '../../../src/tokenizer/incremental-detokenizer.ts';
import { toTruncationBody } from '../../openai/schemas/completion-writer.ts';
import { toTokenLogprobBody } from '../../shared/schemas/token-logprob.ts';
import {
  CallItemWriter,
  MessageItemWriter,
  ReasoningItemWriter,
  type OutputItemWriter,
} from './output-item-writer.ts';
import type { ResponseBody, ResponseEcho, ResponseErrorBody } from './response-body.ts';
import type { ResponseEvent, UnnumberedEvent } from './response-events.ts';
import type { ItemStatus, OutputLogprob } from './response-items.ts';
import { RESPONSE_FIELD_NAMES } from './response-request.ts';

/** How a response is shown, apart from its events. */
export interface ResponseView {
  requestId: string;
  echo: ResponseEcho;
  prompt: Pick<EncodedPrompt, 'isTruncated' | 'numDropped'> | undefined;
  tokenizer: Pick<TokenVocabulary, 'idToBytes'>;
  withLogprobs: boolean;
  /** Unix time in seconds. */
  now: () => number;
}

type OpenItem = MessageItemWriter | ReasoningItemWriter | CallItemWriter;
type Ending = Pick<ResponseBody, 'status' | 'incomplete_details'>;

const ENDINGS: Readonly<Record<GenerationFinish, Ending>> = {
  stop: { status: 'completed', incomplete_details: null },
  toolCalls: { status: 'completed', incomplete_details: null },
  length: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
  abort: { status: 'cancelled', incomplete_details: null },
};

/** What a client that reads only the stream's end looks for; there is no event of OpenAI's for a cancelled response. */
const LAST_EVENTS = { completed: 'response.completed', incomplete: 'response.incomplete' } as const;

/**
 * Turns the events of an answer into those of OpenAI's Responses API, and into the response. Both are made of the same
 * items, so that a stream's last event and the body that is not streamed say the same.
 */
export class ResponseWriter {
  readonly #view: ResponseView;
  readonly #items: { writer: OutputItemWriter; status: ItemStatus }[] = [];
  /** Its item is the last one. */
  #open: OpenItem | undefined;
  /** Logprobs of tokens that made no text yet. */
  #pendingLogprobs: OutputLogprob[] = [];
  #numEvents = 0;
  #state: Pick<ResponseBody, 'status' | 'error' | 'incomplete_details' | 'usage' | 'completed_at'> = {
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    usage: null,
    completed_at: null,
  };
  readonly #createdAt: number;

  constructor(view: ResponseView) {
    this.#view = view;
    this.#createdAt = view.now();
  }

  /** The response as it stands. */
  get body(): ResponseBody {
    const { requestId, echo, prompt } = this.#view;
    return {
      id: toResponseId(requestId),
      object: 'response',
      created_at: this.#createdAt,
      ...this.#state,
      output: this.#items.map(({ writer, status }) => writer.item(status)),
      ...toTruncationBody(prompt),
      ...echo,
    };
  }

  /** Before the first event of the answer. */
  open(): ResponseEvent[] {
    const response = this.body;
    return this.#number([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]);
  }

  write(event: GenerationEvent): ResponseEvent[] {
    assertInvariant(event.type !== 'prompt' && event.index === 0, 'a response has one choice');
    switch (event.type) {
      case 'reasoning':
        return event.text === '' ? [] : this.#number(this.#writeReasoning(event.text));
      case 'content':
        return this.#number(this.#writeContent(event.text, event.tokens));
      case 'callStart': {
        const call = new CallItemWriter(this.#nextPosition(), event);
        return this.#number(this.#begin(call));
      }
      case 'callArguments': {
        const open = this.#open;
        assertInvariant(
          open instanceof CallItemWriter && open.callIndex === event.callIndex,
          'the arguments of a call follow its start, before another begins',
        );
        return event.text === '' ? [] : this.#number(open.add(event.text));
      }
      case 'finish':
        return this.#number(this.#finish(event.finish));
    }
  }

  /** After the last event of the answer. */
  close({ usage }: Pick<RequestRecord, 'usage'>): ResponseEvent[] {
    this.#state.usage = this.#toUsageBody(usage);
    const { status } = this.#state;
    const type = LAST_EVENTS[status === 'completed' ? 'completed' : 'incomplete'];
    return this.#number([{ type, response: this.body }]);
  }

  /** In place of `close`: the engine failed. What there is of the answer stays. */
  fail(error: EngineError, { usage }: Pick<RequestRecord, 'usage'>): ResponseEvent[] {
    this.#setOpenStatus('incomplete');
    const message = clientMessage(error, this.#view.requestId, RESPONSE_FIELD_NAMES);
    this.#state = {
      ...this.#state,
      status: 'failed',
      error: { code: toErrorCode(error), message },
      usage: this.#toUsageBody(usage),
    };
    return this.#number([{ type: 'response.failed', response: this.body }]);
  }

  /** In place of `close`: a defect of ours, after which the writer may not know what there is of the answer. */
  abandon(error: EngineError): ResponseEvent[] {
    const fields = {
      code: error.code,
      message: clientMessage(error, this.#view.requestId, RESPONSE_FIELD_NAMES),
      param: null,
    };
    return this.#number([{ type: 'error', ...fields, error: { type: 'server_error', ...fields } }]);
  }

  #writeReasoning(text: string): UnnumberedEvent[] {
    if (this.#open?.type === 'reasoning') return this.#open.add(text);
    const isSummary = this.#view.echo.reasoning.summary !== null;
    const item = new ReasoningItemWriter(this.#nextPosition(), isSummary);
    return [...this.#begin(item), ...item.add(text)];
  }

  #writeContent(text: string, tokens: readonly SampledToken[]): UnnumberedEvent[] {
    const { withLogprobs, tokenizer } = this.#view;
    if (withLogprobs) {
      this.#pendingLogprobs.push(...tokens.map((token) => toTokenLogprobBody(token, tokenizer)));
    }
    // No message begins with tokens that make no text: they may be the marker of a call.
    if (text === '') return [];
    if (this.#open instanceof MessageItemWriter) return this.#open.add(text, this.#takeLogprobs());
    const item = new MessageItemWriter(this.#nextPosition());
    // In this order: what was open is closed first.
    const begun = this.#begin(item);
    return [...begun, ...item.add(text, this.#takeLogprobs())];
  }

  #begin(item: OpenItem): UnnumberedEvent[] {
    const closed = this.#closeOpen('completed');
    // Tokens that made no text before a call are its marker, and are told of by none.
    if (!(item instanceof MessageItemWriter)) this.#pendingLogprobs = [];
    this.#items.push({ writer: item, status: 'in_progress' });
    this.#open = item;
    return [...closed, ...item.open()];
  }

  #finish(finish: GenerationFinish): UnnumberedEvent[] {
    const ending = ENDINGS[finish];
    const completedAt = ending.status === 'completed' ? this.#view.now() : null;
    this.#state = { ...this.#state, ...ending, completed_at: completedAt };
    // Clients look for an item in whatever is complete.
    const empty =
      this.#items.length === 0 && ending.status === 'completed'
        ? this.#begin(new MessageItemWriter(this.#nextPosition()))
        : [];
    return [...empty, ...this.#closeOpen(ending.status === 'completed' ? 'completed' : 'incomplete')];
  }

  #closeOpen(status: ItemStatus): UnnumberedEvent[] {
    const open = this.#open;
    if (open === undefined) return [];
    const rest = open instanceof MessageItemWriter ? this.#takeLogprobs() : [];
    const lastDelta = open instanceof MessageItemWriter && rest.length > 0 ? open.add('', rest) : [];
    this.#setOpenStatus(status);
    this.#open = undefined;
    return [...lastDelta, ...open.close(status)];
  }

  #setOpenStatus(status: ItemStatus): void {
    const last = this.#items.at(-1);
    if (this.#open !== undefined && last !== undefined) last.status = status;
  }

  #takeLogprobs(): OutputLogprob[] {
    const logprobs = this.#pendingLogprobs;
    this.#pendingLogprobs = [];
    return logprobs;
  }

  #toUsageBody(usage: Usage): ResponseBody['usage'] {
    const { numPromptTokens, numGeneratedTokens, numReasoningTokens, numCachedTokens } = usage;
    return {
      input_tokens: numPromptTokens,
      input_tokens_details: { cached_tokens: numCachedTokens, cache_write_tokens: 0 },
      output_tokens: numGeneratedTokens,
      output_tokens_details: { reasoning_tokens: numReasoningTokens },
      total_tokens: numPromptTokens + numGeneratedTokens,
    };
  }

  #nextPosition(): { requestId: string; outputIndex: number } {
    return { requestId: this.#view.requestId, outputIndex: this.#items.length };
  }

  #number(events: readonly UnnumberedEvent[]): ResponseEvent[] {
    return events.map((event) => ({ ...event, sequence_number: this.#numEvents++ }));
  }
}

function toErrorCode({ code }: EngineError): ResponseErrorBody['code'] {
  if (code === 'queue_full' || code === 'rate_limited') return 'rate_limit_exceeded';
  return code === 'invalid_request' || code === 'context_length_exceeded' ? 'invalid_prompt' : 'server_error';
}
