import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeModel } from '../../../src/catalog/describe-model.ts';
import { findModel, listModels } from '../../../src/catalog/model-store.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { ggufRepository, tinyRepository } from '../../support/hub-models.ts';
import { HubServer, sha256, type HubContent } from '../../support/hub-server.ts';
import { ID, WEIGHTS, TINY_FILES, startPull, filesIn } from '../../support/pull.ts';

const LOCK_HOLDER = new URL('../../../src/process/lock-holder.ts', import.meta.url).href;

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

  it('fetches all parts of a GGUF file, and finds it by its format', async () => {
    const names = [1, 2, 3].map((part) => `empty-first-0000${part}-of-00003.gguf`);
    const contents = names.map((name): [string, HubContent] => [
      `sub/${name.replace('empty-first', 'tiny-Q8_0')}`,
      { bytes: readFileSync(fixturePath('gguf', 'parts', name)), lfs: true },
    ]);
    const { hub, modelsDir, run } = await startPull();
    hub.commit('owner/parts', Object.fromEntries(contents));
    const { model } = await run('owner/parts:Q8_0');
    expect(model.id).toBe('owner/parts:sub/tiny-Q8_0-00001-of-00003.gguf');
    expect(await findModel(modelsDir, 'owner/parts:q8_0')).toEqual(model);
    expect((await describeModel(model.path)).numParameters).toBe(
      (await describeModel(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'))).numParameters,
    );
  });

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
    const path = join(locks, 'owner--tiny');
    writeFileSync(path, `${process.pid} elsewhere x\n`);
    let touchedAt = 1;
    const touching = setInterval(() => utimesSync(path, 0, touchedAt++), 100);
    await expect(run()).rejects.toThrow(/is being pulled by process \d+ on elsewhere/);
    clearInterval(touching);
    const script = `console.log((await import('${LOCK_HOLDER}')).writeHolder())`;
    const node = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script];
    writeFileSync(path, `${execFileSync(process.execPath, node, { encoding: 'utf8' }).trim()}\n`);
    await run();
    expect(filesIn(locks)).toEqual([]);
  });
});
