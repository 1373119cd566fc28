import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WarningFilter } from '../../../src/process/child-output.ts';

/** As Dawn of the package webgpu 0.6.2 prints it where there is no Vulkan loader. */
const WARNING =
  "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory\n" +
  '    at operator() (/home/runner/work/node-webgpu/node-webgpu/third_party/dawn/src/dawn/native/vulkan/BackendVk.cpp:368)\n' +
  '\n';

/** On Mesa's device in software. */
const LIMITS = ['Uniform', 'Storage']
  .map(
    (kind) =>
      `Warning: maxDynamic${kind}BuffersPerPipelineLayout artificially reduced from 1000000 to 16 to fit dynamic offset allocation limit.\n`,
  )
  .join('');

/** What is shown of a text that comes in pieces. */
function shownOf(pieces: readonly string[]): string {
  const filter = new WarningFilter();
  return pieces.map((piece) => filter.take(piece)).join('') + filter.end();
}

/** The text cut at random. */
const piecesOf = (text: string): fc.Arbitrary<string[]> =>
  fc.array(fc.nat(text.length), { maxLength: 6 }).map((cuts) => {
    const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
    return at.slice(1).map((end, i) => text.slice(at[i], end));
  });

const OTHERS = [
  'FATAL ERROR: Reached heap limit\n    at main (/home/a/dawn/x.js:3)\n\n',
  'Warning: a library has something to say\nand says it\n',
  "Error: Couldn't create a device\n    at operator() (/third_party/dawn/src/dawn/native/Device.cpp:1)\n\n",
  '\n\nlast words, without an end of line',
];

it.each(OTHERS)('shows %j, and no warning of Dawn before it', (text) => {
  fc.assert(
    fc.property(piecesOf(WARNING + LIMITS + WARNING + text), (pieces) => {
      expect(shownOf(pieces)).toBe(text);
    }),
  );
});

it('shows a line that began as a warning does when nothing follows', () => {
  expect(shownOf(['Warning: half'])).toBe('Warning: half');
  expect(shownOf(['Warning: a line\n'])).toBe('Warning: a line\n');
  expect(shownOf(['Warning: one\n', WARNING])).toBe('Warning: one\n');
  expect(shownOf(['Warning: one\n', LIMITS])).toBe('Warning: one\n');
});
