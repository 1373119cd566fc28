import * as z from 'zod';
import type { RequestRecord, Usage } from '../../../src/engine/engine.ts';
import { assertInvariant, EngineError } from '../../../src/errors.ts';
import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import { toUsageBody } from '../../openai/schemas/completion-writer.ts';
import { usageSchema } from '../../openai/schemas/completions.ts';
import { parseToolArguments } from '../../shared/schemas/tools.ts';

const finishReasonSchema = z
  .enum(['stop', 'length', 'tool_calls', 'abort'])
  .meta({ description: '`abort`: cancelled by DELETE /v1/requests/{id} or by shutdown.' });

const callSchema = z.object({
  name: z.string(),
  arguments: z
    .union([z.record(z.string(), z.unknown()), z.string()])
    .meta({ description: 'An object; text where `max_tokens` cut it off.' }),
});

const reasoningText = z.string().meta({ description: 'What the model wrote for itself before it answered.' });

export const workersAiResultSchema = z
  .object({
    response: z
      .unknown()
      .meta({ description: 'The text; null if there are only calls; with JSON asked for, the parsed JSON.' }),
    tool_calls: z.array(callSchema).optional(),
    finish_reason: finishReasonSchema,
    usage: usageSchema,
    choices: z
      .array(
        z.object({
          index: z.int(),
          message: z.object({ role: z.literal('assistant'), reasoning_content: reasoningText }),
          finish_reason: finishReasonSchema,
        }),
      )
      .optional()
      .meta({ description: "Only with reasoning, which Cloudflare's clients look for here." }),
  })
  .meta({ id: 'WorkersAiResult' });

export const workersAiResponseSchema = z
  .object({
    result: workersAiResultSchema,
    success: z.literal(true),
    errors: z.array(z.never()),
    messages: z.array(z.string()),
  })
  .meta({ id: 'WorkersAiResponse' });

const callPieceSchema = z.object({
  index: z.int(),
  id: z.string().nullable().optional(),
  type: z.literal('function').nullable().optional(),
  function: z.object({ name: z.string().nullable().optional(), arguments: z.string().optional() }),
});

/** What each `data:` line of a stream holds, apart from `[DONE]` and an error. */
export const workersAiChunkSchema = z
  .object({
    response: z.string().meta({ description: 'The next piece of the text, of JSON too.' }),
    p: z.string().optional().meta({ description: 'Padding that hides the length of a token.' }),
    tool_calls: z.array(callPieceSchema).optional().meta({
      description:
        'A call begins with its id and name, goes on with pieces of its arguments, and ends with an entry of nulls.',
    }),
    choices: z
      .array(z.object({ index: z.int(), delta: z.object({ reasoning_content: reasoningText }) }))
      .optional()
      .meta({ description: 'The next piece of the reasoning.' }),
    finish_reason: finishReasonSchema.optional().meta({ description: 'In the last frame.' }),
    usage: usageSchema.optional().meta({ description: 'In the last frame.' }),
  })
  .meta({ id: 'WorkersAiChunk' });

export type WorkersAiBody = z.output<typeof workersAiResponseSchema>;
export type WorkersAiResult = z.output<typeof workersAiResultSchema>;
export type WorkersAiChunk = z.output<typeof workersAiChunkSchema>;
type FinishReason = z.output<typeof finishReasonSchema>;

/** What Cloudflare puts around a result. */
const toEnvelope = <Result>(
  result: Result,
): { result: Result; success: true; errors: never[]; messages: string[] } => ({
  result,
  success: true,
  errors: [],
  messages: [],
});

/** What stands around a result: Cloudflare's envelope, or nothing for its binding. */
export type Wrapping = 'envelope' | 'bare';

export const wrap = (result: object, wrapping: Wrapping): object =>
  wrapping === 'bare' ? result : toEnvelope(result);

type AnswerEvent = Exclude<GenerationEvent, { type: 'prompt' }>;

const toFinishReason = (finish: GenerationFinish): FinishReason =>
  finish === 'toolCalls' ? 'tool_calls' : finish;

interface WorkersAiView {
  /** Else the answer is gathered. */
  readonly isStreamed: boolean;
  /** The text is JSON, which an answer in one piece has parsed. */
  readonly isJson: boolean;
  /** What the request asked for, for messages. */
  readonly maxTokens: number;
  /** Of an answer in one piece; by default an envelope. */
  readonly wrapping?: Wrapping;
  /** What an answer in one piece becomes, where the task has a form of its own. */
  readonly toResult?: ((result: WorkersAiResult) => object) | undefined;
}

/** Turns events into Cloudflare's frames of text, reasoning and calls, or into its result. */
export class WorkersAiWriter {
  readonly #view: WorkersAiView;
  #finish: GenerationFinish = 'abort';
  #openCall: number | undefined;
  #text = '';
  #reasoning = '';
  readonly #calls: { name: string; text: string }[] = [];
  #usage: Usage | undefined;

  constructor(view: WorkersAiView) {
    this.#view = view;
  }

