/** The reader's preferences while the viewer is open: used at once, kept on the server, shared between windows. */

import { defaultPreferences, preferencesFrom, sectionOf, type ViewerPreferences } from '../study/preferences';

const pauseBeforeSavingMs = 500;

export type SavingState = 'kept' | 'saving' | 'failed';

export interface PreferencesPlaces {
  /** Raises what the server or the network says. */
  save(section: object): Promise<void>;
  /** What this tab holds back while saving fails. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  storageKey: string;
  /** To the reader's other windows. */
  channel: Pick<BroadcastChannel, 'postMessage' | 'addEventListener'>;
}

export class Preferences {
  private value: ViewerPreferences;
  private before: ViewerPreferences | undefined;
  private saving: SavingState = 'kept';
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners: (() => void)[] = [];

  constructor(
    section: unknown,
    private readonly places: PreferencesPlaces,
  ) {
    const held = readHeld(places);
    this.value = preferencesFrom(held ?? section);
    if (held) this.saveSoon();
    places.channel.addEventListener('message', (event) => {
      this.adopt(preferencesFrom((event as MessageEvent<unknown>).data));
    });
  }

  get current(): ViewerPreferences {
    return this.value;
  }

  get state(): SavingState {
    return this.saving;
  }

  get canUndo(): boolean {
    return this.before !== undefined;
  }

  get isDefault(): boolean {
    return JSON.stringify(sectionOf(this.value)) === JSON.stringify(sectionOf(defaultPreferences));
  }

  /** Calls back after each change of a preference or of the state of saving. */
  listen(listener: () => void): void {
    this.listeners.push(listener);
  }

  change(part: Partial<ViewerPreferences>): void {
    this.use({ ...this.value, ...part }, this.value);
  }

  reset(): void {
    this.use(defaultPreferences, this.value);
  }

  /** Takes the last change back; a second time, the taking back. */
  undo(): void {
    if (this.before) this.use(this.before, this.value);
  }

  /** Tries again what could not be saved. */
  retry(): void {
    if (this.saving === 'failed') this.saveSoon();
  }

  private use(value: ViewerPreferences, before: ViewerPreferences | undefined): void {
    this.before = before;
    this.value = value;
    this.places.channel.postMessage(sectionOf(value));
    this.saveSoon();
  }

  private adopt(value: ViewerPreferences): void {
    this.before = undefined;
    this.value = value;
    this.tell();
  }

  private saveSoon(): void {
    clearTimeout(this.timer);
    this.saving = 'saving';
    this.timer = setTimeout(() => void this.save(), pauseBeforeSavingMs);
    this.tell();
  }

  private async save(): Promise<void> {
    const { value } = this;
    const section = sectionOf(value);
    try {
      await this.places.save(section);
      if (this.value !== value) return;
      this.places.storage.removeItem(this.places.storageKey);
      this.saving = 'kept';
    } catch {
      if (this.value !== value) return;
      this.places.storage.setItem(this.places.storageKey, JSON.stringify(section));
      this.saving = 'failed';
    }
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function readHeld({ storage, storageKey }: PreferencesPlaces): unknown {
  const held = storage.getItem(storageKey);
  try {
    return held === null ? undefined : JSON.parse(held);
  } catch {
    return undefined;
  }
}
