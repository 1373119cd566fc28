import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MANIFEST_NAME } from '../../../src/catalog/manifest.ts';
import {
  checkModelsDir,
  findModel,
  listModels,
  removeModel,
  scanStore,
} from '../../../src/catalog/model-store.ts';
import { resolveModelPath } from '../../../src/catalog/resolve-model-path.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

const TINY = fixturePath('tiny-gpt2');
const GGUF = fixturePath('gguf', 'tiny-gpt2-q8_0.gguf');
const GGUF_BYTES = 68288;

function store(...ggufPaths: string[]): string {
  const modelsDir = tempDirectory();
  for (const path of ggufPaths) {
    mkdirSync(join(modelsDir, dirname(path)), { recursive: true });
    copyFileSync(GGUF, join(modelsDir, path));
  }
  return modelsDir;
}

const idsIn = async (modelsDir: string) => (await listModels(modelsDir)).map(({ id }) => id);

describe('listModels', () => {
  it('finds none where there is no directory', async () => {
    expect(await listModels(join(tempDirectory(), 'absent'))).toEqual([]);
  });

  it('says so when the directory cannot be read', async () => {
    await expect(listModels(GGUF)).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('MODELS_DIR') as string,
    });
  });

  it('takes folders and files that people put there by the names they have', async () => {
    const modelsDir = store('by-itself.gguf', 'in-a-folder/whatever.GGUF');
    cpSync(TINY, join(modelsDir, 'tiny'), { recursive: true });
    symlinkSync(TINY, join(modelsDir, 'linked'));
    const models = await listModels(modelsDir);
    expect(models.map(({ id, path }) => [id, path])).toEqual([
      ['by-itself.gguf', join(modelsDir, 'by-itself.gguf')],
      ['in-a-folder', join(modelsDir, 'in-a-folder/whatever.GGUF')],
      ['linked', join(modelsDir, 'linked')],
      ['tiny', join(modelsDir, 'tiny')],
    ]);
    expect(models[0]).toEqual({
      id: 'by-itself.gguf',
      path: join(modelsDir, 'by-itself.gguf'),
      sizeBytes: GGUF_BYTES,
    });
  });

  const PARTS = [1, 2, 3].map((part) => `empty-first-0000${part}-of-00003.gguf`) as [string, string, string];
  const PARTS_BYTES = 7712 + 19264 + 41664;

  function storeOfParts(names: readonly string[], folder = ''): string {
    const modelsDir = tempDirectory();
    mkdirSync(join(modelsDir, folder), { recursive: true });
    for (const name of names) copyFileSync(fixturePath('gguf', 'parts', name), join(modelsDir, folder, name));
    return modelsDir;
  }

  it.each([
    ['', PARTS[0]],
    ['in-a-folder', 'in-a-folder'],
  ])('takes the parts of a GGUF file for one model, in folder "%s"', async (folder, id) => {
    const modelsDir = storeOfParts(PARTS, folder);
    expect(await listModels(modelsDir)).toEqual([
      { id, path: join(modelsDir, folder, PARTS[0]), sizeBytes: PARTS_BYTES },
    ]);
  });

  it.each([
    ['', 0, 'part 1 of 3'],
    ['', 2, 'part 3 of 3'],
    ['in-a-folder', 0, 'part 1 of 3'],
    ['in-a-folder', 1, 'part 2 of 3'],
  ])('names a part that is missing, in folder "%s" part %i', async (folder, index, which) => {
    const modelsDir = storeOfParts(PARTS.toSpliced(index, 1), folder);
    const id = folder === '' ? PARTS[0] : folder;
    const entries = await scanStore(modelsDir);
    expect(entries.map((entry) => entry.id)).toEqual([id]);
    await expect(findModel(modelsDir, id)).rejects.toThrow(`${PARTS[index]}, ${which}, is missing`);
  });

  it.each([[PARTS], [PARTS.slice(1)]])('removes all parts that are there, %j', async (names) => {
    const modelsDir = storeOfParts(names);
    writeFileSync(join(modelsDir, 'notes.txt'), 'mine');
    expect(await removeModel(modelsDir, PARTS[0])).toBe(PARTS[0]);
    expect(readdirSync(modelsDir).filter((name) => !name.startsWith('.'))).toEqual(['notes.txt']);
  });

  it('resolves a folder of parts, and asks for the first part where another is named', async () => {
    const folder = storeOfParts(PARTS);
    expect(await resolveModelPath(folder, folder)).toBe(join(folder, PARTS[0]));
    await expect(resolveModelPath(join(folder, PARTS[1]), folder)).rejects.toThrow(
      `it is part 2 of 3; name the first, ${PARTS[0]}`,
    );
    const torn = storeOfParts(PARTS.slice(0, 2));
    await expect(resolveModelPath(torn, torn)).rejects.toThrow(`${PARTS[2]}, part 3 of 3, is missing`);
  });

  it('says of a manifest that is a pipe, a device or too long that it cannot be read', async () => {
    const modelsDir = store('pipe/a.gguf', 'device/a.gguf', 'long/a.gguf', 'other/a.gguf');
    const manifest = (folder: string): string => join(modelsDir, folder, MANIFEST_NAME);
    execFileSync('mkfifo', [manifest('pipe')]);
    symlinkSync('/dev/zero', manifest('device'));
    writeFileSync(manifest('long'), `{"files":[${'1,'.repeat(600_000)}1]}`);
    writeFileSync(manifest('other'), `{"files":[${'1,'.repeat(100_000)}1]}`);
    const problems = Object.fromEntries((await scanStore(modelsDir)).map(({ id, problem }) => [id, problem]));
    expect(problems).toEqual({
      pipe: `${manifest('pipe')} is not a file`,
      device: `${manifest('device')} is a link out of the directory; put the file itself there`,
      long: expect.stringMatching(/has 1200013 bytes; at most 1048576 are read/) as string,
      other: expect.stringMatching(/^.{20,400}$/) as string,
    });
  });

  it('takes a folder named as a pulled one is for that model', async () => {
    const modelsDir = store('owner--name--model.gguf/model.gguf');
    expect(await idsIn(modelsDir)).toEqual(['owner/name:model.gguf']);
  });

  it('leaves out what is no model, downloads under way, and folders with several', async () => {
    const modelsDir = store('.partial/half/half.gguf', '.hidden.gguf', 'two/a.gguf', 'two/b.gguf');
    mkdirSync(join(modelsDir, 'empty'));
    mkdirSync(join(modelsDir, 'no-weights'));
    writeFileSync(join(modelsDir, 'no-weights', 'config.json'), '{}');
    writeFileSync(join(modelsDir, 'notes.txt'), '');
    expect(await listModels(modelsDir)).toEqual([]);
    await expect(findModel(modelsDir, 'two')).rejects.toThrow(/two: it holds several \.gguf files/);
  });
});

