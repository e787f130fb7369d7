/** Hanging protocols from the server, and the reader's own layouts among the preferences. */

import { getJson } from '../dicomweb/http';
import type { HangingProtocol } from '../study/hanging';
import type { OwnLayouts } from '../study/hangingOwn';
import type { OwnRequests } from './ownRequests';

/** The section `hanging` of the preferences. */
export interface HangingPreferences {
  format: 1;
  /** Whether a study is laid out as it is opened. */
  automatic: boolean;
  own: OwnLayouts;
}

/** From what came with the page; what was never changed is as the viewer has it. */
export function hangingPreferences(sections: Readonly<Record<string, unknown>>): HangingPreferences {
  const kept = (sections.hanging ?? {}) as Partial<HangingPreferences>;
  return { format: 1, automatic: kept.automatic ?? true, own: kept.own ?? {} };
}

export class HangingClient {
  constructor(
    private readonly protocolsUrl: string,
    private readonly preferencesUrl: string,
    private readonly requests: OwnRequests,
  ) {}

  async protocols(): Promise<readonly HangingProtocol[]> {
    const answer = (await getJson(this.protocolsUrl, { accept: 'application/json' })) as {
      protocols: readonly HangingProtocol[];
    };
    return answer.protocols;
  }

  async keep(preferences: HangingPreferences): Promise<void> {
    await this.requests.send('PUT', `${this.preferencesUrl}/hanging`, preferences);
  }
}
