import type { UnnumberedEvent } from './response-events.ts';
import type { ItemStatus, OutputItem, OutputLogprob } from './response-items.ts';
import { toItemId } from './stored-items.ts';

/** Where an item stands: whose it is, and its position in the output. */
export interface ItemPosition {
  readonly requestId: string;
  readonly outputIndex: number;
}

/** An item of the output that grows, and the events that tell of it. */
export interface OutputItemWriter {
  /** The item as it stands. */
  item(status: ItemStatus): OutputItem;
  open(): UnnumberedEvent[];
  close(status: ItemStatus): UnnumberedEvent[];
}

/** An item's one part is the first and the only one. */
const PART_INDEX = 0;

interface ItemFields {
  item_id: string;
  output_index: number;
}

const fieldsOf = (type: OutputItem['type'], { requestId, outputIndex }: ItemPosition): ItemFields => ({
  item_id: toItemId(type, requestId, outputIndex),
  output_index: outputIndex,
});

const added = (writer: OutputItemWriter, { outputIndex }: ItemPosition): UnnumberedEvent => ({
  type: 'response.output_item.added',
  output_index: outputIndex,
  item: writer.item('in_progress'),
});

const done = (
  writer: OutputItemWriter,
  { outputIndex }: ItemPosition,
  status: ItemStatus,
): UnnumberedEvent => ({
  type: 'response.output_item.done',
  output_index: outputIndex,
  item: writer.item(status),
});

/** What is for the reader. */
export class MessageItemWriter implements OutputItemWriter {
  readonly type = 'message';
  readonly #position: ItemPosition;
  readonly #part: ItemFields & { content_index: number };
  #text = '';
  readonly #logprobs: OutputLogprob[] = [];
  #hasPart = false;

  constructor(position: ItemPosition) {
    this.#position = position;
    this.#part = { ...fieldsOf(this.type, position), content_index: PART_INDEX };
  }

  item(status: ItemStatus): OutputItem {
    const content = this.#hasPart ? [this.#content()] : [];
    return { type: this.type, id: this.#part.item_id, role: 'assistant', status, content };
  }

  open(): UnnumberedEvent[] {
    const item = added(this, this.#position);
    this.#hasPart = true;
    return [item, { type: 'response.content_part.added', ...this.#part, part: this.#content() }];
  }

  add(delta: string, logprobs: OutputLogprob[]): UnnumberedEvent[] {
    this.#text += delta;
    this.#logprobs.push(...logprobs);
    return [{ type: 'response.output_text.delta', ...this.#part, delta, logprobs }];
  }

  close(status: ItemStatus): UnnumberedEvent[] {
    const part = this.#content();
    const { text, logprobs } = part;
    return [
      { type: 'response.output_text.done', ...this.#part, text, logprobs },
      { type: 'response.content_part.done', ...this.#part, part },
      done(this, this.#position, status),
    ];
  }

  #content(): { type: 'output_text'; text: string; annotations: []; logprobs: OutputLogprob[] } {
    return { type: 'output_text', text: this.#text, annotations: [], logprobs: [...this.#logprobs] };
  }
}

/**
 * What the model wrote for itself: the item's content, or its summary where a client asked for one. A summary leaves
 * nothing out: to sum up, a model would have to write more.
 */
export class ReasoningItemWriter implements OutputItemWriter {
  readonly type = 'reasoning';
  readonly #position: ItemPosition;
  readonly #isSummary: boolean;
  readonly #fields: ItemFields;
  #text = '';
  #hasPart = false;

  constructor(position: ItemPosition, isSummary: boolean) {
    this.#position = position;
    this.#isSummary = isSummary;
    this.#fields = fieldsOf(this.type, position);
  }

  item(status: ItemStatus): OutputItem {
    const text = this.#text;
    const content = this.#hasPart && !this.#isSummary ? [{ type: 'reasoning_text' as const, text }] : [];
    const summary = this.#hasPart && this.#isSummary ? [{ type: 'summary_text' as const, text }] : [];
    return { type: this.type, id: this.#fields.item_id, status, summary, content };
  }

  open(): UnnumberedEvent[] {
    const item = added(this, this.#position);
    this.#hasPart = true;
    const text = this.#text;
    if (this.#isSummary) {
      const part = { type: 'summary_text' as const, text };
      return [item, { type: 'response.reasoning_summary_part.added', ...this.#ofSummary, part }];
    }
    const part = { type: 'reasoning_text' as const, text };
    return [item, { type: 'response.content_part.added', ...this.#ofContent, part }];
  }

  add(delta: string): UnnumberedEvent[] {
    this.#text += delta;
    return this.#isSummary
      ? [{ type: 'response.reasoning_summary_text.delta', ...this.#ofSummary, delta }]
      : [{ type: 'response.reasoning_text.delta', ...this.#ofContent, delta }];
  }

  close(status: ItemStatus): UnnumberedEvent[] {
    const text = this.#text;
    const last = done(this, this.#position, status);
    if (this.#isSummary) {
      const part = { type: 'summary_text' as const, text };
      const cut = status === 'incomplete' ? { status } : {};
      return [
        { type: 'response.reasoning_summary_text.done', ...this.#ofSummary, text },
        { type: 'response.reasoning_summary_part.done', ...this.#ofSummary, part, ...cut },
        last,
      ];
    }
    const part = { type: 'reasoning_text' as const, text };
    return [
      { type: 'response.reasoning_text.done', ...this.#ofContent, text },
      { type: 'response.content_part.done', ...this.#ofContent, part },
      last,
    ];
  }

  get #ofContent(): ItemFields & { content_index: number } {
    return { ...this.#fields, content_index: PART_INDEX };
  }

  get #ofSummary(): ItemFields & { summary_index: number } {
    return { ...this.#fields, summary_index: PART_INDEX };
  }
}

/** A call of a tool. */
export class CallItemWriter implements OutputItemWriter {
  readonly type = 'function_call';
  /** Which of the answer's calls it is. */
  readonly callIndex: number;
  readonly #position: ItemPosition;
  readonly #fields: ItemFields;
  readonly #call: { call_id: string; name: string };
  #arguments = '';

  constructor(
    position: ItemPosition,
    { callIndex, id, name }: { callIndex: number; id: string; name: string },
  ) {
    this.callIndex = callIndex;
    this.#position = position;
    this.#fields = fieldsOf(this.type, position);
    this.#call = { call_id: id, name };
  }

  item(status: ItemStatus): OutputItem {
    return { type: this.type, id: this.#fields.item_id, ...this.#call, arguments: this.#arguments, status };
  }

  open(): UnnumberedEvent[] {
    return [added(this, this.#position)];
  }

  add(delta: string): UnnumberedEvent[] {
    this.#arguments += delta;
    return [{ type: 'response.function_call_arguments.delta', ...this.#fields, delta }];
  }

  close(status: ItemStatus): UnnumberedEvent[] {
    const { name } = this.#call;
    return [
      {
        type: 'response.function_call_arguments.done',
        ...this.#fields,
        name,
        arguments: this.#arguments,
      },
      done(this, this.#position, status),
    ];
  }
}
