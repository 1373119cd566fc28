export const METRICS = ['cosine', 'euclidean', 'dot-product'] as const;
export type Metric = (typeof METRICS)[number];

export const PROPERTY_TYPES = ['string', 'number', 'boolean'] as const;
export type PropertyType = (typeof PROPERTY_TYPES)[number];

/** What an index is made with; it never changes. */
export interface IndexConfig {
  readonly name: string;
  readonly dimensions: number;
  readonly metric: Metric;
  readonly description: string;
  /** ISO 8601. */
  readonly createdOn: string;
}

/** A vector as it is put into an index. */
export interface GivenVector {
  readonly id: string;
  readonly values: Float32Array;
  readonly namespace: string | undefined;
  /** Compact JSON. */
  readonly metadata: string | undefined;
}

/** Vectors of a batch whose id is there: `insert` keeps those that there are, `upsert` replaces them. */
export type PutMode = 'insert' | 'upsert';
