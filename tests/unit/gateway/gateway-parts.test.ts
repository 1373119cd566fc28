import { describe, expect, it } from 'vitest';
import { AnswerNotes, headOfJson, MAX_HEAD_BYTES } from '../../../src/gateway/answer-notes.ts';
import { AnswerCache } from '../../../src/gateway/answer-cache.ts';
import { cacheKeyOf } from '../../../src/gateway/cache-key.ts';
import { isPrivate } from '../../../src/gateway/call-host.ts';
import { cacheTtlOf, costOf, mergeOptions, retryDelayOf } from '../../../src/gateway/gateway-options.ts';
import { readGatewayHost, splitModel, targetOf } from '../../../src/gateway/providers.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('where a request goes', () => {
  it.each([
    ['openai', 'v1/chat/completions', '/v1/chat/completions'],
    ['openai', '/chat/completions?a=b', '/v1/chat/completions?a=b'],
    ['anthropic', 'messages', '/v1/messages'],
    ['workers-ai', '@cf/a/b', '/ai/run/@cf/a/b'],
    ['workers-ai', 'run/@cf/a/b?queueRequest=true', '/ai/run/@cf/a/b?queueRequest=true'],
    ['workers-ai', 'v1/embeddings', '/v1/embeddings'],
    ['compat', 'chat/completions', '/v1/chat/completions'],
  ])('%s, %s: here, %s', (provider, endpoint, path) => {
    expect(targetOf(provider, endpoint, new Map())).toMatchObject({ kind: 'here', path });
  });

  it.each([
    ['https://api.groq.com/openai/v1', 'chat/completions', 'https://api.groq.com/openai/v1/chat/completions'],
    ['https://api.openai.com', 'v1/models?a=b', 'https://api.openai.com/v1/models?a=b'],
  ])('to the host that is allowed: %s, %s', (base, endpoint, url) => {
    const target = targetOf('openai', endpoint, new Map([['openai', base]]));
    expect(target.kind === 'host' && target.url.href).toBe(url);
  });

  it.each([['../../other'], ['..%2f..'], ['//evil.example/a'], ['@evil.example/a'], ['\\\\evil.example']])(
    'never leaves the base by %s',
    (endpoint) => {
      const hosts = new Map([['openai', 'https://proxy.example/base']]);
      const go = (): string => {
        const target = targetOf('openai', endpoint, hosts);
        return target.kind === 'host' ? target.url.href : '';
      };
      let href = 'https://proxy.example/base/refused';
      try {
        href = go();
      } catch (error) {
        expect(String(error)).toMatch(/below the provider/);
      }
      expect(href).toMatch(/^https:\/\/proxy\.example\/base\//);
    },
  );

  it.each([
    '../base-other/a',
    'a/../../base-other',
    '%2e%2e/base-other',
    '.%2E/base-other/%2e%2e/base-third',
    '..\\base-other',
    '.\t./base-other',
    '..',
    'a/..%2f..%2fbase-other',
    'a/..%5c../b',
    'a/%252e%252e%252fbase-other',
    'a/..;/..;/base-other',
  ])('refuses to leave the base by %s, also to one that begins like it', (endpoint) => {
    const hosts = new Map([['openai', 'https://proxy.example/v1/base']]);
    expect(() => targetOf('openai', endpoint, hosts)).toThrow(/below the provider/);
  });

  it.each(['models/gpt..5', 'a//b', 'models/.hidden', 'a/%2Fb', 'a/../b'])(
    'goes below the base by %s',
    (endpoint) => {
      const hosts = new Map([['openai', 'https://proxy.example/v1/base']]);
      const target = targetOf('openai', endpoint, hosts);
      expect(target.kind === 'host' && target.url.href).toMatch(/^https:\/\/proxy\.example\/v1\/base\//);
    },
  );

  it('knows the provider in the id of a model', () => {
    expect(splitModel('openai/gpt-5')).toEqual({ provider: 'openai', model: 'gpt-5' });
    expect(splitModel('workers-ai/@cf/a/b')).toEqual({ provider: 'workers-ai', model: '@cf/a/b' });
    expect(splitModel('google/gemini')).toEqual({ provider: 'google-ai-studio', model: 'gemini' });
    for (const id of ['@cf/a/b', 'gpt-5', 'HuggingFaceTB/SmolLM', 'openai/', 'constructor/a', '/a']) {
      expect(splitModel(id), id).toBeUndefined();
    }
  });
});

