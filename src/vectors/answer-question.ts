import type { InSlices } from '../process/in-slices.ts';
import { FAULT, vectorFault } from './faults.ts';
import { vectorLines } from './multipart.ts';
import { planQuery } from './query.ts';
import { readVectors } from './read-vectors.ts';
import type { Uploads } from './uploads.ts';
import type { VectorIndex } from './vector-index.ts';
import type { VectorQuestion } from './vector-jobs.ts';
import type { VectorStore } from './vector-store.ts';

/** Questions of an index, which is open and loaded. */
export type IndexQuestion = Exclude<
  VectorQuestion,
  { type: 'list' | 'create' | 'config' | 'delete' | 'part' | 'dropParts' }
>;

/** What an answer says, in Cloudflare's words. */
export function* answerOfIndex(
  index: VectorIndex,
  question: IndexQuestion,
  { store, uploads }: { store: VectorStore; uploads: Uploads },
): InSlices<unknown> {
  const { dimensions } = index.config;
  switch (question.type) {
    case 'info': {
      const { numVectors, mutation = null, changedAt = null } = index.info();
      return {
        vectorCount: numVectors,
        dimensions,
        processedUpToDatetime: changedAt,
        processedUpToMutation: mutation,
      };
    }
    case 'properties':
      return {
        metadataIndexes: index
          .properties()
          .map(({ path, type }) => ({ propertyName: path, indexType: type })),
      };
    case 'put': {
      const { batch, mode } = question;
      const bytes = vectorLines(uploads.finish(batch), batch.contentType);
      const vectors = yield* readVectors({ ...batch, bytes }, dimensions);
      return { mutationId: index.put(mode, vectors, (numBytes) => store.checkRoom(numBytes)) };
    }
    case 'query': {
      const matches = yield* index.query(planQuery(question.query, dimensions));
      return { count: matches.length, matches };
    }
    case 'getByIds':
      return index.getByIds(question.ids);
    case 'deleteByIds':
      return { mutationId: index.deleteByIds(question.ids) };
    case 'ids':
      return listIds(index, question.cursor, question.count);
    case 'addProperty':
      return { mutationId: index.addProperty(question.path, question.propertyType) };
    case 'removeProperty':
      return { mutationId: index.removeProperty(question.path) };
  }
}

/** Cloudflare's list is one of a snapshot; here it goes on behind the last id, so that a vector that stays is in it once. */
function listIds(index: VectorIndex, cursor: string | undefined, count: number): object {
  const found = index.idsAfter(cursor === undefined ? undefined : readCursor(cursor), count + 1);
  const ids = found.slice(0, count);
  const isTruncated = found.length > count;
  return {
    count: ids.length,
    totalCount: index.info().numVectors,
    isTruncated,
    nextCursor: isTruncated ? Buffer.from(ids.at(-1) ?? '').toString('base64url') : null,
    cursorExpirationTimestamp: null,
    vectors: ids.map((id) => ({ id })),
  };
}

function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url');
  if (id.length > 0 && id.toString('base64url') === cursor) return id.toString();
  throw vectorFault(FAULT.cursor, 'List vectors cursor appears to be corrupted', { param: 'cursor' });
}
