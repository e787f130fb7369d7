import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Django's tags name an entry by its path below the front end's root. */
const entries = ['src/pages/main.ts', 'src/pages/dashboards/main.ts', 'src/viewer/main.ts'].filter((entry) =>
  existsSync(here(entry)),
);

/** Smaller files than this do not get through the network any sooner. */
const leastCompressed = 1024;

/** Lays a gzip file beside each file that shrinks: the server sends it as it is, and compresses nothing while a reader waits. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle({ dir = '' }, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
        if (!/\.(js|css|wasm|svg)$/.test(name) || content.length < leastCompressed) continue;
        writeFileSync(join(dir, `${name}.gz`), gzipSync(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: '/static/bundle/',
  plugins: [precompress()],
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
