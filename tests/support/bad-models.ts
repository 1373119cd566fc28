import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixturePath } from './fixtures.ts';

/** What is wrong with a model, and what whoever asks for it is told. */
export interface BadModel {
  id: string;
  /** Makes the file or folder of that name. */
  create(path: string): void;
  code: 'weights_invalid' | 'config_invalid';
  message: RegExp;
  /** Seen by its headers, before it is loaded. */
  isKnownBefore: boolean;
}

const LLAMA_GGUF = fixturePath('tiny-llama/gqa/model-q8_0.gguf');
const GEMMA_GGUF = fixturePath('tiny-gemma3/pattern-6/model-q8_0.gguf');

type JsonObject = Record<string, unknown>;

function changeJson(path: string, change: (json: JsonObject) => JsonObject): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as JsonObject)));
}

/** A copy of a folder of fixtures, with something done to it. */
const folder =
  (fixture: string, spoil: (path: string) => void) =>
  (path: string): void => {
    cpSync(fixturePath(fixture), path, { recursive: true });
    // They hold GGUF files of the same model, too.
    for (const name of ['model-f32.gguf', 'model-q8_0.gguf']) rmSync(join(path, name), { force: true });
    spoil(path);
  };

const config = (fixture: string, changes: JsonObject) =>
  folder(fixture, (path) => changeJson(join(path, 'config.json'), (json) => ({ ...json, ...changes })));

/** A copy of a GGUF file with other bytes. */
const gguf =
  (original: string, spoil: (bytes: Buffer) => Buffer) =>
  (path: string): void =>
    writeFileSync(path, spoil(readFileSync(original)));

const NUM_TENSORS_AT = 8;

function withNumTensors(bytes: Buffer, numTensors: bigint): Buffer {
  bytes.writeBigUInt64LE(numTensors, NUM_TENSORS_AT);
  return bytes;
}

/** Moves a vector to where the data begins: behind its name lie a count of axes, one size, a type and its offset. */
function atDataStart(bytes: Buffer, vector: string): Buffer {
  const nameEnd = bytes.indexOf(vector) + vector.length;
  bytes.writeBigUInt64LE(0n, nameEnd + 4 + 8 + 4);
  return bytes;
}

/** Lets the second tensor of a safetensors file begin within the first. */
function overlapSecond(path: string): void {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { data_offsets: number[] }
  >;
  const [, second] = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([, entry]) => entry)
    .toSorted((a, b) => (a.data_offsets[0] ?? 0) - (b.data_offsets[0] ?? 0));
  if (second === undefined) throw new Error('there is one tensor only');
  second.data_offsets = second.data_offsets.map((offset) => offset - 4);
  const text = Buffer.from(JSON.stringify(header).padEnd(length));
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 8), text, bytes.subarray(8 + length)]));
}

function addToken(path: string, id: number): void {
  changeJson(join(path, 'tokenizer.json'), (json) => {
    const added = json['added_tokens'] as JsonObject[];
    return {
      ...json,
      added_tokens: [...added, { ...added[0], id, content: 'one too many', special: false }],
    };
  });
}

function linkOut(path: string, name: string): void {
  const target = join(path, '..', `.outside-${name}`);
  cpSync(join(path, name), target);
  rmSync(join(path, name));
  symlinkSync(target, join(path, name));
}

function nameShard(path: string, shard: string): void {
  rmSync(join(path, 'model.safetensors'));
  const index = { weight_map: { 'model.norm.weight': shard } };
  writeFileSync(join(path, 'model.safetensors.index.json'), JSON.stringify(index));
}

function cutFile(path: string, numBytes: number): void {
  writeFileSync(path, readFileSync(path).subarray(0, numBytes));
}

const known = (
  id: string,
  create: BadModel['create'],
  code: BadModel['code'],
  message: RegExp,
): BadModel => ({ id, create, code, message, isKnownBefore: true });

