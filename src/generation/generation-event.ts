import type { SampledToken } from '../engine/engine.ts';

/** `toolCalls`: the model called a tool, and waits for its result. */
export type GenerationFinish = 'stop' | 'length' | 'abort' | 'toolCalls';

/**
 * What became final of an answer, in every API alike. `index` is the choice; `tokens` are those that came with the event,
 * also where they made no text of it (a marker, part of a character). Texts of one kind follow each other in pieces.
 */
export type GenerationEvent =
  /** Logprobs of a prompt's tokens, once for each prompt; the first token has none. */
  | { readonly type: 'prompt'; readonly promptIndex: number; readonly tokens: readonly SampledToken[] }
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
      readonly finish: GenerationFinish;
      /** The stop string that ended it. */
      readonly stopString?: string;
    };

interface AnswerText<Type extends string> {
  readonly type: Type;
  readonly index: number;
  readonly text: string;
  readonly tokens: readonly SampledToken[];
}
