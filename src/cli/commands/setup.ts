import type { Command } from 'commander';
import { doctorReportLine } from '../../runtime/doctor-report.ts';
import { probeRuntime } from '../../runtime/probe-runtime.ts';
import { findDawn } from '../../runtime/webgpu/dawn.ts';
import { installDawn } from '../../runtime/webgpu/install-dawn.ts';
import { print, say } from '../terminal.ts';

export function configureSetup(command: Command): void {
  command
    .command('webgpu')
    .description('Fetches Dawn by npm, which RUNTIME=webgpu computes on: 20 to 40 MB on the disk.')
    .option('--again', 'fetches it where it is there, too')
    .action((options: { again?: true }) => setUpWebGpu(options.again === true))
    .addHelpText(
      'after',
      '\nIt lies in `tokenflare` in `$XDG_DATA_HOME`, or in `~/.local/share`. No script of npm is run.',
    );
}

async function setUpWebGpu(again: boolean): Promise<void> {
  const found = again ? undefined : findDawn();
  if (found !== undefined) print(`Dawn is there already: ${found}`);
  else {
    say('fetching Dawn by npm, 51 MB …');
    print(`Dawn is in ${await installDawn()}`);
  }
  // In a process of its own, which a driver may bring down.
  print(doctorReportLine(await probeRuntime('webgpu')));
}
