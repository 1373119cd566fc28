import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { matchId, withoutTag } from '../catalog/model-id.ts';
import { scanStore } from '../catalog/model-store.ts';
import { ggufPartPaths } from '../weights/gguf/gguf-parts.ts';
import { clip } from '../values.ts';
import { EngineError } from '../errors.ts';
import { HeaderReader } from './header-reader.ts';
import type { HeaderFields } from './header-worker.ts';
import { type ModelAliases, NO_ALIASES } from './model-aliases.ts';

/** A model that there is, loaded or not. */
export interface CatalogModel {
  readonly id: string;
  /** What `OpenModel` takes. */
  readonly path: string;
  /** Of its files; undefined until it is counted. */
  readonly sizeBytes?: number;
  /** Milliseconds since 1970. */
  readonly pulledAt?: number;
  /** Why what looks like a model is none. */
  readonly problem?: string;
}

/** What the headers of a model's files say. */
export interface ModelHeader extends HeaderFields {
  readonly fileBytes: number;
  /** When its files were last written, in milliseconds since 1970. */
  readonly modifiedAt: number;
}

export interface CatalogOptions {
  readonly aliases?: ModelAliases;
  readonly reader?: HeaderReader;
  readonly scan?: typeof scanStore;
}

const LOOK_INTERVAL_MS = 1000;

/** The models there are: the default one, and what lies in MODELS_DIR when one asks. */
export class ModelCatalog {
  readonly defaultModel: CatalogModel;
  readonly aliases: ModelAliases;
  readonly #modelsDir: string;
  readonly #reader: HeaderReader;
  readonly #scan: typeof scanStore;
  #running: ReturnType<typeof scanStore> | undefined;
  #next: ReturnType<typeof scanStore> | undefined;
  #hasOthers = true;
  #lookedAt = -Infinity;
  #lastList: { readonly at: number; readonly models: readonly CatalogModel[] } | undefined;
  readonly #headers = new Map<string, { stamp: string; header: Promise<ModelHeader> }>();

  constructor(
    defaultModel: CatalogModel,
    modelsDir: string,
    { aliases = NO_ALIASES, reader = new HeaderReader(), scan = scanStore }: CatalogOptions = {},
  ) {
    this.defaultModel = defaultModel;
    this.aliases = aliases;
    this.#modelsDir = modelsDir;
    this.#reader = reader;
    this.#scan = scan;
  }

  /** Reads no more headers. */
  dispose(): void {
    this.#reader.dispose();
  }

  /** Whether MODELS_DIR has a model beside the default one, as of a second ago. True until the first look has ended. */
  mayHaveOthers(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_INTERVAL_MS) {
      this.#lookedAt = now;
      // A folder that cannot be read is told of to those who ask for a model.
      this.list().then(
        ({ length }) => (this.#hasOthers = length > 1),
        () => (this.#hasOthers = true),
      );
    }
    return this.#hasOthers;
  }

  /**
   * Every model, the default first. One of MODELS_DIR that has its name or its files is no other.
   * @throws EngineError `config_invalid` when MODELS_DIR cannot be read
   */
  async list(): Promise<CatalogModel[]> {
    const { id: defaultId, path: defaultPath } = this.defaultModel;
    const entries = await this.#look().catch(hideFolder);
    const stored = entries.map(({ id, location, model, problem }): CatalogModel =>
      model === undefined ? { id, path: location, problem: problem ?? 'it holds no model' } : model,
    );
    const others = stored.filter(({ id, path }) => id !== defaultId && path !== defaultPath);
    const models = [{ ...stored.find(({ path }) => path === defaultPath), ...this.defaultModel }, ...others];
    this.#lastList = { at: performance.now(), models };
    return models;
  }

  /** The models as of a second ago: every request may be by a prefix, and a look takes as long as there are models. */
  async #recentList(): Promise<readonly CatalogModel[]> {
    const { at, models } = this.#lastList ?? { at: -Infinity, models: [] };
    return performance.now() - at < LOOK_INTERVAL_MS ? models : this.list();
  }

