import type { GrammarSpec } from '../../grammar/grammar-spec.ts';
import type { ToolFormat } from '../../chat-template/format/chat-format.ts';
import type { ToolDefinition } from '../tools.ts';
import type { StepBudget } from '../../step-budget.ts';
import { NO_PARAMETERS, parametersParam } from './argument-list.ts';
import { gemmaArguments, pythonicArguments } from './literal-arguments.ts';
import { choice, repeat, sequence, tagText, type TagTokens } from './tag-text.ts';
import { taggedArguments } from './tagged-arguments.ts';

export interface CallGrammarOptions {
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
export function callGrammar({
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
