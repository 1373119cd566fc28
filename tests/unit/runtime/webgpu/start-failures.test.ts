import { describe, expect, it } from 'vitest';
import { loadFailure, noAdapter, notInstalled } from '../../../../src/runtime/webgpu/start.ts';

/** Messages of Node's loader, glibc's and Dawn, as they came. */
describe('why Dawn cannot be loaded', () => {
  it.each([
    {
      message: "Cannot find module '/app/node_modules/webgpu/dist/linux-riscv64/dawn.node'",
      remedy: /no binary for linux-riscv64: use another runtime/,
    },
    {
      message:
        "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by /app/node_modules/webgpu/dist/linux-x64/dawn.node)",
      remedy: /needs GLIBC_2\.34/,
    },
    {
      message: 'libX11.so.6: cannot open shared object file: No such file or directory',
      remedy: /libX11\.so\.6 is missing: install it/,
    },
    { message: 'something else', remedy: /does not load: something else/ },
  ])('$message', ({ message, remedy }) => {
    const error = loadFailure({ error: new Error(message), platform: 'linux', arch: 'riscv64' });
    expect(error.code).toBe('backend_unavailable');
    expect(error.message).toMatch(remedy);
  });
});

it('where Dawn is not installed, says in one line how it is had, or that it cannot be', () => {
  const { code, message } = notInstalled('linux', 'x64');
  expect(code).toBe('backend_unavailable');
  expect(message).toBe('Dawn is not installed: run `npx tokenflare setup webgpu`');
  expect(notInstalled('linux', 'riscv64').message).toMatch(/npm has none for linux-riscv64: use another/);
});

describe('why Dawn has no adapter', () => {
  it.each([
    {
      log: "Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory",
      remedy: /no Vulkan loader: install libvulkan1/,
    },
    {
      log: 'Warning: vkCreateInstance: Found no drivers!\nWarning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER\n    at CheckVkSuccessImpl (/x.cpp:106)',
      remedy:
        /found no driver: install that of the GPU.*\(Dawn said: .*Found no drivers!; .*INCOMPATIBLE_DRIVER\)/,
    },
    {
      log: 'Warning: Vulkan shaderUniformBufferArrayDynamicIndexing required.',
      remedy: /driver is too old for Dawn/,
    },
    { log: '', remedy: /is there a GPU with a Vulkan driver\? \(Dawn gave no reason\)/ },
  ])('$log', ({ log, remedy }) => {
    const error = noAdapter(log);
    expect(error.code).toBe('backend_unavailable');
    expect(error.message).toMatch(remedy);
  });
});
