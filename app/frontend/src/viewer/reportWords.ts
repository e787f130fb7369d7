/** What the panel of the report says about it. */

import type { JSONContent } from '@tiptap/core';
import type { KeptWords } from '../report/unsavedWords';
import type { KeptWordsOffer } from '../ui/reportAids';
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

/** What is said of words that the server never got, and what can be done with them. */
export function offerOf(current: Report, kept: KeptWords): KeptWordsOffer {
  const at = moment(new Date(kept.at).toISOString());
  const text = `Words that you wrote until ${at} did not reach the server. They are kept on this computer.`;
  if (current.signedBy)
    return { text: `${text} The report was signed since then.`, restore: 'Put into an addendum' };
  const changed = `The report was changed since then: restored, they stand in the place of what it says now, which its versions keep.`;
  return {
    text: current.version === kept.version ? text : `${text} ${changed}`,
    restore: current.writer ? 'Take over and restore' : 'Restore',
  };
}

/** All sections one after the other. */
export function documentOf(content: ReportContent): JSONContent {
  return { type: 'doc', content: Object.values(content).flatMap((section) => section?.content ?? []) };
}
