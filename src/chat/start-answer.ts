import type { Completion, Engine } from '../engine/engine.ts';
import { startRenderedChat, type RenderedChat } from '../engine/client/start-chat.ts';
import type { Caller } from '../engine/client/start-completion.ts';
import { assertInvariant, invalidField } from '../errors.ts';
import type { ReasoningFormat, ToolFormat } from '../text/chat-format/chat-format.ts';
import type { ChatTemplate, TextCaller } from '../text/chat-template.ts';
import type { TemplateTool } from '../tokenizer/chat-template-renderer.ts';
import { checkTemplateArguments } from '../text/template-arguments.ts';
import { AnswerReader } from './answer-reader.ts';
import type { AnswerDemand, AnswerEvent, StartedAnswer } from './answer.ts';
import { answerGrammar, type AnswerGrammarOptions } from './constraint/answer-grammar.ts';
import { NO_PARAMETERS } from './constraint/argument-list.ts';
import { tagTokensIn, type TagTokens } from './constraint/tag-text.ts';
import type { ToolDefinition } from './tools.ts';

/**
 * Renders a conversation by the model's template, starts its completion, and reads reasoning, content and tool calls out
 * of what the model writes. With `tool_choice: none` the model is not told of the tools, and nothing is read as a call.
 *
 * @throws EngineError `invalid_request` for a tool choice that names no tool, or template arguments that cannot be taken;
 * as `startRenderedChat`
 */
export async function startAnswer(
  engine: Engine,
  demand: AnswerDemand,
  caller: Caller,
): Promise<StartedAnswer> {
  checkTemplateArguments(demand.templateArguments);
  const tools = offeredTools(demand);
  const request = toRequest(demand);
  let reader: AnswerReader | undefined;
  const { completion, prompts } = await startRenderedChat(
    engine,
    request,
    caller,
    async (template, textCaller) => {
      const plan = await planAnswer({ demand, tools, template, textCaller });
      const tokens = tagTokensIn(tagsOf(plan), engine.tokenizer.specialTokens);
      reader = toReader(plan, demand);
      return toChat(plan, demand, tokens);
    },
  );
  const [prompt] = prompts;
  assertInvariant(prompt !== undefined, 'a conversation is rendered as one prompt');
  return { completion, events: readAnswer(completion, reader), prompt, demand };
}

/** How an answer is asked for and read. */
interface AnswerPlan {
  readonly prompt: string;
  readonly tools: readonly ToolDefinition[];
  /** Undefined: no tools are offered. */
  readonly format: ToolFormat | undefined;
  readonly reasoning: ReasoningFormat | undefined;
  readonly reasoningState: AnswerGrammarOptions['reasoningState'];
  readonly wrapsReply: boolean;
}

/** The tools that the model is told of. */
function offeredTools({ tools, toolChoice }: AnswerDemand): readonly ToolDefinition[] {
  if (toolChoice.type === 'none') return [];
  if (toolChoice.type === 'named' && !tools.some(({ name }) => name === toolChoice.name)) {
    throw invalidField('tool_choice', `names '${toolChoice.name}', which is none of the tools`);
  }
  if (toolChoice.type === 'required' && tools.length === 0) {
    throw invalidField('tool_choice', 'is required, but there are no tools');
  }
  return tools;
}

/** What is of the chat alone; the engine keeps a request for a while. */
const CHAT_FIELDS = [
  'messages',
  'tools',
  'toolChoice',
  'allowsParallelCalls',
  'outputFormat',
  'reasoning',
  'templateArguments',
] as const;
type ChatField = (typeof CHAT_FIELDS)[number];

function toRequest(demand: AnswerDemand): Omit<AnswerDemand, ChatField> {
  const request: Omit<AnswerDemand, ChatField> & Partial<AnswerDemand> = { ...demand };
  for (const field of CHAT_FIELDS) Reflect.deleteProperty(request, field);
  return request;
}

interface PlanInput {
  demand: AnswerDemand;
  tools: readonly ToolDefinition[];
  template: ChatTemplate;
  textCaller: TextCaller;
}

async function planAnswer({ demand, tools, template, textCaller }: PlanInput): Promise<AnswerPlan> {
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

/** The texts that may hold special tokens. */
function tagsOf({ format, reasoning }: AnswerPlan): string[] {
  const ofReasoning = reasoning === undefined ? [] : [reasoning.opening, reasoning.closing];
  if (format === undefined) return ofReasoning;
  const texts: readonly unknown[] = Object.values(format).flat();
  return [...ofReasoning, ...texts.filter((text) => typeof text === 'string')];
}

/** Undefined: the text is content, as it comes. */
function toReader(plan: AnswerPlan, demand: AnswerDemand): AnswerReader | undefined {
  const { format, reasoning, reasoningState, tools, wrapsReply } = plan;
  if (format === undefined && reasoning === undefined) return undefined;
  return new AnswerReader({
    tools: format,
    parameters: new Map(tools.map(({ name, parameters = NO_PARAMETERS }) => [name, parameters])),
    wrapsReply,
    reasoning,
    startsInReasoning: reasoningState === 'inside',
    maxCalls: demand.allowsParallelCalls ? Infinity : 1,
    ownStops: ownStops(plan, demand),
  });
}

const ownStops = ({ format }: AnswerPlan, { stop }: AnswerDemand): string[] =>
  (format?.stops ?? []).filter((text) => !stop.includes(text));

function toChat(plan: AnswerPlan, demand: AnswerDemand, tokens: TagTokens): RenderedChat {
  const { toolChoice, allowsParallelCalls, outputFormat } = demand;
  const grammar = answerGrammar({ ...plan, toolChoice, allowsParallelCalls, outputFormat, tokens });
  const stops = ownStops(plan, demand);
  return {
    prompt: plan.prompt,
    ...(stops.length === 0 ? {} : { stop: [...demand.stop, ...stops] }),
    ...(tokens.size === 0 ? {} : { shownTokenIds: new Set(tokens.values()) }),
    ...(grammar === undefined ? {} : { grammar }),
  };
}

async function* readAnswer(
  completion: Completion,
  reader: AnswerReader | undefined,
): AsyncGenerator<AnswerEvent> {
  for await (const event of completion) {
    if (reader !== undefined) {
      yield* reader.read(event);
    } else if (event.type === 'delta') {
      const { index, text, tokens } = event;
      yield { type: 'content', index, text, tokens };
    } else if (event.type === 'finish' && event.finishReason !== 'error') {
      const { index, finishReason, stopString } = event;
      yield {
        type: 'finish',
        index,
        finish: finishReason,
        ...(stopString === undefined ? {} : { stopString }),
      };
    }
  }
}
