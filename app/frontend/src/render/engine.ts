/** Starts the imaging library once: decoders, metadata, loader, and one rendering engine. */

import { cache, init as initCore, RenderingEngine, setUseCPURendering } from '@cornerstonejs/core';
import { getRenderingCapabilities } from '@cornerstonejs/core/utilities/renderingCapabilities';
import { init as initLoader } from '@cornerstonejs/dicom-image-loader';
import { FrameRegistry, type FrameSource } from './frameRegistry';
import { FrameLoader } from './loader';
import { provideMetadata } from './metadata';
import { PaletteTables } from './palette';
import { Resizing } from './resizing';

export interface Rendering {
  engine: RenderingEngine;
  registry: FrameRegistry;
  loader: FrameLoader;
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
  const palettes = new PaletteTables(source);
  const loader = new FrameLoader(registry, source, palettes);
  provideMetadata(registry, palettes);
  loader.register();
  cache.setMaxCacheSize(cacheBudget());
  const engine = new RenderingEngine('viewer');
  return { engine, registry, loader, resizing: new Resizing(() => engine), usesCpu };
}

function workerCount(): number {
  return Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2)));
}

function cacheBudget(): number {
  const { deviceMemory = assumedGigabytes } = navigator as Navigator & { deviceMemory?: number };
  return Math.min(2048, deviceMemory * 160) * megabyte;
}
