import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/text/load-tokenizer.ts';
import { ServedTokenizer, type ServedTokenizerOptions } from '../../../src/text/served-tokenizer.ts';
import { minNumTokens } from '../../../src/tokenizer/tokenizer.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { changedTokenizer, HOSTILE_TEXT, hostileTokenizer } from '../../support/hostile-tokenizer.ts';
import { until } from '../../support/service.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const CALLER = { clientId: 'a/1', signal: new AbortController().signal };

const LOWERCASE = { type: 'Lowercase' };

const loaded: ServedTokenizer[] = [];
async function load(modelPath: string, limits: ServedTokenizerOptions = {}): Promise<ServedTokenizer> {
  const tokenizer = await ServedTokenizer.load(modelPath, undefined, limits);
  loaded.push(tokenizer);
  return tokenizer;
}
afterEach(async () => {
  await Promise.all(loaded.splice(0).map((tokenizer) => tokenizer.stop()));
});

const encodeOne = async (tokenizer: ServedTokenizer, text: string, caller = CALLER): Promise<number[]> =>
  (await tokenizer.encode([text], {}, caller))[0]?.tokenIds ?? [];

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a text that takes long', () => {
  it.each([
    ['without a space', 'theriverrunspasttheoldmill'.repeat(2000)],
    ['of words', 'The river runs past the old mill. '.repeat(3000)],
  ])(
    '%s: a short one of another client is encoded meanwhile, and both have their tokens',
    async (_, text) => {
      const own = await loadTokenizer('model-weights');
      const expected = own.encode(text);
      const tokenizer = await load('model-weights');
      const order: string[] = [];
      const encode = async (name: string, one: string, clientId: string): Promise<number[]> => {
        const ids = await encodeOne(tokenizer, one, { ...CALLER, clientId });
        order.push(name);
        return ids;
      };
      const long = encode('long', text, 'a/1');
      const short = await encode('short', 'The river', 'b/1');
      expect(short).toEqual(own.encode('The river'));
      expect(await long).toEqual(expected);
      expect(order).toEqual(['short', 'long']);
    },
  );

  it('is forgotten between two slices when its client hangs up, and those that wait for its place get it', async () => {
    const tokenizer = await load('model-weights');
    const text = 'theriverrunspasttheoldmill'.repeat(3000);
    const gone = new AbortController();
    const abandoned = Array.from({ length: 6 }, (_, index) =>
      encodeOne(tokenizer, text, { signal: gone.signal, clientId: `a/${index}` }),
    );
    const last = encodeOne(tokenizer, text.slice(0, 40_000), { ...CALLER, clientId: 'a/last' });
    await encodeOne(tokenizer, 'The river', { ...CALLER, clientId: 'b/1' });
    gone.abort();
    for (const { status } of await Promise.allSettled(abandoned)) expect(status).toBe('rejected');
    expect((await last).length).toBeGreaterThan(1000);
  });
});

describe('the tokenizer that the service has, and the one in its process', () => {
  it.each([
    ['a tokenizer.json', fixturePath('tiny-gpt2')],
    ['byte-level BPE in a GGUF file', fixturePath('tokenizers', 'byte-level.gguf')],
    ['SentencePiece in a GGUF file', fixturePath('tokenizers', 'llama.gguf')],
    ["Gemma's", fixturePath('tokenizers', 'gemma.gguf')],
  ])('are one: %s', async (_, path) => {
    const [served, own] = [await load(path), await loadTokenizer(path)];
    const texts = ['The river', '', ' \u00e9\u{1F600} \uD800x', 'a\n\n  b', '</s><|endoftext|>'];
    const encoded = await served.encode(texts, {}, CALLER);
    expect(encoded.map(({ tokenIds }) => tokenIds)).toEqual(texts.map((text) => own.encode(text)));
    expect(encoded.map(({ numTokens }) => numTokens)).toEqual(encoded.map(({ tokenIds }) => tokenIds.length));
    const plain = await served.encode(texts, { addSpecialTokens: false, numKept: 2 }, CALLER);
    expect(plain.map(({ tokenIds }) => tokenIds)).toEqual(
      texts.map((text) => own.encode(text, { addSpecialTokens: false }).slice(-2)),
    );
    expect(served.vocabSize).toBe(own.vocabSize);
    expect(served.specialTokenIds).toEqual(own.specialTokenIds);
    expect(served.specialTokens).toEqual(own.controlTokens);
    expect(served.eosTokenIds).toEqual(own.eosTokenIds);
    const ids = fc.array(fc.integer({ min: -1, max: own.vocabSize + 1 }));
    fc.assert(
      fc.property(ids, fc.boolean(), fc.string(), (tokenIds, skipSpecialTokens, text) => {
        const decoded = own.decode(tokenIds, { skipSpecialTokens });
        expect(served.decode(tokenIds, { skipSpecialTokens })).toBe(decoded);
        const numBytes = tokenIds.reduce((sum, id) => sum + own.idToBytes(id).length, 0);
        expect(served.numBytes(tokenIds)).toBe(numBytes);
        expect(served.minNumTokens(text)).toBe(minNumTokens(text, own.maxBytesPerToken));
      }),
    );
    for (const id of [0, 7, own.vocabSize - 1, own.vocabSize, 0.5])
      expect([...served.idToBytes(id)]).toEqual([...own.idToBytes(id)]);
  });
});

