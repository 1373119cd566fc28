import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { siblingProcess } from './sibling-process.ts';

/**
 * Starts the module beside another in a thread, with a clean environment.
 *
 * @param neighbour `import.meta.url` of the module that starts the thread
 */
export function startSiblingThread(
  neighbour: string,
  name: string,
  options: Pick<WorkerOptions, 'workerData' | 'resourceLimits'>,
): Worker {
  const { file, execArgv } = siblingProcess(neighbour, name);
  const common: WorkerOptions = { ...options, execArgv: ['--no-warnings'], env: {}, name };
  if (execArgv.length === 0) return new Worker(file, common);
  // Node 20 does not run a loader that `--import` names in a thread: it is registered there.
  const loader = createRequire(neighbour)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const [loaderUrl, fileUrl] = [loader, file].map((path) => JSON.stringify(pathToFileURL(path).href));
  const source = `import(${loaderUrl}).then(({ register }) => { register(); return import(${fileUrl}); });`;
  return new Worker(source, { ...common, eval: true });
}
