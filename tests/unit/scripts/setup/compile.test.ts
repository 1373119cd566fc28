import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { compile, withCompiledImports } from '../../../../scripts/setup/compile.mjs';

const root = mkdtempSync(join(tmpdir(), 'tokenflare-compile-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('withCompiledImports', () => {
  it('renames modules of ours, however they are imported, and nothing else', () => {
    const code = [
      'import { a } from "./a.ts";',
      'import {',
      '  b',
      '} from "../b.ts";',
      'import "./c.ts";',
      'export * from "./d.ts";',
      'const e = await import("./e.ts");',
      'import { f } from "f.ts";',
      'const text = "./g.ts";',
      'const url = new URL("./h.ts", import.meta.url);',
    ].join('\n');
    const compiled = withCompiledImports(code, 'src/x/y.js');
    expect(compiled.imports).toEqual(['src/x/a.ts', 'src/b.ts', 'src/x/c.ts', 'src/x/d.ts', 'src/x/e.ts']);
    expect(compiled.code.match(/[\w/.]+\.ts/g)).toEqual(['f.ts', './g.ts', './h.ts']);
  });
});

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
    expect(await compile(root)).toBe(2);
    expect(await import(pathToFileURL(join(root, 'dist/src/main.js')).href)).toMatchObject({ four: 4 });

    const line = textOf('dist/src/main.js')
      .split('\n')
      .findIndex((text) => text.includes('four ='));
    const map = new SourceMap(JSON.parse(textOf('dist/src/main.js.map')) as SourceMapPayload);
    const entry = map.findEntry(line, 6) as { originalSource: string; originalLine: number };
    expect(entry).toMatchObject({ originalSource: '../../src/main.ts', originalLine: 4 });
    expect(textOf('dist/src/main.js')).toContain('//# sourceMappingURL=main.js.map');
  });

  it('compiles of the page what others import', async () => {
    write({
      'bench/main.ts': "import '../src/page/parse.ts';\n",
      'src/page/parse.ts': 'export {};\n',
      'src/page/view.ts': 'export {};\n',
    });
    await compile(root);
    expect(existsSync(join(root, 'dist/src/page/parse.js'))).toBe(true);
    expect(existsSync(join(root, 'dist/src/page/view.js'))).toBe(false);
  });

  it('leaves nothing behind whose source is gone', async () => {
    write({ 'src/a.ts': 'export {};\n', 'dist/src/old/b.js': '', 'dist/src/old/b.js.map': '' });
    write({ 'dist/page/index.html': '', 'dist/kernels/inference.wasm': '' });
    await compile(root);
    expect(existsSync(join(root, 'dist/src/a.js'))).toBe(true);
    expect(existsSync(join(root, 'dist/src/old/b.js'))).toBe(false);
    expect(existsSync(join(root, 'dist/src/old/b.js.map'))).toBe(false);
    expect(existsSync(join(root, 'dist/page/index.html'))).toBe(true);
    expect(existsSync(join(root, 'dist/kernels/inference.wasm'))).toBe(true);
  });

  it('names a module that is imported and is not there', async () => {
    write({ 'src/a.ts': "import './gone.ts';\n" });
    await expect(compile(root)).rejects.toThrow('dist/src/a.js imports src/gone.ts, which there is not');
  });
});
