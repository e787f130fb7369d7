/** Whoever signed in beside an open viewer is told to it, and the page that served for it closes. */

/** The viewer listens to it in `viewer/serverWatch.ts`. */
const channelName = 'noctis.session';

export function startSignedIn(): void {
  if (!document.querySelector('[data-signed-in]')) return;
  const channel = new BroadcastChannel(channelName);
  channel.postMessage('signed in');
  channel.close();
  // Browsers close only what a script opened; the words on the page serve for the rest.
  window.close();
}
