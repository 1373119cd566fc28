import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { bindToParent, canBindToParent } from '../../../src/process/bind-to-parent.ts';
import { childEnvironment } from '../../../src/process/child-environment.ts';

it('gives children what programs, libraries and drivers read', () => {
  const environment = {
    PATH: '/usr/bin',
    HOME: '/home/a',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    LD_LIBRARY_PATH: '/usr/lib/cuda',
    CUDA_VISIBLE_DEVICES: '0',
    NVIDIA_TF32_OVERRIDE: '1',
    VK_ICD_FILENAMES: '/usr/share/vulkan/lvp.json',
    XDG_RUNTIME_DIR: '/run/user/1',
    TF_CPP_MIN_LOG_LEVEL: '2',
    LP_NUM_THREADS: '2',
    OMP_NUM_THREADS: '2',
    NODE_OPTIONS: '--max-http-header-size=16384',
    Path: 'C:\\Windows',
  };
  expect(childEnvironment(environment)).toEqual(environment);
});

it('keeps keys, tokens and settings of the service from them', () => {
  const environment = {
    HF_TOKEN: 'hf_a',
    HUGGING_FACE_HUB_TOKEN: 'hf_a',
    REDIS_URL: 'redis://:password@host',
    KEYS_FILE: '/etc/keys.json',
    OPENAI_API_KEY: 'sk-a',
    AWS_SECRET_ACCESS_KEY: 'a',
    NODE_AUTH_TOKEN: 'npm_a',
    npm_config__authToken: 'npm_a',
    // Begin as a driver's variables do.
    NVIDIA_API_KEY: 'nvapi-a',
    XDG_PASSWORD: 'a',
    TF_TOKEN_app_terraform_io: 'a',
  };
  expect(childEnvironment(environment)).toEqual({});
});

it.runIf(canBindToParent())('binds a command to its parent without changing what it does', () => {
  const script = 'console.log(process.argv.slice(1).join(), process.execArgv.join()); process.exit(7)';
  const [program, ...args] = bindToParent([process.execPath, '--no-warnings', '-e', script, 'a', 'b']);
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 7, stdout: 'a,b --no-warnings,-e,' + script + '\n' });
});
