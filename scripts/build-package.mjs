/**
 * `npm pack` runs it: compiles anew, so that nothing is packed whose source is gone, and writes the package's types to
 * dist/types: the declarations that those of src/library need, and no others.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DECLARATIONS = join(ROOT, 'dist/declarations');
const TYPES = join(ROOT, 'dist/types');
const ENTRY = 'src/library/index.ts';
/** `from './answer.ts'` and `import('./answer.ts')`. */
const IMPORT = /(?:from |import\()['"](\.[^'"]+)['"]/g;

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
}

function remove(...paths) {
  for (const path of paths) rmSync(join(ROOT, 'dist', path), { recursive: true, force: true });
}

function copyTypes() {
  const modules = new Set([ENTRY]);
  // A set that grows while it is gone through.
  for (const module of modules) {
    const path = module.replace(/\.ts$/, '.d.ts');
    mkdirSync(join(TYPES, dirname(path)), { recursive: true });
    copyFileSync(join(DECLARATIONS, path), join(TYPES, path));
    for (const [, specifier] of readFileSync(join(DECLARATIONS, path), 'utf8').matchAll(IMPORT)) {
      modules.add(join(dirname(module), specifier));
    }
  }
}

remove('src', 'routes', 'page', 'kernels', 'types', '.built', '.tsbuildinfo');
run('scripts/setup.mjs');
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json');
copyTypes();
remove('declarations');
