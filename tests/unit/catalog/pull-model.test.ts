import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { openHub } from '../../../src/catalog/hub.ts';
import { parsePullRequest } from '../../../src/catalog/model-id.ts';
import { findModel, listModels } from '../../../src/catalog/model-store.ts';
import { pullModel, type PullOptions } from '../../../src/catalog/pull-model.ts';
import { ggufRepository, tinyRepository } from '../../support/hub-models.ts';
import { HubServer, sha256, type HubContent } from '../../support/hub-server.ts';
import { freePort } from '../../support/process.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const ID = 'owner/tiny';
const WEIGHTS = 'model.safetensors';
const TINY_FILES = ['config.json', 'model.safetensors', 'tokenizer.json'];

interface Pull {
  readonly modelsDir: string;
  readonly hub: HubServer;
  /** Bytes that were asked of the hub, by file name. */
  readonly ranges: (name: string) => (string | undefined)[];
  readonly run: (
    id?: string,
    options?: Partial<PullOptions> & { token?: string },
  ) => ReturnType<typeof pullModel>;
}

async function startPull(
  files: Record<string, HubContent> = tinyRepository(),
  modelsDir = join(tempDirectory(), 'models'),
): Promise<Pull> {
  const hub = await HubServer.start(onTestFinished);
  hub.commit(ID, files);
  const run: Pull['run'] = (id = ID, { token, ...options } = {}) => {
    const signal = options.signal ?? new AbortController().signal;
    return pullModel(parsePullRequest(id), {
      hub: openHub({ HF_ENDPOINT: hub.endpoint, HF_TOKEN: token }, signal),
      modelsDir,
      signal,
      listener: { onPlan: () => undefined, onFile: () => undefined, onBytes: () => undefined },
      retries: { maxFailures: 3, firstDelayMs: 1 },
      ...options,
    });
  };
  const ranges = (name: string): (string | undefined)[] =>
    hub.requests.flatMap(({ server, url, range }) => (server === 'cdn' && url.endsWith(name) ? [range] : []));
  return { modelsDir, hub, run, ranges };
}

const filesIn = (folder: string): string[] => readdirSync(folder).toSorted();

