/** A volume in three dimensions: turned, cut by a box, rendered by a preset. */

import vtkPlane from '@kitware/vtk.js/Common/DataModel/Plane.js';
import { Enums, type Types } from '@cornerstonejs/core';
import type { PlaneAxes } from '../../study/planes';
import type { RenderingPreset } from '../../study/renderingPresets';
import { add, length, negate, scale, subtract, type Vector } from '../../study/vector';
import { cornersOf, toPoint } from '../../study/volumeGeometry';
import type { Rendering } from '../engine';
import { drawsInSoftware } from '../softwareGraphics';
import type { LoadedVolume } from './volumeStore';

/** Along columns, rows and slices: the part of the volume that is left, from 0 to 1. */
export type ClipBox = readonly [
  readonly [number, number],
  readonly [number, number],
  readonly [number, number],
];

export const wholeBox: ClipBox = [
  [0, 1],
  [0, 1],
  [0, 1],
];

export interface SolidView {
  axes: PlaneAxes;
  center: Vector;
  zoom: number;
}

/** Part of the diagonal that fills the picture: only corners are cut off while it turns. */
const fittedShare = 0.75;
/** While it moves, rays take steps this much longer. */
const movingStep = 4;
/** As many rays as a processor casts in a bearable time where there is no graphics card. */
const mostRaysInSoftware = 400_000;

interface SolidMapper {
  removeAllClippingPlanes(): boolean;
  addClippingPlane(plane: vtkPlane): boolean;
}

interface SolidActor {
  getMapper(): SolidMapper;
  getProperty(): { getScalarOpacity(component: number): { modified(): void } };
}

export class SolidViewport {
  private volume: LoadedVolume | undefined;
  private planes: vtkPlane[] = [];
  private view: SolidView | undefined;
  private isMoving = false;
  /** How many CSS pixels of the screen a CSS pixel of the element covers. */
  private coarseness = 1;

  constructor(
    readonly id: string,
    readonly element: HTMLDivElement,
    private readonly rendering: Rendering,
    private readonly drawn: () => void,
  ) {
    element.addEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
  }

  async open(volume: LoadedVolume): Promise<void> {
    this.close();
    this.volume = volume;
    this.coarsen();
    this.rendering.engine.enableElement({
      viewportId: this.id,
      type: Enums.ViewportType.VOLUME_3D,
      element: this.element,
      defaultOptions: { background: [0, 0, 0], orientation: Enums.OrientationAxis.CORONAL },
    });
    await this.viewport?.setVolumes([{ volumeId: volume.id }], false, true);
  }

  close(): void {
    if (this.volume) this.rendering.engine.disableElement(this.id);
    this.volume = undefined;
    this.planes = [];
  }

  destroy(): void {
    this.close();
    this.element.removeEventListener(Enums.Events.IMAGE_RENDERED, this.drawn);
  }

  /** Returns the millimetres that a CSS pixel is in the middle of the picture. */
  place(view: SolidView): number {
    const { viewport, volume } = this;
    this.view = view;
    const { clientWidth, clientHeight } = this.element;
    if (!viewport || !volume || clientWidth < 1 || clientHeight < 1) return 0;
    this.coarsen();
    const diagonal = diagonalOf(volume);
    const fitted = (diagonal / 2) * fittedShare * Math.max(1, clientHeight / clientWidth);
    // With planes in place the library takes the first two for a slab's and turns them with the eye.
    this.mapper?.removeAllClippingPlanes();
    viewport.setCamera({
      viewPlaneNormal: copy(view.axes.normal),
      viewUp: copy(view.axes.up),
      focalPoint: copy(view.center),
      position: copy(add(view.center, scale(view.axes.normal, diagonal))),
      parallelScale: fitted / view.zoom,
    });
    for (const plane of this.planes) this.mapper?.addClippingPlane(plane);
    viewport.render();
    return (2 * fitted) / view.zoom / clientHeight / this.coarseness;
  }

  /** Without a graphics card a large picture is cast with fewer rays, each for several pixels of the screen. */
  private coarsen(): void {
    if (!drawsInSoftware()) return;
    const { clientWidth, clientHeight } = this.element.parentElement ?? this.element;
    const rays = clientWidth * clientHeight * devicePixelRatio ** 2;
    this.coarseness = Math.max(1, Math.sqrt(rays / mostRaysInSoftware));
    this.element.style.setProperty('--coarseness', this.coarseness.toFixed(3));
  }

  dress(preset: RenderingPreset): void {
    this.viewport?.setProperties({
      preset: libraryPreset(preset),
    } as unknown as Types.VolumeViewportProperties);
  }

  clip(box: ClipBox): void {
    const { volume } = this;
    if (!volume) return;
    this.planes = isWhole(box) ? [] : planesOf(volume, box);
    if (this.view) this.place(this.view);
  }

  /** Coarse while it moves, fine again when it rests. */
  set moving(isMoving: boolean) {
    if (isMoving === this.isMoving) return;
    this.isMoving = isMoving;
    this.viewport?.setProperties({ sampleDistanceMultiplier: isMoving ? movingStep : 1 });
    // Opacity holds for a length of step; the table of it is made anew only where the function says it changed.
    this.actor?.getProperty().getScalarOpacity(0).modified();
    this.viewport?.render();
  }

  private get viewport(): Types.IVolumeViewport | undefined {
    if (!this.volume) return undefined;
    return this.rendering.engine.getViewport<Types.IVolumeViewport | undefined>(this.id);
  }

  private get actor(): SolidActor | undefined {
    return this.viewport?.getActors()[0]?.actor as unknown as SolidActor | undefined;
  }

  private get mapper(): SolidMapper | undefined {
    return this.actor?.getMapper();
  }
}

function diagonalOf({ plan }: LoadedVolume): number {
  const corners = cornersOf(plan);
  const [first, last] = [corners[0], corners.at(-1)];
  return first && last ? length(subtract(last, first)) : 1;
}

function isWhole(box: ClipBox): boolean {
  return box.every(([from, to]) => from <= 0 && to >= 1);
}

/** What lies on the side that a plane's normal points to stays. */
function planesOf({ plan }: LoadedVolume, box: ClipBox): vtkPlane[] {
  return ([0, 1, 2] as const).flatMap((axis) => {
    const at = (part: number): Vector => {
      const index: [number, number, number] = [0, 0, 0];
      index[axis] = part * (plan.dimensions[axis] - 1);
      return toPoint(plan, index);
    };
    const [from, to] = box[axis];
    return [
      vtkPlane.newInstance({ origin: copy(at(from)), normal: copy(plan.axes[axis]) }),
      vtkPlane.newInstance({ origin: copy(at(to)), normal: copy(negate(plan.axes[axis])) }),
    ];
  });
}

/** Lists of numbers as text, each with its length in front. */
function libraryPreset({ id, colours, opacity, isShaded }: RenderingPreset): Types.ViewportPreset {
  const list = (points: readonly (readonly number[])[]): string => {
    const numbers = points.flat();
    return [numbers.length, ...numbers].join(' ');
  };
  return {
    name: id,
    colorTransfer: list(colours),
    scalarOpacity: list(opacity),
    gradientOpacity: '4 0 1 255 1',
    shade: isShaded ? '1' : '0',
    ambient: '0.2',
    diffuse: '0.8',
    specular: '0.2',
    specularPower: '10',
    interpolation: '1',
  };
}

function copy(vector: Vector): Types.Point3 {
  return [vector[0], vector[1], vector[2]];
}
