/** Starts the imaging library once: decoders, metadata, loader, and one rendering engine. */

import { cache, init as initCore, RenderingEngine, setUseCPURendering } from '@cornerstonejs/core';
import { getRenderingCapabilities } from '@cornerstonejs/core/utilities/renderingCapabilities';
import { init as initLoader } from '@cornerstonejs/dicom-image-loader';
import { FrameRegistry, type FrameSource } from './frameRegistry';
import { FrameLoader } from './loader';
import { LookupTables } from './lookupTables';
import { provideMetadata } from './metadata';
import { PrefetchPool } from './prefetchPool';
import { Resizing } from './resizing';

export const engineId = 'viewer';

/** `engine` and `usesCpu` change when the graphics card is lost (`graphicsGuard.ts`): keep no copy. */
export interface Rendering {
  engine: RenderingEngine;
  registry: FrameRegistry;
  loader: FrameLoader;
  tables: LookupTables;
  prefetch: PrefetchPool;
  resizing: Resizing;
  usesCpu: boolean;
}

const megabyte = 1024 * 1024;
/** Phones tell how much memory they have; without a word from the browser this is no phone. */
const assumedGigabytes = 8;

export function startRendering(source: FrameSource): Rendering {
  initCore({ rendering: { webGlContextCount: 1 } } as Parameters<typeof initCore>[0]);
  const usesCpu = !getRenderingCapabilities().webgl2;
  if (usesCpu) setUseCPURendering(true);
  initLoader({ maxWebWorkers: workerCount() });
  const registry = new FrameRegistry(source);
  const tables = new LookupTables(source);
  const loader = new FrameLoader(registry, source, tables);
  provideMetadata(registry, tables);
  loader.register();
  cache.setMaxCacheSize(cacheBudget());
  const rendering: Rendering = {
    engine: new RenderingEngine(engineId),
    registry,
    loader,
    tables,
    prefetch: new PrefetchPool(loader),
    resizing: new Resizing(() => rendering.engine),
    usesCpu,
  };
  return rendering;
}

function workerCount(): number {
  return Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2)));
}

function cacheBudget(): number {
  const { deviceMemory = assumedGigabytes } = navigator as Navigator & { deviceMemory?: number };
  return Math.floor(Math.min(2048, deviceMemory * 160) * megabyte);
}
