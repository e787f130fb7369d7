/** The bell in the bar at the top. */

import type { LivePage } from '../live/livePage';
import { NotificationBell } from '../ui/notificationBell';

export function startNotifications(place: HTMLElement, live: LivePage): void {
  const link = place.querySelector('.bell-button');
  const picture = link?.firstElementChild;
  const { latestUrl } = place.dataset;
  if (!link || !picture || !latestUrl) return;
  const bell = new NotificationBell({ latestUrl, buttonClass: 'bell-button', picture });
  link.replaceWith(bell.element);
  live.on('notifications', () => {
    void bell.refresh();
  });
}
