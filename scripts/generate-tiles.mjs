/**
 * Writes the innermost loops of the dense products: a tile of rows times a panel of eight outputs, every sum a local
 * variable of its own, since AssemblyScript has no arrays in registers.
 *
 *     x, the rows of a tile       [steps][rows]  four bytes each: one number, two of 16 bits, or four of 8
 *     w, a panel of eight outputs [steps][8]     as many weights each
 *
 *                      one step of the panel   w0: outputs 0-3   w1: outputs 4-7
 *                                              | | | |           | | | |
 *     one step of the tile   row 0, splat  --> s00               s01
 *                            row 1, splat  --> s10               s11
 *                            row 2, splat  --> s20               s21
 *                            row 3, splat  --> s30               s31
 *
 *     format     a step of w   a sum
 *     Float32    1 k, 32 B     float32: over k in order, each product rounded before it is added, unless relaxed SIMD is
 *                              there and the processor does both in one (vector.ts)
 *     Bfloat16   1 k, 16 B     the same sums; weights are widened as they are read, which is exact (bfloat16.ts)
 *     Int8       2 k, 16 B     int32, hence exact: weights widened to 16 bits times rows of 16 bits (quantise.ts)
 *     Int8Sums   2 k, 16 B     the same sums; the panel has no scales, and results are added to what lies there
 *     Int8Quads  4 k, 32 B     int32 of 16 steps, weights times rows of 7 bits, by relaxed SIMD; these sums, times the
 *                              scales that a row has for its 16 steps (quantise-groups.ts), are added in float32 in order
 *
 * Float sums are stored as they are, integer ones times the scale of their row and that of their output; a bias is
 * added last. These scales lie in front of the steps. Every tile and row ends its sums alike, so that a row's result
 * has the same bits whatever tile it is in.
 *
 * V8 moves all loads of a loop before its arithmetic. Eight sums, two vectors of weights, four of x and a product are
 * the fifteen registers that it has: a larger tile, or this one unrolled, would go through the stack. A single row has
 * to be as fast as memory delivers the weights: it is unrolled, or multiplied by three panels at once, so that more of
 * them are on their way.
 *
 * Plain JavaScript, since build-kernels.mjs runs it before anything is compiled.
 */

const UNROLLED_STEPS = 4;
/** Where the panels of a row that is multiplied by several at once are read. */
const PANELS = ['w', 'v', 'u'];

const range = (count) => Array.from({ length: count }, (_, i) => i);

/** The two vectors of a panel, counted through all panels. */
const vectorsOf = (panel) => [2 * panel, 2 * panel + 1];

const FLOAT_SUMS = {
  zero: 'f32x4.splat(0)',
  add: (sum, a, w) => `Vector.multiplyAdd(${a}, ${w}, ${sum})`,
  scaleBytes: { x: 0, w: 0 },
  result: (sum) => sum,
};

const INTEGER_SUMS = {
  zero: 'i32x4.splat(0)',
  add: (sum, a, w) => `i32x4.add(${sum}, i32x4.dot_i16x8_s(${a}, ${w}))`,
  scaleBytes: { x: 16, w: 32 },
  result: (sum, row, vector) =>
    `f32x4.mul(f32x4.convert_i32x4_s(${sum}), f32x4.mul(v128.load32_splat(rowScales, ${4 * row}), scale${vector}))`,
};

const loadWhole = (offset, panel) =>
  vectorsOf(panel).map((v) => `const w${v} = v128.load(${PANELS[panel]}, ${offset + 16 * (v % 2)});`);

const loadNarrow = (offset, panel) =>
  vectorsOf(panel).map((v) => `const w${v} = v128.load_ext<i8>(${PANELS[panel]}, ${offset + 8 * (v % 2)});`);

