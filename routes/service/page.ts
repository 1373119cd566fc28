import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import type { Context, Handler } from 'hono';
import * as z from 'zod';
import { clip } from '../../src/values.ts';
import { EngineError } from '../../src/errors.ts';
import type { AppEnv } from '../../src/http/app-env.ts';
import { defineRoute, type Route } from '../define-route.ts';
import { NO_SECURITY, openErrorResponses, textResponse } from '../openapi-parts.ts';

/** What scripts/build-page.mjs makes of src/page; the same folder for the compiled service and for its sources. */
const FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/page' : '../../page', import.meta.url),
);

/** Nothing comes from elsewhere, goes elsewhere, or is framed there. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
];
const PAGE_POLICY = [...POLICY, "style-src 'self'"].join('; ');
/** Swagger UI writes styles into its elements. */
const DOCS_POLICY = [...POLICY, "style-src 'self' 'unsafe-inline'"].join('; ');

/** `GET /`: the page to look at the service with. */
export const pageRoute = defineRoute({
  path: '/',
  promise: 'page',
  access: 'open',
  describe: () => ({
    get: {
      operationId: 'page',
      tags: ['Operation'],
      summary: 'The page',
      description:
        'A playground, what heads attend to, benchmarks, and what the service does now, for a browser.',
      security: NO_SECURITY,
      responses: { 200: textResponse('The page.', 'text/html'), ...openErrorResponses([]) },
    },
  }),
  createHandlers: () => ({ get: htmlHandler('index.html', PAGE_POLICY) }),
});

/** `GET /docs`: openapi.yaml for readers. */
export const docsRoute = defineRoute({
  path: '/docs',
  promise: 'page',
  access: 'open',
  describe: () => ({
    get: {
      operationId: 'docs',
      tags: ['Operation'],
      summary: 'This document, to read and to try',
      description: 'The same as `/openapi.yaml`, drawn by Swagger UI, which the service has with it.',
      security: NO_SECURITY,
      responses: { 200: textResponse('The document as a page.', 'text/html'), ...openErrorResponses([]) },
    },
  }),
  createHandlers: () => ({ get: htmlHandler('docs.html', DOCS_POLICY) }),
});

const fileParam = z.object({ file: z.string().meta({ description: 'As the page names it.' }) });

/** `GET /assets/FILE`: scripts and styles of both. Their names change with their content. */
export const assetRoute: Route = defineRoute({
  path: '/assets/:file',
  promise: 'page',
  access: 'open',
  isPolled: true,
  describe: () => ({
    get: {
      operationId: 'pageAsset',
      tags: ['Operation'],
      summary: "A file of the page's",
      description: 'Scripts and styles of `/` and `/docs`. Their names change with their content.',
      security: NO_SECURITY,
      requestParams: { path: fileParam },
      responses: { 200: textResponse('The file.', 'text/javascript'), ...openErrorResponses(['not_found']) },
    },
  }),
  createHandlers: () => ({ get: assetHandler() }),
});

/**
 * A page whose relative addresses begin where the service does. Another application that has mounted it may serve `/`
 * without its last slash, so the page is told where that is. A proxy that takes a path away needs nothing: both pages
 * lie in the folder where the service begins.
 */
function htmlHandler(file: string, policy: string): Handler<AppEnv> {
  let html: string | undefined;
  return (c) => {
    html ??= readFileSync(`${FOLDER}/${file}`, 'utf8');
    const { mountPath } = c.env;
    const base = mountPath === undefined || mountPath === '' ? './' : `${mountPath}/`.replaceAll('"', '%22');
    return c.html(
      html.replace('<base href="./" />', () => `<base href="${base}" />`),
      200,
      {
        'content-security-policy': policy,
        'cache-control': 'no-cache',
        'referrer-policy': 'no-referrer',
      },
    );
  };
}

function assetHandler(): Handler<AppEnv> {
  const serve = serveStatic<AppEnv>({
    root: FOLDER,
    precompressed: true,
    rewriteRequestPath: (path) => `/assets/${basename(path)}`,
    onFound: (_, c) => c.header('cache-control', 'public, max-age=31536000, immutable'),
  });
  return async (c: Context<AppEnv, string>) => {
    const answer = await serve(c, () => Promise.resolve());
    if (answer !== undefined) return answer;
    throw new EngineError('not_found', `the page has no file ${clip(c.req.path)}`);
  };
}
