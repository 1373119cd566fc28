import { createHash } from 'node:crypto';
import { PAGE_TOKENS } from '../../pages.ts';
import type { PageWatcher } from '../../scheduler/pages/page-watcher.ts';
import type { PageNode } from '../../scheduler/pages/prefix-tree.ts';
import type { KvEventBatch } from '../protocol.ts';
import { MessagePackWriter } from './message-pack-writer.ts';

/** vLLM's hashes of blocks are whole numbers of 64 bits unless it is told otherwise. */
const HASH_BYTES = 8;

interface Block {
  readonly hash: Buffer;
  readonly node: PageNode;
}

type KvEvent =
  /** Each block but the first follows the one before it. */
  | { readonly type: 'stored'; readonly parent: Buffer | undefined; readonly blocks: Block[] }
  | { readonly type: 'removed'; readonly hashes: Buffer[] }
  | { readonly type: 'cleared' };

/**
 * What happens to whole pages of the cache, as the events by which vLLM tells routers what a replica holds. A page is a
 * block, and its hash covers its tokens, those before it and the salt: replicas of one model have the same.
 */
export class KvEventLog implements Pick<PageWatcher, 'stored' | 'evicted' | 'spoilt'> {
  readonly #now: () => number;
  /** Of the pages that were told of and are still there. */
  readonly #digests = new Map<PageNode, Buffer>();
  /** By hash: a page whose beginning had to go may be there twice. */
  readonly #numPages = new Map<string, number>();
  // What was told of by a process before this one is gone.
  #events: KvEvent[] = [{ type: 'cleared' }];

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  stored(node: PageNode): void {
    const { parent } = node;
    const parentDigest = parent && (this.#digests.get(parent) ?? digestOf(parent));
    const digest = pageDigest(parentDigest ?? rootDigest(node.salt), node.tokenIds);
    this.#digests.set(node, digest);
    const block = { hash: hashOf(digest), node };
    const key = block.hash.toString('hex');
    const numBefore = this.#numPages.get(key) ?? 0;
    this.#numPages.set(key, numBefore + 1);
    if (numBefore > 0) return;
    const last = this.#events.at(-1);
    if (last?.type === 'stored' && last.blocks.at(-1)?.node === parent) last.blocks.push(block);
    else this.#events.push({ type: 'stored', parent: parentDigest && hashOf(parentDigest), blocks: [block] });
  }

  evicted(node: PageNode): void {
    const digest = this.#digests.get(node);
    // One that was not whole was never told of.
    if (digest === undefined) return;
    this.#digests.delete(node);
    const hash = hashOf(digest);
    const key = hash.toString('hex');
    const numLeft = (this.#numPages.get(key) ?? 1) - 1;
    if (numLeft > 0) {
      this.#numPages.set(key, numLeft);
      return;
    }
    this.#numPages.delete(key);
    const last = this.#events.at(-1);
    if (last?.type === 'removed') last.hashes.push(hash);
    else this.#events.push({ type: 'removed', hashes: [hash] });
  }

  spoilt(node: PageNode): void {
    this.evicted(node);
  }

  /** The cache ends. */
  clear(): void {
    this.#digests.clear();
    this.#numPages.clear();
    this.#events = [{ type: 'cleared' }];
  }

  /** What happened since this was asked before: vLLM's KVEventBatch, of the first and only data-parallel rank. */
  take(): KvEventBatch {
    const events = this.#events;
    this.#events = [];
    const writer = new MessagePackWriter();
    writer.array(3);
    writer.float(this.#now() / 1000);
    writer.array(events.length);
    for (const event of events) writeEvent(writer, event);
    writer.integer(0);
    return { payload: writer.finish(), numEvents: events.length };
  }
}

/** Its fields in vLLM's order, behind its name. */
function writeEvent(writer: MessagePackWriter, event: KvEvent): void {
  if (event.type === 'cleared') {
    writer.array(1);
    writer.string('AllBlocksCleared');
    return;
  }
  if (event.type === 'removed') {
    writer.array(3);
    writer.string('BlockRemoved');
    writeHashes(writer, event.hashes);
    writer.nil(); // medium
    return;
  }
  const { parent, blocks } = event;
  const salts = blocks.map(({ node }) => (node.parent === undefined ? node.salt : undefined));
  const isSalted = salts.some((salt) => salt !== undefined);
  writer.array(isSalted ? 9 : 8);
  writer.string('BlockStored');
  writeHashes(
    writer,
    blocks.map(({ hash }) => hash),
  );
  if (parent === undefined) writer.nil();
  else writer.uint64(parent);
  writer.array(blocks.length * PAGE_TOKENS);
  for (const { node } of blocks) for (const tokenId of node.tokenIds) writer.integer(tokenId);
  writer.integer(PAGE_TOKENS);
  writer.nil(); // lora_id
  writer.nil(); // medium
  writer.nil(); // lora_name
  if (!isSalted) return;
  writer.array(blocks.length);
  for (const salt of salts) writeExtraKeys(writer, salt);
}

/**
 * The first block of a text has its salt, as vLLM has it; a digest of it, since it may tell whose the text is, and who
 * knows a salt can find out what its prompts are. As bytes: llm-d takes a text for the hash of an image.
 */
function writeExtraKeys(writer: MessagePackWriter, salt: string | undefined): void {
  if (salt === undefined) {
    writer.nil();
    return;
  }
  writer.array(1);
  writer.bytes(hashOf(rootDigest(salt)));
}

function writeHashes(writer: MessagePackWriter, hashes: readonly Buffer[]): void {
  writer.array(hashes.length);
  for (const hash of hashes) writer.uint64(hash);
}

function digestOf(node: PageNode): Buffer {
  const { parent, salt, tokenIds } = node;
  return pageDigest(parent === undefined ? rootDigest(salt) : digestOf(parent), tokenIds);
}

/** An absent text differs from an empty one. */
const rootDigest = (salt: string | undefined): Buffer =>
  createHash('sha256')
    .update(JSON.stringify(['kv-events', salt ?? null]))
    .digest();

const pageDigest = (before: Buffer, tokenIds: readonly number[]): Buffer =>
  createHash('sha256').update(before).update(Uint32Array.from(tokenIds)).digest();

const hashOf = (digest: Buffer): Buffer => digest.subarray(-HASH_BYTES);
