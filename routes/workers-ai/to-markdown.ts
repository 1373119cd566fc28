import { randomUUID } from 'node:crypto';
import type * as z from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { abortError, EngineError, invalidField } from '../../src/errors.ts';
import { groupOf } from '../../src/fairness/client-id.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { HeldBytes, type Holding } from '../../src/http/edge/held-bytes.ts';
import { parseJsonObject } from '../../src/http/edge/json-body.ts';
import { useBody } from '../../src/http/edge/whole-body.ts';
import { FORMATS } from '../../src/markdown/formats.ts';
import {
  MAX_MARKDOWN_CHARACTERS,
  type Conversion,
  type ConversionOptions,
  type SourceFile,
} from '../../src/markdown/conversion.ts';
import type { ConversionCaller } from '../../src/markdown/markdown-converter.ts';
import type { Upload } from '../../src/markdown/upload.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import { errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import {
  conversionOptionsSchema,
  readFormSchema,
  readRequestSchema,
  supportedResponseSchema,
  toEnvelopeOf,
  toMarkdownFormSchema,
  toMarkdownRequestSchema,
  toMarkdownResponseSchema,
  type ConversionOptionsInput,
  type ToMarkdownBody,
} from './schemas/to-markdown.ts';

/** Files are larger than prompts. A body of this size holds one of 12 MiB in base64. */
const MIN_BODY_BYTES = 16 * 2 ** 20;

/** Of files that are converted while others of their requests are not. A small file may become a large text. */
const texts = new HeldBytes('texts of converted files');
const MAX_TEXTS_BYTES = 128 * 2 ** 20;
const BYTES_PER_CHARACTER = 2;

/** What a request asks for. */
interface MarkdownRequest {
  readonly files: readonly SourceFile[];
  readonly options: ConversionOptions;
}

/** How the body of an API comes to such a request. */
interface Reading {
  readonly mediaType: RegExp;
  readonly mediaName: string;
  readonly toRequest: (
    body: Record<string, unknown>,
    bytesAt: (index: number) => Uint8Array,
  ) => MarkdownRequest;
}

const JSON_BODY: Reading = {
  mediaType: /^application\/json$/,
  mediaName: 'application/json',
  toRequest: (body, bytesAt) => {
    const { files, options } = parseInput(readRequestSchema, body);
    return {
      files: files.map(({ data, ...file }) => ({ ...file, bytes: bytesAt(data) })),
      options: toOptions(options?.conversionOptions),
    };
  },
};

const FORM_BODY: Reading = {
  mediaType: /^multipart\/form-data$/,
  mediaName: 'multipart/form-data',
  toRequest: (body, bytesAt) => {
    const { parts } = parseInput(readFormSchema, body);
    let options: ConversionOptionsInput | undefined;
    const files: SourceFile[] = [];
    for (const part of parts) {
      if ('data' in part && FILE_FIELDS.has(part.field)) {
        const { name, mimeType, data } = part;
        files.push({ name, mimeType, bytes: bytesAt(data) });
      } else if ('value' in part && part.field === OPTIONS_FIELD) {
        options = parseInput(conversionOptionsSchema, parseJsonObject(part.value));
      } else {
        throw invalidField('files', `are the only files of the form, and ${OPTIONS_FIELD} its only text`);
      }
    }
    return { files, options: toOptions(options) };
  },
};

/** Cloudflare's npm package adds brackets to the name of a list. */
const FILE_FIELDS = new Set(['files', 'files[]']);
const OPTIONS_FIELD = 'conversionOptions';

const toOptions = ({ output, html, pdf }: ConversionOptionsInput = {}): ConversionOptions => ({
  format: output?.format ?? 'markdown',
  hostname: html?.hostname,
  cssSelector: html?.cssSelector,
  pdfMetadata: pdf?.metadata ?? true,
});

/** Converts the files of a request, one after the other. A fault of one is told in its place. */
async function transform(
  c: AppContext,
  { markdown, config }: RouteDependencies,
  reading: Reading,
): Promise<Response> {
  const { mediaType, mediaName } = reading;
  const limits = {
    limitBytes: Math.max(config.bodyLimitBytes, MIN_BODY_BYTES),
    limitName: 'the larger of BODY_LIMIT and 16 MiB',
    mediaType,
    mediaName,
  };
  const holding = texts.open(groupOf(c.get('scope').clientId), MAX_TEXTS_BYTES);
  try {
    const converted = await useBody(c, limits, async (bytes, gone) => {
      const scope = c.get('scope');
      scope.onPhase?.('preparing', bytes.length);
      const deadline = timeLimit(config.requestTimeoutMs);
      try {
        const signal = AbortSignal.any([gone, deadline.signal, holding.signal]);
        const caller = { clientId: scope.clientId, signal };
        const contentType = c.req.header('content-type') ?? '';
        const upload = await markdown.readUpload(bytes, contentType, caller);
        return await convertAll(readRequest(upload, reading), markdown, caller, holding);
      } finally {
        deadline.clear();
      }
    });
    return answerJson(c, toEnvelopeOf(converted.results), converted.numBytes);
  } finally {
    // From here on the answer counts.
    holding.release();
  }
}

function readRequest({ json, files }: Upload, { toRequest }: Reading): MarkdownRequest {
  return toRequest(parseJsonObject(json), (index) => files[index] ?? new Uint8Array());
}

