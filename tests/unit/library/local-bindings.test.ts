import { describe, expect, it } from 'vitest';
import { withLocalBindings } from '../../../src/library/miniflare/local-bindings.ts';
import { bindingsOf } from '../../../src/library/miniflare/plugin-options.ts';
import { vectorizeBindingsOf } from '../../../src/library/miniflare/vectorize-options.ts';
import { localAI as forVite } from '../../../src/library/vite.ts';
import { localAI as forVitest } from '../../../src/library/vitest.ts';

const options = { models: { '@cf/*': 'a' } };
const plugin = { package: expect.stringMatching(/miniflare\/index\.ts$/) as string, name: 'tokenflare-ai' };
const local = { name: 'MIND', type: 'ai', plugin, options };

describe('a Worker of Miniflare', () => {
  it('has our plugin in the place of its ai, by the options of 4', () => {
    const worker = { name: 'w', ai: { binding: 'MIND' }, unsafeBindings: [{ name: 'OTHER' }] };
    const changed = { name: 'w', unsafeBindings: [{ name: 'OTHER' }, local] };
    expect(withLocalBindings({ workers: [worker, { name: 'v' }] }, options)).toEqual({
      workers: [changed, { name: 'v' }],
    });
    expect(withLocalBindings(worker as object, options)).toEqual(changed);
  });

  it('and by those of 5, which the plugin reads as its own', () => {
    const kv = { type: 'kv', id: '1' };
    const worker = { config: { name: 'w', env: { MIND: { type: 'ai', dev: { remote: false } }, KV: kv } } };
    const { workers } = withLocalBindings({ workers: [worker, { config: {} }] }, options);
    const changed = {
      config: { name: 'w', env: { MIND: { type: 'unsafe:ai', dev: { plugin, options } }, KV: kv } },
    };
    expect(workers).toEqual([changed, { config: { env: {} } }]);
    expect(bindingsOf(workers?.[0])).toEqual([{ name: 'MIND', options }]);
  });
});

describe('an index of Vectorize', () => {
  const indexes = { docs: { dimensions: 3, metric: 'cosine' as const } };
  const local = { ...plugin, name: 'tokenflare-vectorize' };

  it('is where env.AI is, and is made if its name was said', () => {
    const vectorize = { DOCS: { index_name: 'docs' }, OTHER: { index_name: 'other' } };
    expect(withLocalBindings({ name: 'w', vectorize } as object, { url: 'http://a', indexes })).toEqual({
      name: 'w',
      unsafeBindings: [
        {
          name: 'DOCS',
          type: 'vectorize',
          plugin: local,
          options: { index: 'docs', url: 'http://a', ...indexes.docs },
        },
        { name: 'OTHER', type: 'vectorize', plugin: local, options: { index: 'other', url: 'http://a' } },
      ],
    });
  });

  it('and by the options of Miniflare 5, which the plugin reads as its own', () => {
    const worker = { config: { env: { DOCS: { type: 'vectorize', name: 'docs' } } } };
    const { workers } = withLocalBindings(
      { workers: [worker] },
      { settings: { VECTORIZE_DIR: 'v' }, indexes },
    );
    const options = { index: 'docs', settings: { VECTORIZE_DIR: 'v' }, ...indexes.docs };
    expect(vectorizeBindingsOf(workers?.[0])).toEqual([{ name: 'DOCS', options }]);
  });

  it('even one that is marked as remote, in Vite', () => {
    const vectorize = [{ binding: 'DOCS', index_name: 'docs', remote: true }];
    const [reader, customize] = forVite(({ config }) => config, { indexes });
    reader.config.handler({}, { command: 'serve' });
    const worker = { vectorize };
    customize(worker);
    const options = { index: 'docs', ...indexes.docs };
    expect(worker).toEqual({
      unsafe: { bindings: [{ name: 'DOCS', type: 'vectorize', dev: { plugin: local, options } }] },
    });
  });
});

describe("Vite's plugins", () => {
  /** What becomes of a configuration, by the order in which Vite calls the plugins. */
  const changed = (command: string, worker: object): object => {
    const [reader, customize] = forVite(({ config }) => config, options);
    reader.config.handler({}, { command });
    customize(worker);
    return worker;
  };
  const worker = () => ({ name: 'w', ai: { binding: 'MIND' }, unsafe: { bindings: [{ name: 'OTHER' }] } });

  it('change the configuration while Vite serves', () => {
    const binding = { name: 'MIND', type: 'ai', dev: { plugin, options } };
    expect(changed('serve', worker())).toEqual({
      name: 'w',
      unsafe: { bindings: [{ name: 'OTHER' }, binding] },
    });
    expect(changed('serve', { name: 'w' })).toEqual({ name: 'w' });
  });

  it('leave it as it is for what is built', () => expect(changed('build', worker())).toEqual(worker()));
});

it("Vitest's options take the name from the configuration's ai", () => {
  expect(forVitest(options, 'MIND')).toEqual({
    remoteBindings: false,
    miniflare: { ai: { binding: 'TOKENFLARE_UNUSED_AI' }, unsafeBindings: [local] },
  });
  expect(forVitest().miniflare.unsafeBindings[0]?.name).toBe('AI');
});
