import { modelSizeOf, type ModelSize } from '../engine/estimate-memory.ts';
import { assertInvariant, EngineError } from '../errors.ts';
import { OpenModel } from '../model/load-model.ts';

/** The process in which headers of models are read, so that one without end can be ended: the other side of HeaderReader. */

/** What the headers of a model say of its size. */
export interface HeaderFields {
  readonly size: ModelSize;
  readonly numParameters: number;
}

/** The path of a model. */
export type ToHeaderWorker = string;

export type FromHeaderWorker =
  | { type: 'ready' }
  | { type: 'fields'; fields: HeaderFields }
  | { type: 'error'; code: EngineError['code']; message: string };

assertInvariant(process.connected, 'headers are read in a process that their reader forked');
const send = (message: FromHeaderWorker): unknown => process.send?.(message);

async function read(path: string): Promise<FromHeaderWorker> {
  try {
    const model = await OpenModel.open(path);
    const fields = { size: modelSizeOf(model), numParameters: model.numParameters };
    await model.close();
    return { type: 'fields', fields };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    // A class does not survive the way between processes.
    return { type: 'error', code: error.code, message: error.message };
  }
}

process.on('message', (path: ToHeaderWorker) => void read(path).then(send));
// The service decides when it is over. With its channel closed nothing keeps this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
send({ type: 'ready' });