describe('pullModel', () => {
  it('fetches what a model in safetensors needs, and no more', async () => {
    const { modelsDir, hub, run } = await startPull();
    const { model, wasThere } = await run();
    const folder = join(modelsDir, 'owner--tiny');
    const revision = hub.requests.find(({ url }) => url.includes('/tree/'))!.url.match(/[0-9a-f]{40}/)![0];
    expect(wasThere).toBe(false);
    expect(model).toMatchObject({ id: ID, path: folder, revision });
    expect(filesIn(folder)).toEqual([...TINY_FILES, 'tokenflare-model.json'].toSorted());
    const repository = tinyRepository();
    for (const name of TINY_FILES)
      expect(readFileSync(join(folder, name)).equals(repository[name]!.bytes), name).toBe(true);
    const manifest = JSON.parse(readFileSync(join(folder, 'tokenflare-model.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ version: 1, repository: ID, revision });
    expect(manifest).toHaveProperty(
      'files',
      expect.arrayContaining(
        TINY_FILES.map((path) => {
          const { bytes } = repository[path]!;
          return { path, size: bytes.length, sha256: sha256(bytes) };
        }),
      ),
    );
    expect(await listModels(modelsDir)).toEqual([model]);
    expect(filesIn(join(modelsDir, '.partial'))).toEqual(['locks']);
    expect(filesIn(join(modelsDir, '.partial', 'locks'))).toEqual([]);
  });

  it('reads a listing of several pages, and does nothing when the revision is there', async () => {
    const { hub, run } = await startPull();
    hub.faults.pageSize = 2;
    const first = await run();
    const numFileRequests = hub.requests.filter(({ url }) => url.includes('/resolve/')).length;
    expect(numFileRequests).toBe(TINY_FILES.length);
    expect(await run()).toEqual({ model: first.model, wasThere: true });
    expect(hub.requests.filter(({ url }) => url.includes('/resolve/'))).toHaveLength(numFileRequests);
  });

  it('takes the index and its shards, and refuses an index whose shard is not there', async () => {
    const { [WEIGHTS]: weights, ...others } = tinyRepository();
    const index = (shard: string): HubContent => ({
      bytes: Buffer.from(JSON.stringify({ weight_map: { 'wte.weight': shard } })),
    });
    const name = 'model-00001-of-00001.safetensors';
    const { hub, modelsDir, run } = await startPull({
      ...others,
      [name]: weights!,
      'model.safetensors.index.json': index(name),
    });
    await run();
    expect(filesIn(join(modelsDir, 'owner--tiny'))).toContain(name);
    hub.commit('owner/bad', {
      ...others,
      [name]: weights!,
      'model.safetensors.index.json': index('x.safetensors'),
    });
    await expect(run('owner/bad')).rejects.toThrow(
      /names shards that the repository does not have: x\.safetensors/,
    );
    expect(await listModels(modelsDir)).toHaveLength(1);
  });

  it.each(['tiny-gpt2-Q8_0.gguf', 'Q8_0', 'q8_0'])(
    'takes the one GGUF file that :%s names',
    async (selector) => {
      const { modelsDir, run } = await startPull(ggufRepository());
      const { model } = await run(`${ID}:${selector}`);
      expect(model.id).toBe(`${ID}:tiny-gpt2-Q8_0.gguf`);
      expect(model.path).toBe(join(modelsDir, 'owner--tiny--tiny-gpt2-Q8_0.gguf', 'tiny-gpt2-Q8_0.gguf'));
      expect(await findModel(modelsDir, `${ID}:Q8_0`)).toEqual(model);
    },
  );

  it('refuses a name that no folder can have', async () => {
    const { hub, run } = await startPull();
    hub.commit('owner/long', { [`${'é'.repeat(60)}.gguf`]: ggufRepository()['tiny-gpt2-Q8_0.gguf']! });
    await expect(run('owner/long')).rejects.toThrow(/is too long a name for a folder/);
  });

  it('pins a revision: a branch becomes its commit, and a commit stays', async () => {
    const { hub, run } = await startPull();
    const changed = { ...tinyRepository(), 'generation_config.json': { bytes: Buffer.from('{}') } };
    const first = (await run(`${ID}@main`)).model.revision!;
    const second = hub.commit(ID, changed);
    expect((await run(`${ID}@${first}`)).wasThere).toBe(true);
    expect((await run()).model.revision).toBe(second);
    expect((await run(`${ID}@${first}`)).model.revision).toBe(first);
    await expect(run(`${ID}@absent`)).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('no such revision') as string,
    });
  });

  it('refuses a hub that names another commit than the pinned one', async () => {
    const { hub, run } = await startPull();
    hub.faults.commit = 'f'.repeat(40);
    await expect(run(`${ID}@${'a'.repeat(40)}`)).rejects.toMatchObject({ code: 'model_not_found' });
    const pinned = hub.commit(ID, tinyRepository());
    await expect(run(`${ID}@${pinned}`)).rejects.toThrow(
      /has commit f+ of owner\/tiny where .* was asked for/,
    );
  });

  it('keeps of an older revision what has not changed', async () => {
    const { hub, modelsDir, run, ranges } = await startPull();
    await run();
    hub.commit(ID, { ...tinyRepository(), 'generation_config.json': { bytes: Buffer.from('{}') } });
    await run();
    expect(ranges(WEIGHTS)).toHaveLength(1);
    expect(filesIn(join(modelsDir, 'owner--tiny'))).toContain('generation_config.json');
  });

  it('leaves alone what somebody put there by hand', async () => {
    const { modelsDir, run } = await startPull();
    mkdirSync(join(modelsDir, 'owner--tiny'), { recursive: true });
    writeFileSync(join(modelsDir, 'owner--tiny', 'notes.txt'), 'mine');
    await expect(run()).rejects.toMatchObject({ code: 'conflict' });
    expect(filesIn(join(modelsDir, 'owner--tiny'))).toEqual(['notes.txt']);
  });

  it('mends a model whose file was cut', async () => {
    const { modelsDir, run } = await startPull();
    const { model } = await run();
    writeFileSync(join(model.path, WEIGHTS), 'short');
    await expect(findModel(modelsDir, ID)).rejects.toThrow(/model\.safetensors has 5 bytes and not 170024/);
    expect((await run()).wasThere).toBe(false);
    expect(readFileSync(join(model.path, WEIGHTS)).equals(tinyRepository()[WEIGHTS]!.bytes)).toBe(true);
  });
});

describe('a hub that cannot be reached', () => {
  const pullFrom = async (endpoint: string): Promise<{ message: string; numRetries: number }> => {
    const signal = new AbortController().signal;
    let numRetries = 0;
    const pulling = pullModel(parsePullRequest(ID), {
      hub: openHub({ HF_ENDPOINT: endpoint }, signal),
      modelsDir: tempDirectory(),
      signal,
      listener: { onPlan: () => undefined, onFile: () => undefined, onBytes: () => undefined },
      retries: { maxFailures: 3, firstDelayMs: 1, onRetry: () => numRetries++ },
    });
    const message = await pulling.then(
      () => 'it was pulled',
      (error: unknown) => (error as Error).message,
    );
    return { message, numRetries };
  };

  it.each([
    // RFC 6761: no name server answers for it.
    ['a name that nothing knows', () => 'http://hub.invalid', /getaddrinfo (ENOTFOUND|EAI_AGAIN)/],
    ['a port that nothing listens on', async () => `http://127.0.0.1:${await freePort()}`, /ECONNREFUSED/],
  ])('is not tried again: %s', async (_, endpointOf, reason) => {
    const endpoint = await endpointOf();
    const { message, numRetries } = await pullFrom(endpoint);
    expect(numRetries).toBe(0);
    expect(message).toMatch(reason);
    expect(message).toContain(`${endpoint} cannot be reached`);
    expect(message).toMatch(/: is there a network\? HF_ENDPOINT names a mirror of the hub$/);
  });

  it('is tried again where it was reached, and the connection broke', async () => {
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect((await pullFrom(`http://127.0.0.1:${port}`)).numRetries).toBe(2);
  });
});

describe('a connection that breaks', () => {
  it('goes on in the middle of a file', async () => {
    const { hub, run, ranges, modelsDir } = await startPull();
    hub.faults.cut = { path: WEIGHTS, afterBytes: 50_000, times: 1 };
    await run();
    const [first, second, ...others] = ranges(WEIGHTS);
    expect([first, others]).toEqual([undefined, []]);
    expect(second).toMatch(/^bytes=[1-9]\d*-$/);
    const { bytes } = tinyRepository()[WEIGHTS]!;
    expect(readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(bytes)).toBe(true);
  });

  it('gives up after some failures without a byte between, and the next pull goes on', async () => {
    const { hub, run, ranges, modelsDir } = await startPull();
    hub.faults.cut = { path: WEIGHTS, afterBytes: 50_000, times: 1 };
    hub.faults.refuse = { path: WEIGHTS, status: 503, times: 0 };
    const pulling = run(ID, {
      listener: {
        onPlan: () => undefined,
        onFile: () => undefined,
        onBytes: (count) => {
          // From the first bytes of the weights on, nothing more comes.
          if (count > 20_000) hub.faults.refuse = { path: WEIGHTS, status: 503 };
        },
      },
    });
    await expect(pulling).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(
        /answered 503.*; what came so far is kept: run the same command again to go on$/,
      ) as string,
    });
    expect(await listModels(modelsDir)).toEqual([]);
    const numAsked = ranges(WEIGHTS).length;
    hub.faults = {};
    await run();
    expect(ranges(WEIGHTS).slice(numAsked)).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('begins again where the server knows no ranges', async () => {
    const { hub, run, modelsDir } = await startPull();
    hub.faults = { ignoreRange: true, cut: { path: WEIGHTS, afterBytes: 50_000, times: 1 } };
    await run();
    const { bytes } = tinyRepository()[WEIGHTS]!;
    expect(readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(bytes)).toBe(true);
  });

  it('ends where such a server never gets to the end', async () => {
    const { hub, run } = await startPull();
    // Often further than the time before, never further than the first.
    let numCuts = 0;
    const afterBytes = (): number => (numCuts++ === 0 ? 90_000 : 20_000 * (1 + ((numCuts + 1) % 3)));
    hub.faults = { ignoreRange: true, cut: { path: WEIGHTS, afterBytes, times: 100 } };
    await expect(run()).rejects.toMatchObject({ code: 'download_failed' });
  });

  it('does not take a part of another content for this one', async () => {
    const { hub, run, ranges, modelsDir } = await startPull();
    hub.faults = { cut: { path: WEIGHTS, afterBytes: 50_000, times: Infinity } };
    const abort = new AbortController();
    const listener = {
      onPlan: () => undefined,
      onFile: () => undefined,
      onBytes: (count: number) => {
        if (count > 20_000) abort.abort();
      },
    };
    await expect(run(ID, { listener, signal: abort.signal })).rejects.toThrow();
    const bytes = Buffer.from(tinyRepository()[WEIGHTS]!.bytes);
    bytes[bytes.length - 1]! ^= 1;
    hub.commit(ID, { ...tinyRepository(), [WEIGHTS]: { bytes, lfs: true } });
    hub.faults = {};
    const numAsked = ranges(WEIGHTS).length;
    await run();
    expect(ranges(WEIGHTS).slice(numAsked)).toEqual([undefined]);
    expect(readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(bytes)).toBe(true);
  });

  it('asks again for a listing that failed', async () => {
    const { hub, run } = await startPull();
    hub.faults.refuse = { path: '/tree/', status: 502, times: 2 };
    await run();
    hub.faults.refuse = { path: '/revision/', status: 502 };
    await expect(run()).rejects.toThrow(/answered 502/);
  });
});

describe('wrong bytes', () => {
  it.each([
    ['in large-file storage', WEIGHTS, 'sha256'],
    ['in git', 'config.json', 'git-sha1'],
  ])('%s are not taken, and not kept', async (_, name, algorithm) => {
    const { hub, run, modelsDir } = await startPull();
    const bytes = Buffer.from(tinyRepository()[name]!.bytes);
    bytes[0]! ^= 1;
    hub.faults.replace = { path: name, bytes };
    await expect(run()).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(
        new RegExp(`${name} came with the wrong bytes: its ${algorithm}`),
      ) as string,
    });
    expect(await listModels(modelsDir)).toEqual([]);
    const staged = filesIn(join(modelsDir, '.partial', 'owner--tiny'));
    expect(staged.filter((part) => part.startsWith(name))).toEqual([]);
    hub.faults = {};
    await run();
  });

  it('left by an earlier try are fetched anew', async () => {
    const { hub, run, modelsDir } = await startPull();
    hub.faults.replace = { path: WEIGHTS, bytes: Buffer.alloc(60_000) };
    await expect(run()).rejects.toMatchObject({ code: 'download_failed' });
    hub.faults = {};
    await run();
    expect(
      readFileSync(join(modelsDir, 'owner--tiny', WEIGHTS)).equals(tinyRepository()[WEIGHTS]!.bytes),
    ).toBe(true);
  });

  it('beyond the size that was listed are not written', async () => {
    const { hub, run, modelsDir } = await startPull();
    hub.faults.replace = { path: WEIGHTS, bytes: Buffer.alloc(1 << 22) };
    await expect(run()).rejects.toThrow(/model\.safetensors is longer than the 170024 bytes/);
    const staging = join(modelsDir, '.partial', 'owner--tiny');
    for (const name of filesIn(staging))
      expect(statSync(join(staging, name)).size).toBeLessThanOrEqual(170_024);
    expect(await listModels(modelsDir)).toEqual([]);
  });
});

