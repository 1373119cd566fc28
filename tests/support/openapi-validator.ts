import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

interface MediaTypes {
  [contentType: string]: { schema: object };
}

interface Operation {
  responses: Record<string, { content?: MediaTypes; $ref?: string }>;
}

/** Operations by method; the servers have the path below other bases. */
type PathItem = Partial<Record<'get' | 'post' | 'patch' | 'delete', Operation>> & {
  servers?: readonly { url: string }[];
};

interface OpenApiDocument {
  paths: Record<string, PathItem>;
  components: { schemas: Record<string, object> };
}

const text = readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8');
const document = parse(text) as OpenApiDocument;
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'openapi');

/** The bases that a path is served below; '' is one of them. */
export const basesOf = ({ servers = [{ url: 'http://127.0.0.1:8787' }] }: PathItem): string[] =>
  servers.map(({ url }) => url.replace('http://127.0.0.1:8787', ''));

const PATHS = Object.entries(document.paths).flatMap(([template, item]) =>
  basesOf(item).map((base) => ({ template, pattern: patternOf(base + template) })),
);

/** A model id, or a provider's path, may hold slashes; every other parameter is one segment. */
function patternOf(template: string): RegExp {
  const escaped = template.replaceAll('.', '\\.').replace(/\{(?:model|endpoint)\}/, '.+');
  return new RegExp(`^${escaped.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}

/** A path or method that is not in the document may be answered with these, in the envelope of its family. */
const UNLISTED_STATUSES = [401, 403, 404, 405, 409, 421, 429];

export interface ReceivedResponse {
  method: string;
  path: string;
  status: number;
  contentType: string;
  body: string;
}

/** Throws unless openapi.yaml has this answer for this request: status, content type, and the shape of every part. */
export function checkAgainstOpenApi(response: ReceivedResponse): void {
  const { method, path, status, contentType, body } = response;
  const mediaType = contentType.split(';')[0]?.trim() ?? '';
  const pointer = responsePointer(method, path, status);
  const media = (resolvePointer(pointer) as Operation['responses'][string]).content?.[mediaType];
  if (media === undefined) throw new Error(`${pointer} has no content of type '${mediaType}'`);
  const validate = compile(`${pointer}/content/${escape(mediaType)}/schema`);
  for (const part of partsOf(mediaType, body)) {
    if (validate(part)) continue;
    throw new Error(
      `${method} ${path} ${status}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(part)}`,
    );
  }
}

/** The schema of a request's body, for comparing it with what the service takes. */
export function requestBodyValidator(path: string, method = 'post'): ValidateFunction {
  return compile(`/paths/${escape(path)}/${method}/requestBody/content/${escape('application/json')}/schema`);
}

/** The values that `data:` lines hold, `[DONE]` apart. */
export function sseData(body: string): unknown[] {
  return body
    .split('\n')
    .filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map((line) => JSON.parse(line.slice('data: '.length)) as unknown);
}

function partsOf(mediaType: string, body: string): unknown[] {
  if (mediaType === 'text/event-stream') return sseData(body);
  if (mediaType === 'application/x-ndjson')
    return body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  return [mediaType === 'application/json' ? (JSON.parse(body) as unknown) : body];
}

function responsePointer(method: string, path: string, status: number): string {
  const template = PATHS.find(({ pattern }) => pattern.test(path))?.template;
  const operation =
    template === undefined ? undefined : document.paths[template]?.[method.toLowerCase() as 'get'];
  if (template !== undefined && operation !== undefined) {
    const key = [`${status}`, `${Math.floor(status / 100)}XX`].find((one) => one in operation.responses);
    if (key === undefined) throw new Error(`${method} ${template} does not list ${status}`);
    const { $ref: listed } = operation.responses[key] ?? {};
    return listed?.slice(1) ?? `/paths/${escape(template)}/${method.toLowerCase()}/responses/${key}`;
  }
  if (!UNLISTED_STATUSES.includes(status))
    throw new Error(`${method} ${path} is not listed, yet answers ${status}`);
  // Any listed error of the family has the envelope.
  const { '404': notFound, '4XX': anyFault } = document.paths[familyPath(path)]?.post?.responses ?? {};
  const { $ref } = notFound ?? anyFault ?? {};
  if ($ref === undefined) throw new Error('errors are listed once, and referred to');
  return $ref.slice(1);
}

/** A path whose errors have the envelope of the family that another belongs to. */
function familyPath(path: string): string {
  if (/^(?:(?:\/client\/v4\/accounts\/[^/]+)?\/ai)?\/v1\/messages(?:\/|$)/.test(path)) return '/v1/messages';
  if (/^\/(?:gateway|workers-binding\/ai-gateway\/universal)\//.test(path))
    return '/gateway/{account}/{gateway}';
  if (path.startsWith('/workers-binding/vectorize/')) return '/workers-binding/vectorize/{index}/query';
  if (path.startsWith('/api/')) return '/api/chat';
  if (path.startsWith('/workers-binding')) return '/workers-binding/run';
  const isNative =
    /^\/(ai|ai-gateway|client\/v4)(\/|$)/.test(path) &&
    !/^(\/client\/v4\/accounts\/[^/]+)?\/ai\/v1\//.test(path);
  return isNative ? '/ai/run/{model}' : '/v1/completions';
}

function resolvePointer(pointer: string): unknown {
  let value: unknown = document;
  for (const token of pointer.split('/').slice(1)) {
    value = (value as Record<string, unknown>)[token.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  return value;
}

function compile(pointer: string): ValidateFunction {
  const validate = ajv.getSchema(`openapi#${pointer.split('/').map(encodeURIComponent).join('/')}`);
  if (validate === undefined) throw new Error(`openapi.yaml has nothing at ${pointer}`);
  return validate;
}

const escape = (token: string): string => token.replaceAll('~', '~0').replaceAll('/', '~1');
