import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import type { RequestRecord, Usage } from '../../../src/engine/engine.ts';
import { assertInvariant } from '../../../src/errors.ts';
import { toMessageId } from '../../../src/http/middleware/request-id.ts';
import { parseToolArguments } from '../../shared/schemas/tools.ts';
import type { OutputBlock } from './message-blocks.ts';
import type { MessageBody, MessageEvent } from './message-body.ts';

/** How a message is shown, apart from its events. */
export interface MessageView {
  requestId: string;
  model: string;
  numPromptTokens: number;
  /** Whether the context has less room than the request's `max_tokens`. */
  isContextShort: boolean;
  /** False: the text of what the model thinks is left out, as `display: omitted` says. */
  showsThinking: boolean;
}

/** Anthropic signs what its models think. Here it says nothing: clients want one, and send it back. */
const SIGNATURE = 'tokenflare';

type Ending = Pick<MessageBody, 'stop_reason' | 'stop_sequence'>;

/** A block of the content that grows. */
type OpenBlock =
  | { readonly type: 'text' | 'thinking'; text: string }
  | {
      readonly type: 'tool_use';
      readonly callIndex: number;
      readonly id: string;
      readonly name: string;
      json: string;
    };

/**
 * Turns the events of an answer into those of Anthropic's messages, and into the message. Both are made of the same blocks,
 * so that a stream and the body that is not streamed say the same.
 */
export class MessageWriter {
  readonly #view: MessageView;
  readonly #content: OutputBlock[] = [];
  #open: OpenBlock | undefined;
  #ending: Ending = { stop_reason: null, stop_sequence: null };
  #finish: Extract<GenerationEvent, { type: 'finish' }> | undefined;
  #usage: Usage;

  constructor(view: MessageView) {
    this.#view = view;
    const { numPromptTokens } = view;
    this.#usage = { numPromptTokens, numGeneratedTokens: 0, numReasoningTokens: 0, numCachedTokens: 0 };
  }

