/** What a pane shows as one picture: image, what is drawn over it, and the words of the corners. */

import type { Pane } from './pane';

/** Corners that tell who the patient is, when and where: they are left out where nobody is to know. */
const identifying = new Set(['topLeft', 'topRight']);

export async function snapshotOf(pane: Pane, { withPatient }: { withPatient: boolean }): Promise<Blob> {
  const { canvasHost, layers } = pane;
  const { clientWidth: width, clientHeight: height } = canvasHost;
  const picture = document.createElement('canvas');
  picture.width = Math.round(width * devicePixelRatio);
  picture.height = Math.round(height * devicePixelRatio);
  const canvas = picture.getContext('2d');
  if (!canvas) throw new Error('the browser has no canvas');
  canvas.scale(devicePixelRatio, devicePixelRatio);
  canvas.fillStyle = 'black';
  canvas.fillRect(0, 0, width, height);
  for (const layer of layers.querySelectorAll('canvas')) {
    if (!layer.hidden && layer.width > 0) canvas.drawImage(layer, 0, 0, width, height);
  }
  for (const drawing of canvasHost.querySelectorAll('svg')) {
    canvas.drawImage(await drawn(drawing, width, height), 0, 0, width, height);
  }
  writeWords(canvas, layers, withPatient);
  return new Promise((resolve, reject) => {
    picture.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error('the browser made no picture'));
    }, 'image/png');
  });
}

/** A name that says nothing of the patient. */
export function snapshotName(pane: Pane): string {
  const { frame, index } = pane.view.current;
  const modality = frame?.modality.toLowerCase().replace(/[^a-z0-9]/g, '') ?? '';
  return `${modality || 'image'}-${String((index ?? 0) + 1).padStart(4, '0')}.png`;
}

async function drawn(drawing: SVGElement, width: number, height: number): Promise<HTMLImageElement> {
  const copy = drawing.cloneNode(true) as SVGElement;
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}

function writeWords(canvas: CanvasRenderingContext2D, layers: HTMLElement, withPatient: boolean): void {
  const origin = layers.getBoundingClientRect();
  canvas.textBaseline = 'middle';
  for (const line of layers.querySelectorAll<HTMLElement>('.viewer-corner > div, .viewer-letter')) {
    const corner = line.parentElement?.dataset.corner;
    const place = line.getBoundingClientRect();
    if (place.width === 0 || (!withPatient && identifying.has(corner ?? ''))) continue;
    const { fontWeight, fontSize, fontFamily, color } = getComputedStyle(line);
    const isRight = corner?.endsWith('Right') ?? false;
    canvas.font = `${fontWeight} ${fontSize} ${fontFamily}`;
    canvas.textAlign = isRight ? 'right' : 'left';
    const x = (isRight ? place.right : place.left) - origin.left;
    const y = (place.top + place.bottom) / 2 - origin.top;
    canvas.lineWidth = 3;
    canvas.strokeStyle = 'rgb(0 0 0 / 80%)';
    canvas.strokeText(line.textContent, x, y);
    canvas.fillStyle = color;
    canvas.fillText(line.textContent, x, y);
  }
}
