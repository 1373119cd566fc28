import { describe, expect, it } from 'vitest';
import { readUpload } from '../../../src/markdown/upload.ts';

/** A form as Node's own client writes it. */
async function formOf(numFiles: number): Promise<{ bytes: Uint8Array; contentType: string }> {
  const form = new FormData();
  for (let index = 0; index < numFiles; index++) form.append('files', new Blob(['a']), `${index}.txt`);
  form.append('conversionOptions', '{}');
  const response = new Response(form);
  const contentType = response.headers.get('content-type') ?? '';
  return { bytes: new Uint8Array(await response.arrayBuffer()), contentType };
}

/** In another quotation of the header, which Node's parser reads the same way. */
const quoted = (contentType: string): string =>
  contentType.replace(/boundary=(.*)$/, 'charset=a; BOUNDARY="$1"');

describe('the parts of a form', () => {
  it('are up to a hundred files and the options', async () => {
    const { bytes, contentType } = await formOf(100);
    for (const header of [contentType, quoted(contentType)]) {
      const { files, json } = await readUpload(bytes, header);
      expect(files).toHaveLength(100);
      expect((JSON.parse(json) as { parts: unknown[] }).parts).toHaveLength(101);
    }
  });

  it.each([101, 2000])(
    'are refused before they are parsed where there are more: %i files',
    async (numFiles) => {
      const { bytes, contentType } = await formOf(numFiles);
      // A byte that no form has there: the parser would say that this is none.
      bytes[bytes.indexOf(0x0d)] = 0;
      for (const header of [contentType, quoted(contentType)])
        await expect(readUpload(bytes, header)).rejects.toThrow(/more than 101 parts/);
    },
  );

  it.each(['multipart/form-data', 'multipart/form-data; boundary', 'multipart/form-data; boundary='])(
    'have a boundary: %s',
    async (header) => {
      await expect(readUpload(Buffer.from('--a--'), header)).rejects.toThrow(/no boundary/);
    },
  );
});
