/** What the reader is told where a volume cannot be shown, and what can be done instead. */

import type { VolumeLoadError } from '../../render/volume/volumeStore';
import type { Verdict } from '../../study/volumeMemory';
import type { PanelAction, PanelMessage } from '../../ui/volume/loadingPanel';
import { reasonFor } from '../notices';

export function withoutWebGl(back: PanelAction): PanelMessage {
  return {
    icon: 'warning',
    title: 'Planes and 3D need WebGL 2',
    detail:
      'This browser draws without graphics acceleration, so that a volume cannot be shown. Switch hardware ' +
      'acceleration on in the browser’s settings, or use another computer. The stack view works as it is.',
    actions: [back],
  };
}

export function notAVolume(refusal: string, back: PanelAction): PanelMessage {
  return { icon: 'document', title: 'This series is no volume', detail: refusal, actions: [back] };
}

export function tooLarge(verdict: Verdict, use: (step: number) => void, back: PanelAction): PanelMessage {
  const { problem, step } = verdict;
  const remedy =
    step === undefined
      ? 'Read it as a stack, or use a computer with more memory.'
      : 'Read it as a stack, or take fewer slices: lengths stay right, detail along the slices is lost.';
  const fewer: PanelAction[] =
    step === undefined ? [] : [{ label: `Use 1 slice of ${step}`, run: () => use(step), isMain: true }];
  return {
    icon: 'warning',
    title: 'This volume does not fit into memory',
    detail: `${problem ?? ''} ${remedy}`,
    actions: [...fewer, back],
  };
}

export function loadingFailed(error: VolumeLoadError, retry: () => void, back: PanelAction): PanelMessage {
  const { instanceNumber, frameNumber, frameCount } = error.frame;
  const name = frameCount > 1 ? `Frame ${frameNumber}` : `Image ${instanceNumber ?? ''}`.trim();
  return {
    icon: 'warning',
    title: `${name} could not be loaded`,
    detail: `${reasonFor(error.cause)} A volume needs all of its images.`,
    actions: [{ label: 'Try again', run: retry, isMain: true }, back],
  };
}

/** The estimate said that there was room, but the browser found none. */
export function noRoom(back: PanelAction): PanelMessage {
  return {
    icon: 'warning',
    title: 'The browser has no memory left for this volume',
    detail: 'Close other tabs and windows and try again, or read the series as a stack.',
    actions: [back],
  };
}

export function drawingFailed(back: PanelAction): PanelMessage {
  return {
    icon: 'warning',
    title: 'The volume could not be drawn',
    detail: 'The graphics of this computer refused it. The stack view works as it is.',
    actions: [back],
  };
}
