/** The annotations on the images: the only way in which the rest of the viewer touches the library's own. */

import { eventTarget, utilities, type Types as CoreTypes } from '@cornerstonejs/core';
import { annotation as library, Enums, utilities as toolUtilities, type Types } from '@cornerstonejs/tools';
import type { FrameRegistry } from '../render/frameRegistry';
import type { Annotation } from '../study/annotation';
import { spaceOf, type Frame } from '../study/frame';
import { cross, negate, toVector, type Vector } from '../study/vector';
import { libraryName, measureTools, quantities, targetIdOf, toolOf, type MeasureTool } from './measureTools';

const { Events, ChangeTypes } = Enums;
const { DefaultHistoryMemo } = utilities.HistoryMemo;

/** Changes that leave an annotation where it is and what it is. */
const passingChanges: readonly unknown[] = [ChangeTypes.StatsUpdated, ChangeTypes.InitialSetup];

export interface AnnotationLayerEvents {
  /** Finished, moved, renamed or brought back. */
  changed(uid: string): void;
  removed(uid: string): void;
  /** What is selected, or what a measurement amounts to, is not what it was. */
  refreshed(): void;
}

interface ChangeDetail {
  annotation: Types.Annotation;
  changeType?: unknown;
}

export class AnnotationLayer {
  /** Drawn to the end, or restored; one that is still being drawn is nobody's business. */
  private readonly finished = new Set<string>();
  private isRestoring = false;

  constructor(
    private readonly registry: FrameRegistry,
    /** The elements of the viewports. */
    private readonly hosts: () => readonly HTMLDivElement[],
    private readonly events: AnnotationLayerEvents,
  ) {
    const listen = (name: string, handle: (detail: ChangeDetail) => void): void => {
      eventTarget.addEventListener(name, (event: Event) => {
        handle((event as CustomEvent<ChangeDetail>).detail);
      });
    };
    listen(Events.ANNOTATION_COMPLETED, ({ annotation }) => {
      if (annotation.annotationUID) this.finished.add(annotation.annotationUID);
      this.noteChange(annotation);
    });
    listen(Events.ANNOTATION_ADDED, ({ annotation }) => {
      this.noteChange(annotation);
    });
    listen(Events.ANNOTATION_MODIFIED, ({ annotation, changeType }) => {
      if (!passingChanges.includes(changeType)) this.noteChange(annotation);
      this.events.refreshed();
    });
    listen(Events.ANNOTATION_REMOVED, ({ annotation }) => {
      if (annotation.annotationUID && this.finished.has(annotation.annotationUID)) {
        this.events.removed(annotation.annotationUID);
      }
    });
    eventTarget.addEventListener(Events.ANNOTATION_SELECTION_CHANGE, () => {
      this.events.refreshed();
    });
  }

  has(uid: string): boolean {
    return (library.state.getAnnotation(uid) as Types.Annotation | undefined) !== undefined;
  }

  read(uid: string): Annotation | undefined {
    const found = library.state.getAnnotation(uid) as Types.Annotation | undefined;
    const tool = found?.metadata && toolOf(found.metadata.toolName);
    const imageId = found?.metadata?.referencedImageId;
    const frame = imageId === undefined ? undefined : this.registry.frame(imageId);
    if (!found || !tool || imageId === undefined || !frame) return undefined;
    const { handles, label, contour } = found.data as AnnotationData;
    return {
      uid,
      tool,
      ...placeOf(frame),
      points: vectors(handles.points),
      contour: tool === 'freehand' ? vectors(contour?.polyline) : [],
      textAt: handles.textBox?.hasMoved ? toVector(handles.textBox.worldPosition ?? []) : undefined,
      text: label ?? '',
      quantities: quantities(found.data, targetIdOf(imageId), frame),
    };
  }

  /** Puts what was kept back onto its image. */
  restore(kept: Annotation, imageId: string, frame: Frame, isLocked: boolean): void {
    if (!(kept.tool in measureTools) || this.has(kept.uid)) return;
    this.finished.add(kept.uid);
    this.isRestoring = true;
    try {
      library.state.addAnnotation({ ...restored(kept, imageId, frame), isLocked }, spaceOf(frame));
    } finally {
      this.isRestoring = false;
    }
  }

