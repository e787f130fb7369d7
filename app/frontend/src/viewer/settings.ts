/** What the page tells the viewer by the attributes of its root element. */

import { archiveRoot } from '../dicomweb/client';

import { nothingRejected, type Rejected } from '../study/rejected';

export interface ViewerSettings {
  studyUid: string;
  dicomWebRoot: string;
  worklistUrl: string;
  /** What the address before leads back to. */
  worklistName: string;
  /** Somebody without an account looks at a study that was shared: nothing is written, and no other study is known. */
  isGuest: boolean;
  signInUrl: string;
  /** Where the study can be sent from; absent where the reader may not. */
  sendUrl: string | undefined;
  /** Where a link for somebody outside is made; absent where the reader may not. */
  shareUrl: string | undefined;
  correctionsUrl: string | undefined;
  /** Why somebody should check what came for this study, and where; absent where nothing is in doubt. */
  doubts: string | undefined;
  flagsUrl: string | undefined;
  /** What quality control rejected of the study. */
  rejected: Rejected;
  /** Says what is rejected of a study; absent where the reader sees no other study. */
  rejectedUrl: string | undefined;
  annotationsUrl: string;
  keyImagesUrl: string;
  keyObjectSelectionsUrl: string;
  presentationsUrl: string;
  measurementReportUrl: string;
  priorsUrl: string;
  notesUrl: string;
  attachmentsUrl: string;
  /** The stream of changes, and the latest notifications; absent where the page has no bell. */
  liveUrl: string | undefined;
  notificationsUrl: string | undefined;
  /** Names the study after this one in the worklist. */
  nextUrl: string;
  reportUrl: string;
  /** Who holds the study, and where the most urgent one is claimed. */
  holdingUrl: string;
  claimNextUrl: string;
  mayAnnotate: boolean;
  preferencesUrl: string;
  /** What the reader has changed, by section, as it was kept when the page was made. */
  preferences: Readonly<Record<string, unknown>>;
  /** Renewed by `ServerWatch` when the reader signs in again: read it when it is needed, keep no copy. */
  csrfToken: string;
  /** Who is reading; what could not be saved is kept for this user only. */
  user: string;
  sessionUrl: string;
  /** Where signing in beside the viewer ends. */
  signedInUrl: string;
  /** Series that most likely comes first, so that its metadata can be asked for before the list is there. */
  likelySeriesUid: string | undefined;
  /** Series to begin with, from the address, so that a link or a reload returns to it. */
  seriesUid: string | undefined;
  /** Hanging protocol to begin with, from the address. */
  hanging: string | undefined;
  hangingUrl: string;
}

export function readSettings(root: HTMLElement): ViewerSettings {
  const { studyUid, dicomwebRoot, worklistUrl, signInUrl, sendUrl, annotationsUrl, csrfToken } = root.dataset;
  const { preferences, preferencesUrl, doubts, flagsUrl, priorsUrl, user, sessionUrl, signedInUrl } =
    root.dataset;
  const { rejected, rejectedUrl } = root.dataset;
  const { keyImagesUrl, keyObjectSelectionsUrl, presentationsUrl, hangingUrl } = root.dataset;
  const isGuest = 'guest' in root.dataset;
  if (!studyUid) throw new Error('the page names no study');
  return {
    studyUid,
    dicomWebRoot: dicomwebRoot ?? archiveRoot,
    worklistUrl: worklistUrl ?? '/worklist',
    worklistName: isGuest ? 'What was shared' : 'Worklist',
    isGuest,
    signInUrl: signInUrl ?? '/sign-in',
    sendUrl,
    shareUrl: root.dataset.shareUrl,
    correctionsUrl: root.dataset.correctionsUrl,
    doubts,
    flagsUrl,
    rejectedUrl,
    rejected: rejected ? (JSON.parse(rejected) as Rejected) : nothingRejected,
    annotationsUrl: annotationsUrl ?? `/viewer/${studyUid}/annotations`,
    keyImagesUrl: keyImagesUrl ?? `/viewer/${studyUid}/key-images`,
    keyObjectSelectionsUrl: keyObjectSelectionsUrl ?? `/viewer/${studyUid}/key-object-selections`,
    presentationsUrl: presentationsUrl ?? `/viewer/${studyUid}/presentations`,
    nextUrl: root.dataset.nextUrl ?? `/worklist/after/${studyUid}`,
    measurementReportUrl: root.dataset.measurementReportUrl ?? `/viewer/${studyUid}/measurement-report`,
    priorsUrl: priorsUrl ?? `/viewer/${studyUid}/priors`,
    notesUrl: root.dataset.notesUrl ?? `/viewer/${studyUid}/notes`,
    attachmentsUrl: root.dataset.attachmentsUrl ?? `/viewer/${studyUid}/attachments`,
    liveUrl: root.dataset.liveUrl,
    notificationsUrl: root.dataset.notificationsUrl,
    reportUrl: root.dataset.reportUrl ?? `/studies/${studyUid}/report`,
    holdingUrl: root.dataset.holdingUrl ?? `/studies/${studyUid}/holding`,
    claimNextUrl: root.dataset.claimNextUrl ?? '/worklist/next',
    mayAnnotate: 'mayAnnotate' in root.dataset,
    preferencesUrl: preferencesUrl ?? '/preferences',
    preferences: JSON.parse(preferences ?? '{}') as Record<string, unknown>,
    csrfToken: csrfToken ?? '',
    user: user ?? '',
    sessionUrl: sessionUrl ?? '/account/session',
    signedInUrl: signedInUrl ?? '/account/signed-in',
    likelySeriesUid: root.dataset.firstSeries,
    seriesUid: new URLSearchParams(location.search).get('series') ?? undefined,
    hanging: new URLSearchParams(location.search).get('hanging') ?? undefined,
    hangingUrl: hangingUrl ?? '/viewer/hanging-protocols',
  };
}

/** Where the annotations of a study are: of the one that the page is about, or of another. */
export function annotationsUrl(settings: ViewerSettings, studyUid: string): string {
  return ofStudy(settings.annotationsUrl, settings, studyUid);
}

/** The same address for another study than the one that the page is about. */
export function ofStudy(url: string, settings: ViewerSettings, studyUid: string): string {
  return url.replace(settings.studyUid, studyUid);
}

export function rememberSeries(seriesUid: string): void {
  rememberInAddress('series', seriesUid);
}

export function rememberHanging(protocolId: string): void {
  rememberInAddress('hanging', protocolId);
}

function rememberInAddress(name: string, value: string): void {
  const address = new URL(location.href);
  address.searchParams.set(name, value);
  history.replaceState(history.state, '', address);
}

/** The sign-in page, told where it leads to. */
export function signInLink(signInUrl: string, next: string): string {
  return `${signInUrl}?${new URLSearchParams({ next }).toString()}`;
}
