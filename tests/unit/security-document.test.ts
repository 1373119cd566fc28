import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CASES } from '../../chaos/cases/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${ROOT}/SECURITY.md`, 'utf8');
const features = tableUnder('## By feature');
const classes = tableUnder('## Published classes');
const { paths } = parse(readFileSync(`${ROOT}/openapi.yaml`, 'utf8')) as { paths: Record<string, object> };

/** The cells of each row of the table below a heading. */
function tableUnder(heading: string): string[][] {
  const [, below = ''] = text.split(`${heading}\n`);
  const [section = ''] = below.split('\n## ');
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const codesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);

describe('what is promised', () => {
  it.each(Object.keys(paths))('has a row for %s', (path) => {
    const rows = features.filter(([, where]) => codesIn(where).includes(path));
    expect(rows.map(([feature]) => feature)).toHaveLength(1);
  });

  it('names no route that there is not', () => {
    const named = features.flatMap(([, where]) => codesIn(where)).filter((code) => code.startsWith('/'));
    for (const path of named) expect(Object.keys(paths), path).toContain(path);
    expect(new Set(named).size).toBe(named.length);
  });

  it.each([
    ...['Formats and grammars', 'Tools', 'Reasoning', 'The log', 'API keys', 'Limits of keys, in Redis'],
    ...['Models from the hub', 'Chat in the terminal', 'The library'],
  ])('has a row for what has no route of its own: %s', (feature) => {
    expect(features.map(([name]) => name)).toContain(feature);
  });

  it.each(features.map(([feature = '', , promised = '']) => ({ feature, promised })))(
    'is something: $feature',
    ({ promised }) => {
      expect(promised.length).toBeGreaterThan(20);
    },
  );

  it('does not say that there are no grammars', () => {
    expect(text).not.toMatch(/no grammars/);
  });
});

const rows = [...features, ...classes].map((cells) => ({
  name: cells[0] ?? '',
  shownBy: codesIn(cells.at(-1)),
}));
const caseNames = CASES.map(({ name }) => name);

it('has tables', () => {
  expect(features.length).toBeGreaterThan(20);
  expect(classes.length).toBeGreaterThan(15);
});

it.each(rows)('names what shows it, and each of these exists: $name', ({ shownBy }) => {
  expect(shownBy.length).toBeGreaterThan(0);
  for (const name of shownBy) {
    expect(name.includes('/') ? existsSync(`${ROOT}/${name}`) : caseNames.includes(name), name).toBe(true);
  }
});

it('names of cases are kebab-case and unique', () => {
  expect(new Set(caseNames).size).toBe(caseNames.length);
  for (const name of caseNames) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
