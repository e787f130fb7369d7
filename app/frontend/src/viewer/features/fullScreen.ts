/** The whole screen for the images. */

import type { Feature, Viewer } from '../feature';

export function fullScreen(viewer: Viewer): Feature {
  document.addEventListener('fullscreenchange', () => viewer.refresh());
  const toggle = async (): Promise<void> => {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
    } catch {
      viewer.page.status.showHint('The browser does not allow the full screen here.');
    }
  };
  return {
    commands: [
      {
        id: 'full-screen',
        label: 'Full screen',
        group: 'View',
        keys: ['Shift+f'],
        run: () => void toggle(),
        button: { place: 'page', icon: 'fullScreen' },
        isPressed: () => document.fullscreenElement !== null,
        isOffered: () => document.fullscreenEnabled,
      },
    ],
  };
}
