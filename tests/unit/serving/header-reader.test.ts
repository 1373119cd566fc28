import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { modelSizeOf } from '../../../src/engine/estimate-memory.ts';
import { OpenModel } from '../../../src/model/load-model.ts';
import { HeaderReader } from '../../../src/serving/header-reader.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

function createReader(options: { readLimitMs?: number; maxHeapMb?: number } = {}): HeaderReader {
  const reader = new HeaderReader(options);
  onTestFinished(() => reader.dispose());
  return reader;
}

function copyOf(name: string): string {
  const path = tempDirectory();
  cpSync(fixturePath(name), path, { recursive: true });
  return path;
}

it('reads what the files of a model say, as they are read where the model is loaded', async () => {
  const reader = createReader();
  const paths = ['tiny-gpt2', 'tiny-llama/gqa', 'tiny-gemma3/pattern-6'].map((name) => fixturePath(name));
  paths.push(fixturePath('gguf', 'tiny-gpt2-q8_0.gguf'));
  const read = await Promise.all(paths.map((path) => reader.read(path)));
  for (const [index, path] of paths.entries()) {
    const model = await OpenModel.open(path);
    expect(read[index]).toEqual({ size: modelSizeOf(model), numParameters: model.numParameters });
    await model.close();
  }
});

it('says what is wrong with a model, and reads the next', async () => {
  const reader = createReader();
  const pipe = copyOf('tiny-gpt2');
  rmSync(join(pipe, 'config.json'));
  execFileSync('mkfifo', [join(pipe, 'config.json')]);
  await expect(reader.read(pipe)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('config.json is not a file') as string,
  });
  await expect(reader.read(join(pipe, 'nowhere'))).rejects.toThrow(/nowhere/);
  expect((await reader.read(fixturePath('tiny-gpt2'))).size.config.architecture).toBe('gpt2');
});

it('ends with the process alone a header that takes too much memory', async () => {
  const reader = createReader({ maxHeapMb: 64, readLimitMs: 60_000 });
  const path = copyOf('tiny-gpt2');
  // A list of lists takes V8 some ten times the bytes of its text.
  writeFileSync(join(path, 'config.json'), `[${'[[]],'.repeat(4_000_000)}[]]`);
  await expect(reader.read(path)).rejects.toThrow(/may use 64 MiB of memory/);
  expect((await reader.read(fixturePath('tiny-gpt2'))).numParameters).toBeGreaterThan(0);
});

it('ends a header that takes too long, and reads the next', async () => {
  const reader = createReader({ readLimitMs: 1 });
  const path = copyOf('tiny-gpt2');
  writeFileSync(join(path, 'config.json'), `{"model_type":"gpt2","x":[${'1,'.repeat(5_000_000)}1]}`);
  const reads = [path, path].map((model) => reader.read(model));
  for (const read of reads) await expect(read).rejects.toThrow(/could not be read within 1 ms/);
});

it('fails what waits when it is disposed of', async () => {
  const reader = createReader();
  const reads = [reader.read(fixturePath('tiny-gpt2')), reader.read(fixturePath('tiny-llama/gqa'))];
  reader.dispose();
  for (const read of reads) await expect(read).rejects.toMatchObject({ code: 'engine_not_ready' });
});
