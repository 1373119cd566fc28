import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DAMAGES } from '../../../chaos/faults/files.ts';
import { tempDirectory } from '../../support/temp-directory.ts';
import { Words } from './words.ts';

const newPath = (): string => join(tempDirectory(), 'words.sqlite');
const MANY = Array.from({ length: 3000 }, (_, index) => `${index} ${'x'.repeat(1000)}`);

describe('a damaged file', () => {
  it.each(DAMAGES.map(({ name, apply }) => [name, apply] as const))(
    'with %s: what can be read is, and writing goes on',
    (_, apply) => {
      const words = new Words(newPath());
      words.add(MANY);
      apply(words.path);
      words.add(['after']);
      expect(words.all().at(-1)).toBe('after');
      words.add(['and again']);
      expect(words.all().slice(-2)).toEqual(['after', 'and again']);
      expect(words.told.length).toBeLessThanOrEqual(1);
      expect(existsSync(`${words.path}.damaged`)).toBe(words.told.length === 1);
    },
  );

  it('at any byte: writing goes on', () => {
    const template = new Words(newPath());
    template.add(MANY.slice(0, 10));
    const bytes = readFileSync(template.path);
    const path = newPath();
    // All of the header, and more than one in each cell.
    for (let at = 0; at < bytes.length; at += at < 100 ? 1 : 97) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      writeFileSync(path, damaged);
      const words = new Words(path);
      words.add(['after']);
      words.all();
      words.add(['and again']);
      expect(words.all(), `byte ${at}`).toContain('and again');
    }
  });

  it('is kept beside the new one, and told once', () => {
    const words = new Words(newPath());
    words.add(['before']);
    const zeros = Buffer.alloc(8192);
    writeFileSync(words.path, zeros);
    expect([words.all(), words.all()]).toEqual([[], []]);
    expect(words.told).toEqual([expect.stringContaining(`${words.path}.damaged`)]);
    expect(readFileSync(`${words.path}.damaged`)).toEqual(zeros);
  });

  it('is none where a setting names a file of another kind, which stays', () => {
    const path = newPath();
    const text = 'a file of somebody, in which there is no database\n'.repeat(50);
    writeFileSync(path, text);
    expect(() => new Words(path).all()).toThrow('file is not a database');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

describe('a process that is killed', () => {
  it('in a change: the change is undone', () => {
    const words = new Words(newPath());
    words.add(['before']);
    const left = new Words(newPath());
    words.add(MANY, () => {
      for (const companion of ['', '-wal']) cpSync(`${words.path}${companion}`, `${left.path}${companion}`);
    });
    expect(left.all()).toEqual(['before']);
    left.add(['after']);
    expect(left.all()).toEqual(['before', 'after']);
    expect(left.told).toEqual([]);
  });

  it('while it holds the lock: the next one takes it at once', async () => {
    const words = new Words(newPath());
    words.add(['before']);
    const script = `
      const { Words } = await import('./words.ts');
      new Words(process.argv[1]).add(['never'], () => process.kill(process.pid, 'SIGKILL'));`;
    const options = { cwd: import.meta.dirname, stdio: 'inherit' } as const;
    const killed = spawn(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script, words.path],
      options,
    );
    await once(killed, 'exit');
    expect(killed.signalCode).toBe('SIGKILL');
    expect(existsSync(`${words.path}.lock-holder`)).toBe(true);
    words.add(['after']);
    expect(words.all()).toEqual(['before', 'after']);
  });

  it('by an older version, which locked by a folder: the next one goes on', () => {
    const words = new Words(newPath());
    words.add(['before']);
    mkdirSync(`${words.path}.lock`);
    expect(words.all()).toEqual(['before']);
  });
});

it('waits for another process that is at work, and names it where that takes too long', () => {
  const words = new Words(newPath());
  const other = new Words(words.path);
  words.add(['one'], () => {
    expect(() => other.all()).toThrow(`locked by process ${process.pid}`);
  });
  expect(other.all()).toEqual(['one']);
});
