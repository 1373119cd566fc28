import { readOptionalJson } from '../model-files.ts';
import { fieldOf } from '../values.ts';

/** How the hidden states of a text's tokens become one vector; the names are those of sentence-transformers. */
export type Pooling = 'mean' | 'cls' | 'lasttoken' | 'weightedmean' | 'max';

/** What a model's files say of it. */
export type ModelPooling =
  | {
      readonly kind: Pooling;
      /** `default`: they say nothing. */
      readonly from: 'model' | 'default';
    }
  /** The model embeds by something that is not computed here. */
  | { readonly refusal: string };

export const DEFAULT_POOLING: ModelPooling = { kind: 'mean', from: 'default' };

/** For people: how a model embeds a text, and who says so. */
export function poolingNote(pooling: ModelPooling): string {
  if ('refusal' in pooling) return `none: ${pooling.refusal}`;
  return pooling.from === 'model' ? pooling.kind : `${pooling.kind}, since its files say nothing`;
}

/** Of a modules.json, which has some ten lines. */
const MAX_BYTES = 2 ** 16;

/** By the way in which files of sentence-transformers name it; the last two differ from one another in length alone. */
const MODES: ReadonlyMap<unknown, Pooling> = new Map<unknown, Pooling>([
  ['cls', 'cls'],
  ['lasttoken', 'lasttoken'],
  ['weightedmean', 'weightedmean'],
  ['max', 'max'],
  ['mean', 'mean'],
  ['mean_sqrt_len_tokens', 'mean'],
]);

/** The switches that were there before `pooling_mode`. */
const OLD_SWITCHES: readonly (readonly [field: string, mode: string])[] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'lasttoken'],
];

/** What is computed before and behind it: an embedding has length 1 in any case. */
const OTHER_MODULES: ReadonlySet<string> = new Set(['Transformer', 'Normalize']);

/**
 * As sentence-transformers reads a directory: its modules.json, and the configuration of the module `Pooling`.
 *
 * @throws EngineError `weights_invalid` for a file that is there and cannot be read
 */
export async function directoryPooling(directory: string): Promise<ModelPooling> {
  const modules = await readOptionalJson(directory, 'modules.json', MAX_BYTES);
  if (modules === undefined) return DEFAULT_POOLING;
  const list: unknown[] = Array.isArray(modules) ? modules : [];
  const named = list.map((module) => ({ type: typeOf(module), path: fieldOf(module, 'path') }));
  const other = named.find(({ type }) => type !== 'Pooling' && !OTHER_MODULES.has(type));
  if (other !== undefined) return { refusal: `its modules.json has the module ${other.type.slice(0, 64)}` };
  const { path } = named.find(({ type }) => type === 'Pooling') ?? {};
  if (typeof path !== 'string') return DEFAULT_POOLING;
  // The file comes with the model: no other folder of this machine is read for it.
  if (!/^\w[\w.-]*$/.test(path))
    return { refusal: 'its modules.json names a folder that is not in the model' };
  const config = await readOptionalJson(directory, `${path}/config.json`, MAX_BYTES);
  return config === undefined ? DEFAULT_POOLING : poolingOfConfig(config);
}

/** The last word of `sentence_transformers.models.Pooling`. */
const typeOf = (module: unknown): string => String(fieldOf(module, 'type')).split('.').at(-1) ?? '';

/** By the config.json of a module `Pooling`, of either form. */
export function poolingOfConfig(config: object): ModelPooling {
  const mode = fieldOf(config, 'pooling_mode');
  const old = OLD_SWITCHES.filter(([field]) => fieldOf(config, field) === true).map(([, name]) => name);
  const modes: unknown[] = mode === undefined ? old : [mode].flat();
  // As sentence-transformers has it.
  if (modes.length === 0) return { kind: 'mean', from: 'model' };
  if (modes.length > 1) return { refusal: `its embeddings are ${modes.length} in a row (pooling_mode)` };
  const kind = MODES.get(modes[0]);
  if (kind === undefined) return { refusal: `its pooling_mode is ${JSON.stringify(modes[0])}`.slice(0, 200) };
  return { kind, from: 'model' };
}

/** llama.cpp's numbers (`enum llama_pooling_type`). */
const GGUF_TYPES: ReadonlyMap<number, ModelPooling> = new Map<number, ModelPooling>([
  [0, DEFAULT_POOLING],
  [1, { kind: 'mean', from: 'model' }],
  [2, { kind: 'cls', from: 'model' }],
  [3, { kind: 'lasttoken', from: 'model' }],
  [4, { refusal: 'its pooling_type is that of a reranker' }],
]);

const POOLING_KEY = /^[\w-]+\.pooling_type$/;

/** By the metadata of a GGUF file, of which `ARCHITECTURE.pooling_type` is read. */
export function ggufPooling(metadata: ReadonlyMap<string, unknown>): ModelPooling {
  const [, type] = [...metadata].find(([key]) => POOLING_KEY.test(key)) ?? [];
  if (type === undefined) return DEFAULT_POOLING;
  return GGUF_TYPES.get(Number(type)) ?? { refusal: `its pooling_type is ${Number(type)}` };
}
