/** The viewer's icons: inline drawings that take the colour of the text around them. */

import {
  ArrowLeft,
  CircleHelp,
  Contrast,
  createElement,
  FileText,
  FlipHorizontal,
  FlipVertical,
  Info,
  Layers,
  Move,
  Pause,
  Play,
  RefreshCw,
  RotateCcw,
  RotateCw,
  Send,
  Sun,
  TriangleAlert,
  Undo2,
  X,
  ZoomIn,
  type IconNode,
} from 'lucide';

const drawings = {
  back: ArrowLeft,
  help: CircleHelp,
  window: Sun,
  scroll: Layers,
  pan: Move,
  zoom: ZoomIn,
  rotateRight: RotateCw,
  rotateLeft: RotateCcw,
  flipHorizontal: FlipHorizontal,
  flipVertical: FlipVertical,
  invert: Contrast,
  reset: Undo2,
  play: Play,
  pause: Pause,
  overlay: Info,
  document: FileText,
  warning: TriangleAlert,
  again: RefreshCw,
  close: X,
  send: Send,
} satisfies Record<string, IconNode>;

export type IconName = keyof typeof drawings;

export function icon(name: IconName, size = 18): SVGElement {
  return createElement(drawings[name], {
    width: size,
    height: size,
    'stroke-width': 1.75,
    'aria-hidden': 'true',
    focusable: 'false',
    class: 'viewer-icon',
  });
}
