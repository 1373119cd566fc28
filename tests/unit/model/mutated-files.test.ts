import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheShape, modelSizeOf } from '../../../src/engine/estimate-memory.ts';
import { loadEndTokens } from '../../../src/engine/client/model-files/read-model-files.ts';
import { loadTokenizer } from '../../../src/text/load-tokenizer.ts';
import { EngineError } from '../../../src/errors.ts';
import { OpenModel } from '../../../src/model/load-model.ts';
import { readGgufHeader } from '../../../src/weights/gguf/gguf-header.ts';
import { byteMutation, mutateBytes } from '../../support/byte-mutations.ts';
import { fixturePath } from '../../support/fixtures.ts';
import { tempDirectory } from '../../support/temp-directory.ts';

/** Whatever is wrong with a file, it loads or it is refused; nothing hangs, and nothing is allocated that it only claims. */

const MIB = 2 ** 20;
const MAX_GROWTH_MIB = 400;
const RUNS = { numRuns: 250, seed: 20_261_124 };
const TIMEOUT_MS = 120_000;

const residentMibAtStart = process.resourceUsage().maxRSS / 1024;
afterAll(() => {
  expect(process.resourceUsage().maxRSS / 1024 - residentMibAtStart).toBeLessThan(MAX_GROWTH_MIB);
});

/** As an engine loads it: with what the cache has room for as its context. */
async function loadModel(path: string): Promise<void> {
  const open = await OpenModel.open(path);
  try {
    const settings = {
      maxModelLen: undefined,
      maxNumSeqs: 2,
      kvCacheBytes: 16 * MIB,
      freeMemoryBytes: 0,
      memoryLimitBytes: undefined,
      weights: 'f32',
    } as const;
    const { maxModelLen } = cacheShape(modelSizeOf(open), settings, 'cpu');
    await open.load({ createParameter: (name, shape) => ({ name, shape }) }, maxModelLen);
  } finally {
    await open.close();
  }
}

async function loadTexts(path: string): Promise<void> {
  const tokenizer = await loadTokenizer(path);
  tokenizer.decode(tokenizer.encode('The river 🌊, twice:  \n<s>'));
  await loadEndTokens(path, [0], tokenizer);
}

type Load = (path: string) => Promise<void>;

/** How many of the loads were refused; fails for any error but a clear one. */
async function numRefused(path: string, loads: readonly Load[]): Promise<number> {
  let refused = 0;
  for (const load of loads) {
    const error: unknown = await load(path).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error === undefined) continue;
    refused++;
    expect(error).toBeInstanceOf(EngineError);
    const { code, message } = error as EngineError;
    expect(['weights_invalid', 'config_invalid'], message).toContain(code);
    expect(message).not.toMatch(/undefined|\[object|Cannot read prop|is not a function|^$/);
  }
  return refused;
}

describe('a mutated GGUF file', () => {
  it.each<[string[], Load[]]>([
    [
      ['gguf', 'tiny-gpt2-q8_0.gguf'],
      [loadModel, loadTexts],
    ],
    [['tiny-llama/gqa/model-q8_0.gguf'], [loadModel, loadTexts]],
    [['tiny-gemma3/pattern-6/model-q8_0.gguf'], [loadModel, loadTexts]],
    [['tokenizers/llama.gguf'], [loadTexts]],
    [['tokenizers/gemma.gguf'], [loadTexts]],
  ])(
    'is loaded or refused with a clear error, whatever bytes of its header change: %s',
    async (parts, loads) => {
      const original = fixturePath(...parts);
      const whole = readFileSync(original);
      const { dataStart } = await readGgufHeader(original);
      const path = join(tempDirectory(), 'model.gguf');
      expect(await numRefused(original, loads)).toBe(0);
      let refused = 0;
      const mutations = fc.array(byteMutation(dataStart), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(mutations, async (changes) => {
          writeFileSync(path, mutateBytes(whole, changes));
          refused += await numRefused(path, loads);
        }),
        RUNS,
      );
      expect(refused).toBeGreaterThan(RUNS.numRuns / 3);
    },
    TIMEOUT_MS,
  );
});

/** Anything that JSON can hold, what is near to a count above all; 1e999 is read as Infinity. */
const value = fc.oneof(
  fc.constantFrom<unknown>(0, -1, 0.5, 1e9, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308, '1e999', '', null, true),
  fc.nat(64),
  fc.jsonValue({ maxDepth: 2 }),
);

interface FieldChange {
  path: string[];
  /** Undefined takes the field away. */
  value: unknown;
}

/** Every way to a field of an object or list, those inside of others too. */
function pathsIn(json: unknown): string[][] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, inner]) => [
    [key],
    ...pathsIn(inner).map((path) => [key, ...path]),
  ]);
}

