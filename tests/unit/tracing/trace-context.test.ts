import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSampler } from '../../../src/tracing/sampler.ts';
import {
  newSpanId,
  newTraceId,
  readTraceContext,
  traceparentOf,
} from '../../../src/tracing/trace-context.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a place in a trace', () => {
  it('is read as it was written', () => {
    for (const isSampled of [true, false]) {
      const context = { traceId: newTraceId(), spanId: newSpanId(), isSampled, state: '' };
      expect(readTraceContext(traceparentOf(context), undefined)).toEqual(context);
    }
  });

  it('is in no other text, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 80 }),
          fc.string({ maxLength: 80, unit: fc.constantFrom('0', 'a', 'f', '-') }),
        ),
        fc.nat(PARENT.length),
        (text, at) => {
          const header = PARENT.slice(0, at) + text + PARENT.slice(at);
          const read = readTraceContext(header, undefined);
          if (read === undefined) return;
          expect(read.traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
          expect(read.spanId).toMatch(/^(?!0{16})[\da-f]{16}$/);
          expect(header).toMatch(/^(?!ff)[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}(-|$)/);
          if (header.startsWith('00')) expect(header).toHaveLength(PARENT.length);
        },
      ),
    );
  });

  it.each([
    ['vendor=abc', true],
    ['tenant@vendor=abc, other=1,,', true],
    ['', true],
    ['vendor', false],
    ['Vendor=abc', false],
    ['vendor=a=b', false],
    ['vendor=\u00fc', false],
    [`vendor=${'a'.repeat(600)}`, false],
    [Array.from({ length: 33 }, (_, i) => `v${i}=1`).join(','), false],
  ])('has the state %s: %s', (state, isKept) => {
    expect(readTraceContext(PARENT, state)?.state).toBe(isKept ? state : '');
  });
});

describe('a sampler', () => {
  const parent = (isSampled: boolean) => ({
    traceId: newTraceId(),
    spanId: newSpanId(),
    isSampled,
    state: '',
  });

  it.each([
    ['always_on', 1, [true, true, true]],
    ['always_off', 1, [false, false, false]],
    ['traceidratio', 1, [true, true, true]],
    ['traceidratio', 0, [false, false, false]],
    ['parentbased_always_on', 1, [true, true, false]],
    ['parentbased_always_off', 1, [false, true, false]],
    ['parentbased_traceidratio', 0, [false, true, false]],
  ] as const)(
    '%s of %s: without a parent, with one that is sampled, with one that is not',
    (name, ratio, wanted) => {
      const sample = createSampler(name, ratio);
      const id = newTraceId();
      expect([sample(id, undefined), sample(id, parent(true)), sample(id, parent(false))]).toEqual(wanted);
    },
  );

  it('by ratio takes that part of all traces, and those of a smaller ratio among them', () => {
    const ids = Array.from({ length: 4000 }, newTraceId);
    const taken = (ratio: number) => ids.filter((id) => createSampler('traceidratio', ratio)(id, undefined));
    const [few, many] = [taken(0.1), taken(0.5)];
    // Seven standard deviations.
    expect(Math.abs(few.length / ids.length - 0.1)).toBeLessThan(0.034);
    expect(Math.abs(many.length / ids.length - 0.5)).toBeLessThan(0.056);
    expect(few.filter((id) => !many.includes(id))).toEqual([]);
  });
});
