import type { PageNode } from '../../../scheduler/pages/prefix-tree.ts';
import { fileNameOf, ownerTagOf, pageKey, parseFileName, rootKey, spaceTagOf } from './page-name.ts';

/** A file that the disk has. */
export interface StoredFile {
  readonly name: string;
  /** When the disk was told last that it was used. */
  touchedAtMs: number;
}

/** The keys of pages, and which of them the disk has, as it told last. */
export class StoredKeys {
  readonly #space: string;
  readonly #keys = new WeakMap<PageNode, Buffer>();
  /** By key, in hexadecimal digits. */
  readonly #files = new Map<string, StoredFile>();

  /** @param space see `spaceDigest` */
  constructor(space: string) {
    this.#space = space;
  }

  get spaceTag(): string {
    return spaceTagOf(this.#space);
  }

  /** Of a page whose tokens are all known. */
  keyOf(node: PageNode): Buffer {
    // From the first page on: a text may have more pages than calls may nest.
    const open: PageNode[] = [];
    let known: Buffer | undefined;
    for (
      let next: PageNode | undefined = node;
      next !== undefined && known === undefined;
      next = next.parent
    ) {
      known = this.#keys.get(next);
      if (known === undefined) open.push(next);
    }
    let key = known ?? rootKey(this.#space, node.salt);
    for (const one of open.reverse()) {
      key = pageKey(key, one.tokenIds);
      this.#keys.set(one, key);
    }
    return key;
  }

  /** Of the pages behind one, or from a text's first on, as long as the disk has them. */
  *following(
    parent: PageNode | undefined,
    salt: string | undefined,
    pages: Iterable<readonly number[]>,
  ): Generator<StoredFile> {
    let key = parent === undefined ? rootKey(this.#space, salt) : this.keyOf(parent);
    for (const tokenIds of pages) {
      key = pageKey(key, tokenIds);
      const file = this.#files.get(key.toString('hex'));
      if (file === undefined) return;
      yield file;
    }
  }

  fileOf(node: PageNode): StoredFile | undefined {
    return this.#files.get(this.keyOf(node).toString('hex'));
  }

  nameOf(node: PageNode, owner: string): string {
    return fileNameOf({ spaceTag: this.spaceTag, ownerTag: ownerTagOf(owner), key: this.keyOf(node) });
  }

  add(names: readonly string[], nowMs: number): void {
    for (const name of names) {
      const key = parseFileName(name)?.key.toString('hex');
      if (key !== undefined && !this.#files.has(key)) this.#files.set(key, { name, touchedAtMs: nowMs });
    }
  }

  remove(names: readonly string[]): void {
    for (const name of names) {
      const key = parseFileName(name)?.key.toString('hex');
      if (key !== undefined && this.#files.get(key)?.name === name) this.#files.delete(key);
    }
  }

  clear(): void {
    this.#files.clear();
  }
}
