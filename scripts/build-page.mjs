/**
 * Bundles the page of `/` into dist/page: index.html, docs.html and assets/, whose names hold the hash of their content
 * so that a browser may keep them; each text is there in gzip and brotli, too.
 */
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'src/page');
const OUTPUT = join(ROOT, 'dist/page');
const ASSETS = join(OUTPUT, 'assets');
const compressions = { br: promisify(brotliCompress), gz: promisify(gzip) };
const COMPRESSED = new Set(['.js', '.css', '.svg']);

/** Where the bundle of an entry point lies, by the name that the HTML files have for it. */
async function bundle() {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: { main: join(SOURCES, 'main.tsx'), docs: join(SOURCES, 'docs/docs.ts') },
    outdir: ASSETS,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022'],
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'linked',
    metafile: true,
    logLevel: 'warning',
  });
  const names = new Map();
  for (const [file, { entryPoint, cssBundle }] of Object.entries(metafile.outputs)) {
    if (entryPoint === undefined) continue;
    const stem = basename(entryPoint, extname(entryPoint));
    names.set(`${stem}.js`, basename(file));
    if (cssBundle !== undefined) names.set(`${stem}.css`, basename(cssBundle));
  }
  return names;
}

/** The renderer of openapi.yaml, as its package has it: its own modules are bundled already. */
function copySwagger(names) {
  const folder = join(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'), '..');
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
    const stem = file.replace(/\.\w+$/, '');
    const name = `${stem}-${version}${extname(file)}`;
    copyFileSync(join(folder, file), join(ASSETS, name));
    names.set(file, name);
  }
  for (const file of ['LICENSE', 'NOTICE'])
    copyFileSync(join(folder, file), join(ASSETS, `swagger-ui-${file}.txt`));
}

function writeHtml(file, names) {
  const html = readFileSync(join(SOURCES, file), 'utf8');
  const named = html.replaceAll(/assets\/([\w.-]+)/g, (_, name) => `assets/${names.get(name) ?? name}`);
  writeFileSync(join(OUTPUT, basename(file)), named);
}

/** Side by side, each on a thread of Node's. */
async function compressAll() {
  const names = readdirSync(ASSETS).filter((name) => COMPRESSED.has(extname(name)));
  const compressed = names.flatMap((name) => {
    const path = join(ASSETS, name);
    const content = readFileSync(path);
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: 9,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    };
    return [
      compressions.br(content, { params }).then((bytes) => writeFile(`${path}.br`, bytes)),
      compressions.gz(content, { level: 9 }).then((bytes) => writeFile(`${path}.gz`, bytes)),
    ];
  });
  await Promise.all(compressed);
}

/** Makes all of dist/page anew. */
export async function buildPage() {
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(ASSETS, { recursive: true });
  const names = await bundle();
  copyFileSync(join(SOURCES, 'icon.svg'), join(ASSETS, 'icon.svg'));
  copySwagger(names);
  for (const file of ['index.html', 'docs/docs.html']) writeHtml(file, names);
  await compressAll();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildPage();
  if (process.argv.includes('--sizes')) {
    for (const name of readdirSync(ASSETS).filter((name) => name.endsWith('.br'))) {
      console.log(`${readFileSync(join(ASSETS, name)).length} ${relative(OUTPUT, join(ASSETS, name))}`);
    }
  }
}
