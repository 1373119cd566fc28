import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** `from './answer.ts'` and `import('./answer.ts')`. */
const IMPORT = /(?:from |import\()['"](\.[^'"]+)['"]/g;

/** The declarations of these modules in a folder, and all that those import by file; some are of types alone. */
export function reachedDeclarations(folder, modules) {
  const paths = new Set(modules.map(declarationOf).filter((path) => existsSync(join(folder, path))));
  // A set that grows while it is gone through.
  for (const path of paths) {
    for (const [, specifier] of readFileSync(join(folder, path), 'utf8').matchAll(IMPORT)) {
      paths.add(declarationOf(join(dirname(path), specifier)));
    }
  }
  return [...paths];
}

const declarationOf = (module) => module.replace(/(?<!\.d)\.[jt]s$/, '.d.ts');
