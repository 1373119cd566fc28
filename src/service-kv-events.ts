import { hostname } from 'node:os';
import type { Config } from './config/config.ts';
import type { Metrics } from './http/metrics/metrics.ts';
import { KvEventPublisher } from './kv-events/kv-event-publisher.ts';

/** What publishes events of the caches; undefined where no endpoint is set. */
export function createKvEvents({
  kvEventsEndpoint,
  kvEventsTopic,
}: Pick<Config, 'kvEventsEndpoint' | 'kvEventsTopic'>): KvEventPublisher | undefined {
  if (kvEventsEndpoint === undefined) return undefined;
  return new KvEventPublisher(
    kvEventsEndpoint,
    kvEventsTopic.replaceAll('{host}', () => hostname()),
  );
}

export function watchKvEvents(metrics: Metrics, publisher: KvEventPublisher | undefined): void {
  if (publisher === undefined) return;
  metrics.watchTotals([
    [
      'kv_events_published_total',
      'Events of the cache that a subscriber was sent.',
      () => publisher.numPublished,
    ],
    [
      'kv_events_dropped_total',
      'Events of the cache that had no subscriber, or one that reads too slowly.',
      () => publisher.numDropped,
    ],
  ]);
}
