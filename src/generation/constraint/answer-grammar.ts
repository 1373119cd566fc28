import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import type { ReasoningFormat, ToolFormat } from '../../chat-template/format/chat-format.ts';
import type { StepBudget } from '../../step-budget.ts';
import type { ToolChoice, ToolDefinition } from '../tools.ts';
import {
  choice,
  optional,
  repeat,
  sequence,
  tagText,
  textBefore,
  type TagTokens,
  NO_PARAMETERS,
  parametersParam,
} from './argument-list.ts';
import { gemmaArguments, pythonicArguments } from './literal-arguments.ts';
import { taggedArguments } from './tagged-arguments.ts';

interface CallGrammarOptions {
  readonly format: ToolFormat;
  readonly tools: readonly ToolDefinition[];
  /** Several calls, where the model's format has a way for them. */
  readonly allowsSeveral: boolean;
  /** Whether a tool's arguments are held to its schema; else they are any JSON object. */
  readonly isStrict: (tool: ToolDefinition) => boolean;
  readonly tokens: TagTokens;
  /** Of reading the tools' schemas. */
  readonly budget: StepBudget;
}

/** Calls of tools, one at least, from the format's opening to its end. */
function callGrammar({
  format,
  tools,
  allowsSeveral,
  isStrict,
  tokens,
  budget,
}: CallGrammarOptions): GrammarSpec {
  const call = choice(tools.map((tool) => oneCall(format, tool, isStrict(tool), { tokens, budget })));
  const { open, close, separator } = format;
  const more =
    allowsSeveral && separator !== undefined
      ? [repeat(sequence(tagText(separator, tokens), call), 0, undefined)]
      : [];
  return sequence(tagText(open, tokens), call, more, tagText(close, tokens));
}

function oneCall(
  format: ToolFormat,
  tool: ToolDefinition,
  isStrict: boolean,
  context: Pick<CallGrammarOptions, 'tokens' | 'budget'>,
): GrammarSpec {
  const { tokens, budget } = context;
  const around = (nameClose: string, args: GrammarSpec): GrammarSpec =>
    sequence(
      tagText(format.callOpen + tool.name + nameClose, tokens),
      args,
      tagText(format.callClose, tokens),
    );
  switch (format.shape) {
    case 'json':
    case 'namedJson':
      return around(format.nameClose, jsonArguments(tool, isStrict));
    case 'tagged':
      return around(format.nameClose, taggedArguments(format, tool, isStrict, context));
    case 'pythonic':
      return around('(', pythonicArguments(tool, budget));
    case 'gemma':
      return around('{', gemmaArguments(tool, format.quote, context));
  }
}

function jsonArguments(tool: ToolDefinition, isStrict: boolean): GrammarSpec {
  if (!isStrict) return { type: 'jsonObject' };
  return { type: 'jsonSchema', schema: tool.parameters ?? NO_PARAMETERS, param: parametersParam(tool) };
}

export interface AnswerGrammarOptions {
  /** Those that the model is told of, and how it calls them; empty: none. */
  readonly tools: readonly ToolDefinition[];
  readonly format: ToolFormat | undefined;
  readonly toolChoice: ToolChoice;
  readonly allowsParallelCalls: boolean;
  readonly outputFormat: GrammarSpec | undefined;
  readonly reasoning: ReasoningFormat | undefined;
  /** Where the prompt ends: before any reasoning, in the midst of it, or behind it. */
  readonly reasoningState: 'before' | 'inside' | 'behind';
  readonly tokens: TagTokens;
  /** Of reading the tools' schemas. */
  readonly budget: StepBudget;
}

/** Line breaks that templates write behind reasoning. */
const MAX_LINE_BREAKS = 2;

/**
 * What an answer must look like; undefined: any text.
 * @throws EngineError `invalid_request` naming the tool's schema that takes too many steps to read
 */
export function answerGrammar(options: AnswerGrammarOptions): GrammarSpec | undefined {
  const { format, tools, outputFormat } = options;
  const answer =
    format === undefined || tools.length === 0 ? outputFormat : toolAnswer({ ...options, format });
  return answer === undefined ? undefined : withReasoning(answer, options);
}

function toolAnswer(options: AnswerGrammarOptions & { format: ToolFormat }): GrammarSpec | undefined {
  const { tools, format, toolChoice, allowsParallelCalls, tokens, budget } = options;
  const calls = { format, allowsSeveral: allowsParallelCalls, tokens, budget };
  switch (toolChoice.type) {
    case 'none':
      return options.outputFormat;
    case 'required':
      return callGrammar({ ...calls, tools, isStrict: () => true });
    case 'named': {
      const named = tools.filter(({ name }) => name === toolChoice.name);
      return callGrammar({ ...calls, tools: named, allowsSeveral: false, isStrict: () => true });
    }
    case 'auto':
      return autoAnswer(options);
  }
}

/**
 * Where the model decides, text is free up to the opening tag of a call. From there on the name is that of a tool and the
 * arguments are a JSON object; of tools that are `strict` they are held to the schema, as in vLLM.
 */
function autoAnswer(options: AnswerGrammarOptions & { format: ToolFormat }): GrammarSpec | undefined {
  const { tools, format, allowsParallelCalls, outputFormat, tokens, budget } = options;
  const isGeneric = format.shape === 'json' && format.isGeneric;
  const isStrict = (tool: ToolDefinition): boolean => tool.strict === true;
  const hasStrict = tools.some(isStrict);
  const isLiteral = format.shape === 'pythonic' || format.shape === 'gemma';
  const isFree = (format.isBare && !isGeneric) || (isLiteral && !hasStrict);
  // Without a tag any text may be a call, and free text is any: there is nothing to hold to.
  if (isFree && outputFormat === undefined) return undefined;
  const calls = callGrammar({ format, tools, allowsSeveral: allowsParallelCalls, isStrict, tokens, budget });
  if (outputFormat !== undefined) return choice([calls, outputFormat]);
  if (isGeneric) return choice([calls, WRAPPED_REPLY]);
  return sequence(textBefore(format.openings, tokens), optional(calls));
}

const WRAPPED_REPLY: GrammarSpec = sequence(
  { type: 'literal', text: '{"response": ' },
  { type: 'jsonSchema', schema: { type: 'string' }, param: 'tools' },
  { type: 'literal', text: '}' },
);

function withReasoning(
  answer: GrammarSpec,
  { reasoning, reasoningState, tokens }: AnswerGrammarOptions,
): GrammarSpec {
  if (reasoning === undefined || reasoningState === 'behind') return answer;
  const { opening, closing } = reasoning;
  const lineBreaks = repeat({ type: 'literal', text: '\n' }, 0, MAX_LINE_BREAKS);
  const thought = sequence(textBefore([closing], tokens), tagText(closing, tokens), lineBreaks);
  if (reasoningState === 'inside') return sequence(thought, answer);
  return sequence(optional(sequence(tagText(opening, tokens), thought)), answer);
}
