/** Two windows of the viewer that belong together: what they tell each other, and when the second moves along. */

import type { Window } from '../study/frame';
import type { Place } from '../study/samePlace';

/** What is followed within a study. */
export type Change =
  | { kind: 'place'; place: Place }
  | { kind: 'tool'; tool: string }
  | { kind: 'window'; modality: string; window: Window };

type Message =
  | { kind: 'here'; study: string; isAnswer: boolean }
  | { kind: 'gone' }
  | { kind: 'change'; study: string; change: Change };

export type Role = 'first' | 'second';

export interface WindowLinkEvents {
  /** The other window came or went. */
  linked(): void;
  followed(change: Change): void;
  /** The first window shows another study. */
  studyChanged(studyUid: string): void;
}

export type Channel = Pick<BroadcastChannel, 'postMessage' | 'addEventListener' | 'close'>;

export class WindowLink {
  private other = false;

  constructor(
    private readonly role: Role,
    private readonly study: string,
    private readonly channel: Channel,
    private readonly events: WindowLinkEvents,
  ) {
    channel.addEventListener('message', (event) => this.receive((event as MessageEvent<Message>).data));
    this.post({ kind: 'here', study, isAnswer: false });
  }

  /** Whether the other window is open, on the same study. */
  get isLinked(): boolean {
    return this.other;
  }

  tell(change: Change): void {
    if (this.other) this.post({ kind: 'change', study: this.study, change });
  }

  /** This window goes to another page or is closed. */
  leave(): void {
    this.post({ kind: 'gone' });
  }

  private receive(message: Message): void {
    if (message.kind === 'change') {
      if (message.study === this.study) this.events.followed(message.change);
      return;
    }
    if (message.kind === 'gone') {
      this.setOther(false);
      return;
    }
    if (message.study !== this.study && this.role === 'second') {
      this.events.studyChanged(message.study);
      return;
    }
    this.setOther(message.study === this.study);
    // A second window that comes late is told what the first one shows.
    if (!message.isAnswer) this.post({ kind: 'here', study: this.study, isAnswer: true });
  }

  private setOther(isThere: boolean): void {
    if (this.other === isThere) return;
    this.other = isThere;
    this.events.linked();
  }

  private post(message: Message): void {
    this.channel.postMessage(message);
  }
}
