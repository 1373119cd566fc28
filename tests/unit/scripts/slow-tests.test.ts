import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { CASES } from '../../../chaos/cases/index.ts';
import { changedSince, secondsLeft, selectRows, touches } from '../../../scripts/changed-files.mjs';
import { SLOW_CASES } from '../../../scripts/slow-cases.mjs';
import { SLOW_TESTS, WHOLE_MATRIX } from '../../../scripts/slow-tests.mjs';
import { tempDirectory } from '../../support/temp-directory.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** `a/{b,c}.ts` as `a/b.ts` and `a/c.ts`. */
function expand(glob: string): string[] {
  const [, before = '', choices = '', after = ''] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(glob) ?? [];
  return choices === '' ? [glob] : choices.split(',').map((choice) => before + choice + after);
}

/** Whether a file or folder begins so. */
function isThere(start: string): boolean {
  if (existsSync(join(ROOT, start))) return true;
  const folder = join(ROOT, dirname(start));
  return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(basename(start)));
}

/** Files that would run, of every project, if some globs are left out. */
function filesWithout(leftOut: readonly string[]): string[] {
  const listed = execFileSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'list', '--filesOnly'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, TESTS_LEFT_OUT: leftOut.join(' ') },
  });
  return listed.split('\n').flatMap((line) => line.split('] ')[1] ?? []);
}

describe('the slow tests', () => {
  it('do not run where they are left out, and all others do', () => {
    const globs = SLOW_TESTS.flatMap(({ tests }) => tests);
    const starts = globs.flatMap(expand).map((glob) => glob.split('*')[0] ?? '');
    const isSlow = (file: string): boolean => starts.some((start) => file.startsWith(start));
    const all = filesWithout([]);
    const others = all.filter((file) => !isSlow(file));
    expect(others.length).toBeLessThan(all.length);
    expect(filesWithout(globs).toSorted()).toEqual(others.toSorted());
  });

  it.each(SLOW_TESTS.flatMap(({ tests }) => tests.flatMap(expand)))('%s is there', (test) => {
    expect(isThere(test.split('*')[0] ?? '')).toBe(true);
  });

  it.each([...new Set([...SLOW_TESTS, ...SLOW_CASES].flatMap(({ sources }) => sources)), ...WHOLE_MATRIX])(
    'are of %s, which is there',
    (source) => {
      expect(isThere(source)).toBe(true);
    },
  );

  it.each(SLOW_CASES.flatMap(({ cases }) => cases))('of chaos are called %s, as cases are', (prefix) => {
    expect(CASES.some(({ name }) => name.startsWith(prefix))).toBe(true);
  });
});

describe('the slow rows that are run', () => {
  const row = (source: string, seconds: number): { sources: string[]; seconds: number } => ({
    sources: [source],
    seconds,
  });
  const [long, short, other] = [row('src/a/', 100), row('src/a/', 10), row('src/b/', 1)];

  it('are those of what changed, the most files for their seconds first, as long as there is time', () => {
    const files = ['src/a/one.ts'];
    expect(selectRows([long, short, other], { files }, 110)).toEqual({
      run: [short, long],
      unchanged: [other],
      late: [],
    });
    expect(selectRows([long, short, other], { files }, 109)).toEqual({
      run: [short],
      unchanged: [other],
      late: [long],
    });
    const most = ['src/b/one.ts', ...Array.from({ length: 11 }, (_, i) => `src/a/${i}.ts`)];
    expect(selectRows([long, short, other], { files: most }, 20).run).toEqual([short, other]);
    expect(selectRows([long, other], {})).toEqual({ run: [other, long], unchanged: [], late: [] });
    expect(selectRows([long, other], { some: files }, 100).run).toEqual([long]);
    expect(selectRows([long, short], { some: files }, 100).run).toEqual([short]);
  });

  it('have as many seconds as a variable says, or as they take', () => {
    vi.stubEnv('ROOM', '12');
    expect(secondsLeft('ROOM')).toBe(12);
    vi.stubEnv('ROOM', 'twelve');
    expect(() => secondsLeft('ROOM')).toThrow("ROOM is 'twelve'; it must be a number of seconds");
    vi.unstubAllEnvs();
    expect(secondsLeft('ROOM')).toBeUndefined();
  });

  it('are all run on some day: each source of a test is named and no row is free', () => {
    for (const { sources, seconds } of [...SLOW_TESTS, ...SLOW_CASES]) {
      expect(sources.length).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(0);
    }
  });
});

describe('what has changed since a commit', () => {
  it('is what was edited, added, moved and removed, or is not known', () => {
    const root = tempDirectory();
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: root,
        encoding: 'utf8',
      });
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    };
    git('init', '--quiet');
    for (const name of ['src/kept.ts', 'src/edited.ts', 'src/moved.ts', 'src/removed.ts', 'tsconfig.json'])
      write(name, `of ${name}`);
    git('add', '.');
    git('commit', '--quiet', '--message', 'first');
    const since = git('rev-parse', 'HEAD').trim();
    write('src/edited.ts', 'another');
    git('mv', 'src/moved.ts', 'src/there.ts');
    git('commit', '--quiet', '--all', '--message', 'second');
    rmSync(join(root, 'src/removed.ts'));
    write('src/added.ts', 'new');

    const { files } = changedSince(since, root);
    expect(files?.toSorted()).toEqual([
      ...['src/added.ts', 'src/edited.ts', 'src/moved.ts', 'src/removed.ts', 'src/there.ts'],
    ]);
    expect(touches(files, ['src/e'])).toBe(true);
    expect(touches(files, ['src/k', 'docs/'])).toBe(false);

    expect(changedSince('none', root)).toEqual({ since: 'none', reason: 'git does not know that commit' });
    expect(touches(undefined, ['docs/'])).toBe(true);
    write('tsconfig.json', '{}');
    expect(changedSince(since, root)).toEqual({
      since,
      some: expect.arrayContaining(['tsconfig.json', 'src/added.ts']) as unknown,
      reason: 'tsconfig.json has changed',
    });
  });
});