  get selected(): readonly string[] {
    return library.selection.getAnnotationsSelected();
  }

  select(uid: string): void {
    library.selection.setAnnotationSelected(uid, true);
    this.redraw();
  }

  /** Takes annotations away so that `undo` brings them back. */
  remove(uids: readonly string[]): void {
    for (const uid of uids) {
      const found = library.state.getAnnotation(uid) as Types.Annotation | undefined;
      const imageId = found?.metadata?.referencedImageId;
      const frame = imageId === undefined ? undefined : this.registry.frame(imageId);
      if (!found || !frame) continue;
      const remove = (): void => {
        library.selection.setAnnotationSelected(uid, false);
        library.state.removeAnnotation(uid);
      };
      DefaultHistoryMemo.push({
        id: uid,
        operationType: 'annotation',
        restoreMemo: (isUndo) => {
          if (isUndo) library.state.addAnnotation(found, spaceOf(frame));
          else remove();
        },
      });
      remove();
    }
    this.redraw();
  }

  /** Takes one away for good, without a word to anybody: the server has another version of it. */
  discard(uid: string): void {
    this.finished.delete(uid);
    library.state.removeAnnotation(uid);
  }

  undo(): void {
    DefaultHistoryMemo.undo();
    this.redraw();
  }

  redo(): void {
    DefaultHistoryMemo.redo();
    this.redraw();
  }

  /** Hides or shows all of them; they stay what they are. */
  show(visible: boolean): void {
    for (const { annotationUID } of library.state.getAllAnnotations()) {
      if (annotationUID) library.visibility.setAnnotationVisibility(annotationUID, visible);
    }
    this.redraw();
  }

  redraw(): void {
    for (const host of this.hosts()) toolUtilities.triggerAnnotationRender(host);
  }

  private noteChange({ annotationUID }: Types.Annotation): void {
    if (annotationUID && !this.isRestoring && this.finished.has(annotationUID))
      this.events.changed(annotationUID);
  }
}

interface AnnotationData {
  handles: {
    points?: readonly CoreTypes.Point3[];
    textBox?: { hasMoved?: boolean; worldPosition?: readonly number[] };
  };
  label?: string;
  contour?: { polyline?: readonly CoreTypes.Point3[] };
}

function placeOf(
  frame: Frame,
): Pick<Annotation, 'studyUid' | 'seriesUid' | 'sopInstanceUid' | 'frameNumber' | 'frameOfReferenceUid'> {
  const { studyUid, seriesUid, sopInstanceUid, frameNumber, frameOfReferenceUid } = frame;
  return { studyUid, seriesUid, sopInstanceUid, frameNumber, frameOfReferenceUid };
}

function vectors(points: readonly (readonly number[])[] | undefined): Vector[] {
  return (points ?? []).flatMap((point) => {
    const vector = toVector([...point]);
    return vector ? [vector] : [];
  });
}

function restored(kept: Annotation, imageId: string, frame: Frame): Types.Annotation {
  const points = kept.points.map(copy);
  const corner: CoreTypes.Point3 = kept.textAt ? copy(kept.textAt) : [0, 0, 0];
  const { row, column } = frame.plane ?? { row: [1, 0, 0] as Vector, column: [0, 1, 0] as Vector };
  return {
    annotationUID: kept.uid,
    highlighted: false,
    invalidated: true,
    isLocked: false,
    isVisible: true,
    metadata: {
      toolName: libraryName(kept.tool as MeasureTool),
      referencedImageId: imageId,
      FrameOfReferenceUID: spaceOf(frame),
      viewPlaneNormal: copy(cross(column, row)),
      viewUp: copy(negate(column)),
    },
    data: {
      label: kept.text,
      cachedStats: {},
      handles: {
        points,
        activeHandleIndex: null,
        ...(kept.tool === 'arrow' ? { arrowFirst: true } : {}),
        textBox: {
          hasMoved: kept.textAt !== undefined,
          worldPosition: corner,
          worldBoundingBox: { topLeft: corner, topRight: corner, bottomLeft: corner, bottomRight: corner },
        },
      },
      ...(kept.contour.length > 0 ? { contour: { polyline: kept.contour.map(copy), closed: true } } : {}),
    },
  };
}

function copy([x, y, z]: Vector): CoreTypes.Point3 {
  return [x, y, z];
}
