import { assertInvariant } from '../../errors.ts';
import {
  BFLOAT16,
  FLOAT,
  INT32,
  type DType,
  type OpAttribute,
  type TensorflowBinding,
  type TensorInfo,
} from './tensorflow-binding.ts';

const BYTES: Readonly<Record<number, number>> = { [FLOAT]: 4, [INT32]: 4, [BFLOAT16]: 2 };

/** A number is an `int` attribute of TensorFlow. */
type AttributeValue = boolean | number | { readonly type: DType };

/** What an operation is told beside its inputs. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/**
 * TensorFlow operations one by one, and who owns what they make: everything made inside `step` is deleted when it
 * ends, or before by `free`; what is made outside of it lives until `free`.
 */
export class EagerContext {
  readonly binding: TensorflowBinding;
  /** Ids made in the running step and not deleted yet; `undefined` between steps. */
  #inStep: Set<number> | undefined;
  readonly #converted = new WeakMap<Attributes, OpAttribute[]>();
  readonly #kept = new Map<number, number>(); // id -> bytes
  #numBytes = 0;

  constructor(binding: TensorflowBinding) {
    this.binding = binding;
  }

  /** Bytes of the tensors that outlive a step. */
  get numBytes(): number {
    return this.#numBytes;
  }

  /** Runs `body` and deletes what it made. Steps do not nest. */
  step<T>(body: () => T): T {
    assertInvariant(this.#inStep === undefined, 'one step runs at a time');
    const made = new Set<number>();
    this.#inStep = made;
    try {
      return body();
    } finally {
      this.#inStep = undefined;
      for (const id of made) this.binding.deleteTensor(id);
    }
  }

  /** A tensor of those values, which must not change while it lives. */
  upload(shape: readonly number[], values: Float32Array | Int32Array): TensorInfo {
    const dtype = values instanceof Float32Array ? FLOAT : INT32;
    return this.#own({ id: this.binding.createTensor(shape, dtype, values), shape, dtype });
  }

  /** An operation with one output. */
  run(name: string, attributes: Attributes, inputs: readonly TensorInfo[]): TensorInfo {
    const [output] = this.runMany(name, attributes, inputs, 1);
    assertInvariant(output, `${name} has an output`);
    return output;
  }

  runMany(
    name: string,
    attributes: Attributes,
    inputs: readonly TensorInfo[],
    numOutputs: number,
  ): TensorInfo[] {
    const ids = inputs.map(({ id }) => id);
    const outputs = this.binding.executeOp(name, this.#attributesOf(attributes), ids, numOutputs);
    return outputs.map((output) => this.#own(output));
  }

  free(...tensors: readonly TensorInfo[]): void {
    for (const { id } of tensors) {
      this.#inStep?.delete(id);
      this.#numBytes -= this.#kept.get(id) ?? 0;
      this.#kept.delete(id);
      this.binding.deleteTensor(id);
    }
  }

  read(tensor: TensorInfo): Float32Array | Int32Array {
    return this.binding.tensorDataSync(tensor.id);
  }

  /** Lets a tensor outlive the step that made it: until `free`. */
  keep(tensor: TensorInfo): TensorInfo {
    if (this.#kept.has(tensor.id)) return tensor;
    const numBytes = tensor.shape.reduce((size, dim) => size * dim, BYTES[tensor.dtype] ?? 0);
    this.#inStep?.delete(tensor.id);
    this.#kept.set(tensor.id, numBytes);
    this.#numBytes += numBytes;
    return tensor;
  }

  #own(tensor: TensorInfo): TensorInfo {
    if (this.#inStep === undefined) return this.keep(tensor);
    this.#inStep.add(tensor.id);
    return tensor;
  }

  /** Attributes are constants of the calling code, so that each is converted once. */
  #attributesOf(attributes: Attributes): OpAttribute[] {
    let converted = this.#converted.get(attributes);
    if (converted === undefined) {
      converted = Object.entries(attributes).map(([name, value]) => toOpAttribute(this.binding, name, value));
      this.#converted.set(attributes, converted);
    }
    return converted;
  }
}

function toOpAttribute(binding: TensorflowBinding, name: string, value: AttributeValue): OpAttribute {
  if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value };
  if (typeof value === 'number') return { name, type: binding.TF_ATTR_INT, value };
  return { name, type: binding.TF_ATTR_TYPE, value: value.type };
}
