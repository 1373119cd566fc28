/** Which packages code imports: what esbuild finds, which reads it as Node does. Nothing is run or written. */
import { build } from 'esbuild';
import { isBuiltin } from 'node:module';

/** The name of the package of a specifier; undefined for a file or a module of Node's. */
export function packageOf(specifier) {
  if (/^[./#]/.test(specifier) || isBuiltin(specifier)) return undefined;
  const [scope, name] = specifier.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

/** Keeps what is of no inner package out of a bundle. */
export const otherPackagesOutside = (isInner) => ({
  name: 'other-packages-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      const name = packageOf(path);
      const isOutside = kind !== 'entry-point' && name !== undefined && !isInner(name);
      return isOutside ? { path, external: true } : undefined;
    });
  },
});

/**
 * @param specifiers packages, or paths from the root: './src/service.ts'
 * @param isInner whose files are gone through, too, by the name of the package
 * @returns the files that were gone through, and the specifiers that lead outside
 */
export async function readImports(root, specifiers, isInner = () => false) {
  const { metafile } = await build({
    // One module that has all: a bundle for each would be as large as all of them.
    stdin: {
      contents: specifiers.map((specifier) => `export * from ${JSON.stringify(specifier)};`).join('\n'),
      resolveDir: root,
    },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: 'none',
    write: false,
    metafile: true,
    logLevel: 'error',
    plugins: [otherPackagesOutside(isInner)],
  });
  const files = Object.entries(metafile.inputs).filter(([path]) => path !== '<stdin>');
  const imports = files.flatMap(([, input]) => input.imports);
  const outside = imports.filter(({ external, path }) => external && packageOf(path) !== undefined);
  return {
    files: files.map(([path]) => path),
    specifiers: [...new Set(outside.map(({ path }) => path))],
  };
}
