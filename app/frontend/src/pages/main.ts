/** What every page but the viewer loads: the theme, htmx and small behaviours. */

import 'bootstrap/dist/css/bootstrap-reboot.css';
import './theme.scss';
import 'htmx.org';
import { startCopyButtons } from './copyButtons';
import { startDialogs } from './dialogs';
import { startMenus } from './menus';
import { startRequestErrors } from './requestErrors';
import { startToasts } from './toasts';
import { startWorklist } from './worklist/start';

startMenus();
startDialogs();
startToasts();
startCopyButtons();
startRequestErrors();

const worklist = document.querySelector<HTMLElement>('[data-worklist]');
if (worklist) startWorklist(worklist);
