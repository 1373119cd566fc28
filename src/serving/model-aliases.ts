/** A name that clients use for a model; one that ends in `*` stands for all names that begin so. */
export interface ModelAlias {
  readonly name: string;
  /** As an id of a request; aliases of aliases there are none. */
  readonly modelId: string;
}

/** What MODEL_ALIASES says: an exact name before a model of that name, and a model before the longest prefix. */
export class ModelAliases {
  readonly all: readonly ModelAlias[];
  readonly #exact: ReadonlyMap<string, string>;
  /** The longest first. */
  readonly #prefixes: readonly { readonly prefix: string; readonly modelId: string }[];

  constructor(all: readonly ModelAlias[]) {
    this.all = all;
    this.#exact = new Map(all.map(({ name, modelId }) => [name, modelId]));
    this.#prefixes = all
      .filter(({ name }) => isPattern(name))
      .map(({ name, modelId }) => ({ prefix: name.slice(0, -1), modelId }))
      .toSorted((one, other) => other.prefix.length - one.prefix.length);
  }

  /** The id that a name itself stands for. */
  exact(name: string): string | undefined {
    return this.#exact.get(name);
  }

  /** The id that the longest prefix of a name stands for. */
  byPrefix(name: string): string | undefined {
    return this.#prefixes.find(({ prefix }) => name.startsWith(prefix))?.modelId;
  }
}

export const NO_ALIASES = new ModelAliases([]);

/** A model by what it is called. */
interface NamedModel {
  readonly id: string;
  readonly aliases: readonly string[];
}

/** The names that mean one model alone, its id first. */
export const namesOf = ({ id, aliases }: NamedModel): string[] => [
  id,
  ...aliases.filter((alias) => !isPattern(alias)),
];

/** What a model is called to a client that asked for it by some name: by that name if it is an alias, else by its id. */
export const nameIn = ({ id, aliases }: NamedModel, asked: string): string =>
  aliases.some((alias) => isNamedBy(alias, asked)) ? asked : id;

const isNamedBy = (alias: string, name: string): boolean =>
  isPattern(alias) ? name.startsWith(alias.slice(0, -1)) : name === alias;

/** Whether an alias stands for many names, none of which is its own. */
const isPattern = (alias: string): boolean => alias.endsWith('*');
