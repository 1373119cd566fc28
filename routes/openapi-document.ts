import { createDocument } from 'zod-openapi';
import { MAX_JSON_LEVELS } from '../src/http/json-nesting.ts';
import { VERSION } from '../src/version.ts';
import { securitySchemes } from './openapi-parts.ts';
import { routes } from './routes.ts';

/** The whole API as OpenAPI 3.1, from the routes and the schemas that requests are checked by. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Tokenflare',
      version: VERSION,
      description:
        'Causal transformers over HTTP: the completions of OpenAI and of Cloudflare Workers AI. A path or method ' +
        'that is not listed is answered with 404 or 405 (with `allow`) in the error envelope of its family; every ' +
        `path answers to OPTIONS. A body has a JSON content type and nests at most ${MAX_JSON_LEVELS} levels. A request ` +
        'that is not valid HTTP, or does not arrive in time, is answered with 400, 408 or 431 without a body, and the ' +
        'connection is closed.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    components: { securitySchemes },
    // The empty one: a service without KEYS_FILE wants no key.
    security: [...Object.keys(securitySchemes).map((name) => ({ [name]: [] })), {}],
    servers: [{ url: 'http://127.0.0.1:8787' }],
    paths: Object.fromEntries(routes.map(({ path, describe }) => [toTemplate(path), describe()])),
  });
}

/** Hono's `:model{.+}` is `{model}` in OpenAPI. */
const toTemplate = (path: string): string => path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
