/** Watches the server on behalf of the page, and tells the reader in one line what is wrong and how to go on. */

import { getJson } from '../dicomweb/http';
import type { Banner, BannerText } from '../ui/banner';
import { ServerWatch, type ServerState, type Session } from './serverWatch';
import { signInLink, type ViewerSettings } from './settings';

/** Signing in elsewhere in this browser says so here (`pages/signedIn.ts`). */
const channelName = 'noctis.session';
const answerMs = 8000;
const guestAskedEveryMs = 15_000;

export function watchServer(settings: ViewerSettings, banner: Banner, recovered: () => void): ServerWatch {
  const watch = new ServerWatch(settings.user, () => askSession(settings.sessionUrl), {
    changed: (state) => {
      // What was shared leaves the screen with the right to see it; the page that follows says why.
      if (settings.isGuest && state.kind === 'signedOut') location.replace(settings.worklistUrl);
      else banner.show(textFor(state, settings));
    },
    renewed: (csrfToken) => {
      settings.csrfToken = csrfToken;
    },
    recovered,
  });
  const checkWhatIsWrong = (): void => {
    if (watch.current.kind !== 'up' && document.visibilityState === 'visible') void watch.check();
  };
  addEventListener('offline', () => void watch.check());
  addEventListener('online', () => void watch.check().then(recovered));
  addEventListener('focus', checkWhatIsWrong);
  document.addEventListener('visibilitychange', checkWhatIsWrong);
  if (settings.isGuest) setInterval(() => void watch.check(), guestAskedEveryMs);
  new BroadcastChannel(channelName).addEventListener('message', () => void watch.check());
  return watch;
}

async function askSession(url: string): Promise<Session> {
  const once = { attempts: 1, firstPauseMs: 0 };
  return (await getJson(url, { accept: 'application/json', retry: once, timeoutMs: answerMs })) as Session;
}

function textFor(state: ServerState, settings: ViewerSettings): BannerText | undefined {
  const { signInUrl, signedInUrl, user } = settings;
  switch (state.kind) {
    case 'up':
      return undefined;
    case 'unreachable':
      return {
        text: 'The server cannot be reached. What is loaded stays on the screen; the rest follows when it is back.',
      };
    case 'signedOut':
      return {
        text: 'Your session has ended. Nothing is lost: sign in again beside the viewer, and it goes on.',
        link: { label: 'Sign in again', href: signInLink(signInUrl, signedInUrl) },
      };
    case 'otherUser':
      return {
        text: `${state.user} signed in in this browser. Measurements of ${user} that are not saved yet wait in this tab.`,
        action: { label: `Go on as ${state.user}`, run: () => location.reload() },
      };
  }
}
