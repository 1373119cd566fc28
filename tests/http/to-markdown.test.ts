import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import Cloudflare, { toFile } from 'cloudflare';
import { describe, expect, it } from 'vitest';
import { call, type Answer } from '../support/http-client.ts';
import { useScriptedService } from '../support/scripted-service.ts';

/**
 * What workerd's own test of toMarkdown asks (src/cloudflare/internal/test/to-markdown/to-markdown-api-test.js), and where
 * it is asked here:
 * - a single file, with a gateway; several files; by `transform`; `supported`: here by the wire, and by Cloudflare's own
 *   class in tests/clients/scripts/miniflare.mjs
 * - extra headers: the class sends them, and nothing here reads them; here as "headers of the caller's own"
 * - an image among the files: it has an error in its place, since no model here sees
 */
const TRANSFORM = '/workers-binding/to-everything/markdown/transformer';
const SUPPORTED = '/workers-binding/to-everything/markdown/supported';
const REST = '/client/v4/accounts/any/ai/tomarkdown';

const on = useScriptedService();

interface Result {
  id: string;
  name: string;
  mimeType: string;
  format: string;
  tokens?: number;
  data?: string;
  error?: string;
}

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/markdown/${name}`, import.meta.url));

const fileOf = (name: string, content: string | Buffer, mimeType = '') => ({
  name,
  mimeType,
  data: Buffer.from(content).toString('base64'),
});

const transform = (files: readonly object[], options?: object, headers = {}): Promise<Answer> =>
  call(on.service, 'POST', TRANSFORM, { body: { files, options }, headers });

const resultsOf = ({ json, status, text }: Answer): Result[] => {
  expect(status, text).toBe(200);
  return (json as { result: Result[] }).result;
};

async function convert(name: string, content: string | Buffer, conversionOptions?: object): Promise<Result> {
  const [result] = resultsOf(await transform([fileOf(name, content)], { conversionOptions }));
  if (result === undefined) throw new Error('each file has a result');
  return result;
}

describe('env.AI.toMarkdown', () => {
  it('answers for each file, in their order, and an error in the place of one that cannot be had', async () => {
    const files = [
      fileOf('random.md', '# Random Markdown', 'text/markdown'),
      fileOf('cat.png', 'The image shows a cat', 'image/png'),
    ];
    const answer = await transform(files, { gateway: { id: 'my-gateway' } });
    expect(answer.headers['content-type']).toBe('application/json');
    const [markdown, image] = resultsOf(answer);
    expect(markdown).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      name: 'random.md',
      mimeType: 'text/markdown',
      format: 'markdown',
      tokens: 5,
      data: '# Random Markdown',
    });
    expect(image).toMatchObject({ name: 'cat.png', mimeType: 'image/png', format: 'error' });
    expect(image?.error).toMatch(/a model that sees/);
  });

  it("takes headers of the caller's own, and no file at all", async () => {
    const headers = { 'content-type': 'application/json', example: 'header' };
    expect(resultsOf(await transform([], { extraHeaders: { example: 'header' } }, headers))).toEqual([]);
  });

  it('makes no more text of all files than of one, however small they are', async () => {
    // Each row gets as many cells as the first.
    const wide = fileOf('wide.csv', `${'a,'.repeat(1023)}a\n${'b\n'.repeat(3000)}`);
    const answer = await transform([wide, wide, fileOf('a.txt', 'next')]);
    const [first, second, third] = resultsOf(answer);
    expect(first?.data?.length).toBeGreaterThan(9_000_000);
    expect(second?.error).toMatch(/the files before it are \d+; the limit of a request is 16777216$/);
    expect(third?.data).toBe('next');
  }, 60_000);

  it('lists what it reads', async () => {
    const { json } = await call(on.service, 'GET', SUPPORTED);
    const { result } = json as { result: unknown[] };
    expect(result).toContainEqual({ extension: '.pdf', mimeType: 'application/pdf' });
    expect(result).toContainEqual({ extension: '.html', mimeType: 'text/html' });
    const rest = await call(on.service, 'GET', `${REST}/supported`);
    expect((rest.json as { result: unknown[] }).result).toEqual(result);
  });

  it.each([
    ['a text', 'a.txt', 'Plain *text*', 'text/plain', 'Plain *text*'],
    ['a text in UTF-16', 'a.txt', Buffer.from('\ufeffgrün', 'utf16le'), 'text/plain', 'grün'],
    ['CSV', 'a.csv', 'a;b\n1;"2|3\n4"\n', 'text/csv', '| a | b |\n| --- | --- |\n| 1 | 2\\|3<br>4 |'],
    ['JSON', 'a.json', '{"a": 1}\n', 'application/json', '```json\n{"a": 1}\n```'],
    ['XML', 'a.xml', '<a>```</a>', 'application/xml', '````xml\n<a>```</a>\n````'],
    ['a page without a name', 'page', '<!doctype html><h1>Hi</h1>', 'text/html', '# Hi'],
  ])('%s', async (_, name, content, mimeType, data) => {
    expect(await convert(name, content)).toMatchObject({ mimeType, format: 'markdown', data });
  });

  it('a page as Cloudflare converts it', async () => {
    const page = `<!doctype html><html><head><title>Title</title><base href="https://example.com/a/">
      <meta name="description" content="About"><meta property="og:image" content="https://example.com/i.png">
      <script type="application/ld+json">{"@type": "Thing"}</script><style>p {}</style></head><body>
      <header>menu</header><h1>Head <em>line</em></h1><p>A <a href="/b">link</a>, <b>bold</b> and <img src="x.png">
      <s>gone</s>.</p><ol start="3"><li>three<ul><li>inner</li></ul></li><li>four</li></ol>
      <table><tr><th>A</th><th>B|C</th></tr><tr><td>1</td><td>two<br>lines</td></tr></table>
      <pre><code class="language-js">let a = 1;</code></pre><script>alert(1)</script><footer>end</footer></body></html>`;
    const { data } = await convert('page.html', page);
    expect(data).toBe(
      [
        '---\ntitle: Title\ndescription: About\nimage: https://example.com/i.png\n---',
        '# Head _line_',
        'A [link](https://example.com/b), **bold** and ~~gone~~.',
        '3. three\n   - inner\n4. four',
        '| A | B\\|C |\n| --- | --- |\n| 1 | two<br>lines |',
        '```js\nlet a = 1;\n```',
        '```json\n{"@type": "Thing"}\n```',
      ].join('\n\n'),
    );
    const html = { cssSelector: 'li, ol li, td:first-child', hostname: 'other.example' };
    expect((await convert('page.html', page, { html })).data).toContain('three\n');
    const [links] = resultsOf(
      await transform([fileOf('p.html', '<a href="/b">b</a>')], {
        conversionOptions: { html: { hostname: 'other.example' } },
      }),
    );
    expect(links?.data).toBe('[b](https://other.example/b)');
    const text = await convert('page.html', page, { output: { format: 'text' } });
    expect(text.format).toBe('text');
    expect(text.data).toContain('Head line\n\nA link, bold and gone.');
  });

  it('documents of other programs', async () => {
    expect((await convert('letter.pdf', fixture('letter.pdf'))).data).toMatch(
      /^# letter\.pdf\n\n## Metadata\n\n- PDFFormatVersion=1\.3\n[^]*- Title=A letter\n\n## Contents\n\n### Page 1\n\nDear reader,\nthis is the first page\.\n\n### Page 2\n\nAnd this is the second\.$/,
    );
    const bare = await convert('letter.pdf', fixture('letter.pdf'), { pdf: { metadata: false } });
    expect(bare.data).not.toContain('Metadata');
    expect((await convert('report.docx', fixture('report.docx'))).data).toBe(
      [
        '# Report',
        'A **bold** word and a pipe | too.',
        '## List',
        '- first\n- second',
        '| Name | Count |\n| --- | --- |\n| apples | 3 |',
      ].join('\n\n'),
    );
    expect((await convert('report.odt', fixture('report.odt'))).data).toBe(
      '# Report\n\nSee [the page](https://example.com/a?b=1&c=2)\n\n- first\n- second',
    );
    // Neither a name nor a type: the bytes tell it.
    const sheet = await convert('stock', fixture('stock.xlsx'));
    expect(sheet.mimeType).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
    expect(sheet.data).toBe(
      [
        '# stock',
        '## Stock',
        '| Item | Count | Bought | Fresh |\n| --- | --- | --- | --- |\n| apple \\| red | 3 | 2026-11-29 | TRUE |\n' +
          '| pear | 2.5 | 2026-01-02 03:04:05 | FALSE |',
        '## Notes',
        '|  |  | two<br>lines |\n| --- | --- | --- |',
      ].join('\n\n'),
    );
    expect((await convert('stock.ods', fixture('stock.ods'))).data).toBe(
      '# stock.ods\n\n## Stock\n\n| Item | Count |\n| --- | --- |\n| apple | 3 |',
    );
  });
});

describe('by the REST API', () => {
  it("has files of Cloudflare's client", async () => {
    // It asks a data URL for what its fetch is made of.
    const ask: typeof fetch = (input, init) =>
      typeof input === 'string' && input.startsWith('data:') ? fetch(input, init) : on.fetch(input, init);
    const client = new Cloudflare({
      apiToken: 'none',
      baseURL: `${on.service.url}/client/v4`,
      fetch: ask,
    });
    const files = [
      await toFile(Buffer.from('a,b\n1,2'), 'a.csv'),
      await toFile(fixture('letter.pdf'), 'l.pdf'),
    ];
    const { result } = await client.ai.toMarkdown.transform({ account_id: 'any', file: { files } });
    expect(result.map(({ name, format }) => [name, format])).toEqual([
      ['a.csv', 'markdown'],
      ['l.pdf', 'markdown'],
    ]);
    const formats = await client.ai.toMarkdown.supported({ account_id: 'any' });
    expect(formats.result.length).toBeGreaterThan(5);
  });

  it('has options beside the files, in a field of their own', async () => {
    const form = new FormData();
    form.append('files', new Blob(['<h1>Hi</h1><p>you</p>']), 'a.html');
    form.append('conversionOptions', '{"html": {"cssSelector": "p"}}');
    const response = await on.fetch(`${on.service.url}/ai/tomarkdown`, { method: 'POST', body: form });
    const { result } = (await response.json()) as { result: Result[] };
    expect(result[0]?.data).toBe('you');
  });
});

describe('what is refused', () => {
  const faultOf = (answer: Answer): string => (answer.json as { description: string }).description;
  const file = fileOf('a.txt', 'a');

  it.each([
    ['a body without files', {}, /files is required/],
    ['a file without a name', { files: [{ mimeType: '', data: '' }] }, /files\[0\]\.name is required/],
    ['bytes that are no base64', { files: [{ ...file, data: 'ä' }] }, /files\[0\]\.data must be base64/],
    [
      'an index in the place of bytes',
      { files: [file, { ...file, data: 0 }] },
      /files\[1\]\.data is required/,
    ],
    [
      'images that would be described',
      { files: [], options: { conversionOptions: { pdf: { images: { convert: true } } } } },
      /options\.conversionOptions\.pdf\.images\.convert must be false/,
    ],
    [
      'an option that there is not',
      { files: [], options: { conversionOptions: { pdf: { pages: 2 } } } },
      /unknown field 'options\.conversionOptions\.pdf\.pages'/,
    ],
    ['too many files', { files: Array.from({ length: 101 }, () => file) }, /more than 100 files/],
    ['much beside the files', { files: [], options: { a: 'a'.repeat(70_000) } }, /beside its files/],
  ])('%s', async (_, body, message) => {
    const answer = await call(on.service, 'POST', TRANSFORM, { body });
    expect(answer.status).toBe(400);
    expect(faultOf(answer)).toMatch(message);
  });

  it.each([
    ['malformed', '{"files": ', /not valid JSON/],
    ['empty', '', /not valid JSON/],
    ['a list', '[]', /a JSON object, not a list/],
    ['nested', '{"files":[],"options":'.repeat(40) + '1' + '}'.repeat(40), /nests more than 32/],
    ['nested deeply', '['.repeat(200_000) + ']'.repeat(200_000), /nests too many levels|beside its files/],
  ])('a body that is no JSON object: %s', async (_, body, message) => {
    const answer = await call(on.service, 'POST', TRANSFORM, { body });
    expect(answer.status).toBe(400);
    expect(faultOf(answer)).toMatch(message);
  });

  it('a selector that is none, in the place of its file', async () => {
    const { error } = await convert('a.html', '<p>a</p>', { html: { cssSelector: '[[' } });
    expect(error).toMatch(/cssSelector is no CSS selector/);
  });

  it('a body of the other API', async () => {
    const form = await call(on.service, 'POST', '/ai/tomarkdown', { body: { files: [file] } });
    expect(form.status).toBe(400);
    expect(form.text).toContain('send multipart/form-data');
    const headers = { 'content-type': 'multipart/form-data; boundary=a' };
    const json = await call(on.service, 'POST', TRANSFORM, { body: '--a--', headers });
    expect(json.text).toContain('send application/json');
    const broken = await call(on.service, 'POST', '/ai/tomarkdown', { body: 'none', headers });
    expect(broken.text).toContain('is not a form');
  });

  it('a body over its own bound, which is larger than BODY_LIMIT', async () => {
    const large = await convert('a.txt', 'a'.repeat(40_000));
    expect(large.data?.length).toBe(40_000);
    const socket = connect(Number(new URL(on.service.url).port), '127.0.0.1');
    socket.write(
      `POST ${TRANSFORM} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${2 ** 25}\r\n\r\n`,
    );
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(head.toString()).toMatch(/^HTTP\/1\.1 413 [^]*16 MiB/);
  });
});
