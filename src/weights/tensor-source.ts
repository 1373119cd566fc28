/** What a header says of one tensor. */
export interface TensorEntry {
  readonly name: string;
  /** As the file's own format calls it: `BF16`, `Q4_K`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Counted from the start of its file's data. */
  readonly byteStart: number;
  readonly byteEnd: number;
}

/** Open weights, in one file or several: tensors by name, read one by one. */
export interface TensorSource {
  /** For messages: the file, or the index of several. */
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /**
   * One tensor as float32, row-major, in an array of its own.
   * @throws EngineError `weights_invalid` when there is none of that name or its dtype cannot be read
   */
  read(name: string): Promise<Float32Array>;
  /**
   * Fills `target` with the bytes of one tensor as they are stored, from `start` on: only a source has it whose formats
   * a runtime may hold as they are.
   */
  readStored?(name: string, target: Uint8Array, start: number): Promise<void>;
  /** Fills `target` as `readStored` does; a source has it whose formats no runtime holds as they are. */
  readBytes?(name: string, target: Uint8Array, start: number): Promise<void>;
  close(): Promise<void>;
}
