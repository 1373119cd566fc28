import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../../../../scripts/setup/compile.mjs';
import { ENTRIES, PUBLISHED } from '../../../../scripts/setup/entries.mjs';

const root = mkdtempSync(join(tmpdir(), 'tokenflare-compile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('compile', () => {
  beforeEach(() => {
    for (const folder of ['src', 'bench', 'dist'])
      rmSync(join(root, folder), { recursive: true, force: true });
    write({ 'package.json': '{ "type": "module" }', 'tsconfig.json': '{}' });
  });

  it('makes modules that Node runs, with maps to their sources', async () => {
    write({
      'src/main.ts': [
        "import { twice } from './lib/twice.ts';",
        '',
        'interface Unused { readonly a: number }',
        '',
        'export const four: number = twice(2);',
      ].join('\n'),
      'src/lib/twice.ts': 'export const twice = (value: number): number => 2 * value;\n',
    });
    await compile(root, ['src/main.ts']);
    expect(await import(pathToFileURL(join(root, 'dist/src/main.js')).href)).toMatchObject({ four: 4 });

    const line = textOf('dist/src/main.js')
      .split('\n')
      .findIndex((text) => text.includes('four ='));
    const map = new SourceMap(JSON.parse(textOf('dist/src/main.js.map')) as SourceMapPayload);
    const entry = map.findEntry(line, 4) as { originalSource: string; originalLine: number };
    expect(entry).toMatchObject({ originalSource: '../../src/main.ts', originalLine: 4 });
    expect(textOf('dist/src/main.js')).toContain('//# sourceMappingURL=main.js.map');
  });

  it('gives each module the URL that it would have as a file, and an entry the query of its own', async () => {
    write({
      'src/lib/deep/where.ts': 'export const beside = new URL("./data.txt", import.meta.url).href;\n',
      'src/main.ts': [
        "export { beside } from './lib/deep/where.ts';",
        'export const own: string = import.meta.url;',
      ].join('\n'),
      'src/other/main.ts': "export { beside } from '../lib/deep/where.ts';\n",
    });
    await compile(root, ['src/main.ts', 'src/other/main.ts']);
    const url = `${pathToFileURL(join(root, 'dist/src/main.js')).href}?a=1`;
    // Not by the test runner, which takes queries away.
    const script = `console.log(JSON.stringify(await import(${JSON.stringify(url)})))`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(JSON.parse(printed)).toEqual({
      beside: pathToFileURL(join(root, 'dist/src/lib/deep/data.txt')).href,
      own: url,
    });
  });

  it('leaves nothing behind whose source is gone', async () => {
    write({ 'src/a.ts': 'export {};\n', 'dist/src/old/b.js': '', 'dist/src/old/b.js.map': '' });
    write({ 'dist/page/index.html': '', 'dist/kernels/inference.wasm': '' });
    await compile(root, ['src/a.ts']);
    expect(existsSync(join(root, 'dist/src/a.js'))).toBe(true);
    expect(existsSync(join(root, 'dist/src/old/b.js'))).toBe(false);
    expect(existsSync(join(root, 'dist/src/old/b.js.map'))).toBe(false);
    expect(existsSync(join(root, 'dist/page/index.html'))).toBe(true);
    expect(existsSync(join(root, 'dist/kernels/inference.wasm'))).toBe(true);
  });

  it('names a module that is imported and is not there', async () => {
    write({ 'src/a.ts': "import './gone.ts';\n" });
    await expect(compile(root, ['src/a.ts'])).rejects.toThrow('Could not resolve "./gone.ts"');
  });
});

describe('the entries', () => {
  const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));

  it('are there', () => {
    expect(ENTRIES.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('are all that package.json names of compiled code', () => {
    const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
    const named = [...text.matchAll(/dist\/((?:src|bench|routes|scripts|studio)\/[\w/-]+)\.js/g)];
    expect(named.length).toBeGreaterThan(8);
    for (const [, name] of named) expect(ENTRIES).toContain(`${name}.ts`);
  });

  it('are all that is started as a process or a thread', () => {
    const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const started = files
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => {
        const code = readFileSync(join(ROOT, 'src', path), 'utf8');
        const calls = /(?:Sibling|SiblingThread|siblingProcess)\(\s*import\.meta\.url,\s*'([^']+)'/g;
        const jobs = /entry: \{ name: '([^']+)', neighbour: import\.meta\.url/g;
        return [...code.matchAll(calls), ...code.matchAll(jobs)].map(([, name = '']) =>
          posix.join('src', posix.dirname(path), `${name}.ts`),
        );
      });
    expect(started.length).toBeGreaterThan(10);
    expect(PUBLISHED).toEqual(expect.arrayContaining(started));
  });
});
