/** Where package.json, openapi.yaml and the embedded model lie: two folders up where this runs compiled, in dist/src. */
export const PACKAGE_ROOT = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