/** What each format makes of a step: `load` are the statements that put its weights into w0 and w1. */
const FORMATS = {
  Float32: {
    ...FLOAT_SUMS,
    stepBytes: 32,
    load: loadWhole,
  },
  Bfloat16: {
    ...FLOAT_SUMS,
    stepBytes: 16,
    load: (offset, panel) => [
      `const words${panel} = v128.load(${PANELS[panel]}, ${offset});`,
      `const w${2 * panel} = Bfloat16.low(words${panel});`,
      `const w${2 * panel + 1} = Bfloat16.high(words${panel});`,
    ],
  },
  Int8: {
    ...INTEGER_SUMS,
    stepBytes: 16,
    load: loadNarrow,
  },
  Int8Sums: {
    ...INTEGER_SUMS,
    scaleBytes: { x: 16, w: 0 },
    result: (sum, row, vector) => {
      const scaled = `f32x4.mul(f32x4.convert_i32x4_s(${sum}), v128.load32_splat(rowScales, ${4 * row}))`;
      return `f32x4.add(v128.load(to, ${16 * vector}), ${scaled})`;
    },
    stepBytes: 16,
    load: loadNarrow,
  },
  Int8Quads: {
    add: (sum, a, w) => `i32x4.relaxed_dot_i8x16_i7x16_add_s(${w}, ${a}, ${sum})`,
    scaleBytes: { x: 0, w: 32 },
    result: (sum, row, vector) => `f32x4.mul(total${sum.slice(1)}, scale${vector})`,
    stepBytes: 32,
    load: loadWhole,
    isGrouped: true,
  },
};

/** Steps of quads that share a scale in a row, as an expression. */
const GROUP_STEPS = '(QUAD_GROUP >> 2)';

/** The names of the formats. */
export const TILE_FORMATS = Object.keys(FORMATS);

const indent = (lines) => lines.map((line) => `  ${line}`);

const sumName = (row, vector) => `s${row}${vector}`;

const vectors = ({ numPanels }) => range(2 * numPanels);

const sumsOf = (tile) =>
  range(tile.numRows).flatMap((row) =>
    vectors(tile).map((vector) => ({ name: sumName(row, vector), row, vector })),
  );

/** One step of all rows, `step` steps after where x and the panels point. */
function stepLines(tile, step) {
  const { format, numRows, numPanels } = tile;
  const load = range(numPanels).flatMap((panel) => format.load(step * format.stepBytes, panel));
  const rows = range(numRows).flatMap((row) => [
    `a = v128.load32_splat(x, ${4 * (step * numRows + row)});`,
    ...vectors(tile).map((v) => `${sumName(row, v)} = ${format.add(sumName(row, v), 'a', `w${v}`)};`),
  ]);
  return ['{', ...indent([...load, ...rows]), '}'];
}

/** A loop over steps until x reaches `end`. */
function loopLines(tile, numSteps, end) {
  const { format, numRows, numPanels } = tile;
  const panels = PANELS.slice(0, numPanels).map((panel) => `${panel} += ${format.stepBytes * numSteps}`);
  const advance = [`x += ${4 * numRows * numSteps}`, ...panels].join(', ');
  const steps = range(numSteps).flatMap((step) => stepLines(tile, step));
  return [`for (; x < ${end}; ${advance}) {`, ...indent(steps), '}'];
}

const plus = (name, amount) => (amount === 0 ? name : `${name} + ${amount}`);

function storeLines(tile) {
  return range(tile.numRows).flatMap((row) => [
    ...(row === 0 ? [] : [`if (rows < ${row + 1}) return;`, 'to += rowBytes;']),
    ...vectors(tile).map((v) => {
      const result = tile.format.result(sumName(row, v), row, v);
      const cols = v === 0 ? 'cols' : `cols - ${4 * v}`;
      return `Output.store(${plus('to', 16 * v)}, ${result}, bias${v}, ${cols});`;
    }),
  ]);
}

/** Statements that keep where the scales are, and move x and the panels on to the steps. */
function scaleLines({ format, numPanels }) {
  const { scaleBytes } = format;
  const ofRows = ['const rowScales = x;', `x += ${scaleBytes.x};`];
  const ofOutputs = range(numPanels).flatMap((panel) => [
    ...vectorsOf(panel).map((v) => `const scale${v} = v128.load(${PANELS[panel]}, ${16 * (v % 2)});`),
    `${PANELS[panel]} += ${scaleBytes.w};`,
  ]);
  return [...(scaleBytes.x > 0 ? ofRows : []), ...(scaleBytes.w > 0 ? ofOutputs : [])];
}

/** The loops over all steps, of which each row has `steps`. */
function productLines(tile) {
  const { format, numRows, numPanels } = tile;
  const unrolled = [
    `const unrolled = x + floats(steps & ~${UNROLLED_STEPS - 1});`,
    ...loopLines(tile, UNROLLED_STEPS, 'unrolled'),
  ];
  return [
    ...sumsOf(tile).map(({ name }) => `let ${name} = ${format.zero};`),
    'let a: v128;',
    `const end = x + floats(steps) * ${numRows};`,
    ...(numRows * numPanels === 1 ? unrolled : []),
    ...loopLines(tile, 1, 'end'),
  ];
}

