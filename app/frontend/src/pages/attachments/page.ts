/** The page with the files beside a study: the viewer's own list, without the viewer around it. */

import './page.scss';
import { AttachmentFiles } from '../../viewer/attachmentFiles';
import { OwnRequests } from '../../viewer/ownRequests';

export function showAttachments(root: HTMLElement): void {
  const { url = '', sessionUrl = '' } = root.dataset;
  let csrfToken = root.dataset.csrfToken ?? '';
  const requests = new OwnRequests({
    csrfToken: () => csrfToken,
    renew: async () => {
      const answer = await fetch(sessionUrl, { headers: { 'X-Requested-With': 'XMLHttpRequest' } });
      if (!answer.ok) return false;
      ({ csrfToken } = (await answer.json()) as { csrfToken: string });
      return true;
    },
  });
  const files = new AttachmentFiles({
    url,
    requests,
    csrfToken: () => csrfToken,
    counted: () => undefined,
    noteSession: () => undefined,
  });
  root.replaceChildren(files.panel.element, files.preview.element);
  void files.load();
}
