import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { jsonStep, type FuzzKind } from './fuzz-script.ts';

/** Documents that are spoiled: bytes are changed, left out and repeated, and files come under names of other formats. */

const FOLDER = new URL('../../tests/fixtures/markdown/', import.meta.url);
const TEXTS: readonly (readonly [name: string, content: string])[] = [
  [
    'page.html',
    '<html><head><title>T</title><base href="https://a/"></head><body><h1>A</h1><ul><li>b<ol><li>c</ol></ul>' +
      '<table><tr><th>d<td>e</table><pre><code>f</code></pre><a href="g">h</a></body></html>',
  ],
  ['list.csv', 'a;b;c\n1;"two\nlines";3\n'],
  ['data.json', '{"a": [1, {"b": null}]}'],
  ['data.xml', '<?xml version="1.0"?><a b="c"><d/></a>'],
];
const SEEDS = [
  ...readdirSync(FOLDER).map((name) => ({ name, bytes: readFileSync(new URL(name, FOLDER)) })),
  ...TEXTS.map(([name, content]) => ({ name, bytes: Buffer.from(content) })),
];
const EXTENSIONS = ['.pdf', '.docx', '.xlsx', '.ods', '.odt', '.html', '.csv', '.json', '.md', '.png', ''];
const SELECTORS = ['li', 'a[href]', 'body > *', ':not(p)', 'a b c', '[[', 'li:nth-child(2n+1)', '*'];

/** Where, and what is done there: a byte is set, a stretch is left out, or is repeated. */
interface Edit {
  readonly at: number;
  readonly way: number;
  readonly byte: number;
  readonly length: number;
  readonly count: number;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  way: fc.nat(2),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x3c, 0x22, 0x28, 0x5b, 0xff)),
  length: fc.integer({ min: 1, max: 200 }),
  count: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 1, max: 8 }) },
    fc.integer({ min: 1, max: 2000 }),
  ),
});

function apply(bytes: Buffer, { at, way, byte, length, count }: Edit): Buffer {
  const start = Math.floor(at * bytes.length);
  const [before, stretch, after] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + length),
    bytes.subarray(start + length),
  ];
  if (way === 0) return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(start + 1)]);
  if (way === 1) return Buffer.concat([before, after]);
  return Buffer.concat([before, ...new Array<Buffer>(count).fill(stretch), after]);
}

const file = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    edits: fc.array(edit, { maxLength: 6 }),
    extension: fc.option(fc.constantFrom(...EXTENSIONS), { freq: 4 }),
  })
  .map(({ seed: { name, bytes }, edits, extension }) => ({
    name: extension === null ? name : `file${extension}`,
    mimeType: '',
    data: edits.reduce<Buffer>(apply, bytes).toString('base64'),
  }));

const conversionOptions = fc.record(
  {
    output: fc.record({ format: fc.constantFrom('markdown', 'text') }),
    html: fc.record({ cssSelector: fc.constantFrom(...SELECTORS) }),
    pdf: fc.record({ metadata: fc.boolean() }),
  },
  { requiredKeys: [] },
);

/** A file has half a minute where it is large, and a client's large files are read one after the other. */
const LIMIT_MS = 180_000;

export const DOCUMENT_KIND: FuzzKind = {
  name: 'documents',
  limitMs: LIMIT_MS,
  scripts: fc
    .record({
      files: fc.array(file, { minLength: 1, maxLength: 3 }),
      options: fc.record({ conversionOptions }),
    })
    .map((body) => [jsonStep('POST', '/workers-binding/to-everything/markdown/transformer', body)]),
};
