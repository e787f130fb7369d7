/** What the panel of the report says about it. */

import type { JSONContent } from '@tiptap/core';
import type { Report, ReportContent } from './reportClient';
import type { WritingState } from './reportKeeper';

export const stateLabels: Record<NonNullable<Report['state']>, string> = {
  draft: 'Draft',
  preliminary: 'Preliminary',
  final: 'Final',
  addended: 'Final with addendum',
};

export const writingNotes: Record<WritingState, string> = {
  reading: '',
  saved: 'Saved',
  saving: 'Saving …',
  waiting: 'Not saved yet: the server cannot be reached, trying again',
  signedOut: 'Not saved: sign in again, the words stay here',
};

export function noteOn(current: Report | undefined): string {
  if (current?.signedBy && current.signedAt)
    return `Signed by ${current.signedBy}, ${moment(current.signedAt)}`;
  return current?.writer ? `${current.writer} is writing on it` : '';
}

export function moment(iso: string): string {
  return new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** All sections one after the other. */
export function documentOf(content: ReportContent): JSONContent {
  return { type: 'doc', content: Object.values(content).flatMap((section) => section?.content ?? []) };
}
