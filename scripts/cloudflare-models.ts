import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import ts from 'typescript';
import { assertInvariant } from '../src/errors.ts';

/**
 * Writes routes/workers-ai/cloudflare-models.ts: what each id of Cloudflare's is for, by the type `AiModels` of
 * @cloudflare/workers-types. To be run after that package was raised: `npx tsx scripts/cloudflare-models.ts`.
 */

const TYPES = new URL('../node_modules/@cloudflare/workers-types/', import.meta.url);
const TABLE = fileURLToPath(new URL('../routes/workers-ai/cloudflare-models.ts', import.meta.url));

/** A model of `AiModels`: the names of its inputs' and outputs' fields, those of all variants together. */
export interface CloudflareModel {
  readonly id: string;
  readonly inputs: ReadonlySet<string>;
  readonly outputs: ReadonlySet<string>;
}

/** How a task is known; the first that fits counts. */
const TASKS: readonly (readonly [task: string, fits: (model: CloudflareModel) => boolean])[] = [
  ['responses', ({ outputs }) => outputs.has('output') && outputs.has('choices')],
  ['chat', ({ outputs }) => outputs.has('choices')],
  ['guard', ({ outputs }) => outputs.has('response.safe')],
  ['embeddings', ({ outputs }) => outputs.has('data') && outputs.has('shape')],
  ['ranking', ({ outputs }) => outputs.has('response.score')],
  ['text', ({ outputs }) => outputs.has('response')],
  ['summary', ({ outputs }) => outputs.has('summary')],
  ['translation', ({ outputs }) => outputs.has('translated_text') || outputs.has('translations')],
  ['imageClassification', ({ inputs, outputs }) => inputs.has('image') && outputs.has('label')],
  ['classification', ({ outputs }) => outputs.has('label')],
  ['imageToText', ({ outputs }) => outputs.has('description') || outputs.has('caption')],
  ['turnDetection', ({ outputs }) => outputs.has('is_complete')],
  ['speechSynthesis', ({ inputs, outputs }) => inputs.has('speaker') || outputs.has('audio')],
  ['speechRecognition', ({ inputs, outputs }) => inputs.has('audio') || outputs.has('transcript')],
  ['imageGeneration', ({ inputs, outputs }) => inputs.has('negative_prompt') || outputs.has('image')],
];

/** The models of `AiModels`, in its order. */
export function readCloudflareModels(): CloudflareModel[] {
  const path = fileURLToPath(new URL('index.d.ts', TYPES));
  const program = ts.createProgram([path], { types: [], lib: ['lib.esnext.d.ts'], skipLibCheck: true });
  const checker = program.getTypeChecker();
  const models = program
    .getSourceFile(path)
    ?.statements.find(
      (statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === 'AiModels',
    );
  assertInvariant(models, `${path} has an interface AiModels`);
  return checker.getPropertiesOfType(checker.getTypeAtLocation(models)).map((symbol) => {
    const fieldsOf = (side: string): Set<string> => {
      const field = checker.getTypeOfSymbol(symbol).getProperty(side);
      assertInvariant(field, `${symbol.name} has ${side}`);
      return new Set(fieldNames(checker, checker.getTypeOfSymbol(field)));
    };
    return { id: symbol.name, inputs: fieldsOf('inputs'), outputs: fieldsOf('postProcessedOutputs') };
  });
}

/** Of all variants and of lists' entries; those of the field `response` too, as `response.safe`. */
function fieldNames(checker: ts.TypeChecker, type: ts.Type): string[] {
  if (type.isUnion()) return type.types.flatMap((variant) => fieldNames(checker, variant));
  if (checker.isArrayType(type)) {
    return checker.getTypeArguments(type as ts.TypeReference).flatMap((entry) => fieldNames(checker, entry));
  }
  if (!type.isIntersection() && (type.flags & ts.TypeFlags.Object) === 0) return [];
  return checker.getPropertiesOfType(type).flatMap((field) => {
    if (field.name !== 'response') return [field.name];
    const within = fieldNames(checker, checker.getTypeOfSymbol(field));
    return [field.name, ...within.map((name) => `response.${name}`)];
  });
}

/** The list of tasks wants another where none fits. */
export function taskOf(model: CloudflareModel): string {
  const [task] = TASKS.find(([, fits]) => fits(model)) ?? [];
  assertInvariant(task, `a task fits ${model.id}, which gives ${[...model.outputs].join(', ')}`);
  return task;
}

/** The text of the table. */
export async function writeTable(models: readonly CloudflareModel[]): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('package.json', TYPES), 'utf8')) as { version: string };
  const ids = Object.fromEntries(
    TASKS.map(([task]) => [
      task,
      models
        .filter((model) => taskOf(model) === task)
        .map(({ id }) => id)
        .sort(),
    ]),
  );
  const text = `/**
 * What ids of Cloudflare's are for, by the type \`AiModels\` of @cloudflare/workers-types ${version}. Written by
 * scripts/cloudflare-models.ts; do not edit.
 */
export const CLOUDFLARE_MODELS = ${JSON.stringify(ids)} as const;
`;
  return format(text, { ...(await resolveConfig(TABLE)), parser: 'typescript' });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(TABLE, await writeTable(readCloudflareModels()));
}
