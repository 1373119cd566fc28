import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { SETTINGS } from '../../src/config/settings.ts';

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

  it('reads the hosts that gateways may ask', () => {
    const { gatewayHosts } = readConfig(
      { GATEWAY_HOSTS: 'api.openai.com, groq=https://proxy.example/v1' },
      [],
    );
    expect([...gatewayHosts]).toEqual([
      ['openai', 'https://api.openai.com'],
      ['groq', 'https://proxy.example/v1'],
    ]);
    expect(readConfig({}, []).gatewayHosts.size).toBe(0);
    expect(readConfig({ GATEWAY_LOGS: 'memory' }, []).gatewayLogs).toBe(':memory:');
  });

  it('keeps prefixes in files only where it is asked to', () => {
    expect(readConfig({}, []).prefixCacheDir).toBeUndefined();
    const config = readConfig({ PREFIX_CACHE_DIR: '/var/cache/t', PREFIX_CACHE_DISK_MB: '8' }, []);
    expect(config).toMatchObject({ prefixCacheDir: '/var/cache/t', prefixCacheDiskBytes: 8 * 2 ** 20 });
  });

  it('reads no time that is longer than a timer of Node can be', () => {
    const times = Object.entries(readConfig({}, [])).filter(([name]) => name.endsWith('Ms'));
    expect(times.length).toBeGreaterThan(4);
    for (const [name] of times) {
      const { env } = SETTINGS[name as keyof typeof SETTINGS];
      expect(readConfig({ [env]: '2147483' }, [])).toMatchObject({ [name]: 2_147_483_000 });
      expect(() => readConfig({ [env]: '2147484' }, [])).toThrow(env);
    }
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
        details: { setting: 'REDIS_URL', isFlag: false },
      }),
    );
  });

  it('takes an empty variable of an optional setting as absent', () => {
    expect(readConfig({ MODEL: '', THREADS: '' }, [])).toMatchObject({
      model: undefined,
      threads: undefined,
    });
  });

  it.each([
    [{ PORT: 'http' }, [], /PORT is 'http'/],
    [{ PORT: '70000' }, [], /PORT is '70000': must be at most 65535$/],
    [{ RUNTIME: 'quantum' }, [], /RUNTIME is 'quantum': must be one of auto, .*wasm/],
    [{ THREADS: '0' }, [], /THREADS is '0': must be at least 1$/],
    [{ THREADS: 'abc' }, [], /THREADS is 'abc': must be a whole number$/],
    [{ MODEL_ID: 'a b' }, [], /MODEL_ID is 'a b': may hold letters/],
    [{ HOST: '' }, [], /HOST is '': must name an address$/],
    [{ LOG_PROMPTS: 'yes' }, [], /LOG_PROMPTS is 'yes': must be one of on, off$/],
    [{ REQUEST_TIMEOUT: '0' }, [], /REQUEST_TIMEOUT is '0': must be at least 0.001 seconds/],
    [{ REQUEST_TIMEOUT: '3000000' }, [], /REQUEST_TIMEOUT is '3000000': must be at most 2147483 seconds/],
    [{ LIMITS_FALLBACK: 'none' }, [], /LIMITS_FALLBACK is 'none'/],
    [{ DRAIN_DELAY: '-1' }, [], /DRAIN_DELAY is '-1': must be a number of seconds/],
    [{ HEARTBEAT: 'on' }, [], /HEARTBEAT is 'on': must be a number of seconds/],
    [{ UNKNOWN_FIELDS: 'warn' }, [], /UNKNOWN_FIELDS is 'warn'.*refuse, ignore/],
    [{ METRICS_NAMES: 'prometheus' }, [], /METRICS_NAMES is 'prometheus'.*both, tokenflare, vllm/],
    [{ METRICS_ALLOW: '10.0.0.0/33' }, [], /'10.0.0.0\/33' is neither an address nor a network/],
    [{ TRUST_FAIRNESS_ID: 'yes' }, [], /TRUST_FAIRNESS_ID is 'yes'/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, [], /must be a URL such as/],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://me:word@host' },
      [],
      /belongs into OTEL_EXPORTER_OTLP_HEADERS/,
    ],
    [{ KV_EVENTS_ENDPOINT: 'ipc:///tmp/events' }, [], /must be tcp:\/\/\*:PORT or tcp:\/\/HOST:PORT/],
    [{ KV_EVENTS_ENDPOINT: 'tcp://host:70000' }, [], /must be tcp/],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, [], /must be one of http\/protobuf, http\/json/],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, [], /is '\*\*\*': must be key=value pairs/],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a b=secret' }, [], /is '\*\*\*': must be/],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: 'name=secret%0A' },
      [],
      /is '\*\*\*': must be names and values of headers/,
    ],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'a=%zz' }, [], /must be key=value pairs/],
    [{ OTEL_TRACES_SAMPLER: 'jaeger_remote' }, [], /must be one of always_on/],
    [{ OTEL_TRACES_SAMPLER_ARG: '1.5' }, [], /must be a number from 0 to 1/],
    [{ OTEL_SDK_DISABLED: 'on' }, [], /must be true or false/],
    [{ OTEL_CAPTURE_CONTENT: 'true' }, [], /must be one of on, off/],
    [{ REDIS_URL: 'localhost:6379' }, [], /REDIS_URL.*redis:\/\/HOST/],
    [{}, ['--port', 'x'], /--port is 'x'/],
    [{}, ['--prot', '1'], /--prot/],
    [{ PREFIX_CACHE_DISK_MB: '0' }, [], /PREFIX_CACHE_DISK_MB is '0': must be at least 1$/],
    [{ KV_CACHE_IDLE_SECONDS: '-1' }, [], /KV_CACHE_IDLE_SECONDS is '-1': must be a number of seconds$/],
    [{ GATEWAY_HOSTS: 'api.openai.com,evil.example' }, [], "'evil.example' is no host that is known here"],
    [{ GATEWAY_HOSTS: 'openai=http://evil.example' }, [], 'openai: must be https'],
  ])('refuses %j %j and says why', (environment, args, message) => {
    expect(() => readConfig(environment, args)).toThrow(message);
    expect(() => readConfig(environment, args)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});

describe('variables of OpenTelemetry', () => {
  it('are read as its SDKs read them', () => {
    const config = readConfig(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: '',
        OTEL_EXPORTER_OTLP_HEADERS: ' api-key=a%2Cb , other=c=d,',
        OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=replica-1',
        OTEL_SERVICE_NAME: '',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
        OTEL_SDK_DISABLED: 'TRUE',
      },
      [],
    );
    expect(config).toMatchObject({
      otlpEndpoint: undefined,
      otlpHeaders: [
        ['api-key', 'a,b'],
        ['other', 'c=d'],
      ],
      otelResourceAttributes: [['k8s.pod.name', 'replica-1']],
      otelServiceName: 'tokenflare',
      otelSamplerRatio: 0.25,
      otelDisabled: true,
    });
  });
});
