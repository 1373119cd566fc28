import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerGrammar } from '../../../src/generation/constraint/answer-grammar.ts';
import { parameterTypes } from '../../../src/generation/constraint/argument-list.ts';
import { SchemaReader } from '../../../src/generation/schema-types.ts';
import type { ToolDefinition } from '../../../src/generation/tools.ts';
import { StepBudget } from '../../../src/step-budget.ts';
import { JsonMeasure } from '../../../src/json-measure.ts';
import { publishedToolUse } from '../../support/published-templates.ts';

const PARAM = 'tools[3].function.parameters';
const toolOf = (parameters: Record<string, unknown>): ToolDefinition => ({
  name: 'f',
  parameters,
  strict: true,
  param: 'tools[3].function',
});
const refused = { code: 'invalid_request', param: PARAM };

const selfReferring = (numTimes: number): ToolDefinition =>
  toolOf({
    type: 'object',
    properties: { a: { $ref: '#/$defs/a' } },
    $defs: { a: { anyOf: Array.from({ length: numTimes }, () => ({ $ref: '#/$defs/a' })) } },
  });

const grammarOf = (family: string, tool: ToolDefinition, budget: StepBudget) =>
  answerGrammar({
    tools: [tool],
    format: publishedToolUse(family).format,
    toolChoice: { type: 'required' },
    allowsParallelCalls: true,
    outputFormat: undefined,
    reasoning: undefined,
    reasoningState: 'behind',
    tokens: new Map(),
    budget,
  });

describe('the schemas of tools are read in a number of steps', () => {
  it.each(['qwen3.5', 'function-gemma', 'pythonic'])(
    '%s: a schema that refers to itself 400 times is read once',
    (family) => {
      const budget = new StepBudget(10_000);
      grammarOf(family, selfReferring(400), budget);
      expect(budget.numSteps).toBeLessThan(2000);
    },
  );

  it('types by name take as few', () => {
    const budget = new StepBudget(10_000);
    expect(parameterTypes(selfReferring(400), budget)).toEqual(new Map([['a', undefined]]));
    expect(budget.numSteps).toBeLessThan(2000);
  });

  it('ten properties that refer to themselves are refused, by the name of the field', () => {
    const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { $ref: '#' }]));
    const tool = toolOf({ type: 'object', properties });
    const budget = new StepBudget(10_000);
    expect(() => grammarOf('function-gemma', tool, budget)).toThrow(expect.objectContaining(refused));
    expect(budget.numSteps).toBeLessThan(10_100);
  });

  it.each([
    ['keys', { properties: { ['k'.repeat(160_001)]: {} } }],
    ['required names', { properties: { a: {} }, required: Array.from({ length: 10_001 }, (_, i) => `${i}`) }],
    ['values', { properties: { a: { enum: Array.from({ length: 10_001 }, (_, i) => i) } } }],
    ['references', { properties: { a: { $ref: `#/${'x/'.repeat(100_000)}` } } }],
    ['parts', { properties: { a: { anyOf: Array.from({ length: 10_001 }, () => ({})) } } }],
  ])('a schema with too many %s is refused', (_, parameters) => {
    const budget = new StepBudget(10_000);
    expect(() => parameterTypes(toolOf({ type: 'object', ...parameters }), budget)).toThrow(
      expect.objectContaining(refused),
    );
  });

  it('the required names are looked up, not searched', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `p${index}`);
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'integer' }]));
    const budget = new StepBudget(100_000);
    parameterTypes(toolOf({ type: 'object', properties, required: names }), budget);
    expect(budget.numSteps).toBeLessThan(50_000);
  });
});

/** The definition, level by level: what is deeper than any of these schemas says nothing. */
function typesByLevels(schema: unknown, root: Record<string, unknown>, level = 0): Set<string> | undefined {
  if (typeof schema !== 'object' || schema === null || level > 12) return undefined;
  const { $ref: ref, type, anyOf } = schema as { $ref?: string; type?: string; anyOf?: unknown[] };
  if (ref !== undefined) {
    return typesByLevels((root['$defs'] as Record<string, unknown>)[ref.slice(8)], root, level + 1);
  }
  if (type !== undefined) return new Set([type]);
  const types = new Set((anyOf ?? []).flatMap((part) => [...(typesByLevels(part, root, level + 1) ?? [])]));
  return types.size > 0 ? types : undefined;
}

it('a schema that refers to itself has the types that reading it to any depth has', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const part = fc.oneof(
    name.map((to) => ({ $ref: `#/$defs/${to}` })),
    fc.constantFrom('string', 'integer', 'null').map((type) => ({ type })),
    fc.constant({}),
  );
  const alternatives = fc.array(part, { maxLength: 2 }).map((anyOf) => ({ anyOf }));
  const definition = fc.oneof(part, alternatives);
  const root = fc.record({ a: definition, b: definition, c: definition, d: definition });
  fc.assert(
    fc.property(root, ($defs) => {
      const reader = new SchemaReader({ $defs }, PARAM, new StepBudget(Infinity));
      for (const schema of Object.values($defs)) {
        expect(reader.types(schema)).toEqual(typesByLevels(schema, { $defs }));
      }
    }),
    { numRuns: 500 },
  );
});

describe('JsonMeasure', () => {
  it('is about as long as the JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const measure = new JsonMeasure(Infinity);
        measure.add(value);
        expect(measure.numCharacters).toBeLessThanOrEqual(2 * JSON.stringify(value).length + 2);
        expect(JSON.stringify(value).length).toBeLessThanOrEqual(25 * measure.numCharacters);
      }),
    );
  });

  it('ends at its bound where one object stands in a value many times', () => {
    let value: unknown = 'text';
    for (let level = 0; level < 60; level++) value = [value, value];
    let numObjects = 0;
    expect(new JsonMeasure(1000).add({ value }, () => numObjects++)).toBe(false);
    expect(numObjects).toBe(1);
  });
});
