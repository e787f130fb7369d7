/** The preferences of the reader of this page, joined to the server, to this tab's memory and to other windows. */

import type { OwnRequests } from './ownRequests';
import { Preferences } from './preferences';
import type { ViewerSettings } from './settings';

export function ownPreferences(
  { user, preferences: kept, preferencesUrl, isGuest }: ViewerSettings,
  requests: OwnRequests,
  noteSession: (error: unknown) => void,
): Preferences {
  const name = `noctis.preferences.${user}`;
  return new Preferences(kept.viewer, {
    save: async (section) => {
      if (isGuest) return;
      try {
        await requests.send('PUT', `${preferencesUrl}/viewer`, section);
      } catch (error) {
        noteSession(error);
        throw error;
      }
    },
    storage: sessionStorage,
    storageKey: name,
    channel: new BroadcastChannel(name),
  });
}
