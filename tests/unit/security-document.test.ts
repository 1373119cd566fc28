import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { CASES } from '../../chaos/cases/index.ts';
import { WEAKNESSES } from '../../chaos/weaknesses.ts';
import { PROMISES } from '../../routes/promises.ts';
import { withPromises } from '../../scripts/promises.ts';

const ROOT = new URL('../../', import.meta.url);
const textOf = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8');
const document = textOf('SECURITY.md');
const { paths } = parse(textOf('openapi.yaml')) as { paths: Record<string, object> };
const ROWS = Object.entries({ ...PROMISES, ...WEAKNESSES });
const caseNames = CASES.map(({ name }) => name);

it('has its tables as they stand in code: else `npm run cli-docs` writes them', () => {
  expect(document).toBe(withPromises(document));
});

it('says what each path of openapi.yaml promises, once', () => {
  const named = [...document.matchAll(/^\| [^|]+ \| ([^|]+) \|/gm)].flatMap(([, where = '']) =>
    [...where.matchAll(/`(\/[^`]*)`/g)].map(([, path]) => path),
  );
  expect(named.toSorted()).toEqual(Object.keys(paths).toSorted());
});

it('has no name for two rows', () => {
  expect(ROWS).toHaveLength(Object.keys(PROMISES).length + Object.keys(WEAKNESSES).length);
});

it.each(ROWS)('%s is shown by cases or by tests, and each of these exists', (name, { tests }) => {
  const cases = CASES.filter(({ shows }) => (shows as readonly string[]).includes(name));
  expect(cases.length + tests.length).toBeGreaterThan(0);
  for (const file of tests) expect(existsSync(new URL(file, ROOT)), file).toBe(true);
});

it('names of cases are kebab-case and unique', () => {
  expect(new Set(caseNames).size).toBe(caseNames.length);
  for (const name of caseNames) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
});
