import type { Command } from 'commander';

/** The flags that were given, by their long names without the dashes; one without a value is true. */
export function givenFlags(command: Command): Record<string, string | true> {
  const flags = command.options.flatMap((option): [string, string | true][] => {
    const value: unknown = command.getOptionValue(option.attributeName());
    const isGiven = typeof value === 'string' || value === true;
    return option.long !== undefined && isGiven ? [[option.long.slice(2), value]] : [];
  });
  return Object.fromEntries(flags);
}