describe('a hub that refuses', () => {
  it.each([
    [401, undefined, undefined, 'forbidden', /there is no such model, or it is private; .*HF_TOKEN/],
    [401, undefined, 'hf_wrong', 'forbidden', /HF_TOKEN may not read it/],
    [403, 'GatedRepo', undefined, 'forbidden', /gated: accept its terms .* set HF_TOKEN/],
    [403, 'GatedRepo', 'hf_mine', 'forbidden', /gated, and the account of HF_TOKEN has no access/],
    [404, 'RepoNotFound', undefined, 'model_not_found', /there is no such repository/],
  ])('with %i %s is understood, token %s', async (status, errorCode, token, code, message) => {
    const { hub, run } = await startPull();
    hub.faults.refuse = { path: '/', status, ...(errorCode === undefined ? {} : { errorCode }) };
    const failed = run(ID, token === undefined ? {} : { token });
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow(/hf_(mine|wrong)/);
    expect(hub.requests).toHaveLength(1);
  });

  it('only when the file is asked for leaves nothing to serve', async () => {
    const { hub, run, modelsDir } = await startPull();
    hub.faults.refuse = { path: '/resolve/', status: 403, errorCode: 'GatedRepo' };
    await expect(run()).rejects.toMatchObject({ code: 'forbidden' });
    expect(await listModels(modelsDir)).toEqual([]);
  });

  it('is not asked with a token that would break the header, nor is the token told', () => {
    const open = () => openHub({ HF_TOKEN: 'hf_a\nb' }, new AbortController().signal);
    expect(open).toThrow('HF_TOKEN holds characters that no token has');
  });

  it.each(['huggingface.co', 'ftp://x', 'https://me:secret@x'])(
    'HF_ENDPOINT %s is refused',
    (HF_ENDPOINT) => {
      expect(() => openHub({ HF_ENDPOINT }, new AbortController().signal)).toThrow(
        /^HF_ENDPOINT must be(?!.*secret)/,
      );
    },
  );
});

