/** TensorFlow's own numbers for its types. */
export const FLOAT = 1;
export const INT32 = 3;
export const BFLOAT16 = 14;
export type DType = typeof FLOAT | typeof INT32 | typeof BFLOAT16;

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: number | boolean;
}

export interface TensorInfo {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: number;
}

/**
 * The addon of @tensorflow/tfjs-node-gpu, as far as it is used here: eager TensorFlow operations on tensor ids. What
 * tfjs builds on top of it (tensors, tidy, kernels) costs more than an operation, and knows no bfloat16.
 */
export interface TensorflowBinding {
  readonly TF_Version: string;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_INT: number;
  isUsingGpuDevice(): boolean;
  /** Shares the memory of `values`: they must not change until the tensor is deleted. */
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(id: number): void;
  /** A copy of the values; float32 and int32 alone. */
  tensorDataSync(id: number): Float32Array | Int32Array;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputIds: readonly number[],
    numOutputs: number,
  ): TensorInfo[];
  getNumOfTensors(): number;
}
