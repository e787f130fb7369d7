/** The viewer's capabilities, in the order of their buttons and shortcuts. */

import type { MakeFeature } from '../feature';
import { attachments } from './attachments';
import { fullScreen } from './fullScreen';
import { gridLayout } from './gridLayout';
import { hanging } from './hanging';
import { headerWindows } from './headerWindows';
import { holding } from './holding';
import { keyImages } from './keyImages';
import { linking } from './linking';
import { measurements } from './measurements';
import { navigation } from './navigation';
import { notes } from './notes';
import { notifications } from './notifications';
import { otherContent } from './otherContent';
import { output } from './output';
import { pointing } from './pointing';
import { priors } from './priors';
import { preferences } from './preferences';
import { presentation } from './presentation';
import { readingAhead } from './readingAhead';
import { rejected } from './rejected';
import { report } from './report';
import { secondWindow } from './secondWindow';
import { sharing } from './sharing';
import { touch } from './touch';
import { viewing } from './viewing';
import { volume } from './volume';
import { windowing } from './windowing';

export const makers: readonly MakeFeature[] = [
  navigation,
  pointing,
  windowing,
  headerWindows,
  viewing,
  gridLayout,
  hanging,
  linking,
  measurements,
  priors,
  rejected,
  readingAhead,
  otherContent,
  notes,
  attachments,
  holding,
  notifications,
  secondWindow,
  fullScreen,
  preferences,
  presentation,
  report,
  keyImages,
  output,
  sharing,
  volume,
  touch,
];

/** What a guest gets: looking at the study that was shared. Whatever is written, or knows other studies, is not there. */
export const guestMakers: readonly MakeFeature[] = [
  navigation,
  pointing,
  windowing,
  headerWindows,
  viewing,
  gridLayout,
  linking,
  otherContent,
  fullScreen,
  volume,
  touch,
];