describe('the token', () => {
  it('goes to the endpoint with every request, and to no other host', async () => {
    const { hub, run } = await startPull();
    hub.faults.pageSize = 3;
    await run(ID, { token: 'hf_secret' });
    const tokensOf = (server: string) =>
      new Set(
        hub.requests.filter((request) => request.server === server).map(({ authorization }) => authorization),
      );
    expect(tokensOf('hub')).toEqual(new Set(['Bearer hf_secret']));
    expect(tokensOf('cdn')).toEqual(new Set([undefined]));
  });

  it('does not follow a listing that goes on at another host', async () => {
    const { hub, run } = await startPull();
    const other = await HubServer.start(onTestFinished);
    hub.faults = { pageSize: 3, nextPageAt: other.endpoint };
    await expect(run(ID, { token: 'hf_secret' })).rejects.toMatchObject({ code: 'forbidden' });
    expect(other.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });
});

describe('names in a listing', () => {
  const names = [
    '../evil.gguf',
    '/etc/evil.gguf',
    'a/../../evil.gguf',
    'a\\evil.gguf',
    'C:evil.gguf',
    'nul.gguf',
    'a/con/x.gguf',
    '.hidden.gguf',
    'a\u0000b.gguf',
    'a//b.gguf',
    `${'x'.repeat(300)}.gguf`,
  ];
  it.each(names)('%j is refused before anything is fetched', async (path) => {
    const { hub, run, modelsDir } = await startPull(ggufRepository());
    hub.faults.listing = (entries) => entries.map((entry) => ({ ...entry, path }));
    await expect(run()).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringContaining('no plain path inside a folder') as string,
    });
    expect(hub.requests.some(({ url }) => url.includes('/resolve/'))).toBe(false);
    expect(() => readdirSync(modelsDir)).toThrow(/ENOENT/);
  });

  it.each([
    ['no list', () => ({ error: 'x' })],
    ['a size that is none', (entries: object[]) => entries.map((entry) => ({ ...entry, size: -1 }))],
    ['a size of 2^60', (entries: object[]) => entries.map((entry) => ({ ...entry, size: 2 ** 60 }))],
    ['no checksum', (entries: object[]) => entries.map((entry) => ({ ...entry, oid: 'x' }))],
    ['a path that is no text', (entries: object[]) => entries.map((entry) => ({ ...entry, path: 1 }))],
  ])('%s in it is an error', async (_, listing) => {
    const { hub, run, modelsDir } = await startPull();
    hub.faults.listing = listing;
    await expect(run()).rejects.toMatchObject({
      code: expect.stringMatching(/weights_invalid|download_failed/) as string,
    });
    expect(await listModels(modelsDir)).toEqual([]);
  });
});

