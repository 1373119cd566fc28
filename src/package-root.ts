import { fileURLToPath } from 'node:url';

/** Where package.json, openapi.yaml and the embedded model lie: two folders up where this runs compiled, in dist/src. */
export const PACKAGE_ROOT = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);

/** The model that is served where no other is named. */
export const EMBEDDED_MODEL = fileURLToPath(new URL('model-weights', PACKAGE_ROOT));
