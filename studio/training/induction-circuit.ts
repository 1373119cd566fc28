import type { Gpt2Config } from '../../src/model/gpt2-config.ts';
import { assertInvariant, EngineError } from '../../src/errors.ts';
import { uniform } from './random.ts';

/** Standard deviation of embeddings and of what the first head writes. */
const DEVIATION = 0.02;
/** What a position's score with the one before it is, times 8, and that of a token with itself. */
const POSITION_SHARPNESS = 2.5;
const TOKEN_SHARPNESS = 2;
/** How much the second head writes of what it found. */
const COPY_DEVIATION = 0.06;

/** Sets a number of a matrix [out, in]. */
type Setter = (out: number, input: number, value: number) => void;

/** The products of head 0 of a block: three from the stream [dim] to its `h` numbers, and one back. */
interface Head {
  readonly query: Setter;
  readonly key: Setter;
  readonly value: Setter;
  readonly output: Setter;
}

/**
 * Changes fresh weights so that the model copies before it has learned anything: where the token before has been there
 * before, it expects what came after it then. Two heads begin as the pair of heads that training makes in the end
 * (induction heads: Olsson et al. 2022, "In-context Learning and Induction Heads"), and which small models find late
 * (docs/decisions/0076-copying-from-the-start.md).
 *
 * Of the residual stream [dim], with `h = dim / heads`, the last `h` numbers begin as the position, the `h` before them
 * as a mark of the token before, and the rest as the token:
 *
 * - Head 0 of block 0 looks at the token before. Positions are sines and cosines of random frequencies, so a rotation
 *   leads from each to the next one. The head writes the first `h` numbers of that token as the mark.
 * - Head 0 of block 1 looks for a place whose mark is this token, and adds the second `h` numbers of the token there.
 *
 * All other products into the residual stream begin at 0, so nothing disturbs the two.
 *
 * @param weights by the names of Hugging Face's GPT-2; a matrix is [out, in]
 * @throws EngineError `config_invalid` for fewer than four heads or two layers
 */
export function addInductionCircuit(
  weights: ReadonlyMap<string, Float32Array>,
  { dim, numHeads, numLayers, contextLength, vocabSize }: Gpt2Config,
  seed: number,
): void {
  if (numHeads < 4 || numLayers < 2) {
    throw new EngineError('config_invalid', '--initial copying takes four heads and two layers, or more');
  }
  const headDim = dim / numHeads;
  const mark = dim - 2 * headDim;
  const position = dim - headDim;
  for (const [name, values] of weights) if (name.endsWith('.c_proj.weight')) values.fill(0);
  const setToken = setterOf(weights, 'wte.weight', dim);
  for (let id = 0; id < vocabSize; id++) for (let i = mark; i < dim; i++) setToken(id, i, 0);
  const frequencies = Array.from({ length: headDim / 2 }, (_, i) => Math.PI * uniform(seed, i));
  writePositions(setterOf(weights, 'wpe.weight', dim), { contextLength, dim, position }, frequencies);

  // The norm makes the mean square of a row 1; the mark is still empty.
  const size = Math.sqrt(dim / (mark + headDim));
  const first = clearedHead(weights, 0, dim, headDim);
  lookAtThePositionBefore(first, position, frequencies, Math.sqrt(POSITION_SHARPNESS) / size);
  for (let i = 0; i < headDim; i++) {
    first.value(i, i, 1 / size);
    first.output(mark + i, i, DEVIATION);
  }
  const second = clearedHead(weights, 1, dim, headDim);
  for (let i = 0; i < headDim; i++) {
    second.query(i, i, Math.sqrt(TOKEN_SHARPNESS));
    second.key(i, mark + i, Math.sqrt(TOKEN_SHARPNESS));
    second.value(i, headDim + i, 1);
    second.output(headDim + i, i, COPY_DEVIATION);
  }
}

function setterOf(weights: ReadonlyMap<string, Float32Array>, name: string, numInputs: number): Setter {
  const values = weights.get(name);
  assertInvariant(values !== undefined, `there is a parameter ${name}`);
  return (out, input, value) => {
    values[out * numInputs + input] = value;
  };
}

/** Sines and cosines in turn, with the deviation of the tokens, and nothing else. */
function writePositions(
  set: Setter,
  { contextLength, dim, position }: { contextLength: number; dim: number; position: number },
  frequencies: readonly number[],
): void {
  const amplitude = DEVIATION * Math.SQRT2;
  for (let at = 0; at < contextLength; at++) {
    for (let i = 0; i < dim; i++) set(at, i, 0);
    frequencies.forEach((frequency, i) => {
      set(at, position + 2 * i, amplitude * Math.sin(frequency * at));
      set(at, position + 2 * i + 1, amplitude * Math.cos(frequency * at));
    });
  }
}

/** Head 0 of a block, its query, key and value all zero. */
function clearedHead(
  weights: ReadonlyMap<string, Float32Array>,
  layer: number,
  dim: number,
  headDim: number,
): Head {
  const setInput = setterOf(weights, `h.${layer}.attn.c_attn.weight`, dim);
  const [query, key, value] = [0, dim, 2 * dim].map((start): Setter => {
    const set: Setter = (out, input, number) => setInput(start + out, input, number);
    for (let out = 0; out < headDim; out++) for (let input = 0; input < dim; input++) set(out, input, 0);
    return set;
  }) as [Setter, Setter, Setter];
  return { query, key, value, output: setterOf(weights, `h.${layer}.attn.c_proj.weight`, dim) };
}

/** A position's key is that of the next one, by `sin(a + w)` and `cos(a + w)`, so its query finds the one before. */
function lookAtThePositionBefore(
  { query, key }: Head,
  position: number,
  frequencies: readonly number[],
  sharpness: number,
): void {
  frequencies.forEach((frequency, i) => {
    const [sine, cosine] = [2 * i, 2 * i + 1];
    query(sine, position + sine, sharpness);
    query(cosine, position + cosine, sharpness);
    key(sine, position + sine, sharpness * Math.cos(frequency));
    key(sine, position + cosine, sharpness * Math.sin(frequency));
    key(cosine, position + cosine, sharpness * Math.cos(frequency));
    key(cosine, position + sine, -sharpness * Math.sin(frequency));
  });
}