describe('two pulls at once', () => {
  it('of one model: the second says so, and the first ends well', async () => {
    const { hub, run } = await startPull();
    hub.faults.hold = { path: WEIGHTS, afterBytes: 1000 };
    const first = run();
    await vi.waitUntil(() => hub.isHolding, { timeout: 10_000 });
    await expect(run()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    });
    hub.release();
    expect((await first).wasThere).toBe(false);
  });

  it('take over the lock of a process that died, and not that of one on another machine', async () => {
    const { run, modelsDir } = await startPull();
    const locks = join(modelsDir, '.partial', 'locks');
    mkdirSync(locks, { recursive: true });
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(locks, 'owner--tiny'), `${process.pid} elsewhere x\n`);
    await expect(run()).rejects.toThrow(/is being pulled by process \d+ on elsewhere/);
    const { hostname } = await import('node:os');
    writeFileSync(join(locks, 'owner--tiny'), `${pid} ${hostname()} x\n`);
    await run();
    expect(filesIn(locks)).toEqual([]);
  });
});

describe('a full disk', () => {
  /** A file system of a given size in memory; undefined where this process may not mount one. */
  function smallDisk(kib: number): string | undefined {
    const path = mkdtempSync(join(tmpdir(), 'tokenflare-disk-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', path]).status !== 0)
      return undefined;
    onTestFinished(() => {
      spawnSync('umount', ['-l', path]);
      spawnSync('rmdir', [path]);
    });
    return path;
  }

  it('is seen before anything is fetched', async ({ skip }) => {
    const disk = smallDisk(100);
    if (disk === undefined) return skip('only root may mount a small disk');
    const { hub, run } = await startPull(tinyRepository(), join(disk, 'models'));
    await expect(run()).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(
        /^183 kB are to be fetched, and .* has \d+(\.\d+)? kB free; make room/,
      ) as string,
    });
    expect(hub.requests.some(({ url }) => url.includes('/resolve/'))).toBe(false);
  });

  it('while it is written leaves a pull that goes on when there is room', async ({ skip }) => {
    const disk = smallDisk(256);
    if (disk === undefined) return skip('only root may mount a small disk');
    const { hub, run, ranges, modelsDir } = await startPull(tinyRepository(), join(disk, 'models'));
    const filler = join(disk, 'filler');
    const listener = {
      onPlan: () => undefined,
      onBytes: () => undefined,
      // Somebody else takes the room when the pull has already looked.
      onFile: ({ path }: { path: string }) => {
        if (path === WEIGHTS) writeFileSync(filler, Buffer.alloc(140_000));
      },
    };
    await expect(run(ID, { listener })).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('the disk is full; what came so far is kept') as string,
    });
    expect(await listModels(modelsDir)).toEqual([]);
    spawnSync('rm', [filler]);
    hub.faults = {};
    await run();
    expect(ranges(WEIGHTS).at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    expect(await listModels(modelsDir)).toHaveLength(1);
  });
});
