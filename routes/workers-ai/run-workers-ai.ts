import type { Caller, TokenAllowance } from '../../src/engine/caller.ts';
import { embedTexts } from '../../src/engine/client/texts/encode-prompts.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { startGeneration, type Generation } from '../../src/generation/start-generation.ts';
import { workersAiRankingRequestSchema, type WorkersAiRankingInput } from './schemas/workers-ai-ranking.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { toTextGeneration, workersAiRequestSchema, type WorkersAiInput } from './schemas/workers-ai.ts';
import { WorkersAiWriter, type Wrapping } from './schemas/workers-ai-answer.ts';
import {
  toEmbeddingResult,
  toEmbeddingTexts,
  workersAiEmbeddingRequestSchema,
  type WorkersAiEmbeddingInput,
  type WorkersAiEmbeddingResult,
} from './schemas/workers-ai-embeddings.ts';
import { isJsonFormat } from './schemas/workers-ai-format.ts';

/** What one path of Cloudflare's API does: the fields of the body say which. */
export type RunInput =
  | { readonly task: 'text'; readonly input: WorkersAiInput }
  | { readonly task: 'embedding'; readonly input: WorkersAiEmbeddingInput }
  | { readonly task: 'ranking'; readonly input: WorkersAiRankingInput };

/** A request to run a model, by a path of Cloudflare's API or by a Worker's binding. */
export interface RunRequest {
  /** As the client calls it; undefined: the default model. */
  readonly modelId: string | undefined;
  readonly body: Record<string, unknown>;
  readonly wrapping: Wrapping;
}

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

/** An answer that is being computed, and what writes it. */
export interface RunningText {
  readonly generation: Generation;
  readonly writer: WorkersAiWriter;
}

/** @throws EngineError as `toTextGeneration` and `startGeneration` */
export async function startText(
  engine: Engine,
  input: WorkersAiInput,
  timeoutMs: number,
  caller: Caller,
  wrapping: Wrapping = 'envelope',
): Promise<RunningText> {
  const { chatTemplate } = engine.tokenizer;
  // A model that was not made to chat continues a prompt, whatever CHAT_TEMPLATE says of messages.
  const hasChatTemplate = chatTemplate !== undefined && chatTemplate.origin !== 'builtin';
  const request = toTextGeneration(input, timeoutMs, hasChatTemplate);
  const generation = await startGeneration(engine, request, caller);
  const { maxTokens } = request.params;
  const view = {
    isStreamed: input.stream === true,
    isJson: isJsonFormat(request.format),
    maxTokens,
    wrapping,
  };
  return { generation, writer: new WorkersAiWriter(view) };
}

/** @throws EngineError as `toEmbeddingTexts` and `embedTexts` */
export async function embed(
  engine: Engine,
  input: WorkersAiEmbeddingInput,
  timeoutMs: number,
  { clientId, budget, gone }: Pick<Caller, 'clientId' | 'gone'> & { readonly budget: TokenAllowance },
): Promise<WorkersAiEmbeddingResult> {
  const request = { ...toEmbeddingTexts(input), timeoutMs, clientId, budget };
  return toEmbeddingResult(await embedTexts(engine, request, gone));
}
