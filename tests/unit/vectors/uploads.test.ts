import { expect, it } from 'vitest';
import { Uploads } from '../../../src/vectors/uploads.ts';

const finish = (uploads: Uploads, upload: string): Uint8Array =>
  uploads.finish({
    upload,
    numParts: 1,
    bytes: Uint8Array.of(2),
    contentType: 'application/x-ndjson',
    maxVectors: 1,
    discardsUnreadable: false,
  });

it('drops the uploads of the address that has most, whichever keys it invents', () => {
  const uploads = new Uploads();
  uploads.add('first', '10.0.0.1/', Uint8Array.of(1));
  for (let index = 0; index < 100; index++)
    uploads.add(`more-${index}`, `10.0.0.2/key-${index}`, Uint8Array.of(1));
  expect([...finish(uploads, 'first')]).toEqual([1, 2]);
  expect([...finish(uploads, 'more-99')]).toEqual([1, 2]);
  expect(() => finish(uploads, 'more-0')).toThrow('was lost');
});
