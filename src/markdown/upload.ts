import { MIMEType } from 'node:util';
import { EngineError, invalidField } from '../errors.ts';
import { isRecord } from '../values.ts';

/** What a request has beside its files. */
const MAX_REST_CHARACTERS = 2 ** 16;
const MAX_FILES = 100;
/** Of a form: its files and `conversionOptions`. */
const MAX_PARTS = MAX_FILES + 1;

/** A body that holds files, as its text without their bytes, and their bytes: plain data, which crosses processes. */
export interface Upload {
  /** JSON. In the place of a file's bytes it has the index of these. */
  readonly json: string;
  readonly files: readonly Uint8Array[];
}

/** A part of a form. */
export type FormPart =
  | { readonly field: string; readonly value: string }
  | { readonly field: string; readonly name: string; readonly mimeType: string; readonly data: number };

const fault = (message: string): EngineError =>
  new EngineError('invalid_request', message, { param: 'body' });

/**
 * Takes the files out of a body. Of JSON these are the texts in base64 that are called `data` in the objects of the list
 * `files`; a form becomes a list of its parts.
 *
 * @throws EngineError `invalid_request`
 */
export async function readUpload(bytes: Uint8Array, contentType: string): Promise<Upload> {
  const isForm = contentType.toLowerCase().startsWith('multipart/form-data');
  const upload = isForm ? await readForm(bytes, contentType) : readJson(bytes);
  if (upload.files.length > MAX_FILES) throw fault(`the body has more than ${MAX_FILES} files`);
  if (upload.json.length > MAX_REST_CHARACTERS) {
    throw fault(`the body has more than ${MAX_REST_CHARACTERS} characters beside its files`);
  }
  return upload;
}

function readJson(bytes: Uint8Array): Upload {
  const files: Uint8Array[] = [];
  const body = parse(bytes);
  const list = isRecord(body) && Array.isArray(body['files']) ? (body['files'] as unknown[]) : [];
  for (const [index, file] of list.entries()) {
    if (!isRecord(file)) continue;
    const { data } = file;
    // A number of the client's own would be taken for an index.
    if (typeof data !== 'string') delete file['data'];
    else if (BASE64.test(data)) file['data'] = files.push(Buffer.from(data, 'base64')) - 1;
    else throw invalidField(`files[${index}].data`, 'must be base64');
  }
  return { json: stringify(body), files };
}

/** By recursion, while it was parsed without. */
function stringify(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    throw fault('the body nests too many levels of objects and lists');
  }
}

const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;

function parse(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw fault('the body is not valid UTF-8');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw fault('the body is not valid JSON');
  }
}

/** Each part costs Node's parser some objects: too many parts are refused before any of them is parsed. */
function checkParts(bytes: Uint8Array, boundary: string): void {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = Buffer.from(`--${boundary}`);
  // One mark stands before each part, and one at the end.
  let numParts = -1;
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) {
    if (++numParts > MAX_PARTS)
      throw fault(`the form has more than ${MAX_PARTS} parts; send up to ${MAX_FILES} files a request`);
  }
}

async function parseForm(bytes: Uint8Array, contentType: string): Promise<FormData> {
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- since a form may be large; this one is here, and bounded
    return await new Response(bytes, { headers: { 'content-type': contentType } }).formData();
  } catch {
    throw fault('the body is not a form as multipart/form-data');
  }
}

/** Undefined where there is none, and where the header cannot be read. */
function boundaryOf(contentType: string): string | undefined {
  try {
    return new MIMEType(contentType).params.get('boundary') ?? undefined;
  } catch {
    return undefined;
  }
}

async function readForm(bytes: Uint8Array, contentType: string): Promise<Upload> {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) throw fault('the form has no boundary in its content-type');
  checkParts(bytes, boundary);
  const form = await parseForm(bytes, contentType);
  const files: Uint8Array[] = [];
  const parts: FormPart[] = [];
  for (const [field, value] of form) {
    if (typeof value === 'string') {
      parts.push({ field, value });
      continue;
    }
    const data = files.push(new Uint8Array(await value.arrayBuffer())) - 1;
    parts.push({ field, name: value.name, mimeType: value.type, data });
  }
  return { json: JSON.stringify({ parts }), files };
}
