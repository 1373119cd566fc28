import { expect, it } from 'vitest';
import { RanLately } from '../../../src/scheduler/admission/slices.ts';

it('knows a client and its group for 64 steps', () => {
  const lately = new RanLately();
  lately.add('group/one');
  for (let step = 0; step < 63; step++) lately.nextStep();
  expect([lately.hasClient('group/one'), lately.hasGroup('group')]).toEqual([true, true]);
  lately.nextStep();
  expect([lately.hasClient('group/one'), lately.hasGroup('group')]).toEqual([false, false]);
});

it('keeps a bounded number of clients where no step comes', () => {
  const lately = new RanLately();
  for (let i = 0; i <= 4096; i++) lately.add(`client ${i}`);
  expect([lately.hasClient('client 0'), lately.hasClient('client 1')]).toEqual([false, true]);
});
