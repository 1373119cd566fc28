import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod';
import { secret, setting } from './setting.ts';
import { oneOf, onOff, optional } from './setting-schemas.ts';

const endpoint = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    context.addIssue('must be a URL such as http://localhost:4318');
  } else if (url.username !== '' || url.password !== '') {
    context.addIssue('holds a password, which belongs into OTEL_EXPORTER_OTLP_HEADERS');
  }
  return text;
});

/** `key=value`, separated by commas, values percent-encoded, as OpenTelemetry's variables hold lists. */
const pairs = z
  .union([z.undefined(), z.string()])
  .transform((text = '', context): readonly (readonly [string, string])[] =>
    text.split(',').flatMap((entry) => {
      if (entry.trim() === '') return [];
      const [, key = '', value = ''] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(entry) ?? [];
      try {
        if (key !== '') return [[decodeURIComponent(key), decodeURIComponent(value.trim())] as const];
      } catch {
        // Told of below.
      }
      context.addIssue(
        'must be key=value pairs, separated by commas, with % and commas in values as %25 and %2C',
      );
      return [];
    }),
  );

const headers = pairs.superRefine((list, context) => {
  try {
    for (const [name, value] of list) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch {
    context.addIssue('must be names and values of headers');
  }
});

const ratio = z
  .string()
  .regex(/^(0|1|0?\.\d+|1\.0*|0\.\d*)$/, 'must be a number from 0 to 1')
  .transform(Number);

/** True as OpenTelemetry has it: the word, in any case. */
const truth = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(['true', 'false', ''], { error: 'must be true or false' }))
  .transform((text) => text === 'true');

/** Where traces go, as the variables of OpenTelemetry's SDKs say it. */
export const TRACE_SETTINGS = {
  otlpEndpoint: setting(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    undefined,
    optional(endpoint),
    'Receiver of traces by OTLP over HTTP, such as http://localhost:4318: they go to `/v1/traces` there. By default there are none.',
  ),
  otlpTracesEndpoint: setting(
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    undefined,
    optional(endpoint),
    'The same, as the whole URL.',
  ),
  otlpHeaders: secret(
    'OTEL_EXPORTER_OTLP_HEADERS',
    headers,
    'Headers that the receiver wants, as `key=value` separated by commas. No flag: they may hold a password.',
  ),
  otlpProtocol: setting(
    'OTEL_EXPORTER_OTLP_PROTOCOL',
    'http/protobuf',
    oneOf(['http/protobuf', 'http/json']),
    'How traces are written: http/protobuf, http/json.',
  ),
  otelServiceName: setting(
    'OTEL_SERVICE_NAME',
    'tokenflare',
    z.string().transform((text) => text || 'tokenflare'),
    'What traces call this service.',
  ),
  otelResourceAttributes: setting(
    'OTEL_RESOURCE_ATTRIBUTES',
    undefined,
    pairs,
    'What else they say of it, as `key=value` separated by commas.',
  ),
  otelSampler: setting(
    'OTEL_TRACES_SAMPLER',
    'parentbased_always_on',
    oneOf([
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ]),
    'Which traces are sent: all, none, or a part; `parentbased_…`: as the caller says in `traceparent`, where it says so.',
  ),
  otelSamplerRatio: setting(
    'OTEL_TRACES_SAMPLER_ARG',
    '1',
    z
      .string()
      .transform((text) => text || '1')
      .pipe(ratio),
    'How many of the traces `traceidratio` sends, from 0 to 1.',
  ),
  otelDisabled: setting('OTEL_SDK_DISABLED', 'false', truth, 'No traces, whatever else is set: true, false.'),
  otelCaptureContent: setting(
    'OTEL_CAPTURE_CONTENT',
    'off',
    onOff,
    'Write prompts to traces, as `gen_ai.input.messages`: on, off.',
  ),
} as const;
