import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * The module beside another as the entry of a process: what it was compiled to, or its source behind the loader where
 * the other runs as TypeScript (development, tests).
 *
 * @param neighbour `import.meta.url` of the module that starts the process
 */
export function siblingProcess(neighbour: string, name: string): { file: string; execArgv: string[] } {
  const extension = extname(fileURLToPath(neighbour));
  const file = fileURLToPath(new URL(`./${name}${extension}`, neighbour));
  if (extension !== '.ts') return { file, execArgv: [] };
  // Not `import.meta.resolve`, which a test runner's own loader may lack.
  const loader = createRequire(neighbour).resolve('tsx');
  return { file, execArgv: ['--import', pathToFileURL(loader).href] };
}
