import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';

interface MediaTypes {
  [contentType: string]: { schema: object };
}

interface OpenApiDocument {
  paths: Record<string, Record<string, { responses: Record<string, { content?: MediaTypes }> }>>;
  components: { schemas: Record<string, object> };
}

const text = readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8');
const document = parse(text) as OpenApiDocument;
const ajv = new Ajv2020({ strict: false, allErrors: true });
ajv.addSchema(document, 'openapi');

const PATHS = Object.keys(document.paths).map((template) => ({
  template,
  // A model id may hold slashes; every other parameter is one segment.
  pattern: new RegExp(
    `^${template
      .replaceAll('.', '\\.')
      .replace('{model}', '.+')
      .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  ),
}));

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
  const media = (resolvePointer(pointer) as { content?: MediaTypes }).content?.[mediaType];
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
export function requestBodyValidator(path: string): ValidateFunction {
  return compile(`/paths/${escape(path)}/post/requestBody/content/${escape('application/json')}/schema`);
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
  return [mediaType === 'application/json' ? (JSON.parse(body) as unknown) : body];
}

function responsePointer(method: string, path: string, status: number): string {
  const template = PATHS.find(({ pattern }) => pattern.test(path))?.template;
  const operation = template === undefined ? undefined : document.paths[template]?.[method.toLowerCase()];
  if (template !== undefined && operation !== undefined) {
    if (operation.responses[status] === undefined)
      throw new Error(`${method} ${template} does not list ${status}`);
    return `/paths/${escape(template)}/${method.toLowerCase()}/responses/${status}`;
  }
  if (!UNLISTED_STATUSES.includes(status))
    throw new Error(`${method} ${path} is not listed, yet answers ${status}`);
  // Any listed error of the family has the envelope.
  const family = familyPath(path);
  return `/paths/${escape(family)}/post/responses/404`;
}

/** A path whose errors have the envelope of the family that another belongs to. */
function familyPath(path: string): string {
  if (/^\/v1\/messages(?:\/|$)/.test(path)) return '/v1/messages';
  const isNative =
    /^\/(ai|client\/v4)(\/|$)/.test(path) && !/^(\/client\/v4\/accounts\/[^/]+)?\/ai\/v1\//.test(path);
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
