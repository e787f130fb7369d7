/** What every page but the viewer loads: the theme, htmx and small behaviours. */

import 'bootstrap/dist/css/bootstrap-reboot.css';
import './theme.scss';
import 'htmx.org';
import { LivePage } from '../live/livePage';
import { startCopyButtons } from './copyButtons';
import { startDialogs } from './dialogs';
import { startLetterhead } from './letterhead';
import { startLivePolling } from './livePolling';
import { startMenus } from './menus';
import { startNotifications } from './notifications';
import { startPrintButtons } from './printButtons';
import { startQuality } from './quality/start';
import { goToSignIn, startRequestErrors } from './requestErrors';
import { startSignedIn } from './signedIn';
import { startSignOut } from './signOut';
import { startToasts } from './toasts';
import { startFilterBar } from './worklist/filterBar';
import { startWorklist } from './worklist/start';

startMenus();
startDialogs();
startToasts();
startCopyButtons();
startPrintButtons();
startRequestErrors();
startSignedIn();
startSignOut();

for (const indicator of document.querySelectorAll<HTMLElement>('[data-live-polling]'))
  startLivePolling(indicator);

for (const form of document.querySelectorAll<HTMLFormElement>('[data-filter-bar]')) startFilterBar(form);

const live = new LivePage(document.body.dataset.live ?? '', goToSignIn);
const worklist = document.querySelector<HTMLElement>('[data-worklist]');
if (worklist) startWorklist(worklist, live);
const bell = document.querySelector<HTMLElement>('[data-bell]');
if (bell) startNotifications(bell, live);
live.start();

const attachments = document.querySelector<HTMLElement>('[data-attachments]');
if (attachments) {
  void import('./attachments/page').then(({ showAttachments }) => showAttachments(attachments));
}

const letterhead = document.querySelector<HTMLFormElement>('[data-letterhead]');
if (letterhead) startLetterhead(letterhead);
const templateForm = document.querySelector<HTMLFormElement>('[data-template-form]');
if (templateForm)
  void import('./templateForm').then(({ startTemplateForm }) => startTemplateForm(templateForm));

const quality = document.querySelector<HTMLElement>('[data-quality]');
if (quality) startQuality(quality);
