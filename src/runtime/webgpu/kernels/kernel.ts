import type { RowKind } from '../../step/step-recorder.ts';

/** What a compute shader may do with a buffer: `write` includes reading it back. */
export type Access = 'read' | 'write';

/** A compute shader for fixed dimensions, as plain data. Equal code is one pipeline. */
export interface Kernel {
  readonly name: string;
  readonly code: string;
  /** Bindings of group 0, in order. */
  readonly access: readonly Access[];
  /** Workgroups to start: fixed for a bucket; those of rows that a step lacks return at once. */
  readonly workgroups: readonly [x: number, y: number, z: number];
}

/** A buffer of a kernel: its name in the code, the type of its elements, what is done with it. */
export interface Binding {
  readonly name: string;
  readonly type: string;
  readonly access: Access;
}

interface KernelParts {
  name: string;
  /** Beside the step buffer, which every kernel has as binding 0. */
  bindings: readonly Binding[];
  /** Constants, workgroup memory and functions. */
  declarations?: string;
  workgroupSize: number;
  /** Has `thread` (its index in the workgroup) and `group` (the workgroup's index). */
  body: string;
  workgroups: Kernel['workgroups'];
}

/**
 * Elements of the step buffer before its rows: the counts of rows, logit rows, tiles and top rows; then where logit
 * rows, tiles, top rows and pages start; then how many pages each table has, all sequences together.
 */
export const STEP_HEADER = 3;

export function defineKernel(parts: KernelParts): Kernel {
  const bindings: readonly Binding[] = [
    { name: 'step', type: 'vec4<u32>', access: 'read' },
    ...parts.bindings,
  ];
  const declared = bindings.map(
    ({ name, type, access }, index) =>
      `@group(0) @binding(${index}) var<storage, ${access === 'read' ? 'read' : 'read_write'}> ${name}: array<${type}>;`,
  );
  const code = `${declared.join('\n')}
${STEP_FUNCTIONS}
${parts.declarations ?? ''}
@compute @workgroup_size(${parts.workgroupSize})
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
${parts.body}
}
`;
  return {
    name: parts.name,
    code,
    access: bindings.map(({ access }) => access),
    workgroups: parts.workgroups,
  };
}

const STEP_FUNCTIONS = `
fn num_step_rows() -> u32 { return step[0].x; }
fn num_logit_rows() -> u32 { return step[0].y; }
fn num_tiles() -> u32 { return step[0].z; }
fn num_top_rows() -> u32 { return step[0].w; }
/** Token, position, the page of the position in each table. */
fn step_row(row: u32) -> vec4<u32> { return step[${STEP_HEADER} + row]; }
fn logit_row(row: u32) -> u32 { return step[step[1].x + row].x; }
/** First row, number of rows, where the sequence's pages begin, position of the first row. */
fn tile_at(index: u32) -> vec4<u32> { return step[step[1].y + index]; }
fn top_row(index: u32) -> u32 { return step[step[1].z + index].x; }
fn num_pages() -> u32 { return step[2].x; }
/** Of the pages of all sequences, one after the other; those of the second table lie behind those of the first. */
fn page_at(index: u32) -> u32 { return step[step[1].w + index / 4][index % 4]; }
`;

/** The WGSL function that counts the real rows of that kind. */
export const numRowsOf = (rows: RowKind): string => `num_${rows}_rows()`;

/** Numbers of a row in memory: rows start at a multiple of four, so that a row is read in quads. */
export const strideOf = (numCols: number): number => 4 * quadsOf(numCols);

export const quadsOf = (numCols: number): number => Math.ceil(numCols / 4);

/** One statement for each index, so that what they index can live in registers. */
export function unroll(count: number, statement: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => statement(index)).join('\n');
}

/**
 * Blanks what lies behind the last column in the last quad of a row: it holds anything, and the zeros that a weight
 * has there do not help against NaN.
 */
export function maskLastQuad(value: string, quad: string, numCols: number): string {
  const numUsed = numCols % 4;
  if (numUsed === 0) return value;
  const keep = Array.from({ length: 4 }, (_, i) => String(i < numUsed)).join(', ');
  return `select(${value}, select(vec4<f32>(), ${value}, vec4<bool>(${keep})), ${quad} == ${quadsOf(numCols) - 1})`;
}
