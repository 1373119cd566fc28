import { EngineError } from '../../src/errors.ts';
import { clip } from '../../src/values.ts';
import { CLOUDFLARE_MODELS } from './cloudflare-models.ts';

/** What a model is for at Cloudflare, and the shape of its answers. */
export type CloudflareTask = keyof typeof CLOUDFLARE_MODELS;

const TASKS: ReadonlyMap<string, CloudflareTask> = new Map(
  Object.entries(CLOUDFLARE_MODELS).flatMap(([task, ids]) =>
    ids.map((id) => [id, task as CloudflareTask] as const),
  ),
);

/** Tasks that no model here can do, as Cloudflare names them. */
const MISSING_TASKS = {
  imageClassification: 'Image Classification',
  imageGeneration: 'Text-to-Image',
  imageToText: 'Image-to-Text',
  speechRecognition: 'Automatic Speech Recognition',
  speechSynthesis: 'Text-to-Speech',
  turnDetection: 'Voice Activity Detection',
} as const satisfies Partial<Record<CloudflareTask, string>>;

type MissingTask = keyof typeof MISSING_TASKS;
export type ServedTask = Exclude<CloudflareTask, MissingTask>;

const THERE_ARE =
  'Text Generation, Text Embeddings, reranking, Text Classification, Summarization, Translation and decisions';

/**
 * The task of an id of Cloudflare's, whatever model here it is an alias of; undefined for any other name.
 *
 * @throws EngineError `model_not_found` for a task that no model here can do: Cloudflare has one code for both
 */
export function checkTask(id: string | undefined): ServedTask | undefined {
  if (id === undefined) return undefined;
  const task = TASKS.get(id);
  if (task === undefined || isServed(task)) return task;
  throw new EngineError(
    'model_not_found',
    `'${clip(id)}' does ${MISSING_TASKS[task]}, which no model here can: there are ${THERE_ARE}`,
    { param: 'model' },
  );
}

const isServed = (task: CloudflareTask): task is ServedTask => !Object.hasOwn(MISSING_TASKS, task);

/** A task as a list of models has it. */
interface ListedTask {
  /** Cloudflare's. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

const TEXT_GENERATION: ListedTask = {
  id: 'c329a1f9-323d-4e91-b2aa-582dd4188d34',
  name: 'Text Generation',
  description: 'Models that continue a text, or answer in a conversation.',
};

const LISTED: Readonly<Record<ServedTask, ListedTask>> = {
  text: TEXT_GENERATION,
  chat: TEXT_GENERATION,
  responses: TEXT_GENERATION,
  guard: { ...TEXT_GENERATION, description: 'Models that are asked for the hazard of a conversation.' },
  embeddings: {
    id: '0137cdcf-162a-4108-94f2-1ca59e8c65ee',
    name: 'Text Embeddings',
    description: 'Models that make a vector of a text.',
  },
  ranking: {
    id: '19606750-23ed-4371-aab2-c20349b53a60',
    name: 'Text Classification',
    description: 'Models that are asked how relevant texts are to a query.',
  },
  classification: {
    id: '19606750-23ed-4371-aab2-c20349b53a60',
    name: 'Text Classification',
    description: 'Models that are asked which label a text has: none was trained for it.',
  },
  summary: {
    id: '6f4e65d8-da0f-40d2-9aa4-db582a5a04fd',
    name: 'Summarization',
    description: 'Models that are asked for a summary by a prompt.',
  },
  translation: {
    id: 'f57d07cb-9087-487a-bbbf-bc3e17fecc4b',
    name: 'Translation',
    description: 'Models that are asked for a translation by a prompt.',
  },
};

/** What a model is listed for under a name: every model generates texts, and what else it does its aliases say. */
export function listedTask(name: string): ListedTask {
  const task = TASKS.get(name);
  return task === undefined || !isServed(task) ? TEXT_GENERATION : LISTED[task];
}
