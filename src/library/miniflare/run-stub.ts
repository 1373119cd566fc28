import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EngineError } from '../../errors.ts';
import { fieldOf, hasCode, isRecord, messageOf } from '../../values.ts';

/** What a user's module answers in the place of a model: its default export. */
export type Stub = (
  inputs: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
  context: { readonly model: string; readonly signal: AbortSignal },
) => unknown;

/** By their ids, of which one may end in `*`: paths of modules, from the working directory. */
export type Stubs = Readonly<Record<string, string>>;

const MODEL_HEADER = 'cf-consn-model-id';
/** The id of the stub, from the upstream, which knows which of them fits a model best. */
const STUB_HEADER = 'x-stub-id';
/** Of Cloudflare: an internal error. */
const INTERNAL = 3043;

/** Answers what the class behind `env.AI` sends for a model that a stub is set for. */
export async function runStub(request: Request, stubs: Stubs): Promise<Response> {
  const model = request.headers.get(MODEL_HEADER) ?? '';
  const response = await answer(request, model, stubs).catch((error: unknown) => toFault(error));
  response.headers.set('cf-ai-req-id', randomUUID());
  return response;
}

async function answer(request: Request, model: string, stubs: Stubs): Promise<Response> {
  const path = stubs[request.headers.get(STUB_HEADER) ?? ''];
  if (path === undefined) throw invalid(`there is no stub for '${model}'`);
  const stub = await load(path);
  const { inputs, options } = await readCall(request);
  const { signal } = request;
  return toResponse(await stub(inputs, options, { model, signal }), path, inputs['stream'] === true);
}

/** A module that has changed is read anew; what it imports is not. */
async function load(path: string): Promise<Stub> {
  const file = resolve(path);
  let loaded: unknown;
  try {
    const { mtimeMs } = await stat(file);
    loaded = await import(`${pathToFileURL(file).href}?changed=${mtimeMs}`);
  } catch (error) {
    const reason = hasCode(error, 'ERR_UNKNOWN_FILE_EXTENSION')
      ? `Node ${process.versions.node} runs no TypeScript; use Node 22.18 or later, or JavaScript`
      : messageOf(error);
    throw invalid(`the stub ${path} cannot be loaded: ${reason}`, error);
  }
  const stub = fieldOf(loaded, 'default');
  if (typeof stub !== 'function') throw invalid(`the stub ${path} has no function as its default export`);
  return stub as Stub;
}

type Call = Readonly<Record<'inputs' | 'options', Readonly<Record<string, unknown>>>>;

/**
 * The inputs and options of a call. Where one of the inputs is a stream or a form, the class sends that alone as the body,
 * without its name, and the others in the URL: the body is `inputs.body` then, and its type `inputs.contentType`.
 */
async function readCall(request: Request): Promise<Call> {
  const { searchParams } = new URL(request.url);
  const userInputs = searchParams.get('userInputs');
  if (userInputs !== null) {
    for (const name of ['userInputs', 'version']) searchParams.delete(name);
    const options = Object.fromEntries(searchParams);
    return { inputs: { ...toRecord(JSON.parse(userInputs)), ...(await readBody(request)) }, options };
  }
  const body = toRecord(await request.json());
  return { inputs: toRecord(body['inputs']), options: toRecord(body['options']) };
}

/** A form may come without its boundary, which is its first line. */
async function readBody(request: Request): Promise<{ body: ReadableStream | null; contentType: string }> {
  const contentType = request.headers.get('content-type') ?? '';
  if (!contentType.startsWith('multipart/form-data') || contentType.includes('boundary=')) {
    return { body: request.body, contentType };
  }
  const form = await request.blob();
  const [, boundary = ''] = /^--([^\r\n]+)/.exec(await form.slice(0, 200).text()) ?? [];
  return { body: form.stream(), contentType: `${contentType}; boundary=${boundary}` };
}

const toRecord = (value: unknown): Record<string, unknown> => (isRecord(value) ? value : {});

const BINARY = 'application/octet-stream';
/** These describe the body on the wire, which Node has decoded already. */
const OF_THE_WIRE = ['content-encoding', 'content-length', 'transfer-encoding'];

function toResponse(result: unknown, path: string, isStreamed: boolean): Response {
  if (result instanceof Response) {
    const headers = new Headers(result.headers);
    for (const name of OF_THE_WIRE) headers.delete(name);
    return new Response(result.body, { status: result.status, headers });
  }
  if (result instanceof ReadableStream) {
    return binary(result, isStreamed ? 'text/event-stream' : BINARY);
  }
  if (result instanceof Blob || result instanceof ArrayBuffer || ArrayBuffer.isView(result)) {
    return binary(result as Blob, BINARY);
  }
  if (result === undefined) throw invalid(`the stub ${path} returned nothing`);
  // The class takes any other type than exactly this one for a stream.
  return new Response(JSON.stringify(result), { headers: { 'content-type': 'application/json' } });
}

const binary = (body: ReadableStream | Blob, contentType: string): Response =>
  new Response(body, { headers: { 'content-type': contentType } });

const invalid = (message: string, cause?: unknown): EngineError =>
  new EngineError('config_invalid', message, { cause });

/** What a stub throws, as the class reads errors: with its own name, `status` and `internalCode`, where it has these. */
function toFault(error: unknown): Response {
  const code = fieldOf(error, 'internalCode');
  const status = fieldOf(error, 'status');
  const isStatus = typeof status === 'number' && status >= 400 && status <= 599;
  const internalCode = typeof code === 'number' ? code : INTERNAL;
  const description = messageOf(error);
  const isOwn = !(error instanceof Error) || error instanceof EngineError || error.name === 'Error';
  const name = isOwn ? 'InferenceUpstreamError' : error.name;
  const errors = [{ code: internalCode, message: description }];
  const body = { internalCode, name, description, message: description, errors };
  return Response.json(body, { status: isStatus ? status : 500 });
}
