import { describe, expect, it } from 'vitest';
import { HeldFormats } from '../../../../../src/engine/client/completion/open-completions.ts';

const format = (key: string, mib: number): { key: string; numBytes: number } => ({
  key,
  numBytes: mib * 2 ** 20,
});
const full = expect.objectContaining({ code: 'queue_full' }) as Error;

describe('the formats of open requests', () => {
  it('have room for 128 MiB; a group that holds less than its share still gets in', () => {
    const formats = new HeldFormats();
    for (let i = 0; i < 16; i++) formats.hold(format(`a${i}`, 8), 'one/a');
    expect(() => formats.hold(format('more', 8), 'one/a')).toThrow(full);
    expect(() => formats.hold(format('other', 8), 'two/a')).not.toThrow();
  });

  it('are counted once for all requests of a client that have the same', () => {
    const formats = new HeldFormats();
    const releases = Array.from({ length: 500 }, () => formats.hold(format('a', 8), 'one/a'));
    for (let i = 0; i < 15; i++) formats.hold(format(`b${i}`, 8), 'one/a');
    for (const release of releases.slice(1)) release();
    expect(() => formats.hold(format('c', 8), 'one/a')).toThrow(full);
    releases[0]?.();
    // Once more gives nothing back.
    releases[0]?.();
    const release = formats.hold(format('c', 8), 'one/a');
    expect(() => formats.hold(format('d', 8), 'one/a')).toThrow(full);
    release();
    expect(() => formats.hold(format('d', 8), 'one/a')).not.toThrow();
  });
});