describe('GATEWAY_HOSTS', () => {
  it.each([
    ['api.openai.com', [['openai', 'https://api.openai.com']]],
    [
      'api.x.ai',
      [
        ['grok', 'https://api.x.ai'],
        ['xai', 'https://api.x.ai'],
      ],
    ],
    ['openai=https://proxy.example/v1/', [['openai', 'https://proxy.example/v1']]],
    ['openai=http://127.0.0.1:99', [['openai', 'http://127.0.0.1:99']]],
  ])('takes %s', (entry, expected) => {
    expect(readGatewayHost(entry)).toEqual(expected);
  });

  it.each([
    ['evil.example', /no host that is known/],
    ['openai=http://proxy.example', /must be https/],
    ['openai=http://127.0.0.1.evil.example', /must be https/],
    ['openai=ftp://a', /must be https/],
    ['openai=https://user:secret@a', /plain URL/],
    ['workers-ai=https://a', /may leave/],
    ['nobody=https://a', /may leave/],
    ['openai=nothing', /no URL/],
  ])('refuses %s', (entry, message) => {
    const read = readGatewayHost(entry);
    expect(read).toMatch(message);
    expect(read).not.toContain('secret');
  });

  it.each([
    ['127.0.0.1', true],
    ['10.1.2.3', true],
    ['169.254.169.254', true],
    ['::1', true],
    ['::ffff:10.0.0.1', true],
    ['fd00::1', true],
    ['fe80::1', true],
    ['0.0.0.0', true],
    ['255.255.255.255', true],
    ['1.1.1.1', false],
    ['::ffff:1.1.1.1', false],
    ['2606:4700::1111', false],
  ])('%s is private: %s', (address, expected) => {
    expect(isPrivate(address)).toBe(expected);
  });
});

describe('options', () => {
  it('of later places go before those of earlier ones', () => {
    expect(mergeOptions({ cacheTtlS: 1, eventId: 'a' }, { cacheTtlS: 0, eventId: undefined })).toEqual({
      cacheTtlS: 0,
      eventId: 'a',
    });
  });

  it.each([
    [{}, undefined],
    [{ cacheTtlS: 60 }, 60],
    [{ cacheTtlS: 0 }, undefined],
    [{ cacheKey: 'a' }, 300],
    [{ cacheKey: 'a', cacheTtlS: 0 }, undefined],
    [{ cacheKey: 'a', cacheTtlS: 60, skipsCache: true }, undefined],
  ])('%j: kept for %s seconds', (options, ttl) => {
    expect(cacheTtlOf(options)).toBe(ttl);
  });

  it.each([
    ['constant', [100, 100, 100]],
    ['linear', [100, 200, 300]],
    ['exponential', [100, 200, 400]],
  ] as const)('%s: waits %j', (backoff, expected) => {
    expect([1, 2, 3].map((number) => retryDelayOf({ retryDelayMs: 100, backoff }, number))).toEqual(expected);
  });

  it('have a price', () => {
    const tokens = { tokensIn: 2, tokensOut: 3 };
    expect(costOf(undefined, tokens)).toBeUndefined();
    expect(costOf({ perTokenIn: 1, perTokenOut: 2 }, tokens)).toBe(8);
    expect(costOf({ total: 5, perTokenIn: 1 }, tokens)).toBe(5);
  });
});

