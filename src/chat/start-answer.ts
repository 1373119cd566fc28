import type { Completion, Engine } from '../engine/engine.ts';
import { startRenderedChat, type RenderedChat } from '../engine/client/start-chat.ts';
import type { Caller } from '../engine/client/start-completion.ts';
import { assertInvariant } from '../errors.ts';
import { StepBudget } from '../step-budget.ts';
import { checkTemplateArguments } from '../text/template-arguments.ts';
import { AnswerReader } from './answer-reader.ts';
import type { AnswerDemand, AnswerEvent, StartedAnswer } from './answer.ts';
import { answerGrammar } from './constraint/answer-grammar.ts';
import { parameterTypes } from './constraint/argument-list.ts';
import { tagTokensIn, type TagTokens } from './constraint/tag-text.ts';
import { offeredTools, planAnswer, type AnswerPlan } from './plan-answer.ts';

/**
 * Renders a conversation by the model's template, starts its completion, and reads reasoning, content and tool calls out
 * of what the model writes. With `tool_choice: none` the model is not told of the tools, and nothing is read as a call.
 *
 * @throws EngineError `invalid_request` for a tool choice that names no tool, template arguments that cannot be taken, or
 * a tool's schema that takes too many steps to read;
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
      const budget = new StepBudget(MAX_SCHEMA_STEPS);
      reader = toReader(plan, demand, budget);
      return toChat(plan, demand, { tokens, budget });
    },
  );
  const [prompt] = prompts;
  assertInvariant(prompt !== undefined, 'a conversation is rendered as one prompt');
  return { completion, events: readAnswer(completion, reader), prompt, demand };
}

/** Of reading the schemas of all tools of a request; it takes some 10 ms. Schemas as they are written take some hundreds. */
const MAX_SCHEMA_STEPS = 2 ** 15;

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

/** The texts that may hold special tokens. */
function tagsOf({ format, reasoning }: AnswerPlan): string[] {
  const ofReasoning = reasoning === undefined ? [] : [reasoning.opening, reasoning.closing];
  if (format === undefined) return ofReasoning;
  const texts: readonly unknown[] = Object.values(format).flat();
  return [...ofReasoning, ...texts.filter((text) => typeof text === 'string')];
}

/** Undefined: the text is content, as it comes. */
function toReader(plan: AnswerPlan, demand: AnswerDemand, budget: StepBudget): AnswerReader | undefined {
  const { format, reasoning, reasoningState, tools, wrapsReply } = plan;
  if (format === undefined && reasoning === undefined) return undefined;
  return new AnswerReader({
    tools: format,
    parameters: new Map(
      tools.map((tool) => [tool.name, format?.shape === 'tagged' ? parameterTypes(tool, budget) : new Map()]),
    ),
    wrapsReply,
    reasoning,
    startsInReasoning: reasoningState === 'inside',
    maxCalls: demand.allowsParallelCalls ? Infinity : 1,
    ownStops: ownStops(plan, demand),
  });
}

const ownStops = ({ format }: AnswerPlan, { stop }: AnswerDemand): string[] =>
  (format?.stops ?? []).filter((text) => !stop.includes(text));

function toChat(
  plan: AnswerPlan,
  demand: AnswerDemand,
  { tokens, budget }: { tokens: TagTokens; budget: StepBudget },
): RenderedChat {
  const { toolChoice, allowsParallelCalls, outputFormat } = demand;
  const grammar = answerGrammar({ ...plan, toolChoice, allowsParallelCalls, outputFormat, tokens, budget });
  const stops = ownStops(plan, demand);
  return {
    prompt: plan.prompt,
    ...(stops.length === 0 ? {} : { stop: [...demand.stop, ...stops] }),
    ...(tokens.size === 0 ? {} : { shownTokenIds: new Set(tokens.values()) }),
    ...(grammar === undefined ? {} : { grammar }),
    ...reasoningSpan(plan, demand),
  };
}

/** Where an answer may begin with reasoning. */
function reasoningSpan(
  { reasoning, reasoningState }: AnswerPlan,
  { reasoning: { maxTokens } }: AnswerDemand,
): Pick<RenderedChat, 'reasoningSpan'> {
  if (reasoning === undefined || reasoningState === 'behind') return {};
  const { opening, closing } = reasoning;
  return { reasoningSpan: { opening, closing, startsInside: reasoningState === 'inside', maxTokens } };
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
