import { Command, type ErrorOptions } from 'commander';
import { VERSION } from '../version.ts';

/**
 * A command with what all have: -h, -v, a guess at what was meant, and a pointer to its help after an error of use. Such
 * an error is written and then thrown, as `CommanderError`.
 */
export class BaseCommand extends Command {
  constructor(name: string) {
    super(name);
    this.helpOption('-h, --help', 'shows this')
      .version(VERSION, '-v, --version', 'shows the version')
      .configureHelp({ subcommandTerm: (command) => command.name() })
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'tokenflare: ')) });
  }

  override createCommand(name: string): Command {
    return new BaseCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    this.showHelpAfterError(`'${pathOf(this)} --help' says what there is`);
    return super.error(message, options);
  }
}

/** `tokenflare keys create`. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}