interface Converted {
  readonly results: ToMarkdownBody['result'];
  /** In memory. */
  readonly numBytes: number;
}

/** @throws EngineError `queue_full` where the client's texts take most of the room for them */
async function convertAll(
  { files, options }: MarkdownRequest,
  converter: RouteDependencies['markdown'],
  caller: ConversionCaller,
  holding: Holding,
): Promise<Converted> {
  const results: ToMarkdownBody['result'] = [];
  let numCharacters = 0;
  for (const file of files) {
    const conversion = beside(numCharacters, await converter.convert(file, options, caller));
    if ('data' in conversion) numCharacters += conversion.data.length;
    holding.hold(BYTES_PER_CHARACTER * numCharacters);
    if (holding.signal.aborted) throw abortError(holding.signal);
    results.push(toResult(file, conversion, options));
  }
  return { results, numBytes: BYTES_PER_CHARACTER * numCharacters };
}

/** All files of a request together become no more than one may. */
function beside(numCharacters: number, conversion: Conversion): Conversion {
  if ('error' in conversion || numCharacters + conversion.data.length <= MAX_MARKDOWN_CHARACTERS)
    return conversion;
  const { mimeType, data } = conversion;
  const error =
    `it would be ${data.length} characters of Markdown, and the files before it are ${numCharacters}; the limit of a ` +
    `request is ${MAX_MARKDOWN_CHARACTERS}`;
  return { mimeType, error };
}

/** Cloudflare says that its count is an estimate, and not how it is made. */
const CHARACTERS_PER_TOKEN = 4;

function toResult(
  { name }: SourceFile,
  conversion: Conversion,
  { format }: ConversionOptions,
): ToMarkdownBody['result'][number] {
  const head = { id: randomUUID(), name, mimeType: conversion.mimeType };
  if ('error' in conversion) return { ...head, format: 'error', error: conversion.error };
  const { data } = conversion;
  return { ...head, format, tokens: Math.ceil(data.length / CHARACTERS_PER_TOKEN), data };
}

function timeLimit(timeoutMs: number): { signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new EngineError('request_timeout', `the files were not converted within ${timeoutMs} ms`),
    );
  }, timeoutMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

const ERRORS = [
  'invalid_request',
  'payload_too_large',
  'queue_full',
  'engine_not_ready',
  'request_timeout',
  'backend_failure',
  'internal',
] as const;

type Api = 'workers-ai' | 'workers-binding';

const transformOperation = (
  operationId: string,
  api: Api,
  requestBody: NonNullable<ZodOpenApiOperationObject['requestBody']>,
): ZodOpenApiOperationObject => ({
  operationId,
  tags: ['Workers AI'],
  summary: 'Convert files to Markdown',
  requestBody,
  responses: {
    200: jsonResponse('What each file became, or why it did not.', toMarkdownResponseSchema, api),
    ...errorResponses(ERRORS, api),
  },
});

const supportedOperation = (operationId: string, api: Api): ZodOpenApiOperationObject => ({
  operationId,
  tags: ['Workers AI'],
  summary: 'The formats of files that are converted to Markdown',
  responses: {
    200: jsonResponse('Extensions and types.', supportedResponseSchema, api),
    ...errorResponses(['internal'], api),
  },
});

const supported = (c: AppContext): Response => {
  const result = FORMATS.map(({ extension, mimeType }) => ({ extension, mimeType }));
  return answerJson(c, toEnvelopeOf(result) satisfies z.output<typeof supportedResponseSchema>);
};

const BINDING_PATH = '/workers-binding/to-everything/markdown';
const EXAMPLE = { files: [{ name: 'a.csv', mimeType: 'text/csv', data: 'YSxiCjEsMgo=' }] };

/** `env.AI.toMarkdown(files)`. */
export const bindingToMarkdownRoute = defineRoute({
  path: `${BINDING_PATH}/transformer`,
  promise: 'documents',
  api: 'workers-binding',
  describe: () => ({
    post: transformOperation('toMarkdownByBinding', 'workers-binding', {
      required: true,
      ...jsonContent(toMarkdownRequestSchema, EXAMPLE),
    }),
  }),
  createHandlers: (dependencies) => ({ post: (c) => transform(c, dependencies, JSON_BODY) }),
});

/** `env.AI.toMarkdown().supported()`. */
export const bindingMarkdownFormatsRoute = defineRoute({
  path: `${BINDING_PATH}/supported`,
  promise: 'documents',
  api: 'workers-binding',
  describe: () => ({ get: supportedOperation('markdownFormatsByBinding', 'workers-binding') }),
  createHandlers: () => ({ get: supported }),
});

export const toMarkdownRoute = defineRoute({
  path: '/ai/tomarkdown',
  promise: 'documents',
  api: 'workers-ai',
  describe: () => ({
    post: transformOperation('toMarkdown', 'workers-ai', {
      required: true,
      content: { 'multipart/form-data': { schema: toMarkdownFormSchema } },
    }),
  }),
  createHandlers: (dependencies) => ({ post: (c) => transform(c, dependencies, FORM_BODY) }),
});

export const markdownFormatsRoute = defineRoute({
  path: '/ai/tomarkdown/supported',
  promise: 'documents',
  api: 'workers-ai',
  describe: () => ({ get: supportedOperation('markdownFormats', 'workers-ai') }),
  createHandlers: () => ({ get: supported }),
});