describe('AnswerCache', () => {
  const answer = (text: string) => ({
    body: bytes(text),
    contentType: 'application/json',
    tokensIn: 1,
    tokensOut: 1,
  });

  it('keeps an answer for its time, for its owner', () => {
    let now = 0;
    const cache = new AnswerCache(2 ** 20, () => now);
    cache.keep('a/', 'key', 60, answer('x'));
    expect(cache.find('b/', 'key')).toBeUndefined();
    now = 59_999;
    expect(cache.find('a/', 'key')?.body).toEqual(bytes('x'));
    now = 60_000;
    expect(cache.find('a/', 'key')).toBeUndefined();
    expect(cache.numBytes).toBe(0);
  });

  it('lets a client that fills it lose its own, however many keys it invents', () => {
    const cache = new AnswerCache(2 ** 20);
    cache.keep('mine/', 'key', 60, answer('x'));
    for (let index = 0; index < 100; index++) {
      cache.keep(`greedy/${index % 7}`, `key-${index}`, 60, answer('x'.repeat(100_000)));
      expect(cache.numBytes).toBeLessThanOrEqual(2 ** 20);
    }
    expect(cache.find('mine/', 'key')).toBeDefined();
    const numBytes = cache.numBytes;
    cache.release();
    expect(cache.numBytes).toBeLessThanOrEqual(numBytes / 2);
    expect(cache.find('mine/', 'key')).toBeDefined();
  });

  it('has a key for all that an answer depends on', async () => {
    const subject = {
      ownerId: 'a/',
      models: undefined,
      gateway: 'a',
      provider: 'openai',
      path: 'b',
      headers: [] as [string, string][],
      isStreamed: false,
    };
    const body = { a: 1, b: 'x'.repeat(200_000) };
    const keys = await Promise.all([
      cacheKeyOf(subject, body, undefined),
      cacheKeyOf({ ...subject, ownerId: 'b/' }, body, undefined),
      cacheKeyOf({ ...subject, models: ['m'] }, body, undefined),
      cacheKeyOf({ ...subject, gateway: 'b' }, body, undefined),
      cacheKeyOf({ ...subject, provider: 'groq' }, body, undefined),
      cacheKeyOf({ ...subject, path: 'c' }, body, undefined),
      cacheKeyOf({ ...subject, headers: [['authorization', 'b']] }, body, undefined),
      cacheKeyOf({ ...subject, isStreamed: true }, body, undefined),
      cacheKeyOf(subject, { ...body, a: 2 }, undefined),
      cacheKeyOf(subject, { b: body.b, a: 1 }, undefined),
      cacheKeyOf(subject, body, 'own'),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    expect(await cacheKeyOf(subject, JSON.parse(JSON.stringify(body)), undefined)).toBe(keys[0]);
    expect(await cacheKeyOf(subject, {}, 'own')).toBe(keys.at(-1));
  });
});

describe('what is noted of an answer', () => {
  it.each([
    ['{"usage":{"prompt_tokens":7,"completion_tokens":9}}', 7, 9],
    ['{"type":"message_start","usage":{"input_tokens": 5}}' + 'x'.repeat(9000) + '{"output_tokens":3}', 5, 3],
    ['nothing', undefined, undefined],
  ])('its tokens: %s', (text, tokensIn, tokensOut) => {
    for (const size of [1, 7, 5000, 100_000]) {
      const notes = new AnswerNotes(false);
      const all = bytes(text);
      for (let start = 0; start < all.length; start += size) notes.add(all.subarray(start, start + size));
      expect(notes.usage()).toEqual({ tokensIn, tokensOut });
      expect(notes.numBytes).toBe(all.length);
    }
  });

  it('a beginning, as long as a log may have it', () => {
    const notes = new AnswerNotes(true);
    notes.add(bytes('abc'));
    expect(notes.head()).toEqual({ text: 'abc', isWhole: true });
    notes.add(bytes('x'.repeat(MAX_HEAD_BYTES)));
    expect(notes.head().text).toHaveLength(MAX_HEAD_BYTES);
    expect(notes.head().isWhole).toBe(false);
    expect(headOfJson({ a: 1 })).toEqual({ text: '{"a":1}', isWhole: true });
    const long = headOfJson({ a: '😀'.repeat(MAX_HEAD_BYTES) });
    expect(long.isWhole).toBe(false);
    expect(() => encodeURIComponent(long.text)).not.toThrow();
  });
});
