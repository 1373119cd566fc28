import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { withSettings } from '../../scripts/settings-table.ts';
import { ERROR_CODES } from '../../src/errors.ts';
import { RUNTIME_NAMES } from '../../src/runtime/traits.ts';

const ROOT = new URL('../../', import.meta.url);
const textOf = (name: string | URL): string => readFileSync(new URL(name, ROOT), 'utf8');
/** Table rows, without the padding that the formatter puts in. */
const rowsOf = (name: string): string[] =>
  textOf(name)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.replaceAll(/\s+/g, ' '));
const readmeRows = rowsOf('README.md');
const settingRows = rowsOf('docs/settings.md');
const errorRows = rowsOf('docs/errors.md');

it('docs/settings.md has the settings as they are: else `npm run cli-docs` writes them', () => {
  const document = textOf('docs/settings.md');
  expect(document).toBe(withSettings(document));
});

it('README.md has five of its rows', () => {
  const ofSettings = readmeRows.filter((row) => /^\| `[A-Z_]+` \|/.test(row));
  expect(ofSettings).toHaveLength(5);
  expect(settingRows).toEqual(expect.arrayContaining(ofSettings));
});

it.each(RUNTIME_NAMES)('docs/runtimes.md has the runtime %s', (name) => {
  expect(rowsOf('docs/runtimes.md').some((row) => row.startsWith(`| \`${name}\` |`))).toBe(true);
});

it.each(ERROR_CODES)('docs/errors.md has the error code %s', (code) => {
  expect(errorRows.some((row) => row.split('|')[1]?.includes(`\`${code}\``))).toBe(true);
});

/** Bases below which routes are repeated: docs/api.md names these, and not each path again. */
const BASES = [
  ['/client/v4/accounts/{account_id}/ai/', '/ai/'],
  ['/ai/v1/', '/v1/'],
] as const;

function withoutBases(path: string): string {
  return BASES.reduce(
    (rest, [base, from]) => (rest.startsWith(base) ? from + rest.slice(base.length) : rest),
    path,
  );
}

const { paths } = parse(textOf('openapi.yaml')) as { paths: Record<string, Record<string, unknown>> };
const codesOf = (rows: readonly string[]): string[] =>
  rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]*)`/g)].map(([, code = '']) => code));

it('docs/api.md has every path of openapi.yaml with its methods, and no other', () => {
  const inDocument = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((key) => /^(get|put|post|delete|options|head|patch)$/.test(key))
      .map((method) => `${method.toUpperCase()} ${withoutBases(path)}`),
  );
  const [, list = ''] = textOf('docs/api.md').split('## All paths');
  const rows = list.split('\n').filter((line) => line.startsWith('|'));
  const inTable = codesOf(rows).filter((code) => /^[A-Z]+ \//.test(code));
  expect(inTable.sort()).toEqual([...new Set(inDocument)].sort());
  expect(codesOf(rows)).toEqual(expect.arrayContaining(BASES.map(([base]) => `${base}…`)));
});

it('README.md has a row for each path of openapi.yaml', () => {
  const named = codesOf(readmeRows).filter((code) => code.startsWith('/'));
  const isNamed = (path: string): boolean =>
    named.some((code) =>
      code.endsWith('…') ? path.startsWith(code.slice(0, -1)) : path === code || path.startsWith(`${code}/`),
    );
  expect(Object.keys(paths).filter((path) => !isNamed(withoutBases(path)))).toEqual([]);
});

it('README.md is short', () => {
  expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

/** Where a link to a heading leads, as GitHub names it. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

const documents = readdirSync(new URL('docs', ROOT)).filter((name) => name.endsWith('.md'));

it.each(['README.md', 'ARCHITECTURE.md', ...documents.map((name) => `docs/${name}`)])(
  '%s links to files and headings that exist',
  (name) => {
    const links = [...textOf(name).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const missing = links.filter((link) => {
      if (link.startsWith('http')) return false;
      const target = new URL(link, new URL(name, ROOT));
      if (!existsSync(target)) return true;
      return target.hash !== '' && !anchorsOf(textOf(target)).includes(target.hash.slice(1));
    });
    expect(links.length).toBeGreaterThan(0);
    expect(missing).toEqual([]);
  },
);

it('ARCHITECTURE.md names files that exist', () => {
  const names = [...textOf('ARCHITECTURE.md').matchAll(/`((?:\w[\w-]*\/)+[\w-]+\.(?:test\.)?ts)`/g)].map(
    ([, name = '']) => name,
  );
  const missing = names.filter((name) =>
    ['', 'src/'].every((folder) => !existsSync(new URL(folder + name, ROOT))),
  );
  expect(names.length).toBeGreaterThan(8);
  expect(missing).toEqual([]);
});
