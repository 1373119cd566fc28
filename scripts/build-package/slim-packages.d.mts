export const SLIM: Readonly<Record<string, 'files' | 'bundle'>>;
