import { invalidField } from '../errors.ts';
import type { ReasoningFormat, ToolFormat } from '../text/chat-format/chat-format.ts';
import type { ChatTemplate, TextCaller } from '../text/chat-template.ts';
import type { TemplateTool } from '../tokenizer/chat-template-renderer.ts';
import type { AnswerDemand } from './answer.ts';
import type { AnswerGrammarOptions } from './constraint/answer-grammar.ts';
import { NO_PARAMETERS } from './constraint/argument-list.ts';
import type { ToolDefinition } from './tools.ts';

/** How an answer is asked for and read. */
export interface AnswerPlan {
  readonly prompt: string;
  readonly tools: readonly ToolDefinition[];
  /** Undefined: no tools are offered. */
  readonly format: ToolFormat | undefined;
  readonly reasoning: ReasoningFormat | undefined;
  readonly reasoningState: AnswerGrammarOptions['reasoningState'];
  readonly wrapsReply: boolean;
}

/**
 * The tools that the model is told of.
 *
 * @throws EngineError `invalid_request` for a tool choice that names no tool
 */
export function offeredTools({ tools, toolChoice }: AnswerDemand): readonly ToolDefinition[] {
  if (toolChoice.type === 'none') return [];
  if (toolChoice.type === 'named' && !tools.some(({ name }) => name === toolChoice.name)) {
    throw invalidField('tool_choice', `names '${toolChoice.name}', which is none of the tools`);
  }
  if (toolChoice.type === 'required' && tools.length === 0) {
    throw invalidField('tool_choice', 'is required, but there are no tools');
  }
  return tools;
}

interface PlanInput {
  demand: AnswerDemand;
  tools: readonly ToolDefinition[];
  template: ChatTemplate;
  textCaller: TextCaller;
}

/** Renders a conversation, and finds how its answer is to be read. */
export async function planAnswer({ demand, tools, template, textCaller }: PlanInput): Promise<AnswerPlan> {
  const reasoning = await template.reasoningFormat(textCaller);
  const format = tools.length === 0 ? undefined : await template.toolFormat(textCaller);
  // A reply in a format of its own is told from a call by its first characters.
  const wrapsReply = demand.outputFormat === undefined && demand.toolChoice.type === 'auto';
  const rendered = await template.render(
    {
      messages: demand.messages,
      tools: tools.map(toTemplateTool),
      templateArguments: withReasoningVariable(demand, reasoning),
      wrapsReply,
    },
    textCaller,
  );
  const prompt = reasoning === undefined ? rendered : withoutReasoning(rendered, demand, reasoning);
  const end = prompt.trimEnd();
  const reasoningState =
    reasoning === undefined || end.endsWith(reasoning.closing)
      ? 'behind'
      : end.endsWith(reasoning.opening)
        ? 'inside'
        : 'before';
  return { prompt, tools, format, reasoning, reasoningState, wrapsReply };
}

/** Templates read `parameters` of every tool. */
const toTemplateTool = ({ name, description, parameters = NO_PARAMETERS }: ToolDefinition): TemplateTool => ({
  type: 'function',
  function: { name, ...(description === undefined ? {} : { description }), parameters },
});

/** What a client writes into the template's own variable counts. */
function withReasoningVariable(
  { templateArguments, reasoning: { isEnabled } }: AnswerDemand,
  reasoning: ReasoningFormat | undefined,
): Readonly<Record<string, unknown>> {
  if (isEnabled === undefined || reasoning?.variable === undefined) return templateArguments;
  return { [reasoning.variable]: isEnabled, ...templateArguments };
}

/**
 * The prompt of a model that is not to reason. Where its template has no variable for that, the prompt goes on with
 * reasoning that is empty and over, as the templates that have one write it.
 */
function withoutReasoning(
  prompt: string,
  { reasoning: { isEnabled } }: AnswerDemand,
  { opening, closing, variable }: ReasoningFormat,
): string {
  if (isEnabled !== false || variable !== undefined) return prompt;
  const end = prompt.trimEnd();
  if (end.endsWith(closing)) return prompt;
  const start = end.endsWith(opening) ? end : prompt + opening;
  return `${start}\n\n${closing}\n\n`;
}