describe('a manifest', () => {
  const MANIFEST = {
    version: 1,
    repository: 'owner/name',
    revision: 'a'.repeat(40),
    file: 'x.gguf',
    pulled_at: '2026-08-01T12:00:00.000Z',
    files: [{ path: 'x.gguf', size: GGUF_BYTES, sha256: 'b'.repeat(64) }],
  };
  function pulled(manifest: unknown): string {
    const modelsDir = store('owner--name--x.gguf/x.gguf');
    const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    writeFileSync(join(modelsDir, 'owner--name--x.gguf', 'tokenflare-model.json'), text);
    return modelsDir;
  }

  it('tells revision and time', async () => {
    const modelsDir = pulled(MANIFEST);
    expect(await listModels(modelsDir)).toEqual([
      {
        id: 'owner/name:x.gguf',
        path: join(modelsDir, 'owner--name--x.gguf/x.gguf'),
        sizeBytes: GGUF_BYTES,
        revision: 'a'.repeat(40),
        pulledAt: Date.UTC(2026, 7, 1, 12),
      },
    ]);
  });

  it.each([
    ['not JSON', '{', /is not JSON/],
    ['cut short', {}, /version/],
    ['of a later version', { ...MANIFEST, version: 2 }, /version/],
    ['that leads out', { ...MANIFEST, file: '../../x.gguf' }, /file: is no path inside the folder/],
    [
      'of a file elsewhere',
      { ...MANIFEST, files: [{ ...MANIFEST.files[0], path: '/etc/passwd' }] },
      /files\.0\.path/,
    ],
    ['of no file', { ...MANIFEST, files: [] }, /files/],
    ['of another model', { ...MANIFEST, file: 'y/x.gguf' }, /the folder was renamed or copied/],
    [
      'of another size',
      { ...MANIFEST, files: [{ ...MANIFEST.files[0], size: 1 }] },
      /has 68288 bytes and not 1/,
    ],
    [
      'of a file that is gone',
      { ...MANIFEST, files: [...MANIFEST.files, { path: 'y.gguf', size: 1, sha256: 'b'.repeat(64) }] },
      /y\.gguf is missing/,
    ],
    ['without the model itself', { ...MANIFEST, file: 'y/z.gguf' }, /the GGUF file is not among them/],
  ])('%s makes its model none', async (_, manifest, message) => {
    const modelsDir = pulled(manifest);
    expect(await listModels(modelsDir)).toEqual([]);
    const finding = findModel(modelsDir, 'owner/name');
    await expect(finding).rejects.toMatchObject({ code: 'weights_invalid' });
    await expect(finding).rejects.toThrow(message);
  });
});

