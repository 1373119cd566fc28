/** Paths of modules that the npm package has as files. */
export const PUBLISHED: readonly string[];
/** Those of a checkout. */
export const ENTRIES: readonly string[];
