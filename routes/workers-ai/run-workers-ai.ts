import type { AnswerEvent, AnswerFinish } from '../../src/chat/answer.ts';
import { startAnswer } from '../../src/chat/start-answer.ts';
import { embedTexts } from '../../src/engine/client/embed-texts.ts';
import {
  startCompletion,
  type Caller,
  type TokenAllowance,
} from '../../src/engine/client/start-completion.ts';
import type { Completion, Engine } from '../../src/engine/engine.ts';
import { workersAiRankingRequestSchema, type WorkersAiRankingInput } from './schemas/workers-ai-ranking.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { toWorkersAiDemand, workersAiRequestSchema, type WorkersAiInput } from './schemas/workers-ai.ts';
import { WorkersAiAnswer, type WorkersAiResult } from './schemas/workers-ai-answer.ts';
import {
  toEmbeddingResult,
  toEmbeddingTexts,
  workersAiEmbeddingRequestSchema,
  type WorkersAiEmbeddingInput,
  type WorkersAiEmbeddingResult,
} from './schemas/workers-ai-embeddings.ts';

/** What one path of Cloudflare's API does: the fields of the body say which. */
export type RunInput =
  | { readonly task: 'text'; readonly input: WorkersAiInput }
  | { readonly task: 'embedding'; readonly input: WorkersAiEmbeddingInput }
  | { readonly task: 'ranking'; readonly input: WorkersAiRankingInput };

const FIELDS = {
  text: workersAiRequestSchema.shape,
  embedding: workersAiEmbeddingRequestSchema.shape,
  ranking: workersAiRankingRequestSchema.shape,
};

function taskOf(body: Record<string, unknown>): RunInput['task'] {
  if ('text' in body) return 'embedding';
  return 'contexts' in body || 'query' in body ? 'ranking' : 'text';
}

/** Reads a body. @throws EngineError `invalid_request` */
export function parseRunInput(body: Record<string, unknown>): RunInput {
  const task = taskOf(body);
  if (task === 'embedding') return { task, input: parseInput(workersAiEmbeddingRequestSchema, body) };
  if (task === 'ranking') return { task, input: parseInput(workersAiRankingRequestSchema, body) };
  return { task, input: parseInput(workersAiRequestSchema, body) };
}

/**
 * A body that `parseRunInput` is to read later: of fields that there are not, the first stays, which is the one that the
 * refusal names, without its value.
 */
export function withoutUnknownValues(body: Record<string, unknown>): Record<string, unknown> {
  const fields = FIELDS[taskOf(body)];
  const entries = Object.entries(body);
  const known = entries.filter(([name]) => Object.hasOwn(fields, name));
  const [unknown] = entries.find(([name]) => !Object.hasOwn(fields, name)) ?? [];
  return Object.fromEntries(unknown === undefined ? known : [...known, [unknown, null]]);
}

/** An answer that is being computed. */
export interface RunningText {
  readonly completion: Completion;
  /** To be iterated once. */
  readonly events: AsyncIterable<AnswerEvent>;
  readonly isJson: boolean;
  readonly maxTokens: number;
}

/** @throws EngineError as `toWorkersAiDemand`, `startAnswer` and `startCompletion` */
export async function startText(
  engine: Engine,
  input: WorkersAiInput,
  timeoutMs: number,
  caller: Caller,
): Promise<RunningText> {
  const { chatTemplate } = engine.tokenizer;
  // A model that was not made to chat continues a prompt, whatever CHAT_TEMPLATE says of messages.
  const hasChatTemplate = chatTemplate !== undefined && chatTemplate.origin !== 'builtin';
  const { demand, isJson } = toWorkersAiDemand(input, timeoutMs, hasChatTemplate);
  const { maxTokens } = demand;
  if ('messages' in demand) {
    const { completion, events } = await startAnswer(engine, demand, caller);
    return { completion, events, isJson, maxTokens };
  }
  const { completion } = await startCompletion(engine, demand, caller);
  return { completion, events: toAnswerEvents(completion), isJson, maxTokens };
}

/** What a model wrote behind a text is content, all of it. */
async function* toAnswerEvents(completion: Completion): AsyncGenerator<AnswerEvent> {
  for await (const event of completion) {
    if (event.type === 'delta') {
      const { index, text, tokens } = event;
      yield { type: 'content', index, text, tokens };
    }
    if (event.type === 'finish' && event.finishReason !== 'error') {
      yield { type: 'finish', index: event.index, finish: event.finishReason };
    }
  }
}

/** The whole of an answer. @throws EngineError as the events, and as `WorkersAiAnswer.toResult` */
export async function collectText(running: RunningText): Promise<WorkersAiResult> {
  const answer = new WorkersAiAnswer();
  for await (const event of running.events) answer.add(event);
  return answer.toResult(running.completion.record().usage, running.isJson, running.maxTokens);
}

/** How an answer ended, as its last event says. */
export const finishOf = (event: AnswerEvent, before: AnswerFinish): AnswerFinish =>
  event.type === 'finish' ? event.finish : before;

/** @throws EngineError as `toEmbeddingTexts` and `embedTexts` */
export async function embed(
  engine: Engine,
  input: WorkersAiEmbeddingInput,
  timeoutMs: number,
  { clientId, budget, gone }: Pick<Caller, 'clientId' | 'gone'> & { readonly budget: TokenAllowance },
): Promise<WorkersAiEmbeddingResult> {
  const demand = { ...toEmbeddingTexts(input), timeoutMs, clientId, budget };
  return toEmbeddingResult(await embedTexts(engine, demand, gone));
}
