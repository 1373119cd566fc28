import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHub } from '../../../src/catalog/hub.ts';
import { listModels } from '../../../src/catalog/model-store.ts';
import { ggufRepository, tinyRepository } from '../../support/hub-models.ts';
import { ID, WEIGHTS, startPull, filesIn } from '../../support/pull.ts';

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
