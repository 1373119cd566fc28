import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVED_FILES, settingsIn, SHOWN_ELSEWHERE } from '../../../chaos/faults/files.ts';
import { PROBES } from '../../../chaos/faults/probes.ts';
import { WORKERS } from '../../../chaos/support/proc.ts';
import { WRITTEN_FILES } from '../../../src/written-files.ts';

/** What is damaged, filled and killed comes from lists of the service: what is new in these has to be in chaos/faults. */

const ROOT = new URL('../../../', import.meta.url);
const NAMES = WRITTEN_FILES.map(({ name }) => name);
/** It lives for a moment, to read a model's header. Its parent tells of its death. */
const SHORT_LIVED = ['header-worker'];

test('each file that a service writes is written by a probe', () => {
  const written = new Set(PROBES.flatMap(({ needs, uses }) => [...needs, ...uses]));
  expect([...written].toSorted()).toEqual(SERVED_FILES.map(({ name }) => name).toSorted());
});

test('each file has a place in the folder of a case', () => {
  const settings = new Set(SERVED_FILES.map(({ setting }) => setting));
  expect([...settings].toSorted()).toEqual(Object.keys(settingsIn('/x')).toSorted());
});

test('what is shown elsewhere is a written file, and a test that there is', () => {
  for (const [name, path] of SHOWN_ELSEWHERE) {
    expect(NAMES).toContain(name);
    expect(existsSync(new URL(path, ROOT)), path).toBe(true);
  }
});

test('each child process of a service is killed', () => {
  // A module that runs as a process of its own is called a worker.
  const children = readdirSync(new URL('src', ROOT), { recursive: true, encoding: 'utf8' }).flatMap(
    (path) => /([a-z-]+-worker)\.ts$/.exec(path)?.[1] ?? [],
  );
  expect([...WORKERS, ...SHORT_LIVED].toSorted()).toEqual(children.toSorted());
});
