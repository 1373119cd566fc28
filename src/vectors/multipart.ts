import { upsertFault } from './faults.ts';

const HEADER_END = '\r\n\r\n';
const BOUNDARY = /^multipart\/form-data\s*;.*boundary=(?:"([^"]+)"|([^\s;]+))/i;
/** wrangler's file is named `vectors`; Cloudflare's document of the API has the same name. */
const FIELD = /^content-disposition:.*\bname="?vectors"?/im;
const MAX_PARTS = 16;
const MAX_HEADER_BYTES = 4096;

/**
 * The lines of vectors in a body: all of it, or where it is a form, as wrangler sends it, the field `vectors`.
 * @throws EngineError `invalid_request` for a form without that field
 */
export function vectorLines(bytes: Uint8Array, contentType: string): Uint8Array {
  if (!/^multipart\//i.test(contentType)) return bytes;
  const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw upsertFault('the form has no boundary');
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = body.indexOf(`--${boundary}`);
  for (let part = 0; at !== -1 && part < MAX_PARTS; part++) {
    const start = at + boundary.length + 2;
    const contentStart = body.indexOf(HEADER_END, start);
    const end = body.indexOf(`\r\n--${boundary}`, start);
    if (contentStart === -1 || end === -1) break;
    const headers = body.toString('latin1', start, Math.min(contentStart, end, start + MAX_HEADER_BYTES));
    if (contentStart < end && FIELD.test(headers))
      return body.subarray(contentStart + HEADER_END.length, end);
    at = end + 2;
  }
  throw upsertFault('the form has no field vectors; send a file of ndjson by that name');
}
