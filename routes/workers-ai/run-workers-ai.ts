import { startDecision } from '../../src/decisions/start-decision.ts';
import { startRelevance } from '../../src/decisions/start-relevance.ts';
import type { Caller, TokenAllowance } from '../../src/engine/caller.ts';
import type { Completion, Engine } from '../../src/engine/engine.ts';
import { startGeneration, type Generation } from '../../src/generation/start-generation.ts';
import { toSystemOneBody, toSystemOneDecision } from '../decisions/schemas/system-one.ts';
import { embedCounted } from '../shared/embed-counted.ts';
import type { RunInput } from './run-input.ts';
import { WorkersAiWriter, type Wrapping } from './schemas/workers-ai-answer.ts';
import {
  toEmbeddingResult,
  toEmbeddingTexts,
  type WorkersAiEmbeddingInput,
  type WorkersAiEmbeddingResult,
} from './schemas/workers-ai-embeddings.ts';
import { isJsonFormat } from './schemas/workers-ai-format.ts';
import { toRankingRequest, toRankingResult } from './schemas/workers-ai-ranking.ts';
import { toTextGeneration } from './schemas/workers-ai.ts';
import { meanOfOrders } from './verdicts.ts';

type TextRun = Extract<RunInput, { task: 'text' }>;

/** An answer that is being computed, and what writes it. */
export interface RunningText {
  readonly generation: Generation;
  readonly writer: WorkersAiWriter;
}

/** @throws EngineError as `toTextGeneration` and `startGeneration` */
export async function startText(
  engine: Engine,
  { input, prompted }: TextRun,
  timeoutMs: number,
  caller: Caller,
  wrapping: Wrapping = 'envelope',
): Promise<RunningText> {
  const { chatTemplate } = engine.tokenizer;
  // A model that was not made to chat continues a prompt, whatever CHAT_TEMPLATE says of messages.
  const hasChatTemplate = chatTemplate !== undefined && chatTemplate.origin !== 'builtin';
  const request = toTextGeneration(input, timeoutMs, hasChatTemplate, prompted?.defaultMaxTokens);
  const generation = await startGeneration(engine, request, caller);
  const { maxTokens } = request.params;
  const view = {
    isStreamed: input.stream === true,
    isJson: isJsonFormat(request.format),
    maxTokens,
    wrapping,
    toResult: prompted?.toResult,
  };
  return { generation, writer: new WorkersAiWriter(view) };
}

/** @throws EngineError as `toEmbeddingTexts` and `embedCounted` */
export async function embed(
  engine: Engine,
  input: WorkersAiEmbeddingInput,
  timeoutMs: number,
  { clientId, budget, gone }: Pick<Caller, 'clientId' | 'gone'> & { readonly budget: TokenAllowance },
): Promise<WorkersAiEmbeddingResult> {
  const request = { ...toEmbeddingTexts(input), timeoutMs, clientId, budget };
  const embeddings = await embedCounted(engine, request, gone);
  const { pooling } = engine.model;
  const own = pooling !== undefined && 'kind' in pooling ? pooling.kind : 'mean';
  return toEmbeddingResult(input, embeddings, own);
}

/** What is read from logits, without a word generated. */
export type ScoredRun = Extract<RunInput, { task: 'ranking' | 'verdict' | 'decision' }>;

/** As chat templates of Llama Guard ask for a verdict. */
const GUARD_TEMPLATE = /unsafe content categories/i;

/** A model that was made to judge says its verdict; any other is asked for it. */
export function asModelCan(
  { tokenizer: { chatTemplate } }: Engine,
  run: TextRun | ScoredRun,
): TextRun | ScoredRun {
  const prompted = run.task === 'verdict' ? run.spoken : undefined;
  if (prompted === undefined || !GUARD_TEMPLATE.test(chatTemplate?.template ?? '')) return run;
  return { task: 'text', input: prompted.input, prompted };
}

interface RunningScores {
  readonly completion: Completion;
  /** Call it once. @throws EngineError what the completion throws */
  readonly result: () => Promise<object>;
}

/** @throws EngineError as `startRelevance` and `startDecision` */
export async function startScores(
  engine: Engine,
  run: ScoredRun,
  timeoutMs: number,
  caller: Caller,
): Promise<RunningScores> {
  if (run.task === 'ranking') {
    const { completion, scores } = await startRelevance(
      engine,
      toRankingRequest(run.input, timeoutMs),
      caller,
    );
    return {
      completion,
      result: async () => toRankingResult(run.input, await scores(), completion.record().usage),
    };
  }
  const asked =
    run.task === 'decision'
      ? toSystemOneDecision(run.input, timeoutMs)
      : { ...run.verdict.request, timeoutMs };
  const { completion, readings } = await startDecision(engine, asked, caller);
  const result = async (): Promise<object> => {
    const read = await readings();
    const { usage } = completion.record();
    return run.task === 'decision'
      ? toSystemOneBody(engine.model.id, run.input.questions, read, usage)
      : run.verdict.toResult(meanOfOrders(read), usage);
  };
  return { completion, result };
}
