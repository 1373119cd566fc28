import { DockerfileParser, Env, type Instruction } from 'dockerfile-ast';

/** One FROM and what follows it. */
export interface Stage {
  base: string;
  /** `build` of `FROM … AS build`. */
  name: string | undefined;
  instructions: readonly Instruction[];
}

export function stagesOf(dockerfile: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    if (instruction.getKeyword() === 'FROM') {
      const [base = '', , name] = instruction.getExpandedArguments().map((argument) => argument.getValue());
      stages.push({ base, name, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** What stands behind a keyword, continuation lines joined, without flags such as --mount. */
export function textsOf({ instructions }: Stage, keyword: string): string[] {
  return instructions
    .filter((instruction) => instruction.getKeyword() === keyword)
    .map((instruction) => instruction.getArgumentsContent() ?? '');
}

/** The words of an instruction in its exec form. */
export function execFormOf(stage: Stage, keyword: string): string[] {
  const [text = '', ...others] = textsOf(stage, keyword);
  if (others.length > 0) throw new Error(`more than one ${keyword}`);
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}

/** Every variable that a stage sets by ENV. */
export function environmentOf({ instructions }: Stage): Record<string, string> {
  const properties = instructions.flatMap((instruction) =>
    instruction instanceof Env ? instruction.getProperties() : [],
  );
  return Object.fromEntries(properties.map((property) => [property.getName(), property.getValue() ?? '']));
}
