import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/settings.ts';
import { ERROR_CODES } from '../../src/errors.ts';

const textOf = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const readme = textOf('README.md');
/** Table rows, without the padding that the formatter puts in. */
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.replaceAll(/\s+/g, ' '));

it.each(Object.values(SETTINGS))(
  'README.md has $env with its default and meaning',
  ({ env, meaning, ...setting }) => {
    const defaultValue = setting.default === undefined ? '' : `\`${setting.default}\` `;
    expect(rows).toContain(`| \`${env}\` | ${defaultValue}| ${meaning} |`);
  },
);

it.each(ERROR_CODES)('README.md has the error code %s', (code) => {
  expect(rows.some((row) => row.split('|')[1]?.includes(`\`${code}\``))).toBe(true);
});

it('README.md has every path of openapi.yaml', () => {
  const { paths } = parse(textOf('openapi.yaml')) as { paths: Record<string, unknown> };
  const missing = Object.keys(paths).filter((path) => !readme.includes(`${path}\``));
  expect(missing).toEqual([]);
});

it.each(['README.md', 'ARCHITECTURE.md'])('%s links to files that exist', (name) => {
  const links = [...textOf(name).matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
  const missing = links.filter(
    (link) => !link.startsWith('http') && !existsSync(new URL(`../../${link}`, import.meta.url)),
  );
  expect(links.length).toBeGreaterThan(0);
  expect(missing).toEqual([]);
});

it('ARCHITECTURE.md names files that exist', () => {
  const names = [...textOf('ARCHITECTURE.md').matchAll(/`((?:\w[\w-]*\/)+[\w-]+\.(?:test\.)?ts)`/g)].map(
    ([, name = '']) => name,
  );
  const missing = names.filter((name) =>
    ['', 'src/'].every((folder) => !existsSync(new URL(`../../${folder}${name}`, import.meta.url))),
  );
  expect(names.length).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});
