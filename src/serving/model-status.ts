import type { ModelInfo } from '../engine/engine.ts';
import { EngineError } from '../errors.ts';
import { samplingNote } from '../model/sampling-note.ts';
import type { MemoryForecast } from './plan-load.ts';
import { withoutPath } from './pool-errors.ts';
import type { CatalogModel, ModelCatalog } from './model-catalog.ts';
import type { PooledModel } from './pooled-model.ts';
import type { ModelState, ModelStatus } from './served-models.ts';

interface StatusSources {
  catalog: ModelCatalog;
  forecast: (model: CatalogModel) => Promise<MemoryForecast>;
}

type NamedFields = 'id' | 'isDefault' | 'aliases';

/** A model as its engine knows it, where it is loaded, else as the headers of its files do. */
export async function modelStatus(
  entry: CatalogModel,
  model: PooledModel | undefined,
  sources: StatusSources,
): Promise<ModelStatus> {
  const isDefault = entry.id === sources.catalog.defaultModel.id;
  const id = entry.id;
  const named = { id, isDefault, aliases: sources.catalog.aliasesOf(entry) };
  const state = stateOf(model);
  if (model !== undefined && state === 'loaded') return { ...named, ...loadedStatus(entry, model) };
  const failure = state === 'failed' ? model?.failure?.error : undefined;
  try {
    const status = { ...named, state, ...(await headerStatus(entry, sources)) };
    return failure === undefined ? status : { ...status, error: failure };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return {
      ...named,
      state: 'failed',
      ...fileStatus(entry),
      error: failure ?? withoutPath(error, entry),
    };
  }
}

function stateOf(model: PooledModel | undefined): ModelState {
  if (model === undefined) return 'unloaded';
  if (model.state !== 'loaded' && model.waiters.size > 0) return 'loading';
  // Until its process has ended, its memory is not free.
  return model.state === 'unloading' ? 'loaded' : model.state;
}

function loadedStatus(entry: CatalogModel, { engine }: PooledModel): Omit<ModelStatus, NamedFields> {
  const { model } = engine;
  return {
    // Its process died, and another is on its way.
    state: engine.state === 'loading' ? 'loading' : 'loaded',
    architecture: model.architecture,
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    numParameters: model.numParameters,
    tokenizer: model.tokenizer,
    chatTemplate: model.chatTemplate,
    generationDefaults: model.generationDefaults,
    generationSource: sourceOf(model),
    sizeBytes: entry.sizeBytes ?? model.weightBytes,
    memoryBytes: model.memoryBytes,
    weightMemoryBytes: model.weightMemoryBytes,
    kvCacheBytes: model.kvCacheBytes,
    runtimeDescription: model.runtimeDescription,
    device: model.device,
    createdAt: model.createdAt,
  };
}

function sourceOf({
  generationDefaults = {},
  generationSource: source,
}: ModelInfo): ModelStatus['generationSource'] {
  return source && { from: source.from, note: samplingNote(generationDefaults, source) };
}

async function headerStatus(
  entry: CatalogModel,
  { catalog, forecast }: StatusSources,
): Promise<Omit<ModelStatus, NamedFields | 'state'>> {
  const { size, numParameters, fileBytes, modifiedAt } = await catalog.header(entry);
  const expected = await forecast(entry).catch((error: unknown) => {
    // A request for it is told that it cannot fit; the rest of it is known.
    if (error instanceof EngineError) return undefined;
    throw error;
  });
  return {
    architecture: size.config.architecture,
    vocabSize: size.config.vocabSize,
    contextLength: expected?.contextLength ?? size.config.contextLength,
    numParameters,
    ...(expected === undefined ? {} : { memoryBytes: expected.memoryBytes }),
    ...fileStatus({ sizeBytes: fileBytes, pulledAt: modifiedAt, ...entry }),
  };
}

const fileStatus = ({
  sizeBytes,
  pulledAt = 0,
}: Pick<CatalogModel, 'sizeBytes' | 'pulledAt'>): Pick<ModelStatus, 'sizeBytes' | 'createdAt'> => ({
  ...(sizeBytes === undefined ? {} : { sizeBytes }),
  createdAt: Math.floor(pulledAt / 1000),
});
