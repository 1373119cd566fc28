import { invalidField } from '../../src/errors.ts';
import { chatRequestSchema, type ChatInput } from '../openai/schemas/chat.ts';
import { systemOneRequestSchema, type SystemOneInput } from '../decisions/schemas/system-one.ts';
import { responseRequestSchema, type ResponseInput } from '../responses/schemas/response-request.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { checkTask } from './model-task.ts';
import { toChatBody } from './schemas/chat-body.ts';
import type { Wrapping } from './schemas/workers-ai-answer.ts';
import {
  workersAiEmbeddingRequestSchema,
  type WorkersAiEmbeddingInput,
} from './schemas/workers-ai-embeddings.ts';
import { workersAiRankingRequestSchema, type WorkersAiRankingInput } from './schemas/workers-ai-ranking.ts';
import {
  classificationRequestSchema,
  guardRequestSchema,
  summaryRequestSchema,
  toSpokenGuard,
  toSummary,
  toTranslation,
  translationRequestSchema,
  type PromptedTask,
} from './schemas/workers-ai-tasks.ts';
import { workersAiRequestSchema, type WorkersAiInput } from './schemas/workers-ai.ts';
import { toClassification, toGuard, type Verdict } from './verdicts.ts';

/** What a request asks for: the id of the model says which, and of an id that is none of Cloudflare's the fields. */
export type RunInput =
  | { readonly task: 'text'; readonly input: WorkersAiInput; readonly prompted?: PromptedTask }
  | { readonly task: 'chat'; readonly input: ChatInput }
  | { readonly task: 'response'; readonly input: ResponseInput }
  | { readonly task: 'embedding'; readonly input: WorkersAiEmbeddingInput }
  | { readonly task: 'ranking'; readonly input: WorkersAiRankingInput }
  | {
      readonly task: 'verdict';
      readonly verdict: Verdict;
      /** For the log. */
      readonly prompt: unknown;
      /** What a model is asked that was made to judge, and says so by its chat template. */
      readonly spoken?: PromptedTask;
    }
  | { readonly task: 'decision'; readonly input: SystemOneInput };

/** A request to run a model, by a path of Cloudflare's API or by a Worker's binding. */
export interface RunRequest {
  /** As the client calls it; undefined: the default model. */
  readonly modelId: string | undefined;
  readonly body: Record<string, unknown>;
  readonly wrapping: Wrapping;
}

type Asked = Pick<RunRequest, 'modelId' | 'body'>;

/** The body that a model takes. */
type BodyKind =
  | 'text'
  | 'chat'
  | 'response'
  | 'embedding'
  | 'ranking'
  | 'summary'
  | 'translation'
  | 'classification'
  | 'guard'
  | 'decision';

const FIELDS: Readonly<Record<BodyKind, Readonly<Record<string, unknown>>>> = {
  text: workersAiRequestSchema.shape,
  chat: { ...chatRequestSchema.shape, prompt: workersAiRequestSchema.shape.prompt },
  response: responseRequestSchema.shape,
  embedding: workersAiEmbeddingRequestSchema.shape,
  ranking: workersAiRankingRequestSchema.shape,
  summary: summaryRequestSchema.shape,
  translation: translationRequestSchema.shape,
  classification: classificationRequestSchema.shape,
  guard: guardRequestSchema.shape,
  decision: systemOneRequestSchema.shape,
};

/** @throws EngineError `model_not_found` for an id whose task no model here can do */
function bodyKindOf({ modelId, body }: Asked): BodyKind {
  const task = checkTask(modelId);
  switch (task) {
    case undefined:
      return kindByFields(body);
    case 'chat':
      return isChat(body) ? 'chat' : 'text';
    case 'responses':
      if ('input' in body) return 'response';
      return isChat(body) ? 'chat' : 'text';
    case 'embeddings':
      return 'query' in body ? 'ranking' : 'embedding';
    default:
      return task;
  }
}

/** A prompt that is not raw is the message of a user, as it is to any model that chats. */
const isChat = ({ messages, prompt, raw }: Record<string, unknown>): boolean =>
  messages !== undefined || (typeof prompt === 'string' && raw !== true);