describe('findModel', () => {
  const FILES = ['owner--name--M-Q8_0.gguf/M-Q8_0.gguf', 'owner--name--M-Q4_K_M.gguf/M-Q4_K_M.gguf'];

  it.each([
    ['owner/name:M-Q8_0.gguf', 'owner/name:M-Q8_0.gguf'],
    ['owner/name:Q8_0', 'owner/name:M-Q8_0.gguf'],
    ['owner/name:q4_k_m', 'owner/name:M-Q4_K_M.gguf'],
    ['owner/name:Q4_K', undefined],
    ['owner/other', undefined],
    ['owner', undefined],
  ])('%s is %s', async (id, found) => {
    expect((await findModel(store(...FILES), id))?.id).toBe(found);
  });

  it('takes the repository for its only file, and says which there are when there are more', async () => {
    expect((await findModel(store(FILES[0]!), 'owner/name'))?.id).toBe('owner/name:M-Q8_0.gguf');
    await expect(findModel(store(...FILES), 'owner/name')).rejects.toThrow(
      "'owner/name' may mean several models: owner/name:M-Q4_K_M.gguf, owner/name:M-Q8_0.gguf; name one of them",
    );
  });

  it.each(['../secret', '..', '/etc/passwd', 'a/../b', '', '.partial/x.gguf'])(
    '%j finds nothing',
    async (id) => {
      const outside = store('secret/x.gguf', 'models/.partial/x.gguf');
      expect(await findModel(join(outside, 'models'), id)).toBeUndefined();
    },
  );
});

describe('checkModelsDir', () => {
  it('refuses a file, and nothing else', async () => {
    const folder = store('tiny.gguf');
    await expect(checkModelsDir(join(folder, 'tiny.gguf'))).rejects.toMatchObject({ code: 'config_invalid' });
    await checkModelsDir(folder);
    await checkModelsDir(join(folder, 'none'));
    // As below the home of a user that has none.
    await checkModelsDir(join(folder, 'tiny.gguf', 'models'));
  });
});

describe('resolveModelPath', () => {
  const refusal = (model: string, modelsDir = store()): Promise<string> =>
    resolveModelPath(model, modelsDir).then(
      (path) => `nothing: it took ${path}`,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'config_invalid' });
        return (error as Error).message;
      },
    );
  const WHAT = 'a model is a folder with config.json, tokenizer.json and model.safetensors, or a .gguf file';

  it('takes a path that exists before a stored model', async () => {
    const modelsDir = store('tests/x.gguf', 'tiny.gguf');
    expect(await resolveModelPath('tests/fixtures/tiny-gpt2', modelsDir)).toBe(fixturePath('tiny-gpt2'));
    expect(await resolveModelPath('./tests/fixtures/tiny-gpt2/', modelsDir)).toBe(fixturePath('tiny-gpt2'));
    expect(await resolveModelPath('tiny.gguf', modelsDir)).toBe(join(modelsDir, 'tiny.gguf'));
  });

  it('takes the only GGUF file of a folder, and asks which of several', async () => {
    const folder = store('a/x.gguf', 'a/README.md', 'b/x.gguf', 'b/y.gguf');
    expect(await resolveModelPath(join(folder, 'a'), folder)).toBe(join(folder, 'a/x.gguf'));
    expect(await refusal(join(folder, 'b'))).toBe(
      `MODEL is '${join(folder, 'b')}': the folder holds several .gguf files; name one: x.gguf, y.gguf`,
    );
  });

  it('tells nothing, an empty folder, a folder without a model and another file apart', async () => {
    const folder = store('docs/README.md', 'README.md');
    mkdirSync(join(folder, 'empty'));
    const at = (name: string): string => join(folder, name);
    expect(await refusal('/nope')).toBe(`MODEL is '/nope': there is no such file or folder; ${WHAT}`);
    expect(await refusal('./tiny.gguf')).toBe(
      `MODEL is './tiny.gguf': there is no such file or folder; ${WHAT}`,
    );
    expect(await refusal(at('README.md/x'))).toMatch(/there is no such file or folder; a model is/);
    expect(await refusal(at('empty'))).toBe(`MODEL is '${at('empty')}': the folder is empty; ${WHAT}`);
    expect(await refusal(at('docs'))).toBe(`MODEL is '${at('docs')}': the folder holds no model; ${WHAT}`);
    expect(await refusal(at('README.md'))).toBe(
      `MODEL is '${at('README.md')}': it is a file and no GGUF; ${WHAT}`,
    );
  });

  it('says what a folder of weights in another form is, and how to get one that is read', async () => {
    const folder = store(
      'adapter/adapter_config.json',
      'adapter/adapter_model.safetensors',
      'pickle/config.json',
      'pickle/pytorch_model-00001-of-00002.bin',
      'both/config.json',
      'both/model.safetensors',
      'both/pytorch_model.bin',
      'both/adapter_config.json',
    );
    expect(await refusal(join(folder, 'adapter'))).toMatch(/: it is an adapter \(LoRA\).*merge_and_unload/);
    expect(await refusal(join(folder, 'pickle'))).toMatch(
      /\(pytorch_model-00001-of-00002\.bin\).*save_pretrained/,
    );
    expect(await resolveModelPath(join(folder, 'both'), folder)).toBe(join(folder, 'both'));
    // By its id, too.
    await expect(findModel(folder, 'pickle')).rejects.toThrow(/PyTorch's .*write them as safetensors/);
  });

  it('names path and store, and the commands, when there is neither', async () => {
    const modelsDir = store();
    expect(await refusal('owner/name', modelsDir)).toBe(
      `MODEL is 'owner/name': there is no such path, and no model of that id in ${modelsDir}; ` +
        `'npx tokenflare pull owner/name' fetches one, 'npx tokenflare list' says which are there`,
    );
    expect(await refusal('name', modelsDir)).not.toContain('pull');
  });
});
