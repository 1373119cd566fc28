import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { localAI } from 'tokenflare/vitest';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.jsonc' },
      ...localAI({ models: { '@cf/*': 'tokenflare-tales' } }),
    }),
  ],
});
