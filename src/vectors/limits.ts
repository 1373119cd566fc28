/** Bounds of Cloudflare Vectorize (its documentation, vectorize/platform/limits; those of ids by its answers). */
export const LIMITS = {
  indexes: 100,
  dimensions: 1536,
  idBytes: 64,
  namespaceBytes: 64,
  metadataBytes: 10_240,
  /** Of a batch that a Worker sends, and of one over HTTP. */
  vectorsOfWorker: 1000,
  vectorsOfHttp: 5000,
  uploadBytes: 100_000_000,
  topK: 100,
  /** With values, or with all metadata. */
  topKWithAll: 50,
  defaultTopK: 5,
  idsToGet: 20,
  idsToDelete: 100,
  filterBytes: 2048,
  propertyCharacters: 512,
  metadataIndexes: 10,
  /** Of a text in a metadata index. */
  indexedBytes: 64,
  listed: 1000,
  defaultListed: 100,
} as const;