/** Ids are what a folder or file in MODELS_DIR has for its name. */
export const BAD_MODELS: readonly BadModel[] = [
  known(
    'cut.gguf',
    gguf(LLAMA_GGUF, (bytes) => bytes.subarray(0, -100)),
    'weights_invalid',
    /is the file cut\?/,
  ),
  known(
    'header-cut.gguf',
    gguf(GEMMA_GGUF, (bytes) => bytes.subarray(0, 900)),
    'weights_invalid',
    /is it cut\?|cannot hold/,
  ),
  known(
    'magic.gguf',
    gguf(LLAMA_GGUF, (bytes) => Buffer.concat([Buffer.from('GGML'), bytes.subarray(4)])),
    'weights_invalid',
    /does not begin with "GGUF"/,
  ),
  known(
    'many-tensors.gguf',
    gguf(GEMMA_GGUF, (bytes) => withNumTensors(bytes, 1n << 60n)),
    'weights_invalid',
    /claims 1152921504606846976 tensors/,
  ),
  known(
    'overlap.gguf',
    gguf(LLAMA_GGUF, (bytes) => atDataStart(bytes, 'output_norm.weight')),
    'weights_invalid',
    /overlaps/,
  ),
  known(
    'empty.gguf',
    gguf(LLAMA_GGUF, () => Buffer.alloc(0)),
    'weights_invalid',
    /0 bytes are too few/,
  ),
  known(
    'folder.gguf',
    (path) => mkdirSync(join(path, 'model.gguf'), { recursive: true }),
    'weights_invalid',
    /is not a file/,
  ),
  known(
    'cut',
    folder('tiny-qwen3/head-dim-16', (path) => cutFile(join(path, 'model.safetensors'), 9000)),
    'weights_invalid',
    /is the file cut\?/,
  ),
  known(
    'overlap',
    folder('tiny-qwen2/tied', (path) => overlapSecond(join(path, 'model.safetensors'))),
    'weights_invalid',
    /overlaps/,
  ),
  known(
    'shapes',
    config('tiny-gemma3/pattern-6', { intermediate_size: 64 }),
    'weights_invalid',
    /tensors do not fit config.json: .* makes it \[64, 32\]/,
  ),
  known(
    'link',
    folder('tiny-llama/gqa', (path) => linkOut(path, 'model.safetensors')),
    'weights_invalid',
    /model.safetensors is a link out of the directory/,
  ),
  known(
    'shard',
    folder('tiny-llama/gqa', (path) => nameShard(path, 'model-00002-of-00002.safetensors')),
    'weights_invalid',
    /"model-00002-of-00002.safetensors", is missing/,
  ),
  known(
    'shard-elsewhere',
    folder('tiny-llama/gqa', (path) => nameShard(path, '../link/model.safetensors')),
    'weights_invalid',
    /lies outside the directory/,
  ),
  known(
    'mixtral',
    config('tiny-llama/gqa', { model_type: 'mixtral' }),
    'config_invalid',
    /"mixtral" is not supported; supported: gpt2, llama, qwen2, qwen3, gemma3/,
  ),
  known(
    'yarn',
    config('tiny-llama/gqa', { rope_parameters: { rope_type: 'yarn', rope_theta: 1e4, factor: 4 } }),
    'config_invalid',
    /"yarn" is not supported/,
  ),
  known(
    'layers',
    config('tiny-qwen2/tied', { num_hidden_layers: 1e9 }),
    'config_invalid',
    /num_hidden_layers/,
  ),
  known(
    'config-folder',
    folder('tiny-gemma3/pattern-6', (path) => {
      rmSync(join(path, 'config.json'));
      mkdirSync(join(path, 'config.json'));
    }),
    'config_invalid',
    /config.json is not a file/,
  ),
  known(
    'config-text',
    folder('tiny-gemma3/pattern-6', (path) => writeFileSync(join(path, 'config.json'), '{"model_type":')),
    'config_invalid',
    /cannot read .*config.json/,
  ),
  {
    id: 'tokenizer',
    create: folder('tiny-gpt2', (path) => addToken(path, 384)),
    code: 'weights_invalid',
    message: /the tokenizer of tokenizer has 385 tokens, but the model embeds 384/,
    isKnownBefore: false,
  },
  {
    id: 'no-tokenizer',
    create: folder('tiny-llama/gqa', () => undefined),
    code: 'weights_invalid',
    message: /there is no .*tokenizer.json/,
    isKnownBefore: false,
  },
];
