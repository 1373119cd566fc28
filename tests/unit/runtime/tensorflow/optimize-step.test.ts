import { describe, expect, it } from 'vitest';
import {
  joinOntoProducts,
  optimizeStep,
  selectEarly,
} from '../../../../src/runtime/tensorflow/optimize-step.ts';
import { encodeStep, placeActivations } from '../../../../src/runtime/tensorflow/step-program.ts';
import {
  KINDS,
  type Kind,
  type RecordedStep,
  type StepInstruction,
} from '../../../../src/runtime/tensorflow/step-instruction.ts';
import { BFLOAT16, FLOAT } from '../../../../src/runtime/tensorflow/tensorflow-binding.ts';

/** An instruction as it is recorded; columns tell the results apart. */
function instruction(kind: Kind, inputs: number[], cols = 4): StepInstruction {
  return { kind, inputs, tensors: [], numbers: [0], scalar: 0, cols, isSelected: kind === 'select' };
}

/** Two blocks of attention and MLP, each behind a shortcut, then a norm, the selection and a head. */
function twoBlocks(): RecordedStep {
  const instructions = [instruction('embed', [])];
  const push = (kind: Kind, inputs: number[], cols = 4): number =>
    instructions.push(instruction(kind, inputs, cols)) - 1;
  let x = 0;
  for (let block = 0; block < 2; block++) {
    const attended = push('attention', [push('linear', [push('layerNorm', [x])], 12)]);
    const after = push('add', [x, push('linear', [attended])]);
    const hidden = push('gelu', [push('linear', [push('layerNorm', [after])], 16)], 16);
    x = push('add', [after, push('linear', [hidden])]);
  }
  const selected = push('select', [push('layerNorm', [x])]);
  const head: StepInstruction = { ...instruction('linear', [selected], 50), isSelected: true };
  return { instructions, result: instructions.push(head) - 1 };
}

const kindsOf = ({ instructions }: RecordedStep): string[] =>
  instructions.map(({ kind, isSelected }) => (isSelected ? `${kind} of some` : kind));

describe('a recorded step', () => {
  it('computes behind the last attention only the rows that are wanted', () => {
    const early = selectEarly(twoBlocks());
    const kinds = kindsOf(early);
    const last = kinds.lastIndexOf('attention');
    expect(kinds.slice(0, last)).not.toContain('select of some');
    expect(kinds.slice(last + 1).every((kind) => kind.endsWith('of some'))).toBe(true);
    // The shortcut and what attention leaves, each selected once.
    expect(kinds.filter((kind) => kind === 'select of some')).toHaveLength(2);
    expect(early.instructions[early.result]).toMatchObject({ kind: 'linear', cols: 50, isSelected: true });
  });

  it('keeps all rows of what something else reads, and an attention that nothing reads', () => {
    const step: RecordedStep = {
      instructions: [
        instruction('embed', []),
        instruction('linear', [0], 12),
        instruction('attention', [1]),
        instruction('linear', [0]),
        instruction('select', [3]),
      ],
      result: 4,
    };
    const kinds = kindsOf(selectEarly(step));
    expect(kinds).toEqual(['embed', 'linear', 'attention', 'select of some', 'linear of some']);
    const whole: RecordedStep = { instructions: step.instructions.slice(0, 4), result: 3 };
    expect(kindsOf(selectEarly(whole))).toEqual(['embed', 'linear', 'attention', 'linear']);
  });

  it('joins GELU and sums onto the products before them, unless another reads the product', () => {
    const joined = joinOntoProducts(twoBlocks());
    expect(kindsOf(joined)).not.toContain('gelu');
    expect(kindsOf(joined)).not.toContain('add');
    const withResidual = joined.instructions.filter(({ inputs }) => inputs.length === 2);
    expect(withResidual).toHaveLength(4);
    expect(joined.instructions.filter(({ numbers }) => numbers[0] === 1)).toHaveLength(2);
    const read: RecordedStep = {
      instructions: [
        instruction('embed', []),
        instruction('linear', [0]),
        instruction('gelu', [1]),
        instruction('add', [1, 2]),
      ],
      result: 3,
    };
    expect(joinOntoProducts(read)).toEqual(read);
  });

  it('adds a product to itself without joining it', () => {
    const twice: RecordedStep = {
      instructions: [instruction('embed', []), instruction('linear', [0]), instruction('add', [1, 1])],
      result: 2,
    };
    expect(joinOntoProducts(twice)).toEqual(twice);
  });

  it('reads only what comes before', () => {
    const { instructions } = optimizeStep(twoBlocks());
    instructions.forEach(({ inputs }, index) => inputs.forEach((input) => expect(input).toBeLessThan(index)));
  });

  it.each([twoBlocks(), selectEarly(twoBlocks()), optimizeStep(twoBlocks())])(
    'never lays an activation over one that is still read',
    (step) => {
      const { starts, cols, selectedCols } = placeActivations(step);
      const holder = { whole: new Array<number>(cols), selected: new Array<number>(selectedCols) };
      step.instructions.forEach((made, index) => {
        const cellsOf = (i: number) => {
          const { isSelected, cols: width } = step.instructions[i] ?? made;
          const cells = isSelected ? holder.selected : holder.whole;
          const start = starts[i] ?? 0;
          expect(start + width).toBeLessThanOrEqual(cells.length);
          return { cells, start, end: start + width };
        };
        if (index !== step.result) {
          const { cells, start, end } = cellsOf(index);
          cells.fill(index, start, end);
        }
        // What it reads is still there, although its own result has been written.
        for (const input of made.inputs) {
          const { cells, start, end } = cellsOf(input);
          expect(new Set(cells.slice(start, end))).toEqual(new Set([input]));
        }
      });
      expect(cols).toBeLessThan(step.instructions.reduce((sum, { cols: width }) => sum + width, 0));
    },
  );

  it('is told in words: the registers, the instructions, tensors of float32 before halves', () => {
    const half = { id: 7, shape: [1, 4, 48], dtype: BFLOAT16 };
    const bias = { id: 9, shape: [4], dtype: FLOAT };
    const step: RecordedStep = {
      instructions: [
        { ...instruction('embed', []), tensors: [half, undefined], scalar: 1 },
        { ...instruction('linear', [0], 5), tensors: [half, bias] },
      ],
      result: 1,
    };
    const program = encodeStep(step);
    expect(program).toMatchObject({ tensors: [bias, half], numHalves: 1, cols: 5, isSelected: false });
    const one = new Int32Array(Float32Array.of(1).buffer)[0];
    expect([...program.words]).toEqual([
      ...[2, 2, 16, 0, 1],
      ...[4, 0, 0],
      ...[5, -1, 0],
      ...[KINDS.indexOf('embed'), 0, -1, -1, 1, -1, -1, 0, 0, 0, 0, one],
      ...[KINDS.indexOf('linear'), 1, 0, -1, 1, 0, -1, 0, 0, 0, 0, 0],
    ]);
  });
});
