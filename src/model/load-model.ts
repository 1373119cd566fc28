import { join } from 'node:path';
import { assertInvariant, EngineError } from '../errors.ts';
import { readModelText } from '../model-files.ts';
import type { Parameter } from '../runtime/ops.ts';
import type { Runtime, StoredRows } from '../runtime/runtime.ts';
import { isGgufPath } from '../weights/gguf/gguf-header.ts';
import { openGguf } from '../weights/gguf/open-gguf.ts';
import type { StoredTensor } from '../weights/match-tensors.ts';
import { hasOwnHead } from '../weights/own-head.ts';
import { openSafetensors } from '../weights/sharded-safetensors.ts';
import { numElements } from '../weights/safetensors-header.ts';
import type { TensorSource } from '../weights/tensor-source.ts';
import { transpose } from '../weights/transpose.ts';
import type { ModelPlan, PlannedParameter, CausalLm } from './architecture.ts';
import { planByConfigJson, planByGguf } from './architectures/registry.ts';
import type { ModelConfig } from './model-config.ts';
import { messageOf } from '../values.ts';

export interface LoadedModel {
  readonly model: CausalLm;
  readonly config: ModelConfig;
  /** Trained numbers; a tied head counts once. */
  readonly numParameters: number;
  /** Bytes of the trained tensors as stored in the file. */
  readonly weightBytes: number;
  /** For people: file format and number formats, the one with most bytes first, as in `GGUF Q8_0, F32`. */
  readonly weightFormat: string;
}

type ParameterMaker = Pick<Runtime, 'createParameter' | 'createStoredParameter' | 'storedFormats'>;

/** A model whose files are open: what it is, and where its weights are. */
export class OpenModel {
  readonly plan: ModelPlan;
  readonly #source: TensorSource;
  readonly #fileFormat: 'safetensors' | 'GGUF';
  readonly #stored: ReadonlyMap<string, StoredTensor>;

  private constructor(plan: ModelPlan, source: TensorSource, fileFormat: 'safetensors' | 'GGUF') {
    this.plan = plan;
    this.#source = source;
    this.#fileFormat = fileFormat;
    this.#stored = new Map(plan.findTensors(source.entries).map((tensor) => [tensor.name, tensor]));
  }

