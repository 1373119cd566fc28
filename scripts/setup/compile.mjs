/**
 * Compiles the TypeScript of the service, its benchmarks, studio and scripts to dist/, without types: those are for
 * `npm run check`. Modules are joined, since to find and read a thousand files takes half a second of each start.
 */
import { build, stop } from 'esbuild';
import { readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Folders of dist/ that hold compiled code alone. */
const FOLDERS = ['chunks', 'src', 'routes', 'bench', 'studio', 'scripts'];
const HERE = 'where-modules-are';
/** It is shared by entries, so that it is in a chunk: the folder above that one is dist/. */
const HERE_CODE = `
  import { createRequire } from 'node:module';
  const dist = new URL('../', import.meta.url);
  export const urlOfModule = (path, { search }) => new URL(path + search, dist).href;
  export const requireHere = createRequire(import.meta.url);
`;
/** A large package in CommonJS: `import` scans it for its exports, which takes 85 ms. */
const REQUIRED = '@tensorflow/tfjs-core';
const REQUIRED_CODE = `module.exports = require('${HERE}').requireHere('${REQUIRED}');`;

/** A package of a hundred modules, of which many are not used. */
const JOINED = /^zod(\/|$)/;

/** `import.meta.url` is the URL that the module would have if it were a file of dist/, as others find files beside it. */
const ownModules = (root) => ({
  name: HERE,
  setup(plugin) {
    const provide = (path, contents) => {
      plugin.onResolve({ filter: new RegExp(`^${path}$`) }, () => ({ path, namespace: HERE }));
      plugin.onLoad({ filter: new RegExp(`^${path}$`), namespace: HERE }, () => ({ contents }));
    };
    provide(HERE, HERE_CODE);
    provide(REQUIRED, REQUIRED_CODE);
    plugin.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || JOINED.test(path) ? undefined : { external: true },
    );
    plugin.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const code = readFileSync(path, 'utf8');
      if (!code.includes('import.meta.url')) return undefined;
      const name = relative(root, path).split(sep).join('/').replace(/\.ts$/, '.js');
      const url = `urlOfModule(${JSON.stringify(name)}, new URL(import.meta.url))`;
      // In its first line, so that the others keep their numbers.
      const contents = `import { urlOfModule } from '${HERE}'; ${code.replaceAll('import.meta.url', url)}`;
      return { contents, loader: 'ts' };
    });
  },
});

/**
 * @param entries paths of modules that get files of their own
 * @param outdir in which what was compiled before is removed
 * @throws esbuild's error, of which esbuild has told, for a file that cannot be parsed and for an import of what there is not
 */
export async function compile(root, entries, { outdir = 'dist', sourcemap = true } = {}) {
  for (const folder of FOLDERS) rmSync(join(root, outdir, folder), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: entries,
    outbase: '.',
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    plugins: [ownModules(root)],
    format: 'esm',
    platform: 'node',
    target: 'node20.12',
    sourcemap,
    sourcesContent: false,
    tsconfig: 'tsconfig.json',
    logLevel: 'warning',
  });
}

/** Ends the process that compiles, which would wait for more. */
export const stopCompiler = stop;