  /** MODELS_DIR as it is now. One look at a time: those who ask meanwhile share the next, however many they are. */
  #look(): ReturnType<typeof scanStore> {
    if (this.#running !== undefined) {
      // The look under way may have passed by what has changed since.
      return (this.#next ??= this.#running.then(
        () => this.#lookNext(),
        () => this.#lookNext(),
      ));
    }
    this.#running = this.#scan(this.#modelsDir);
    const settle = (): void => (this.#running = undefined);
    this.#running.then(settle, settle);
    return this.#running;
  }

  #lookNext(): ReturnType<typeof scanStore> {
    this.#next = undefined;
    return this.#look();
  }

  /**
   * The model that a name means: an alias, an id as `matchId` reads ids, that id with Ollama's tag behind it, or the prefix
   * of an alias.
   * @throws EngineError `model_not_found` with those there are, `weights_invalid` for one that is not sound
   */
  async find(name: string): Promise<CatalogModel> {
    const models = await (this.aliases.byPrefix(name) === undefined ? this.list() : this.#recentList());
    const ids = models.map((model) => model.id);
    const ownId = this.aliases.exact(name);
    const foundId = matchId(ids, ownId ?? name) ?? this.#matchUntagged(ids, name);
    const prefixId = ownId === undefined && foundId === undefined ? this.aliases.byPrefix(name) : undefined;
    const id = prefixId === undefined ? foundId : matchId(ids, prefixId);
    const found = models.find((model) => model.id === id);
    if (found !== undefined) return found;
    throw this.#notFound(name, ownId ?? prefixId, ids);
  }

  /** Ollama's lists have a tag behind each name, and clients send such names to the other APIs, too. */
  #matchUntagged(ids: readonly string[], name: string): string | undefined {
    const untagged = withoutTag(name);
    return untagged === name ? undefined : matchId(ids, this.aliases.exact(untagged) ?? untagged);
  }

  /** The aliases of a model. One whose id is written shorter than the model's is found by it, and listed nowhere. */
  aliasesOf({ id }: CatalogModel): string[] {
    return this.aliases.all.filter(({ modelId }) => modelId === id).map(({ name }) => name);
  }

  #notFound(name: string, aliasOf: string | undefined, ids: readonly string[]): EngineError {
    const stands = aliasOf === undefined ? '' : ` stands for '${aliasOf}', which`;
    const aliases = this.aliases.all.map((alias) => `${alias.name} (${alias.modelId})`);
    const named = aliases.length === 0 ? '' : `; and by other names: ${aliases.join(', ')}`;
    return new EngineError(
      'model_not_found',
      `the model '${clip(name)}'${stands} is not served here; these are: ${ids.join(', ')}${named}`,
      { param: 'model' },
    );
  }

  /**
   * The headers of a model, read again when its files have changed.
   * @throws EngineError `config_invalid` or `weights_invalid` naming what is wrong with them
   */
  async header({ path, problem }: CatalogModel): Promise<ModelHeader> {
    if (problem !== undefined) throw new EngineError('weights_invalid', problem);
    const files = await filesOf(path);
    const stamp = files.map(({ name, bytes, modifiedAt }) => `${name} ${bytes} ${modifiedAt}`).join('\n');
    const known = this.#headers.get(path);
    if (known?.stamp === stamp) return known.header;
    const header = this.#reader.read(path).then((fields) => ({ ...fields, ...totalsOf(files) }));
    // The next reader is told of the failure, too.
    header.catch(() => undefined);
    this.#headers.set(path, { stamp, header });
    return header;
  }
}

/** Clients are told what is wrong; where the folder lies is the operator's affair. */
function hideFolder(cause: unknown): never {
  if (!(cause instanceof EngineError)) throw cause;
  const [reason = 'no reason is known'] = /\bE[A-Z]+\b/.exec(cause.message) ?? [];
  throw new EngineError(cause.code, `the folder of models, MODELS_DIR, cannot be read: ${reason}`, { cause });
}

interface ModelFile {
  name: string;
  bytes: number;
  modifiedAt: number;
}

const totalsOf = (files: readonly ModelFile[]): Omit<ModelHeader, keyof HeaderFields> => ({
  fileBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  modifiedAt: Math.max(...files.map(({ modifiedAt }) => modifiedAt)),
});

/** A GGUF file by itself with its parts, or the files of a directory. */
async function filesOf(path: string): Promise<ModelFile[]> {
  try {
    if ((await stat(path)).isFile())
      return await Promise.all(
        ggufPartPaths(path).map(async (name) => {
          const { size, mtimeMs } = await stat(name);
          return { name, bytes: size, modifiedAt: mtimeMs };
        }),
      );
    const names = (await readdir(path)).toSorted();
    const files = await Promise.all(
      names.map(async (name) => {
        // A link that leads nowhere is no file.
        const found = await stat(join(path, name)).catch(() => undefined);
        return found?.isFile() === true ? [{ name, bytes: found.size, modifiedAt: found.mtimeMs }] : [];
      }),
    );
    return files.flat();
  } catch (cause) {
    throw new EngineError('weights_invalid', `${path} cannot be read: ${String(cause)}`, { cause });
  }
}
