/** What the reader is told when something fails, in terms of what it means and what helps. */

import {
  ConnectionError,
  CorruptDataError,
  HttpError,
  NotFoundError,
  SignedOutError,
  UnsupportedError,
} from '../dicomweb/errors';
import { PatientMismatchError } from '../study/samePatient';
import type { Notice } from '../ui/notice';

export function reasonFor(error: unknown): string {
  if (error instanceof PatientMismatchError) {
    return 'They name another patient than this study, so they are not shown beside it. Open that study by itself.';
  }
  if (error instanceof ConnectionError) return 'The server could not be reached. Check the connection.';
  if (error instanceof HttpError) return `The server answered with an error (status ${error.status}).`;
  if (error instanceof UnsupportedError) return error.message;
  if (error instanceof CorruptDataError)
    return 'Its data is damaged, or in a format that cannot be shown here.';
  if (error instanceof NotFoundError) return 'The archive does not have it any more.';
  if (error instanceof SignedOutError) return 'Your session has ended: sign in again, and it goes on.';
  return 'Something unexpected happened in the viewer.';
}

/** Where the reader can go from a failure. */
export interface WaysOn {
  retry: () => void;
  worklistUrl: string;
  worklistName: string;
}

export function imageFailed(index: number, error: unknown, ways: WaysOn): Notice {
  return failed(`Image ${index + 1} could not be loaded`, error, ways);
}

export function seriesFailed(error: unknown, ways: WaysOn): Notice {
  if (error instanceof PatientMismatchError) {
    return {
      icon: 'warning',
      title: 'These images may be of another patient',
      detail: reasonFor(error),
      urgent: true,
    };
  }
  return failed('This series could not be loaded', error, ways);
}

function failed(title: string, error: unknown, { retry }: WaysOn): Notice {
  // Who has to sign in again is told so above all images, and then they come by themselves.
  const action = error instanceof SignedOutError ? undefined : { label: 'Try again', run: retry };
  return { icon: 'warning', title, detail: reasonFor(error), action, urgent: true };
}

export function studyFailed(error: unknown, ways: WaysOn): Notice {
  if (!(error instanceof NotFoundError)) return failed('This study could not be loaded', error, ways);
  return {
    icon: 'warning',
    title: 'This study was not found',
    detail: 'It may have been removed, or it belongs to a facility whose studies you cannot see.',
    action: wayBack(ways),
    urgent: true,
  };
}

export function emptyStudy(ways: Omit<WaysOn, 'retry'>): Notice {
  return {
    icon: 'document',
    title: 'This study holds no series',
    detail: 'Nothing has been stored for it yet.',
    action: wayBack(ways),
    urgent: false,
  };
}

function wayBack({ worklistUrl, worklistName }: Omit<WaysOn, 'retry'>): { label: string; href: string } {
  return { label: `Back to ${worklistName.toLowerCase()}`, href: worklistUrl };
}

export const graphicsLost: Notice = {
  icon: 'warning',
  title: 'The graphics of this computer failed',
  detail: 'The images come back in a moment. Nothing is lost.',
  urgent: true,
};

export function noImage(message: string): Notice {
  return { icon: 'document', title: 'No image', detail: message, urgent: false };
}
