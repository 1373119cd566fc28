import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASK, check, errorOf, setup } from './check.mjs';
import { ask, startWorker } from './miniflare-worker.mjs';

/**
 * What workerd's own tests ask of the class behind `env.AI` (src/cloudflare/internal/test/{ai,to-markdown,autorag}), and
 * where it is asked here of the same class, before this service or a stub:
 * - ai: `run` to an object, `lastRequestId`, the status; errors with name, code and internal code; `models`, with and
 *   without parameters; `returnRawResponse`; a gateway (miniflare.mjs)
 * - ai: a result that is a stream of bytes; inputs as they are sent, with and without a gateway and extra options; one
 *   stream, with and without other inputs; a stream without a type; two streams; a form; websocket; signals that were
 *   aborted before, for each kind of inputs, and one that is aborted on the way; `fetch` (here)
 * - ai: `_parseError` of bodies that are not ours is the class alone
 * - to-markdown: one file, several, `transform`, `supported`, extra headers (here)
 * - autorag: `search` and `aiSearch`, which here have the class' error of a name that there is not (here)
 */
const WORKER = `
const aborted = () => AbortSignal.abort();
const bytes = () => new Blob([new Uint8Array([1, 2, 3])]).stream();
const audio = () => ({ body: bytes(), contentType: 'audio/wav' });
const markdown = { name: 'random.md', blob: new Blob(['# Random Markdown'], { type: 'text/markdown' }) };
const image = { name: 'cat.png', blob: new Blob(['cat'], { type: 'image/png' }) };
const form = () => { const form = new FormData(); form.append('prompt', 'cat'); return form; };

const CASES = {
  speech: (AI) => AI.run('@cf/openai/whisper', { audio: [1, 2], lang: 'en' }, { gateway: { id: 'mine', skipCache: true }, example: 1 }),
  stream: (AI) => AI.run('@cf/openai/whisper', { audio: audio() }),
  streamBeside: (AI) => AI.run('@cf/openai/whisper', { audio: audio(), detect_language: true, prompt: 'test' }),
  untyped: (AI) => AI.run('@cf/openai/whisper', { audio: { body: bytes() } }),
  two: (AI) => AI.run('@cf/openai/whisper', { audio: audio(), image: audio() }),
  form: (AI) => AI.run('@cf/stub/form', { multipart: { body: form(), contentType: 'multipart/form-data' } }),
  formStream: (AI) => {
    const response = new Response(form());
    return AI.run('@cf/stub/form', { multipart: { body: response.body, contentType: response.headers.get('content-type') } });
  },
  binary: async (AI) => {
    const result = await AI.run('@cf/stub/binary', { prompt: 'cat' });
    return { isStream: result instanceof ReadableStream, bytes: [...new Uint8Array(await new Response(result).arrayBuffer())], id: AI.lastRequestId };
  },
  streamed: async (AI) => {
    const result = await AI.run('@cf/stub/streamed', { prompt: 'cat', stream: true });
    return { isStream: result instanceof ReadableStream, text: await new Response(result).text() };
  },
  response: async (AI) => {
    const result = await AI.run('@cf/stub/response', {}, { returnRawResponse: true });
    return { status: result.status, own: result.headers.get('x-own'), text: await result.text() };
  },
  text: (AI) => AI.run('@cf/stub/text', {}),
  throws: async (AI) => {
    try { await AI.run('@cf/stub/throws', {}); } catch ({ name, message }) { return { name, message, code: AI.lastRequestInternalStatusCode, status: AI.lastRequestHttpStatusCode }; }
  },
  nothing: (AI) => AI.run('@cf/stub/nothing', {}),
  model: (AI, { model }) => AI.run(model, { messages: [{ role: 'user', content: '${ASK.plain}' }] }),
  missing: (AI) => AI.run('@cf/nobody/nothing', { prompt: 'a' }),
  missingStream: (AI, { model }) => AI.run(model, { audio: audio() }),
  websocket: async (AI) => {
    const response = await AI.run('@cf/openai/whisper', { encoding: 'utf8' }, { websocket: true });
    return { status: response.status, ...(await response.json()) };
  },
  abortedSocket: (AI) => AI.run('@cf/stub/text', {}, { websocket: true, signal: aborted() }),
  abortedStream: (AI) => AI.run('@cf/openai/whisper', { audio: audio() }, { signal: aborted() }),
  aborted: (AI) => AI.run('@cf/stub/text', {}, { signal: aborted() }),
  abortLater: async (AI) => {
    const controller = new AbortController();
    const running = AI.run('@cf/stub/hangs', {}, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    return running;
  },
  fetch: async (AI, { model }) => {
    const body = JSON.stringify({ inputs: { prompt: 'a', max_tokens: 2 }, options: {} });
    const headers = { 'content-type': 'application/json', 'cf-consn-model-id': model };
    const response = await AI.fetch('http://workers-binding.ai/run?version=2', { method: 'POST', headers, body });
    return { status: response.status, keys: Object.keys(await response.json()) };
  },
  markdown: (AI) => AI.toMarkdown(markdown, { gateway: { id: 'my-gateway' }, extraHeaders: { example: 'header' } }),
  markdowns: (AI) => AI.toMarkdown([markdown, image]),
  transform: (AI) => AI.toMarkdown().transform([markdown, image]),
  supported: (AI) => AI.toMarkdown().supported(),
  markdownOption: (AI) => AI.toMarkdown(markdown, { conversionOptions: { pdf: { images: { convert: true } } } }),
  ragList: (AI) => AI.autorag().list(),
  ragSearch: (AI) => AI.autorag('my-rag').search({ query: 'example query' }),
  ragAnswer: (AI) => AI.autorag('my-rag').aiSearch({ query: 'example query' }),
  ragNameless: (AI) => AI.autorag().search({ query: 'a' }),
  aiSearch: async (AI) => { await AI.aiSearch().list(); },
  websearch: async (AI) => { await AI.websearch().search('a'); },
};

export default {
  async fetch(request, { AI }) {
    const name = new URL(request.url).pathname.slice(1);
    try {
      return Response.json({ result: await CASES[name](AI, await request.json()) });
    } catch (error) {
      return Response.json({ error: { name: error.name, message: error.message } });
    }
  },
};`;

