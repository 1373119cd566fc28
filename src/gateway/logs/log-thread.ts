import { parentPort, workerData } from 'node:worker_threads';
import type { LogAnswer, LogCall, LogThreadData, LogThreadMessage } from './gateway-logs.ts';
import { LogDatabase } from './log-database.ts';

/** The thread that writes the logs of gateways: SQLite waits for the disk, and the event loop of the service does not. */

const { path, bounds } = workerData as LogThreadData;
const database = new LogDatabase(path, bounds, (damaged) => tell({ damaged }));

function tell(message: LogThreadMessage): void {
  parentPort?.postMessage(message);
}

function run({ method, argument }: LogCall): unknown {
  switch (method) {
    case 'add':
      database.add(argument);
      return undefined;
    case 'find':
      return database.find(argument);
    case 'list':
      return database.list(argument);
    case 'patch':
      return database.patch(argument.key, argument.patch);
    case 'close':
      database.close();
      return undefined;
  }
}

parentPort?.on('message', ({ number, call }: { number: number; call: LogCall }) => {
  let answer: LogAnswer;
  try {
    answer = { number, result: run(call) };
  } catch (error) {
    answer = { number, fault: String(error) };
  }
  tell(answer);
  if (call.method === 'close') parentPort?.close();
});
