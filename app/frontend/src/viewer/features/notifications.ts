/** The bell in the top bar: what happened beside this study. */

import { LivePage } from '../../live/livePage';
import { icon } from '../../ui/icons';
import { NotificationBell } from '../../ui/notificationBell';
import type { Feature, Viewer } from '../feature';

export function notifications(viewer: Viewer): Feature {
  const { liveUrl, notificationsUrl } = viewer.settings;
  if (!liveUrl || !notificationsUrl) return {};
  const bell = new NotificationBell({
    latestUrl: notificationsUrl,
    buttonClass: 'viewer-button',
    picture: icon('bell'),
  });
  const live = new LivePage(liveUrl, () => void viewer.server.check());
  live.on('notifications', () => void bell.refresh());
  viewer.page.top.addBell(bell.element);
  return {
    imageShown: () => live.start(),
    recovered: () => void bell.refresh(),
    commands: [
      {
        id: 'notifications',
        label: 'Notifications',
        group: 'Study',
        keys: ['F9'],
        run: () => {
          bell.toggle();
        },
      },
    ],
  };
}
