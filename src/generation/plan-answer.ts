import type { Engine, ReasoningSpan } from '../engine/engine.ts';
import type { GrammarSpec } from '../grammar/grammar-spec.ts';
import { StepBudget } from '../step-budget.ts';
import { AnswerReader } from './answer-reader.ts';
import { answerGrammar } from './constraint/answer-grammar.ts';
import { parameterTypes, tagTokensIn } from './constraint/argument-list.ts';
import type { Conversation, GenerationRequest } from './generation-request.ts';
import type { RenderedConversation } from './render-conversation.ts';

/** What of an engine's request depends on the model's template, and what reads the answer. */
export interface AnswerPlan {
  /** What all of the text must look like, calls and reasoning included; undefined: any text. */
  readonly format: GrammarSpec | undefined;
  /** The client asked for what the format holds the text to, so a text without room for it is of no use. */
  readonly needsRoom: boolean;
  /** Tags that are special tokens, and stay in the text for the reader. */
  readonly shownTokenIds?: ReadonlySet<number>;
  /** Where an answer may begin with reasoning. */
  readonly reasoningSpan?: ReasoningSpan;
  /** Undefined: the text is content, as it comes. */
  readonly reader: AnswerReader | undefined;
  /** Stop strings that the client did not ask for, and is not told of. */
  readonly ownStops: readonly string[];
}

/** Of reading the schemas of all tools of a request; it takes some 10 ms. Schemas as they are written take some hundreds. */
const MAX_SCHEMA_STEPS = 2 ** 15;

/**
 * How the answer to a conversation is held to its tools and format, and how it is read.
 *
 * @throws EngineError `invalid_request` for a tool's schema that takes too many steps to read
 */
export function planAnswer(
  { tokenizer }: Engine,
  { params, format: outputFormat }: GenerationRequest,
  conversation: Conversation,
  rendered: RenderedConversation,
): AnswerPlan {
  const { toolChoice, allowsParallelCalls } = conversation;
  const { tools, toolFormat, reasoning, reasoningState } = rendered;
  const budget = new StepBudget(MAX_SCHEMA_STEPS);
  const tokens = tagTokensIn(tagsOf(rendered), tokenizer.specialTokens);
  const ownStops = [...(toolFormat?.stops ?? []), ...rendered.stopStrings].filter(
    (text) => !params.stop.includes(text),
  );
  const reader = readerOf(rendered, allowsParallelCalls, budget);
  const format = answerGrammar({
    tools,
    format: toolFormat,
    toolChoice,
    allowsParallelCalls,
    outputFormat,
    reasoning,
    reasoningState,
    tokens,
    budget,
  });
  const reasoningSpan = spanOf(rendered, conversation);
  return {
    format,
    needsRoom: outputFormat !== undefined || toolChoice.type === 'required' || toolChoice.type === 'named',
    ownStops,
    ...(tokens.size === 0 ? {} : { shownTokenIds: new Set(tokens.values()) }),
    ...(reasoningSpan === undefined ? {} : { reasoningSpan }),
    reader,
  };
}

function readerOf(
  { tools, toolFormat, reasoning, reasoningState, wrapsReply }: RenderedConversation,
  allowsParallelCalls: boolean,
  budget: StepBudget,
): AnswerReader | undefined {
  if (toolFormat === undefined && reasoning === undefined) return undefined;
  const isTagged = toolFormat?.shape === 'tagged';
  return new AnswerReader({
    tools: toolFormat,
    parameters: new Map(
      tools.map((tool) => [tool.name, isTagged ? parameterTypes(tool, budget) : new Map()]),
    ),
    wrapsReply,
    reasoning,
    startsInReasoning: reasoningState === 'inside',
    maxCalls: allowsParallelCalls ? Infinity : 1,
  });
}

/** The texts that may hold special tokens. */
function tagsOf({ toolFormat, reasoning }: RenderedConversation): string[] {
  const ofReasoning = reasoning === undefined ? [] : [reasoning.opening, reasoning.closing];
  const texts: readonly unknown[] = Object.values(toolFormat ?? {}).flat();
  return [...ofReasoning, ...texts.filter((text) => typeof text === 'string')];
}

function spanOf(
  { reasoning, reasoningState }: RenderedConversation,
  { reasoning: { maxTokens } }: Conversation,
): ReasoningSpan | undefined {
  if (reasoning === undefined || reasoningState === 'behind') return undefined;
  const { opening, closing } = reasoning;
  return { opening, closing, startsInside: reasoningState === 'inside', maxTokens };
}
