export const PREBUILDS: string;
export const PREBUILT_SOURCES: string;
/** SHA-256 of the kernels and of how they are compiled. */
export function hashOfSources(): string;