  /** The message as it stands. */
  get body(): MessageBody {
    const { requestId, model } = this.#view;
    const open = this.#open === undefined ? [] : [this.#toBlock(this.#open)];
    return {
      id: toMessageId(requestId),
      type: 'message',
      role: 'assistant',
      model,
      content: [...this.#content, ...open],
      ...this.#ending,
      stop_details: null,
      container: null,
      usage: this.#usageBody(),
    };
  }

  /** Before the first event of the answer. What of the prompt is cached is not known yet. */
  open(): MessageEvent[] {
    return [{ type: 'message_start', message: this.body }];
  }

  write(event: GenerationEvent): MessageEvent[] {
    assertInvariant(event.type !== 'prompt' && event.index === 0, 'a message has one choice');
    switch (event.type) {
      case 'reasoning':
        return this.#writeText('thinking', event.text);
      case 'content':
        return this.#writeText('text', event.text);
      case 'callStart': {
        const { callIndex, id, name } = event;
        return this.#begin({ type: 'tool_use', callIndex, id: toToolUseId(id), name, json: '' });
      }
      case 'callArguments': {
        const open = this.#open;
        assertInvariant(
          open?.type === 'tool_use' && open.callIndex === event.callIndex,
          'the arguments of a call follow its start, before another begins',
        );
        if (event.text === '') return [];
        open.json += event.text;
        return [this.#delta({ type: 'input_json_delta', partial_json: event.text })];
      }
      case 'finish':
        this.#finish = event;
        return this.#closeOpen();
    }
  }

  /** After the last event of the answer. */
  close({ usage }: Pick<RequestRecord, 'usage'>): MessageEvent[] {
    this.#usage = usage;
    this.#ending = this.#toEnding();
    return [
      {
        type: 'message_delta',
        delta: { ...this.#ending, stop_details: null, container: null },
        usage: this.#usageBody(),
      },
      { type: 'message_stop' },
    ];
  }

  #writeText(type: 'text' | 'thinking', text: string): MessageEvent[] {
    if (text === '') return [];
    const begun = this.#open?.type === type ? [] : this.#begin({ type, text: '' });
    const open = this.#open;
    assertInvariant(open?.type === type, 'a block of the type was just begun');
    open.text += text;
    if (type === 'text') return [...begun, this.#delta({ type: 'text_delta', text })];
    return this.#view.showsThinking
      ? [...begun, this.#delta({ type: 'thinking_delta', thinking: text })]
      : begun;
  }

  #begin(block: OpenBlock): MessageEvent[] {
    const closed = this.#closeOpen();
    this.#open = block;
    return [
      ...closed,
      { type: 'content_block_start', index: this.#content.length, content_block: toEmptyBlock(block) },
    ];
  }

  #closeOpen(): MessageEvent[] {
    const open = this.#open;
    if (open === undefined) return [];
    const index = this.#content.length;
    const signature =
      open.type === 'thinking' ? [this.#delta({ type: 'signature_delta', signature: SIGNATURE })] : [];
    this.#content.push(this.#toBlock(open));
    this.#open = undefined;
    return [...signature, { type: 'content_block_stop', index }];
  }

  #delta(delta: Extract<MessageEvent, { type: 'content_block_delta' }>['delta']): MessageEvent {
    return { type: 'content_block_delta', index: this.#content.length, delta };
  }

  #toBlock(block: OpenBlock): OutputBlock {
    switch (block.type) {
      case 'text':
        return { type: 'text', text: block.text };
      case 'thinking':
        return {
          type: 'thinking',
          thinking: this.#view.showsThinking ? block.text : '',
          signature: SIGNATURE,
        };
      case 'tool_use':
        return toToolUse(block, readInput(block.json));
    }
  }

  #toEnding(): Ending {
    const finish = this.#finish;
    assertInvariant(finish !== undefined, 'an answer that ends well has a finish event');
    if (finish.stopString !== undefined) {
      return { stop_reason: 'stop_sequence', stop_sequence: finish.stopString };
    }
    const reasons: Record<GenerationFinish, MessageBody['stop_reason']> = {
      stop: 'end_turn',
      toolCalls: 'tool_use',
      // The count of tokens does not tell: a call that leaves no room for another ends before the bound.
      length: this.#view.isContextShort ? 'model_context_window_exceeded' : 'max_tokens',
      // None of Anthropic's reasons says that a request was cancelled.
      abort: null,
    };
    return { stop_reason: reasons[finish.finish], stop_sequence: null };
  }

  #usageBody(): MessageBody['usage'] {
    const { numPromptTokens, numCachedTokens, numGeneratedTokens, numReasoningTokens } = this.#usage;
    return {
      input_tokens: numPromptTokens - numCachedTokens,
      cache_read_input_tokens: numCachedTokens,
      // Every prompt stays in the cache for as long as there is room: none is put there because a client asked for it.
      cache_creation_input_tokens: 0,
      output_tokens: numGeneratedTokens,
      output_tokens_details: { thinking_tokens: numReasoningTokens },
    };
  }
}

/** Anthropic's ids begin otherwise than OpenAI's. */
const toToolUseId = (id: string): string =>
  id.startsWith('call_') ? `toolu_${id.slice('call_'.length)}` : id;

/** A block before its first delta. */
function toEmptyBlock(block: OpenBlock): OutputBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '' };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'tool_use':
      return toToolUse(block, {});
  }
}

const toToolUse = (
  { type, id, name }: Extract<OpenBlock, { type: 'tool_use' }>,
  input: Record<string, unknown>,
): OutputBlock => ({ type, id, name, input, caller: { type: 'direct' } });

/** Of a call that the end of the answer cut off there is no object: it is empty, and `stop_reason` says why. */
const readInput = (json: string): Record<string, unknown> => parseToolArguments(json) ?? {};
