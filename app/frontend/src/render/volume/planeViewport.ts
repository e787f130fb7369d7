/** One plane through a volume, and another volume over it where there is one: the library's viewport, held to our geometry. */

import { Enums, utilities, type Types } from '@cornerstonejs/core';
import type { PlaneView } from '../../study/planes';
import { add, scale, type Vector } from '../../study/vector';
import type { ValueRange } from '../../study/voi';
import type { Rendering } from '../engine';
import type { LoadedVolume } from './volumeStore';

export type SlabMode = 'slice' | 'mip' | 'minip' | 'average';

export interface PlaneLook {
  range: ValueRange;
  inverted: boolean;
  slab: { mode: SlabMode; thickness: number };
  overlay: { range: ValueRange; colours: string; opacity: number } | undefined;
}

/** Steps along a ray are this part of the closest voxels: finer than what linear values can show. */
const stepsPerVoxel = 2;
/** The library's thinnest slab is twice this, in millimetres. */
const thinnest = 0.05;
/** How far the eye is from the plane, in millimetres; with parallel rays it only has to be in front. */
const eyeDistance = 2000;

/**
 * A plane itself is drawn as the maximum over a slab of a tenth of a millimetre: in that mode alone the library keeps
 * the opacity of an overlay exact.
 */
const blendModes: Record<SlabMode, Enums.BlendModes> = {
  slice: Enums.BlendModes.MAXIMUM_INTENSITY_BLEND,
  mip: Enums.BlendModes.MAXIMUM_INTENSITY_BLEND,
  minip: Enums.BlendModes.MINIMUM_INTENSITY_BLEND,
  average: Enums.BlendModes.AVERAGE_INTENSITY_BLEND,
};

interface VolumeActor {
  getMapper(): { setSampleDistance(distance: number): void };
  getProperty(): { setScalarOpacityUnitDistance(component: number, distance: number): void };
}

export class PlaneViewport {
  private volumes: readonly LoadedVolume[] = [];
  private isOpen = false;
  private isInverted = false;
  private colours = '';

  constructor(
    readonly id: string,
    readonly element: HTMLDivElement,
    private readonly rendering: Rendering,
    private readonly drawn: () => void,
  ) {
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
  }

  /** The first volume below, the second over it. */
  async open(volumes: readonly LoadedVolume[]): Promise<void> {
    this.close();
    this.volumes = volumes;
    this.rendering.engine.enableElement({
      viewportId: this.id,
      type: Enums.ViewportType.ORTHOGRAPHIC,
      element: this.element,
      defaultOptions: { background: [0, 0, 0], orientation: Enums.OrientationAxis.AXIAL },
    });
    this.isOpen = true;
    this.isInverted = false;
    this.colours = '';
    await this.viewport?.setVolumes(
      volumes.map(({ id }) => ({ volumeId: id })),
      false,
      true,
    );
    // It makes the planes that cut the slab out of the volume.
    this.viewport?.resetCamera({ suppressEvents: true });
  }

  close(): void {
    if (this.isOpen) this.rendering.engine.disableElement(this.id);
    this.isOpen = false;
    this.volumes = [];
  }

  destroy(): void {
    this.close();
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
  }

  place(view: PlaneView): void {
    const { viewport } = this;
    if (!viewport || view.width < 1 || view.height < 1) return;
    const { normal, up } = view.axes;
    viewport.setCamera({
      viewPlaneNormal: copy(normal),
      viewUp: copy(up),
      focalPoint: copy(view.center),
      position: copy(add(view.center, scale(normal, eyeDistance))),
      parallelScale: (view.height * view.millimetresPerPixel) / 2,
    });
    // The library forgets the slab where a plane turns about its own upward axis.
    viewport.setSlabThickness(viewport.getSlabThickness());
    viewport.render();
  }

  dress({ range, inverted, slab, overlay }: PlaneLook): void {
    const { viewport } = this;
    const [base, over] = this.volumes;
    if (!viewport || !base) return;
    this.setSlab(viewport, slab.mode, slab.thickness);
    if (inverted !== this.isInverted) viewport.setProperties({ invert: inverted }, base.id, true);
    this.isInverted = inverted;
    viewport.setProperties({ voiRange: range }, base.id, true);
    if (over && overlay) {
      if (overlay.colours !== this.colours)
        viewport.setProperties({ colormap: { name: overlay.colours } }, over.id, true);
      this.colours = overlay.colours;
      viewport.setProperties(
        { voiRange: overlay.range, colormap: { opacity: overlay.opacity } },
        over.id,
        true,
      );
    }
    viewport.render();
  }

  private get viewport(): Types.IVolumeViewport | undefined {
    if (!this.isOpen) return undefined;
    return this.rendering.engine.getViewport<Types.IVolumeViewport | undefined>(this.id);
  }

  private setSlab(viewport: Types.IVolumeViewport, mode: SlabMode, thickness: number): void {
    const half = mode === 'slice' ? thinnest : Math.max(thinnest, thickness / 2);
    viewport.setBlendMode(blendModes[mode]);
    viewport.setSlabThickness(half);
    for (const { actor, referencedId } of viewport.getActors()) {
      const volume = this.volumes.find(({ id }) => id === referencedId);
      if (!volume) continue;
      // An average over fewer steps than two comes out too dark.
      const step = Math.min(
        Math.min(...volume.plan.spacing) / stepsPerVoxel,
        mode === 'slice' ? Infinity : half / 2,
      );
      const drawing = actor as unknown as VolumeActor;
      drawing.getMapper().setSampleDistance(step);
      drawing.getProperty().setScalarOpacityUnitDistance(0, step);
    }
  }
}

function copy(vector: Vector): Types.Point3 {
  return [vector[0], vector[1], vector[2]];
}

/** The colours of PS3.6 B.1.1 and, beside them, what the library brings. */
export const colourMaps = [
  { id: 'hot-iron', label: 'Hot iron' },
  { id: 'rainbow-pet', label: 'Rainbow' },
  { id: 'inverse-grey', label: 'Inverse grey' },
] as const;

const colourPoints: Record<(typeof colourMaps)[number]['id'], number[]> = {
  'hot-iron': [0, 0, 0, 0, 0.5, 1, 0, 0, 0.75, 1, 0.5, 0, 1, 1, 1, 1],
  'rainbow-pet': [0, 0, 0, 0, 0.15, 0, 0, 1, 0.4, 0, 0.9, 0.9, 0.6, 0, 0.9, 0, 0.8, 1, 0.9, 0, 1, 1, 0, 0],
  'inverse-grey': [0, 1, 1, 1, 1, 0, 0, 0],
};

export function registerColourMaps(): void {
  for (const { id } of colourMaps) {
    utilities.colormap.registerColormap({
      ColorSpace: 'RGB',
      Name: id,
      name: id,
      RGBPoints: colourPoints[id],
    });
  }
}