  /**
   * Opens a model and checks that its tensors are those of its configuration; no weights are read yet.
   * @param path of a directory in Hugging Face's layout (`config.json`, `model.safetensors` in one file or sharded), or
   * of a file that ends in `.gguf`, of parts the first
   * @throws EngineError `config_invalid` or `weights_invalid` naming the file and the field or tensors at fault
   */
  static async open(path: string): Promise<OpenModel> {
    if (!isGgufPath(path)) {
      const json = await readConfigJson(path);
      const plan = planByConfigJson(json);
      const source = await openSafetensors(path);
      return OpenModel.#over(source, 'safetensors', async () =>
        plan.config.tiedHead && (await hasOwnHead(source)) ? planByConfigJson(withOwnHead(json)) : plan,
      );
    }
    const source = await openGguf(path);
    return OpenModel.#over(source, 'GGUF', () => planByGguf(source.metadata, source.entries));
  }

  static async #over(
    source: TensorSource,
    fileFormat: 'safetensors' | 'GGUF',
    planOf: () => ModelPlan | Promise<ModelPlan>,
  ): Promise<OpenModel> {
    try {
      return new OpenModel(await planOf(), source, fileFormat);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get config(): ModelConfig {
    return this.plan.config;
  }

  /** Trained numbers; a tied head counts once. */
  get numParameters(): number {
    return this.plan.parameters.reduce((sum, { shape }) => sum + numElements(shape), 0);
  }

  /** Trained numbers as stored, by number format. */
  get numbersByFormat(): ReadonlyMap<string, number> {
    const numbersByFormat = new Map<string, number>();
    for (const { storedName, shape } of this.#stored.values()) {
      const dtype = this.#source.entries.get(storedName)?.dtype ?? '';
      numbersByFormat.set(dtype, (numbersByFormat.get(dtype) ?? 0) + numElements(shape));
    }
    return numbersByFormat;
  }

  /** Its rows can be had as the file has them. */
  get isGguf(): boolean {
    return this.#fileFormat === 'GGUF';
  }

  /** Bytes of the trained tensors as stored, by number format. */
  get bytesByFormat(): ReadonlyMap<string, number> {
    const bytesByFormat = new Map<string, number>();
    for (const { storedName } of this.#stored.values()) {
      const entry = this.#source.entries.get(storedName);
      assertInvariant(entry, `tensor ${storedName} is listed`);
      const bytes = entry.byteEnd - entry.byteStart;
      bytesByFormat.set(entry.dtype, (bytesByFormat.get(entry.dtype) ?? 0) + bytes);
    }
    return bytesByFormat;
  }

  /**
   * Loads the weights onto a runtime. Tensors are read, widened, transposed, joined and handed over parameter by
   * parameter: at most one is in memory beside the runtime's own.
   * @param numPositions most tokens of a sequence: the model's context, or fewer
   * @throws EngineError `weights_invalid` when a file cannot be read
   */
  async load(
    runtime: ParameterMaker,
    numPositions: number = this.config.contextLength,
  ): Promise<LoadedModel> {
    const { config, parameters: planned } = this.plan;
    const parameters = new Map<string, Parameter>();
    for (const parameter of planned) {
      const { name, shape } = parameter;
      const stored = await this.#createStored(parameter, runtime);
      parameters.set(name, stored ?? runtime.createParameter(name, shape, await this.#read(parameter)));
    }
    const find = (name: string): Parameter => {
      const parameter = parameters.get(name);
      assertInvariant(parameter, `parameter ${name} was loaded`);
      return parameter;
    };
    const constantsByName = new Map<string, Float32Array>();
    for (const { name } of this.plan.constants ?? [])
      constantsByName.set(name, await readTensor(this.#source, this.#storedOf(name)));
    const { bytesByFormat, numParameters } = this;
    return {
      model: this.plan.build(find, { runtime, numPositions, constantsByName }),
      config,
      numParameters,
      weightBytes: [...bytesByFormat.values()].reduce((sum, bytes) => sum + bytes, 0),
      weightFormat: describeFormat(this.#fileFormat, bytesByFormat),
    };
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  /** A matrix that a runtime takes as the file has it; undefined for any other parameter. */
  async #createStored(
    { name, shape, parts, offset = 0 }: PlannedParameter,
    runtime: ParameterMaker,
  ): Promise<Parameter | undefined> {
    const [numOut, depth, ...more] = shape;
    if (numOut === undefined || depth === undefined || more.length > 0 || offset !== 0) return undefined;
    const rows: StoredRows[] = [];
    for (const part of parts) {
      const { storedName, transposed, shape: partShape } = this.#storedOf(part.name);
      const entry = this.#source.entries.get(storedName);
      if (entry === undefined || this.#source.readStored === undefined) return undefined;
      const { dtype: format, byteStart, byteEnd } = entry;
      if (transposed || runtime.storedFormats?.has(format) !== true) return undefined;
      const read = async (target: Uint8Array, start: number) =>
        this.#source.readStored?.(storedName, target, start);
      rows.push({ format, numRows: partShape[0] ?? 0, numBytes: byteEnd - byteStart, read });
    }
    return runtime.createStoredParameter?.(name, [numOut, depth], rows);
  }

  /** The rows of the parts of a parameter, one below the other: parameter.shape, flat. */
  async #read({ shape, parts, offset = 0 }: PlannedParameter): Promise<Float32Array> {
    const tensors: Float32Array[] = [];
    for (const { name } of parts) tensors.push(await readTensor(this.#source, this.#storedOf(name)));
    const [only] = tensors;
    const values = tensors.length === 1 && only !== undefined ? only : joined(tensors, numElements(shape));
    return offset === 0 ? values : values.map((value) => value + offset);
  }

  #storedOf(name: string): StoredTensor {
    const tensor = this.#stored.get(name);
    assertInvariant(tensor, `tensor ${name} was found`);
    return tensor;
  }
}

/** Opens a model and loads it onto a runtime; see `OpenModel`. */
export async function loadModel(path: string, runtime: ParameterMaker): Promise<LoadedModel> {
  const open = await OpenModel.open(path);
  try {
    return await open.load(runtime);
  } finally {
    await open.close();
  }
}

/** A config.json whose head is not tied; one of a model that also sees has the language model's fields inside. */
function withOwnHead(json: unknown): unknown {
  const fields = json as Record<string, unknown>;
  const untied = { ...fields, tie_word_embeddings: false };
  const { text_config: inner } = fields;
  if (typeof inner !== 'object' || inner === null) return untied;
  return { ...untied, text_config: { ...inner, tie_word_embeddings: false } };
}

function joined(tensors: readonly Float32Array[], length: number): Float32Array {
  const values = new Float32Array(length);
  let at = 0;
  for (const tensor of tensors) {
    values.set(tensor, at);
    at += tensor.length;
  }
  return values;
}

function describeFormat(fileFormat: string, bytesByFormat: ReadonlyMap<string, number>): string {
  const largestFirst = [...bytesByFormat].toSorted(([, a], [, b]) => b - a).map(([dtype]) => dtype);
  return `${fileFormat} ${largestFirst.join(', ')}`;
}

/**
 * The config.json of a model directory, parsed.
 * @throws EngineError `config_invalid` when it is missing or not JSON
 */
async function readConfigJson(directory: string): Promise<unknown> {
  const path = join(directory, 'config.json');
  try {
    const text = await readModelText(directory, 'config.json');
    if (text !== undefined) return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new EngineError('config_invalid', `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  throw new EngineError('config_invalid', `there is no ${path}: it must name the architecture and its sizes`);
}

async function readTensor(source: TensorSource, tensor: StoredTensor): Promise<Float32Array> {
  const values = await source.read(tensor.storedName); // as stored, flat
  if (!tensor.transposed) return values;
  const [outDim = 0, inDim = 0] = tensor.shape;
  return transpose(values, inDim, outDim); // [out, in]
}
