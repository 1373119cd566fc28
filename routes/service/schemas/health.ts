import { z } from 'zod';

export const healthSchema = z
  .object({
    status: z.literal('ok'),
    version: z.string().meta({ description: 'Of the service.' }),
    engine: z.enum(['loading', 'ready', 'draining', 'stopped']),
  })
  .meta({ id: 'Health' });

export const readySchema = z.object({ status: z.literal('ready'), model: z.string() }).meta({ id: 'Ready' });

export type HealthBody = z.output<typeof healthSchema>;
export type ReadyBody = z.output<typeof readySchema>;
