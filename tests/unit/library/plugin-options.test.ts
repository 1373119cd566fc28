import { afterEach, describe, expect, it, vi } from 'vitest';
import { bindingsOf } from '../../../src/library/miniflare/plugin-options.ts';

/** As Miniflare 4 hands it. */
const read = (options: object) => bindingsOf([{ name: 'AI', type: 'ai', options }])[0]?.options;

afterEach(() => vi.unstubAllEnvs());

describe('the bindings of a Worker', () => {
  it('are those that want this plugin, by Miniflare 4 and by 5', () => {
    const options = { models: { '@cf/*': 'a' } };
    expect(bindingsOf([{ name: 'AI', options }])).toEqual([{ name: 'AI', options }]);
    const dev = { plugin: { package: 'tokenflare/miniflare', name: 'tokenflare-ai' }, options };
    const other = { plugin: { package: 'other', name: 'other' }, options: { anything: 1 } };
    const env = { AI: { type: 'ai', dev }, OTHER: { type: 'x', dev: other }, KV: { type: 'kv_namespace' } };
    expect(bindingsOf({ config: { env } })).toEqual([{ name: 'AI', options }]);
  });

  it.each([[undefined], [[]], [{}], [{ config: {} }]])('are none in %j', (given) => {
    expect(bindingsOf(given)).toEqual([]);
  });
});

describe('options', () => {
  it('take the key from the environment, for a service that runs', () => {
    vi.stubEnv('TOKENFLARE_API_KEY', 'tkf_1');
    expect(read({ url: 'http://127.0.0.1:8787' })?.apiKey).toBe('tkf_1');
    expect(read({ url: 'http://127.0.0.1:8787', apiKey: 'tkf_2' })?.apiKey).toBe('tkf_2');
    expect(read({})?.apiKey).toBeUndefined();
  });

  it.each(['http://localhost:1', 'http://127.1.2.3', 'http://[::1]:8787', 'https://example.com'])(
    'let a key go to %s',
    (url) => expect(read({ url, apiKey: 'k' })?.url).toBe(url),
  );

  it.each([
    [
      { url: 'http://example.com', apiKey: 'k' },
      /binding AI: the API key would travel in the clear to example\.com/,
    ],
    [{ url: 'http://10.0.0.1', apiKey: 'k' }, /in the clear to 10\.0\.0\.1/],
    [{ url: 'http://127.0.0.1.example.com', apiKey: 'k' }, /in the clear/],
    [{ url: 'ftp://127.0.0.1' }, /binding AI: url/],
    [{ url: 'nonsense' }, /url/],
    [{ url: 'http://127.0.0.1', settings: { MODEL: 'a' } }, /with url it starts none/],
    [{ models: { a: 1 } }, /models a/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ port: 1 }, /port/],
  ])('that cannot be meant are refused: %j', (options, complaint) => {
    expect(() => read(options)).toThrow(complaint);
  });
});