describe('a few words', () => {
  it('are encoded at once by a small tokenizer whose patterns are known, and more than a few are not', async () => {
    for (const path of [fixturePath('tiny-gpt2'), 'model-weights']) {
      const [served, own] = [await load(path), await loadTokenizer(path)];
      const texts = ['The river', '', ' \u00e9\u{1F600} \uD800x', '<|endoftext|>'];
      for (const options of [{}, { addSpecialTokens: false, numKept: 2 }]) {
        const encoded = served.encodeNow(texts, options);
        expect(encoded).toEqual(await served.encode(texts, options, CALLER));
        expect(encoded?.[0]?.tokenIds.length).toBeGreaterThan(0);
      }
      expect(served.encodeNow(['The river'], {})?.[0]?.tokenIds).toEqual(own.encode('The river'));
      expect(served.encodeNow(['a'.repeat(300), 'b'.repeat(300)], {})).toBeUndefined();
    }
  });

  it.each([
    ['with a pattern of its own', hostileTokenizer],
    [
      'with a normalizer that may do anything',
      () => changedTokenizer((json) => ({ ...json, normalizer: LOWERCASE })),
    ],
    ['in a GGUF file', () => fixturePath('tokenizers', 'llama.gguf')],
  ])('are not encoded here by a tokenizer %s', async (_, pathOf) => {
    expect((await load(pathOf())).encodeNow(['a'], {})).toBeUndefined();
  });
});

describe('compiled formats', () => {
  const spec = (index: number) => ({ type: 'regex', pattern: `a{1,${index}}`, param: 'regex' }) as const;
  const other = { ...CALLER, clientId: 'b/1' };

  it('are kept for the client that sent them, and are anew for another', async () => {
    const tokenizer = await load(fixturePath('tiny-gpt2'));
    const first = await tokenizer.compileGrammar(spec(1), CALLER);
    expect(await tokenizer.compileGrammar(spec(1), CALLER)).toBe(first);
    const others = await tokenizer.compileGrammar(spec(1), other);
    expect(others.key).not.toBe(first.key);
    expect(others.source).toEqual(first.source);
  });

  it('do not leave since another client has many', async () => {
    const tokenizer = await load(fixturePath('tiny-gpt2'));
    const first = await tokenizer.compileGrammar(spec(1), other);
    for (let index = 1; index <= 70; index++) await tokenizer.compileGrammar(spec(index), CALLER);
    expect(await tokenizer.compileGrammar(spec(1), other)).toBe(first);
  });
});

