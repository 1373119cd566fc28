import { describe, expect, it } from 'vitest';
import { describeSettings, readConfig } from '../../src/config/config.ts';

describe('readConfig', () => {
  it('has a default for every setting', () => {
    const config = readConfig({}, []);
    expect(config.port).toBe(8787);
    expect(config.runtime).toBe('auto');
    expect(config.requestTimeoutMs).toBe(600_000);
    expect(config.model).toBeUndefined();
    expect(config.logPrompts).toBe(false);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('lets a flag win over the environment', () => {
    const environment = { MAX_NUM_SEQS: '4', SHUTDOWN_TIMEOUT: '1.5' };
    expect(readConfig(environment, []).maxNumSeqs).toBe(4);
    expect(readConfig(environment, []).shutdownTimeoutMs).toBe(1500);
    expect(readConfig(environment, ['--max-num-seqs', '2']).maxNumSeqs).toBe(2);
    expect(readConfig(environment, ['--max-num-seqs=3']).maxNumSeqs).toBe(3);
  });

  it('describes every flag', () => {
    expect(describeSettings()).toContain('--max-num-seqs, MAX_NUM_SEQS (32)');
  });

  it('keeps secrets out of flags, which other users can read, and out of messages', () => {
    const secret = 'redis://:hunter2@127.0.0.1:6379/0';
    expect(readConfig({ REDIS_URL: secret }, []).redisUrl).toBe(secret);
    expect(() => readConfig({}, [`--redis-url=${secret}`])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
    const wrong = (): unknown => readConfig({ REDIS_URL: 'http://:hunter2@127.0.0.1' }, []);
    expect(wrong).toThrow(
      expect.objectContaining({
        message: expect.not.stringContaining('hunter2') as string,
        details: { setting: 'REDIS_URL' },
      }),
    );
    expect(describeSettings()).not.toContain('--redis-url');
    expect(describeSettings()).toContain('REDIS_URL');
  });

  it('takes an empty variable of an optional setting as absent', () => {
    expect(readConfig({ MODEL: '', THREADS: '' }, [])).toMatchObject({
      model: undefined,
      threads: undefined,
    });
  });

  it.each([
    [{ PORT: 'http' }, [], /PORT is 'http'/],
    [{ PORT: '70000' }, [], /PORT is '70000'/],
    [{ RUNTIME: 'quantum' }, [], /RUNTIME is 'quantum'.*wasm/s],
    [{ THREADS: '0' }, [], /THREADS is '0'/],
    [{ LOG_PROMPTS: 'yes' }, [], /LOG_PROMPTS is 'yes'/],
    [{ LIMITS_FALLBACK: 'none' }, [], /LIMITS_FALLBACK is 'none'/],
    [{ REDIS_URL: 'localhost:6379' }, [], /REDIS_URL.*redis:\/\/HOST/],
    [{}, ['--port', 'x'], /--port is 'x'/],
    [{}, ['--prot', '1'], /--prot/],
  ])('refuses %j %j and says why', (environment, args, message) => {
    expect(() => readConfig(environment, args)).toThrow(message);
    expect(() => readConfig(environment, args)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});