const WHISPER = `
export default async ({ body, contentType, ...inputs }, options, { model }) => {
  const audio = body === undefined ? inputs.audio : [...new Uint8Array(await new Response(body).arrayBuffer())];
  return { text: 'heard', audio, contentType, inputs, options, model };
};`;

const STUB = `
const ANSWERS = {
  binary: () => new Uint8Array([7, 8, 9]),
  streamed: () => new Blob(['data: {"response":"one"}\\n\\n', 'data: [DONE]\\n\\n']).stream(),
  response: () => new Response('made', { status: 418, headers: { 'x-own': 'yes' } }),
  text: () => 'a text',
  throws: () => { throw Object.assign(new Error('prompt and messages are mutually exclusive'), { name: 'InvalidInput', internalCode: 1001, status: 400 }); },
  nothing: () => undefined,
  hangs: (_, __, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('gone'))),
  form: async ({ body, contentType }) => Object.fromEntries(await new Response(body, { headers: { 'content-type': contentType } }).formData()),
};
export default (inputs, options, context) => ANSWERS[context.model.split('/').pop()](inputs, options, context);`;

/** Checks of stubs, documents and what needs Cloudflare. */
export async function checkCases() {
  // Node takes the types of no file in node_modules, where this script lies.
  const folder = mkdtempSync(join(tmpdir(), 'tokenflare-stubs-'));
  const fileOf = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const whisper = fileOf('whisper.mjs', WHISPER);
  const { url, model, texts } = setup;
  const worker = startWorker(WORKER, {
    url,
    models: { '@cf/meta/*': model },
    stubs: { '@cf/openai/whisper*': whisper, '@cf/stub/*': fileOf('stub.mjs', STUB) },
  });
  const run = (name) => ask(worker, name, { model });
  const resultOf = async (name) => {
    const { result, error } = await run(name);
    assert.equal(error, undefined, JSON.stringify(error));
    return result;
  };
  const faultOf = async (name) => {
    const { error } = await run(name);
    assert.ok(error !== undefined, 'it was not refused');
    return error;
  };

  await check('a stub has the inputs and options of a call', async () => {
    assert.deepEqual(await resultOf('speech'), {
      text: 'heard',
      audio: [1, 2],
      inputs: { audio: [1, 2], lang: 'en' },
      options: { gateway: { id: 'mine', skipCache: true }, example: 1 },
      model: '@cf/openai/whisper',
    });
  });

  await check('a stub has streams and forms', async () => {
    const { audio, contentType, inputs } = await resultOf('stream');
    assert.deepEqual([audio, contentType, inputs], [[1, 2, 3], 'audio/wav', {}]);
    const beside = await resultOf('streamBeside');
    assert.deepEqual(beside.inputs, { detect_language: true, prompt: 'test' });
    assert.deepEqual(await resultOf('form'), { prompt: 'cat' });
    assert.deepEqual(await resultOf('formStream'), { prompt: 'cat' });
  });

  await check("a stub's answer is as the class has it", async () => {
    const { isStream, bytes, id } = await resultOf('binary');
    assert.deepEqual([isStream, bytes], [true, [7, 8, 9]]);
    assert.match(id, /^[\da-f-]{36}$/);
    const streamed = await resultOf('streamed');
    assert.deepEqual(streamed, {
      isStream: true,
      text: 'data: {"response":"one"}\n\ndata: [DONE]\n\n',
    });
    assert.deepEqual(await resultOf('response'), { status: 418, own: 'yes', text: 'made' });
    assert.equal(await resultOf('text'), 'a text');
  });

  await check("a stub's faults are as the class has them", async () => {
    assert.deepEqual(await resultOf('throws'), {
      name: 'InvalidInput',
      message: '1001: prompt and messages are mutually exclusive',
      code: 1001,
      status: 400,
    });
    assert.match((await faultOf('nothing')).message, /^3043: the stub .*stub\.mjs returned nothing/);
  });

  await check('models are asked beside stubs', async () => {
    assert.equal((await resultOf('model')).response, texts.plain);
  });

  await check('a stub is read anew when it changes', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(whisper, `export default () => ({ text: 'changed' });`);
    assert.equal((await resultOf('speech')).text, 'changed');
    writeFileSync(whisper, WHISPER);
  });

  await check('a stub in TypeScript, where this Node runs it', async () => {
    const typed = fileOf(
      'typed.ts',
      `export default (inputs: { n: number }): object => ({ text: 'typed' });`,
    );
    const other = startWorker(WORKER, { url, stubs: { '@cf/openai/whisper': typed } });
    const { result, error } = await ask(other, 'speech', {});
    if (process.features.typescript) assert.deepEqual(result, { text: 'typed' });
    else assert.match(error.message, /^3043: the stub .*typed\.ts cannot be loaded: Node .* no TypeScript/);
    await other.dispose();
  });

  await check('a stub that there is not', async () => {
    const refused = startWorker(WORKER, { url, stubs: { a: 'nowhere.mjs' } });
    assert.match((await errorOf(refused.ready)).message, /there is no .*nowhere\.mjs, the stub of a/);
    await refused.dispose().catch(() => undefined);
  });

  await check('what there is no model for says how to set a stub', async () => {
    assert.match((await faultOf('missing')).message, /^5007: .*set stubs in the options of the binding/);
    assert.match((await faultOf('missingStream')).message, /^\d+: .*set stubs in the options/);
    const { status, internalCode, description } = await resultOf('websocket');
    assert.deepEqual([status, internalCode], [400, 5006]);
    assert.match(description, /websocket/);
  });

  await check("the class' own errors of streams and signals", async () => {
    const internal = {
      name: 'AiInternalError',
      message: 'Content-Type is required with ReadableStream inputs',
    };
    assert.deepEqual(await faultOf('untyped'), internal);
    assert.match((await faultOf('two')).message, /^Multiple ReadableStreams are not supported/);
    for (const name of ['abortedSocket', 'abortedStream', 'aborted', 'abortLater']) {
      assert.equal((await faultOf(name)).name, 'AbortError', name);
    }
  });

  await check('fetch', async () => {
    const { status, keys } = await resultOf('fetch');
    assert.equal(status, 200);
    assert.ok(keys.includes('response'));
  });

  const own = {
    id: undefined,
    name: 'random.md',
    mimeType: 'text/markdown',
    format: 'markdown',
    tokens: 5,
    data: '# Random Markdown',
  };
  const withoutId = (result) => ({ ...result, id: undefined });

  await check('toMarkdown', async () => {
    assert.deepEqual(withoutId(await resultOf('markdown')), own);
    for (const name of ['markdowns', 'transform']) {
      const [first, second] = await resultOf(name);
      assert.deepEqual(withoutId(first), own);
      assert.deepEqual([second.name, second.format], ['cat.png', 'error']);
    }
    const formats = await resultOf('supported');
    assert.ok(
      formats.some(({ extension, mimeType }) => extension === '.pdf' && mimeType === 'application/pdf'),
    );
    const { name, message } = await faultOf('markdownOption');
    assert.equal(name, 'AiInternalError');
    assert.match(message, /options\.conversionOptions\.pdf\.images\.convert must be false/);
  });

  await check('what needs Cloudflare says so by name', async () => {
    for (const name of ['ragSearch', 'ragAnswer']) {
      const error = await faultOf(name);
      assert.equal(error.name, 'AutoRAGNotFoundError');
      assert.match(error.message, /^AutoRAG needs Cloudflare/);
    }
    assert.equal((await faultOf('ragList')).name, 'AutoRAGInternalError');
    assert.equal((await faultOf('ragNameless')).name, 'AutoRAGNameNotSetError');
    assert.match((await faultOf('aiSearch')).message, /aiSearch needs Cloudflare|aiSearch is not a function/);
    assert.match(
      (await faultOf('websearch')).message,
      /websearch needs Cloudflare|websearch is not a function/,
    );
  });

  await worker.dispose();
  rmSync(folder, { recursive: true });
}
