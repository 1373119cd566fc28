import { describe, expect, it } from 'vitest';
import {
  HolderWatch,
  judgeByName,
  parseProcessStat,
  readHolder,
  writeHolder,
  type FoundProcess,
  type WrittenHolder,
} from '../../../src/process/lock-holder.ts';

const SELF = {
  kind: 'named',
  pid: 7,
  host: 'here',
  boot: 'a boot',
  namespace: 'pid:[1]',
  startedAt: '500',
} as const;
const NUMBERED = { kind: 'numbered', pid: 7, host: 'here' } as const;

const RUNNING: FoundProcess = { is: 'running', startedAt: '500' };
const GONE: FoundProcess = { is: 'gone' };
const HIDDEN: FoundProcess = { is: 'hidden' };

interface Circumstances {
  readonly self: WrittenHolder;
  readonly isOfOneMachine: boolean;
}

const judge = (
  written: WrittenHolder,
  found: FoundProcess,
  { self, isOfOneMachine }: Circumstances = { self: SELF, isOfOneMachine: true },
): string => judgeByName(written, { self, find: () => found, isOfOneMachine: () => isOfOneMachine });

describe('what one look at a holder tells', () => {
  it('is alive only where its number and its start both fit', () => {
    expect(judge(SELF, RUNNING)).toBe('alive');
    expect(judge(SELF, { is: 'running', startedAt: '501' })).toBe('dead');
    expect(judge(SELF, GONE)).toBe('dead');
    expect(judge(SELF, HIDDEN)).toBe('unknown');
  });

  it('is dead after another boot, unless the disk may be shared with another machine', () => {
    const before = { ...SELF, boot: 'another boot' };
    expect(judge(before, RUNNING)).toBe('dead');
    expect(judge(before, RUNNING, { self: SELF, isOfOneMachine: false })).toBe('unknown');
  });

  it('is not known of another namespace, whose numbers are others', () => {
    expect(judge({ ...SELF, namespace: 'pid:[2]' }, GONE)).toBe('unknown');
  });

  it('is not known of a number alone, unless nothing runs under it on this host', () => {
    const withoutProc = { self: NUMBERED, isOfOneMachine: true };
    expect(judge(NUMBERED, HIDDEN, withoutProc)).toBe('unknown');
    expect(judge(NUMBERED, GONE, withoutProc)).toBe('dead');
    expect(judge({ ...NUMBERED, host: 'there' }, GONE, withoutProc)).toBe('unknown');
    expect(judge(NUMBERED, GONE)).toBe('unknown');
    expect(judge({ kind: 'unclear' }, GONE)).toBe('unknown');
  });
});

describe('the line of a holder', () => {
  it('is another one each time, and names the same process', () => {
    const [one, other] = [writeHolder(), writeHolder()];
    expect(one).not.toBe(other);
    expect(readHolder(one)).toEqual(readHolder(other));
    expect(readHolder(one)).toMatchObject({ pid: process.pid });
  });

  it('names nobody once any byte of it has changed, or it is cut', () => {
    const line = writeHolder().trimEnd();
    const unclear = { kind: 'unclear' };
    for (let at = 0; at < line.length; at++) {
      expect(readHolder(line.slice(0, at)), `cut at ${at}`).toEqual(unclear);
      const changed = String.fromCharCode(line.charCodeAt(at) ^ 1);
      expect(readHolder(line.slice(0, at) + changed + line.slice(at + 1)), `byte ${at}`).toEqual(unclear);
    }
  });
});

describe('what the kernel says of a process', () => {
  const stat = (name: string, state: string): string =>
    `12 (${name}) ${state} 1 12 12 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 807519 3133440 394 0\n`;

  it.each(['node', 'a b', ') S 1', '((', '1) 2) 3'])('is read behind the name (%s)', (name) => {
    expect(parseProcessStat(stat(name, 'S'))).toEqual({ is: 'running', startedAt: '807519' });
  });

  it('is that a zombie is gone', () => {
    expect(parseProcessStat(stat('node', 'Z'))).toEqual({ is: 'gone' });
  });

  it('is not enough where a line is cut', () => {
    expect(parseProcessStat('12 (node) S 1')).toEqual({ is: 'hidden' });
    expect(parseProcessStat('')).toEqual({ is: 'hidden' });
  });
});

describe('watching a lock', () => {
  const lock = (mark: string, text = 'a holder', path = '/lock') => ({ path, text, mark, stillAfterMs: 100 });

  it('finds the holder dead when nothing has changed for so long', () => {
    const watch = new HolderWatch();
    expect([0, 99, 100].map((nowMs) => watch.look(lock('1'), nowMs))).toEqual(['unknown', 'unknown', 'dead']);
  });

  it('finds the holder alive once the mark has changed, in whichever direction', () => {
    const watch = new HolderWatch();
    expect(watch.look(lock('5'), 0)).toBe('unknown');
    expect(watch.look(lock('2'), 99)).toBe('alive');
    expect(watch.look(lock('2'), 198)).toBe('alive');
    expect(watch.look(lock('2'), 199)).toBe('dead');
  });

  it('begins again with another holder, and keeps locks apart', () => {
    const watch = new HolderWatch();
    watch.look(lock('1'), 0);
    expect(watch.look(lock('1', 'another'), 100)).toBe('unknown');
    expect(watch.look(lock('1', 'another', '/other'), 200)).toBe('unknown');
    expect(watch.look(lock('1', 'another'), 200)).toBe('dead');
    watch.forget('/lock');
    expect(watch.look(lock('1', 'another'), 300)).toBe('unknown');
  });
});