/**
 * The same in groups of steps. Integers of a row are too large by its offset in the group: an integer sum begins with
 * the group's sum of weights times the negative of it.
 */
function groupedProductLines(tile) {
  const { numRows, numPanels } = tile;
  const headBytes = numRows === 1 ? 16 : 32;
  const sums = sumsOf(tile);
  const panels = PANELS.slice(0, numPanels);
  return [
    ...sums.map(({ name }) => `let total${name.slice(1)} = f32x4.splat(0);`),
    'let a: v128;',
    `for (; steps > 0; steps -= ${GROUP_STEPS}) {`,
    ...indent([
      'const scales = x;',
      ...vectors(tile).map((v) => `const weights${v} = v128.load(${PANELS[v >> 1]}, ${16 * (v % 2)});`),
      ...sums.map(({ name, row, vector }) => {
        const offset = `v128.load32_splat(x, ${4 * (numRows + row)})`;
        return `let ${name} = i32x4.dot_i16x8_s(weights${vector}, ${offset});`;
      }),
      `x += ${headBytes};`,
      ...panels.map((panel) => `${panel} += 32;`),
      `const end = x + floats(min(steps, ${GROUP_STEPS})) * ${numRows};`,
      ...loopLines(tile, 1, 'end'),
      ...sums.map(({ name, row }) => {
        const total = `total${name.slice(1)}`;
        const scaled = `f32x4.mul(f32x4.convert_i32x4_s(${name}), v128.load32_splat(scales, ${4 * row}))`;
        return `${total} = f32x4.add(${total}, ${scaled});`;
      }),
    ]),
    '}',
  ];
}

/**
 * The source of a function that multiplies `numRows` rows by a panel: `row1x8Float32(x, w, steps, bias, to, cols)`,
 * `tile4x8Int8(x, w, steps, bias, to, stride, rows, cols)`; or a row by three panels, `panelBytes` apart:
 * `row1x24Int8(x, w, panelBytes, steps, bias, to, cols)`. It stores at most rows x cols numbers at `to`, rows `stride`
 * numbers apart, and reads eight of the bias for a panel, unless its address is 0.
 */
export function generateTile(formatName, numRows, numPanels = 1) {
  const tile = { format: FORMATS[formatName], numRows, numPanels };
  const isRow = numRows === 1;
  const bounds = isRow ? 'to: usize, cols: i32' : 'to: usize, stride: i32, rows: i32, cols: i32';
  const panels = numPanels === 1 ? 'w: usize' : 'w: usize, panelBytes: usize';
  const name = `${isRow ? 'row' : 'tile'}${numRows}x${8 * numPanels}${formatName}`;
  const body = [
    ...range(numPanels - 1).map((i) => `let ${PANELS[i + 1]} = ${PANELS[i]} + panelBytes;`),
    ...scaleLines(tile),
    ...(tile.format.isGrouped ? groupedProductLines(tile) : productLines(tile)),
    ...vectors(tile).map((v) => `const bias${v} = ${v === 0 ? 'bias' : `bias ? bias + ${16 * v} : 0`};`),
    ...(isRow ? [] : ['const rowBytes = floats(stride);']),
    ...storeLines(tile),
  ];
  return [
    `export function ${name}(x: usize, ${panels}, steps: i32, bias: usize, ${bounds}): void {`,
    ...indent(body),
    '}',
  ].join('\n');
}

/** Rows and panels of the functions of a format. */
export const TILE_SIZES = [
  { numRows: 1, numPanels: 1 },
  { numRows: 1, numPanels: 3 },
  { numRows: 4, numPanels: 1 },
];

/** The source of the module `tiles.generated.ts`: each size of each format. */
export function generateTiles() {
  const functions = TILE_FORMATS.flatMap((name) =>
    TILE_SIZES.map(({ numRows, numPanels }) => generateTile(name, numRows, numPanels)),
  );
  return [
    '// Written by scripts/generate-tiles.mjs, where the layout is drawn.',
    "import { Bfloat16 } from './bfloat16';",
    "import { QUAD_GROUP } from './kernel-ids';",
    "import { Output } from './output';",
    "import { floats } from './pool';",
    "import { Vector } from './vector';",
    '',
    functions.join('\n\n'),
    '',
  ].join('\n');
}
