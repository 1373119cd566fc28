import type { Completion, SampledToken } from '../engine/engine.ts';
import type { ChatMessage } from '../engine/engine.ts';
import type { CompletionDemand } from '../engine/client/start-completion.ts';
import type { EncodedPrompt } from '../engine/client/encode-prompts.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import type { ToolChoice, ToolDefinition } from './tools.ts';

/**
 * A chat as every API of the service has it: what a route asks for, and what it gets back. The four APIs differ only in
 * how they write these on the wire.
 */

/** `toolCalls`: the model called a tool, and waits for its result. */
export type AnswerFinish = 'stop' | 'length' | 'abort' | 'toolCalls';

/**
 * What became final of an answer. `index` is the choice; `tokens` are those that came with the event, also where they
 * made no text of it (a marker, part of a character). Texts of one kind follow each other in pieces.
 */
export type AnswerEvent =
  /** What the model wrote for itself before it answered. */
  | AnswerText<'reasoning'>
  /** What is for the reader. */
  | AnswerText<'content'>
  /** A call begins: `callIndex` counts those of the choice from 0; id and name come once and whole. */
  | {
      readonly type: 'callStart';
      readonly index: number;
      readonly callIndex: number;
      readonly id: string;
      readonly name: string;
      readonly tokens: readonly SampledToken[];
    }
  /** The next piece of the call's arguments; all of them together are the text of a JSON object. */
  | (AnswerText<'callArguments'> & { readonly callIndex: number })
  /** The choice is over. After an error there is none: the iteration throws. */
  | {
      readonly type: 'finish';
      readonly index: number;
      readonly finish: AnswerFinish;
      /** The stop string that ended it. */
      readonly stopString?: string;
    };

interface AnswerText<Type extends string> {
  readonly type: Type;
  readonly index: number;
  readonly text: string;
  readonly tokens: readonly SampledToken[];
}

/** What a chat route wants. */
export interface AnswerDemand extends Omit<
  CompletionDemand,
  'prompts' | 'promptField' | 'isRendered' | 'grammar'
> {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDefinition[];
  readonly toolChoice: ToolChoice;
  /** False: at most one call. */
  readonly allowsParallelCalls: boolean;
  /** What the content must look like; undefined: any text. */
  readonly outputFormat: GrammarSpec | undefined;
  readonly reasoning: ReasoningDemand;
  /** Further variables for the model's template (`chat_template_kwargs`). */
  readonly templateArguments: Readonly<Record<string, unknown>>;
}

export interface ReasoningDemand {
  /** Undefined: as the template has it. */
  readonly isEnabled: boolean | undefined;
  /** Most tokens of it; then the model goes on with its answer. Undefined: no bound of its own. */
  readonly maxTokens: number | undefined;
}

export interface StartedAnswer {
  readonly completion: Completion;
  /** Iterate it once, in place of the completion. Throws what the completion throws. */
  readonly events: AsyncIterable<AnswerEvent>;
  readonly prompt: EncodedPrompt;
  readonly demand: AnswerDemand;
}
