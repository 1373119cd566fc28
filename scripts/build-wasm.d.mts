/** The names of the modules. */
export const MODULES: readonly string[];
/** SHA-256 of the sources and of how they are compiled. */
export function hashOfWasm(): string;
