/** Entry of the viewer page. */

import './viewer.scss';
import { ViewerApp } from './app';

const root = document.getElementById('viewer');
if (root) void new ViewerApp(root).start();
