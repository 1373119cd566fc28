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

/** Of an id of Cloudflare's, whatever model here it is an alias of; undefined for any other name. */
export const taskOfModel = (id: string | undefined): CloudflareTask | undefined =>
  id === undefined ? undefined : TASKS.get(id);

/** Tasks that no model here can do, as Cloudflare names them. */
const MISSING_TASKS = {
  imageClassification: 'Image Classification',
  imageGeneration: 'Text-to-Image',
  imageToText: 'Image-to-Text',
  speechRecognition: 'Automatic Speech Recognition',
  speechSynthesis: 'Text-to-Speech',
  turnDetection: 'Voice Activity Detection',
} as const satisfies Partial<Record<CloudflareTask, string>>;

export type MissingTask = keyof typeof MISSING_TASKS;

export const isMissing = (task: CloudflareTask): task is MissingTask => Object.hasOwn(MISSING_TASKS, task);

const THERE_ARE =
  'Text Generation, Text Embeddings, reranking, Text Classification, Summarization, Translation and decisions';

/** Cloudflare has the same code for a model and a task that there is not. */
export const missingTask = (id: string, task: MissingTask): EngineError =>
  new EngineError(
    'model_not_found',
    `'${clip(id)}' does ${MISSING_TASKS[task]}, which no model here can: there are ${THERE_ARE}`,
    { param: 'model' },
  );
