import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CASES } from '../../chaos/cases/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const [, classes = ''] = readFileSync(`${ROOT}/SECURITY.md`, 'utf8').split('## Published classes');
const rows = classes
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()));

it('names for each published class what shows the answer, and each of these exists', () => {
  const names = new Set(CASES.map(({ name }) => name));
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    const shownBy = [...(row.at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    expect(shownBy.length, row[1]).toBeGreaterThan(0);
    for (const name of shownBy) {
      expect(name.includes('/') ? existsSync(`${ROOT}/${name}`) : names.has(name), name).toBe(true);
    }
  }
});

it('names of cases are kebab-case and unique', () => {
  const names = CASES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
