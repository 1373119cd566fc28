import type { QueryInput } from './query.ts';
import type { IndexConfig, PropertyType, PutMode } from './vector-types.ts';

/** What crosses the channel between `VectorService` and the process that has the indexes (vectors-worker.ts). */

export interface VectorsSetup {
  readonly folder: string;
  readonly maxBytes: number;
  /** Whether the native kernels are wanted. */
  readonly native: boolean;
  readonly numThreads?: number | undefined;
}

/** A batch of vectors: the end of an upload whose other parts came before. */
export interface PutBatch {
  readonly upload: string;
  /** Those before. */
  readonly numParts: number;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly maxVectors: number;
  readonly discardsUnreadable: boolean;
}

export type VectorQuestion =
  | { readonly type: 'list' }
  | { readonly type: 'create'; readonly config: IndexConfig }
  | { readonly type: 'config' | 'delete' | 'info' | 'properties'; readonly index: string }
  /** Of a large body, before the batch. */
  | { readonly type: 'part'; readonly upload: string; readonly clientId: string; readonly bytes: Uint8Array }
  /** The body's batch will not come. */
  | { readonly type: 'dropParts'; readonly upload: string }
  | { readonly type: 'put'; readonly index: string; readonly mode: PutMode; readonly batch: PutBatch }
  | { readonly type: 'query'; readonly index: string; readonly query: QueryInput }
  | { readonly type: 'getByIds' | 'deleteByIds'; readonly index: string; readonly ids: readonly string[] }
  | {
      readonly type: 'ids';
      readonly index: string;
      readonly cursor: string | undefined;
      readonly count: number;
    }
  | {
      readonly type: 'addProperty';
      readonly index: string;
      readonly path: string;
      readonly propertyType: PropertyType;
    }
  | { readonly type: 'removeProperty'; readonly index: string; readonly path: string };

/** As JSON, since a service passes it on: an answer may have a thousand numbers for each of fifty vectors. */
export type VectorAnswer = string;
