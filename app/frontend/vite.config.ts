import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Django's tags name an entry by its path below the front end's root. */
const entries = ['src/pages/main.ts', 'src/viewer/main.ts'].filter((entry) => existsSync(here(entry)));

export default defineConfig({
  base: '/static/bundle/',
  resolve: {
    alias: [
      // The image library's XML readers are never used; their parser needs Node's `events` and dies at load in a browser.
      { find: 'xmlbuilder2', replacement: here('src/render/xmlbuilder2Stub.ts') },
      { find: /^(fs|path)$/, replacement: here('src/render/nodeModuleStub.ts') },
    ],
  },
  build: {
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 6000,
    // The one `eval` is htmx's: switched off by its configuration, and forbidden by the pages' policy.
    rolldownOptions: { input: entries.map(here), checks: { eval: false, bundlerTimings: false } },
  },
  worker: { format: 'es' },
  optimizeDeps: {
    exclude: ['@cornerstonejs/dicom-image-loader'],
    include: ['dicom-parser'],
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
    restoreMocks: true,
  },
});
