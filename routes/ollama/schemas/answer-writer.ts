import * as z from 'zod';
import type { RequestRecord } from '../../../src/engine/engine.ts';
import { assertInvariant } from '../../../src/errors.ts';
import type { GenerationEvent, GenerationFinish } from '../../../src/generation/generation-event.ts';
import { parseToolArguments } from '../../shared/schemas/tools.ts';

/**
 * An answer in one piece, and each line of a streamed one; the last line has the counts. The document names only what
 * every line has: what else there is, Ollama's own documentation tells.
 */
export const lineSchema = z
  .looseObject({ model: z.string(), created_at: z.string(), done: z.boolean() })
  .meta({ id: 'OllamaAnswer' });

interface ToolCall {
  readonly id: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: object };
}

/** What the last line has beside. Durations are in nanoseconds. */
interface Ending {
  readonly done_reason: 'stop' | 'length' | 'load' | 'abort';
  readonly total_duration?: number;
  readonly load_duration?: number;
  readonly prompt_eval_count?: number;
  readonly prompt_eval_duration?: number;
  readonly eval_count?: number;
  readonly eval_duration?: number;
  /** Of a prompt: what Ollama goes on from. There is nothing of it here, but clients want a list. */
  readonly context?: readonly [];
}

export interface Line extends Partial<Ending> {
  readonly model: string;
  readonly created_at: string;
  readonly done: boolean;
  /** Of a chat. */
  readonly message?: {
    readonly role: 'assistant';
    readonly content: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly ToolCall[];
  };
  /** Of a prompt. */
  readonly response?: string;
  readonly thinking?: string;
}

/** What one line says. */
interface Said {
  readonly content: string;
  readonly thinking?: string;
  readonly calls?: readonly ToolCall[];
}

/** How an answer is shown, apart from its events. */
export interface LineView {
  readonly kind: 'chat' | 'generate';
  /** As the client called it. */
  readonly model: string;
  readonly loadMs: number;
  readonly elapsedMs: () => number;
}

const NS_PER_MS = 1e6;
const toNs = (ms: number): number => Math.round(ms * NS_PER_MS);

/** A line with a part of the answer, which may be empty. */
export function toLine({ kind, model }: Pick<LineView, 'kind' | 'model'>, said: Said): Line {
  const head = { model, created_at: new Date().toISOString() };
  const thought = said.thinking === undefined ? {} : { thinking: said.thinking };
  if (kind === 'generate') return { ...head, response: said.content, ...thought, done: false };
  const calls = said.calls === undefined ? {} : { tool_calls: said.calls };
  return {
    ...head,
    message: { role: 'assistant', content: said.content, ...thought, ...calls },
    done: false,
  };
}

/** Where nothing is asked the model is loaded, and that is told. */
export const toLoadedLine = (view: Pick<LineView, 'kind' | 'model'>): Line => ({
  ...toLine(view, { content: '' }),
  done: true,
  done_reason: 'load',
});

/** Turns the events of an answer into the lines of Ollama's API, and into the body of one in one piece. */
export class LineWriter {
  readonly #view: LineView;
  #content = '';
  #thinking = '';
  readonly #calls: ToolCall[] = [];
  #openCall: { readonly id: string; readonly name: string; json: string } | undefined;
  #finish: GenerationFinish = 'stop';
  #ending: Partial<Line> = {};

  constructor(view: LineView) {
    this.#view = view;
  }

  get body(): Line {
    const thought = this.#thinking === '' ? {} : { thinking: this.#thinking };
    const calls = this.#calls.length === 0 ? {} : { calls: this.#calls };
    return { ...toLine(this.#view, { content: this.#content, ...thought, ...calls }), ...this.#ending };
  }

  open(): Line[] {
    return [];
  }

  write(event: GenerationEvent): Line[] {
    assertInvariant(event.type !== 'prompt' && event.index === 0, 'an answer of Ollama has one choice');
    switch (event.type) {
      case 'reasoning':
        this.#thinking += event.text;
        return event.text === '' ? [] : [this.#line({ content: '', thinking: event.text })];
      case 'content':
        this.#content += event.text;
        return [...this.#endCall(), ...(event.text === '' ? [] : [this.#line({ content: event.text })])];
      case 'callStart': {
        const before = this.#endCall();
        this.#openCall = { id: event.id, name: event.name, json: '' };
        return before;
      }
      case 'callArguments':
        assertInvariant(this.#openCall !== undefined, 'arguments follow the start of their call');
        this.#openCall.json += event.text;
        return [];
      case 'finish':
        this.#finish = event.finish;
        return this.#endCall();
    }
  }

  close({ usage, timings }: Pick<RequestRecord, 'usage' | 'timings'>): Line[] {
    const { queueMs = 0, ttftMs, totalMs } = timings;
    this.#ending = {
      done: true,
      done_reason: this.#finish === 'toolCalls' ? 'stop' : this.#finish,
      total_duration: toNs(this.#view.elapsedMs()),
      load_duration: toNs(this.#view.loadMs),
      prompt_eval_count: usage.numPromptTokens,
      prompt_eval_duration: toNs(Math.max((ttftMs ?? totalMs) - queueMs, 0)),
      eval_count: usage.numGeneratedTokens,
      eval_duration: toNs(Math.max(totalMs - (ttftMs ?? totalMs), 0)),
      ...(this.#view.kind === 'generate' ? { context: [] } : {}),
    };
    return [{ ...toLine(this.#view, { content: '' }), ...this.#ending }];
  }

  /** Calls come whole: their arguments are an object. Of one that the end of the answer cut off there is none. */
  #endCall(): Line[] {
    const open = this.#openCall;
    if (open === undefined) return [];
    this.#openCall = undefined;
    const call = {
      id: open.id,
      function: {
        index: this.#calls.length,
        name: open.name,
        arguments: parseToolArguments(open.json) ?? {},
      },
    };
    this.#calls.push(call);
    return [this.#line({ content: '', calls: [call] })];
  }

  #line(said: Said): Line {
    return toLine(this.#view, said);
  }
}
