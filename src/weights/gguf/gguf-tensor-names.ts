/** How our names of a model's parts follow from those of a GGUF file. */
interface GgufTensorNames {
  /** Parts outside the blocks, by their name in the file. */
  readonly outer: ReadonlyMap<string, string>;
  /** Parts of block N, which the file has as `blk.N.` and the name. */
  readonly block: ReadonlyMap<string, string>;
  /** What stands for `blk` here. */
  readonly blockPrefix: string;
}

const TENSOR_NAME = /^(?:blk\.(?<layer>0|[1-9]\d*)\.)?(?<part>\w+)\.(?<kind>weight|bias)$/;

/** Our name of a tensor; its own where the model has none of that name. */
export function nameOfGgufTensor(ggufName: string, { outer, block, blockPrefix }: GgufTensorNames): string {
  const { layer, part = '', kind = '' } = TENSOR_NAME.exec(ggufName)?.groups ?? {};
  const name = (layer === undefined ? outer : block).get(part);
  if (name === undefined) return ggufName;
  return layer === undefined ? `${name}.${kind}` : `${blockPrefix}.${layer}.${name}.${kind}`;
}
