import type { Command } from 'commander';
import { COMMANDS } from '../src/cli/commands.ts';
import { createProgram } from '../src/cli/run-command-line.ts';

/** Columns of the help in docs/cli.md. */
const WIDTH = 100;
/** Between these lines of docs/cli.md the help of all commands stands. */
const BEGIN = '<!-- By `npm run cli-docs`: -->';
const END = '<!-- Until here. -->';

/** docs/cli.md with the help of all commands as it is now. */
export async function withReference(document: string): Promise<string> {
  const [before, after] = [document.split(BEGIN)[0] ?? '', document.split(END)[1] ?? ''];
  return `${before}${BEGIN}\n\n${await reference()}\n${END}${after}`;
}

async function reference(): Promise<string> {
  const parts = [section('tokenflare', await createProgram(undefined))];
  for (const { name, isHidden } of COMMANDS) {
    if (isHidden === true) continue;
    const program = await createProgram(name);
    const command = program.commands.find((one) => one.name() === name);
    if (command === undefined) continue;
    parts.push(section(`tokenflare ${name}`, command));
    for (const one of command.commands) parts.push(section(`tokenflare ${name} ${one.name()}`, one));
  }
  return parts.join('\n');
}

function section(title: string, command: Command): string {
  return `## ${title}\n\n\`\`\`text\n${shortened(helpOf(command))}\n\`\`\`\n`;
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (piece) => (text += piece), getOutHelpWidth: () => WIDTH });
  command.outputHelp();
  return text.trimEnd();
}

/** Settings are a page of their own: their flags alone stay. */
function shortened(help: string): string {
  const paragraphs = help.split('\n\n').flatMap((paragraph) => {
    const [heading = '', ...lines] = paragraph.split('\n');
    if (heading.startsWith('Without a flag:')) return [];
    if (!heading.startsWith('Settings')) return [paragraph];
    const flags = lines.flatMap((line) => /^ {2}(--[\w-]+)/.exec(line)?.[1] ?? []);
    return [`${heading}\n${wrapped(flags)}`];
  });
  return paragraphs.join('\n\n');
}

function wrapped(words: readonly string[]): string {
  const lines = [' '];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    if (last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join('\n');
}