  open(): WorkersAiChunk[] {
    return [];
  }

  write(event: GenerationEvent): WorkersAiChunk[] {
    assertInvariant(event.type !== 'prompt' && event.index === 0, 'there is one choice');
    if (event.type === 'finish') this.#finish = event.finish;
    if (this.#view.isStreamed) return this.#toChunks(event);
    this.#gather(event);
    return [];
  }

  /** The last frame carries the usage without being asked. */
  close({ usage }: Pick<RequestRecord, 'usage'>): WorkersAiChunk[] {
    this.#usage = usage;
    return [{ response: '', finish_reason: toFinishReason(this.#finish), usage: toUsageBody(usage) }];
  }

  get body(): object {
    return wrap(this.result, this.#view.wrapping ?? 'envelope');
  }

  /** @throws EngineError `output_incomplete` for JSON that did not come to its end */
  get result(): object {
    const { toResult } = this.#view;
    return toResult === undefined ? this.#textResult() : toResult(this.#textResult());
  }

  #textResult(): WorkersAiResult {
    assertInvariant(this.#usage !== undefined, 'an answer is closed before it is read as a whole');
    const finishReason = toFinishReason(this.#finish);
    return {
      response: this.#response(),
      ...(this.#calls.length === 0 ? {} : { tool_calls: this.#calls.map(toCall) }),
      finish_reason: finishReason,
      usage: toUsageBody(this.#usage),
      ...(this.#reasoning === '' ? {} : { choices: [this.#reasoningChoice(finishReason)] }),
    };
  }

  #gather(event: AnswerEvent): void {
    switch (event.type) {
      case 'content':
        this.#text += event.text;
        break;
      case 'reasoning':
        this.#reasoning += event.text;
        break;
      case 'callStart':
        this.#calls.push({ name: event.name, text: '' });
        break;
      case 'callArguments': {
        const call = this.#calls[event.callIndex];
        if (call !== undefined) call.text += event.text;
      }
    }
  }

  #response(): unknown {
    const { isJson, maxTokens } = this.#view;
    if (this.#calls.length > 0) return this.#text === '' ? null : this.#text;
    if (!isJson) return this.#text;
    const parsed = parseJson(this.#text);
    if (parsed !== undefined) return parsed;
    const reason = this.#finish === 'length' ? `max_tokens (${maxTokens}) was reached` : 'the answer ended';
    throw new EngineError(
      'output_incomplete',
      `JSON Mode couldn't be met: ${reason} before the JSON came to its end; raise max_tokens, or ask for less`,
      { param: 'max_tokens' },
    );
  }

  /** An event makes as many as it takes; text that shows nothing yet makes none. */
  #toChunks(event: AnswerEvent): WorkersAiChunk[] {
    switch (event.type) {
      case 'content':
        return event.text === '' ? [] : [...this.#closeCall(), toTextChunk(event.text)];
      case 'reasoning':
        return event.text === '' ? [] : [toReasoningChunk(event.text)];
      case 'callStart': {
        const { callIndex: index, id, name } = event;
        const start = toCallChunk({ index, id, type: 'function', function: { name } });
        return [...this.#closeCall(index), start];
      }
      case 'callArguments':
        if (event.text === '') return [];
        return [toCallChunk({ index: event.callIndex, function: { arguments: event.text } })];
      case 'finish':
        return this.#closeCall();
    }
  }

  #closeCall(nextIndex?: number): WorkersAiChunk[] {
    const index = this.#openCall;
    this.#openCall = nextIndex;
    if (index === undefined) return [];
    return [toCallChunk({ index, id: null, type: null, function: { name: null } })];
  }

  #reasoningChoice(finishReason: FinishReason): NonNullable<WorkersAiResult['choices']>[number] {
    const message = { role: 'assistant' as const, reasoning_content: this.#reasoning };
    return { index: 0, message, finish_reason: finishReason };
  }
}

function toCall({ name, text }: { name: string; text: string }): z.output<typeof callSchema> {
  return { name, arguments: parseToolArguments(text) ?? text };
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const PADDING = 'abcdefghijklmnopqrstuvwxyz0123456789';
const FRAME_STEP = 32;

/** A frame of text, padded so that its size does not tell which token is in it. */
const toTextChunk = (response: string): WorkersAiChunk => ({ response, p: paddingFor(response) });

const toReasoningChunk = (text: string): WorkersAiChunk => ({
  response: '',
  choices: [{ index: 0, delta: { reasoning_content: text } }],
  p: paddingFor(text),
});

function toCallChunk(piece: z.output<typeof callPieceSchema>): WorkersAiChunk {
  const { arguments: text } = piece.function;
  return { response: '', tool_calls: [piece], ...(text === undefined ? {} : { p: paddingFor(text) }) };
}

function paddingFor(text: string): string {
  const numBytes = Buffer.byteLength(JSON.stringify(text));
  return PADDING.slice(0, FRAME_STEP - (numBytes % FRAME_STEP));
}