describe('a hostile tokenizer', () => {
  it('whose pattern never ends fails that text, and its next text is encoded by a new process', async () => {
    const tokenizer = await load(hostileTokenizer(), { encodeTimeoutMs: 500 });
    const { pid = 0 } = tokenizer;
    const [hostile, waiting] = await Promise.allSettled([
      encodeOne(tokenizer, HOSTILE_TEXT),
      encodeOne(tokenizer, 'The river', { ...CALLER, clientId: 'b/1' }),
    ]);
    expect(hostile).toMatchObject({
      reason: {
        code: 'weights_invalid',
        message: expect.stringMatching(/the model's tokenizer did not end within \d+ ms/) as string,
      },
    });
    expect(waiting).toMatchObject({ status: 'fulfilled' });
    expect(tokenizer.pid).not.toBe(pid);
    await until(() => !isAlive(pid));
  });

  it('leaves this thread alone meanwhile', async () => {
    const tokenizer = await load(hostileTokenizer(), { encodeTimeoutMs: 500 });
    const failed = encodeOne(tokenizer, HOSTILE_TEXT).catch((error: unknown) => error);
    let numTurns = 0;
    const ticking = setInterval(() => numTurns++, 5);
    await failed;
    clearInterval(ticking);
    expect(numTurns).toBeGreaterThan(5);
  });

  it('that makes 400 MB of a text fails it, and takes its own process with it at most', async () => {
    const bomb = { type: 'Replace', pattern: { String: 'a' }, content: 'b '.repeat(2 ** 20) };
    const tokenizer = await load(
      changedTokenizer((json) => ({ ...json, normalizer: bomb })),
      {
        encodeTimeoutMs: 3000,
      },
    );
    await expect(encodeOne(tokenizer, 'a'.repeat(200))).rejects.toMatchObject({ code: 'weights_invalid' });
    expect(await encodeOne(tokenizer, 'The river')).toHaveLength(
      (await loadTokenizer(fixturePath('tiny-gpt2'))).encode('The river').length,
    );
  });

  it('that names ids outside its vocabulary cannot hand them on', async () => {
    const tokenizer = await load(
      changedTokenizer((json) => {
        const model = json['model'] as { vocab: Record<string, number> };
        return { ...json, model: { ...model, vocab: { ...model.vocab, e: -5 } } };
      }),
    );
    await expect(encodeOne(tokenizer, 'e')).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringContaining('token -5') as string,
    });
  });

  it('with an id beyond any is refused before all ids are looked at', async () => {
    const path = changedTokenizer((json) => {
      const model = json['model'] as { vocab: Record<string, number> };
      return { ...json, model: { ...model, vocab: { ...model.vocab, much: 2 ** 22 } } };
    });
    await expect(load(path)).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringContaining('it has token id 4194304; at most 4194303 is taken') as string,
    });
  });

  it('that does not load in time is given up', async () => {
    await expect(load(fixturePath('tiny-gpt2'), { loadTimeoutMs: 1 })).rejects.toMatchObject({
      code: 'backend_failure',
      message: expect.stringContaining('was not ready within 1 ms') as string,
    });
  });
});

describe('ServedTokenizer', () => {
  it('loads again by itself when its process was killed, and goes on', async () => {
    const tokenizer = await load(fixturePath('tiny-gpt2'));
    const expected = await encodeOne(tokenizer, 'The river');
    const { pid = 0 } = tokenizer;
    process.kill(pid, 'SIGKILL');
    await until(() => tokenizer.pid !== pid);
    expect(await encodeOne(tokenizer, 'The river')).toEqual(expected);
  });

  it('fails the text at hand when its process stands still, and goes on', async () => {
    const tokenizer = await load(fixturePath('tiny-gpt2'), { encodeTimeoutMs: 300 });
    process.kill(tokenizer.pid ?? 0, 'SIGSTOP');
    await expect(encodeOne(tokenizer, 'The river')).rejects.toMatchObject({ code: 'weights_invalid' });
    expect(await encodeOne(tokenizer, 'The river')).not.toEqual([]);
  });

  it('says why files cannot be used, as loading them here does', async () => {
    const directory = tempDirectory();
    mkdirSync(join(directory, 'model'));
    cpSync(fixturePath('tiny-gpt2', 'config.json'), join(directory, 'model', 'config.json'));
    await expect(load(join(directory, 'model'))).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(/there is no .*tokenizer.json/) as string,
    });
  });

  it('ends with its service, though it is in the middle of a text that never ends', async () => {
    const source = fileURLToPath(new URL('../../../src/text/served-tokenizer.ts', import.meta.url));
    const program =
      `const { ServedTokenizer } = await import(${JSON.stringify(source)});` +
      `const tokenizer = await ServedTokenizer.load(${JSON.stringify(hostileTokenizer())});` +
      `const { signal } = new AbortController();` +
      `tokenizer.encode([${JSON.stringify(HOSTILE_TEXT)}], {}, { clientId: '', signal });` +
      `console.log(tokenizer.pid);`;
    const service = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    service.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });

  it('leaves no process, whether it was loaded or not yet', async () => {
    const tokenizer = await load(fixturePath('tiny-gpt2'));
    const { pid = 0 } = tokenizer;
    await tokenizer.stop();
    expect(isAlive(pid)).toBe(false);
    expect(tokenizer.decode([66])).not.toBe('');
    const abort = new AbortController();
    const loading = ServedTokenizer.load(fixturePath('tiny-gpt2'), abort.signal);
    abort.abort();
    await expect(loading).rejects.toMatchObject({ code: 'engine_not_ready' });
  });
});
