/**
 * Compiles the TypeScript of the service, its benchmarks, studio and scripts to dist/, file by file and without types: those are
 * for `npm run check`. A file of dist/ whose source is gone goes, too.
 */
import { build, stop } from 'esbuild';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { filesIn } from './files.mjs';
import { SetUpError } from './set-up-error.mjs';

/** Folders of dist/ that hold compiled code alone. */
const FOLDERS = ['src', 'routes', 'bench', 'studio', 'scripts'];
/** What Node does not run: the page, which is bundled; what makes fixtures. */
const NOT_COMPILED = /^(src\/page|scripts\/goldens|studio\/tests)\/|\.d\.ts$/;
/** A module of ours in what esbuild writes, which leaves names as they are: `from "./errors.ts"`, `import("./errors.ts")`. */
const IMPORT = /(\b(?:from|import) ?\(? ?")(\.{1,2}\/[^"\n]+)\.ts"/g;

/** The code with names of compiled modules, and the paths of their sources. */
export function withCompiledImports(code, path) {
  const imports = [];
  const compiled = code.replaceAll(IMPORT, (_, before, specifier) => {
    imports.push(posix.join(posix.dirname(path), `${specifier}.ts`));
    return `${before}${specifier}.js"`;
  });
  return { code: compiled, imports };
}

/** The sources to begin with. What they import of the page is found on the way. */
const ownSources = (root) =>
  FOLDERS.flatMap((folder) => filesIn(root, folder)).filter(
    (path) => path.endsWith('.ts') && !NOT_COMPILED.test(path),
  );

async function transpile(root, sources) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: sources,
    outbase: '.',
    outdir: 'dist',
    format: 'esm',
    platform: 'node',
    target: 'node20.12',
    sourcemap: true,
    sourcesContent: false,
    tsconfig: 'tsconfig.json',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles;
}

/**
 * @returns how many files were compiled
 * @throws SetUpError for an import of what there is not; for a file that cannot be parsed esbuild's error, which esbuild has
 *     told of
 */
export async function compile(root) {
  const written = new Set();
  const found = new Set(ownSources(root));
  for (let sources = [...found]; sources.length > 0;) {
    const imported = new Set();
    for (const { path, text } of await transpile(root, sources)) {
      const name = relative(join(root, 'dist'), path).split(sep).join('/');
      const { code, imports } = name.endsWith('.map')
        ? { code: text, imports: [] }
        : withCompiledImports(text, name);
      const missing = imports.find((source) => !found.has(source) && !existsSync(join(root, source)));
      if (missing !== undefined) throw new SetUpError(`dist/${name} imports ${missing}, which there is not`);
      for (const source of imports) imported.add(source);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, code);
      written.add(`dist/${name}`);
    }
    sources = [...imported].filter((source) => !found.has(source));
    for (const source of sources) found.add(source);
  }
  for (const path of FOLDERS.flatMap((folder) => filesIn(root, `dist/${folder}`))) {
    if (!written.has(path)) rmSync(join(root, path));
  }
  return found.size;
}

/** Ends the process that compiles, which would wait for more. */
export const stopCompiler = stop;