/** The first field that a body has counts: `text` of a response is its format, and chats may name documents. */
const FIELD_KINDS: readonly (readonly [field: string, kind: BodyKind])[] = [
  ['input', 'response'],
  ['prompt', 'text'],
  ['messages', 'text'],
  ['target_lang', 'translation'],
  ['target_language', 'translation'],
  ['text', 'embedding'],
  ['queries', 'embedding'],
  ['documents', 'embedding'],
  ['contexts', 'ranking'],
  ['query', 'ranking'],
  ['input_text', 'summary'],
  ['questions', 'decision'],
];

const kindByFields = (body: Record<string, unknown>): BodyKind =>
  FIELD_KINDS.find(([field]) => field in body)?.[1] ?? 'text';

/** Reads a body. @throws EngineError `invalid_request`, `model_not_found` */
export function parseRunInput(asked: Asked): RunInput {
  const { modelId, body } = asked;
  switch (bodyKindOf(asked)) {
    case 'text':
      return { task: 'text', input: parseInput(workersAiRequestSchema, body) };
    case 'chat':
      return { task: 'chat', input: parseInput(chatRequestSchema, toChatBody(body)) };
    case 'response':
      return { task: 'response', input: parseInput(responseRequestSchema, body) };
    case 'embedding':
      return { task: 'embedding', input: parseInput(workersAiEmbeddingRequestSchema, body) };
    case 'ranking':
      return { task: 'ranking', input: parseInput(workersAiRankingRequestSchema, body) };
    case 'summary':
      return toPrompted(toSummary(parseInput(summaryRequestSchema, body)));
    case 'translation':
      return toPrompted(toTranslation(parseInput(translationRequestSchema, body)));
    case 'classification': {
      const input = parseInput(classificationRequestSchema, body);
      return { task: 'verdict', verdict: toClassification(modelId ?? '', input), prompt: input.text };
    }
    case 'guard': {
      const input = parseInput(guardRequestSchema, body);
      return {
        task: 'verdict',
        verdict: toGuard(input),
        prompt: input.messages,
        spoken: toSpokenGuard(input),
      };
    }
    case 'decision':
      return { task: 'decision', input: parseInput(systemOneRequestSchema, body) };
  }
}

const toPrompted = (prompted: PromptedTask): RunInput => ({ task: 'text', input: prompted.input, prompted });

/** What an item of a batch job may ask for. */
export type BatchInput = Extract<RunInput, { task: 'text' | 'chat' | 'embedding' }>;

/** @throws EngineError `invalid_request` also for what has no meaning in a job */
export function parseBatchInput(asked: Asked): BatchInput {
  const run = parseRunInput(asked);
  switch (run.task) {
    case 'text':
    case 'chat':
      if (run.input.stream === true) throw invalidField('stream', 'has no meaning in a batch job');
      if (run.input.options?.rejectIfBusy === true) {
        throw invalidField(
          'options.rejectIfBusy',
          'has no meaning in a batch job, which waits until it may start',
        );
      }
      return run;
    case 'embedding':
      return run;
    // A job has one sequence of an item in work, and these are one for each of their texts or questions.
    case 'ranking':
      throw notInJob('contexts', 'ranked');
    case 'verdict':
      throw notInJob(run.verdict.request.param, 'judged');
    case 'decision':
      throw notInJob('questions', 'answered');
    case 'response':
      throw notInJob('input', 'answered');
  }
}

const notInJob = (param: string, verb: string): Error =>
  invalidField(param, `cannot be ${verb} in a batch job; ask at once`);

/**
 * A body that `parseBatchInput` is to read later: of fields that there are not, the first stays, which is the one that the
 * refusal names, without its value.
 */
export function withoutUnknownValues(asked: Asked): Record<string, unknown> {
  const fields = FIELDS[bodyKindOf(asked)];
  const entries = Object.entries(asked.body);
  const known = entries.filter(([name]) => Object.hasOwn(fields, name));
  const [unknown] = entries.find(([name]) => !Object.hasOwn(fields, name)) ?? [];
  return Object.fromEntries(unknown === undefined ? known : [...known, [unknown, null]]);
}
