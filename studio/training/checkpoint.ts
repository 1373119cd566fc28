import { open } from 'node:fs/promises';
import { EngineError } from '../../src/errors.ts';
import { SafetensorsReader } from '../../src/weights/safetensors-reader.ts';
import { writeSafetensors } from '../../src/weights/write-safetensors.ts';
import type { AdamW } from './adamw.ts';
import type { ScheduleLength } from './learning-rate.ts';
import type { TrainableParameters } from './trainable-parameters.ts';

export interface HistoryPoint {
  readonly step: number;
  /** Mean training loss, in nats, with dropout, since the point before. */
  readonly trainingLoss: number;
  readonly heldOutBitsPerByte: number;
}

/** What a run needs beside weights and moments to go on where it stopped. */
export interface TrainingState {
  /** Steps that are done. */
  readonly step: number;
  readonly elapsedMs: number;
  readonly bestBitsPerByte: number | null;
  readonly history: readonly HistoryPoint[];
  /** Training losses since the last point of the history. */
  readonly recentLosses: readonly number[];
  /** The options that decide the run's result; a resumed run must have the same. */
  readonly fingerprint: string;
  /** Of a schedule whose length may change between runs: the one that these steps had. */
  readonly scheduleLength?: ScheduleLength;
}

export interface Checkpoint {
  readonly state: TrainingState;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

const STATE_KEY = 'state';

/**
 * One safetensors file: weights by their names, moments as `mean.NAME` and `square.NAME`, the state as JSON in the
 * metadata. It replaces the one before by a rename, so that there is a whole checkpoint at any time.
 */
export async function writeCheckpoint(
  path: string,
  parameters: TrainableParameters,
  optimizer: AdamW,
  state: TrainingState,
): Promise<void> {
  const tensors = [...parameters.variables, ...optimizer.state()].map(([name, tensor]) => ({
    name,
    shape: tensor.shape,
    values: Float32Array.from(tensor.dataSync()), // tensor.shape, flat
  }));
  await writeSafetensors(path, tensors, 'F32', { [STATE_KEY]: JSON.stringify(state) });
}

/** The state of a checkpoint and its tensors by name. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const reader = await SafetensorsReader.open(path);
  try {
    const tensors = new Map<string, Float32Array>();
    for (const name of reader.entries.keys()) tensors.set(name, await reader.read(name));
    return { state: await readState(path), tensors };
  } finally {
    await reader.close();
  }
}

async function readState(path: string): Promise<TrainingState> {
  const file = await open(path, 'r');
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const header = Buffer.alloc(Number(length.readBigUInt64LE()));
    await file.read(header, 0, header.length, 8);
    return parseState(header.toString('utf8'));
  } catch (cause) {
    throw new EngineError('weights_invalid', `${path} is not a training checkpoint`, { cause });
  } finally {
    await file.close();
  }
}

function parseState(header: string): TrainingState {
  const { __metadata__: metadata } = JSON.parse(header) as { __metadata__?: Record<string, string> };
  const state = JSON.parse(metadata?.[STATE_KEY] ?? 'null') as TrainingState | null;
  if (state === null) throw new EngineError('weights_invalid', 'the file has no training state');
  return state;
}