function fieldChanges(json: object, alsoKeys: readonly string[] = []): fc.Arbitrary<FieldChange[]> {
  const paths = [...pathsIn(json), ...alsoKeys.map((key) => [key])];
  const change = fc.record({
    path: fc.constantFrom(...paths),
    value: fc.option(value, { nil: undefined, freq: 5 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 3 });
}

function changedText(json: object, changes: readonly FieldChange[]): string {
  const copy = structuredClone(json);
  for (const { path, value: replacement } of changes) {
    const holder = path
      .slice(0, -1)
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], copy);
    // An earlier change may have taken it.
    if (typeof holder !== 'object' || holder === null) continue;
    const key = path.at(-1) ?? '';
    if (replacement === undefined) Reflect.deleteProperty(holder, key);
    else Reflect.set(holder, key, replacement);
  }
  return JSON.stringify(copy).replaceAll('"1e999"', '1e999');
}

const CONFIG_KEYS = [
  'rope_scaling',
  'rope_theta',
  'sliding_window_pattern',
  'text_config',
  'partial_rotary_factor',
];
const DIRECTORIES = [
  'tiny-gpt2',
  'tiny-llama/gqa',
  'tiny-llama/tied-llama3-rope',
  'tiny-qwen2/sliding',
  'tiny-qwen3/head-dim-16',
  'tiny-gemma3/pattern-6',
];

function copyOf(directory: string): string {
  const copy = tempDirectory();
  for (const name of ['config.json', 'model.safetensors'])
    cpSync(fixturePath(directory, name), join(copy, name));
  return copy;
}

const readJson = (path: string): object => JSON.parse(readFileSync(path, 'utf8')) as object;

describe('a mutated config.json', () => {
  it.each(DIRECTORIES)(
    'is loaded or refused with a clear error: %s',
    async (directory) => {
      const copy = copyOf(directory);
      const config = readJson(join(copy, 'config.json'));
      expect(await numRefused(copy, [loadModel])).toBe(0);
      let refused = 0;
      await fc.assert(
        fc.asyncProperty(fieldChanges(config, CONFIG_KEYS), async (changes) => {
          writeFileSync(join(copy, 'config.json'), changedText(config, changes));
          refused += await numRefused(copy, [loadModel]);
        }),
        RUNS,
      );
      expect(refused).toBeGreaterThan(RUNS.numRuns / 3);
      expect(refused).toBeLessThan(RUNS.numRuns);
    },
    TIMEOUT_MS,
  );

  it('may be any JSON, or none', async () => {
    const copy = copyOf('tiny-llama/gqa');
    const text = fc.oneof(fc.json(), fc.string());
    await fc.assert(
      fc.asyncProperty(text, async (json) => {
        writeFileSync(join(copy, 'config.json'), json);
        expect(await numRefused(copy, [loadModel])).toBe(1);
      }),
      RUNS,
    );
  });
});

describe('a mutated safetensors header', () => {
  const LENGTH_BYTES = 8;

  function partsOf(path: string): { whole: Buffer; header: object; data: Buffer; headerBytes: number } {
    const whole = readFileSync(path);
    const headerBytes = LENGTH_BYTES + Number(whole.readBigUInt64LE());
    const header = JSON.parse(whole.toString('utf8', LENGTH_BYTES, headerBytes)) as object;
    return { whole, header, data: whole.subarray(headerBytes), headerBytes };
  }

  it.each(['tiny-llama/gqa', 'tiny-gemma3/pattern-6'])(
    'is loaded or refused with a clear error, byte by byte and field by field: %s',
    async (directory) => {
      const copy = copyOf(directory);
      const path = join(copy, 'model.safetensors');
      const { whole, header, data, headerBytes } = partsOf(path);
      let refused = 0;
      const check = async (bytes: Buffer): Promise<void> => {
        writeFileSync(path, bytes);
        refused += await numRefused(copy, [loadModel]);
      };
      const mutations = fc.array(byteMutation(headerBytes), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(mutations, (changes) => check(mutateBytes(whole, changes))),
        RUNS,
      );
      await fc.assert(
        fc.asyncProperty(fieldChanges(header, ['__metadata__']), (changes) => {
          const text = Buffer.from(changedText(header, changes));
          const length = Buffer.alloc(LENGTH_BYTES);
          length.writeBigUInt64LE(BigInt(text.length));
          return check(Buffer.concat([length, text, data]));
        }),
        RUNS,
      );
      expect(refused).toBeGreaterThan(RUNS.numRuns);
    },
    TIMEOUT_MS,
  );
});
