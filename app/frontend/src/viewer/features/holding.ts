/** Who reads this study: opening one that waits claims it and says so; another reader's is never taken silently. */

import { HttpError } from '../../dicomweb/errors';
import { holdingInWords, type Holding, type HoldingDeed } from '../../study/holding';
import { element } from '../../ui/dom';
import { HoldingSign } from '../../ui/holdingSign';
import type { Feature, Viewer } from '../feature';
import { troubleOf } from '../ownRequests';
import { pairParameter } from './secondWindow';

/** So often the server hears that the study is still open, and the reader who it is held by now. */
const askEveryMs = 20_000;

export function holding(viewer: Viewer): Feature {
  const keeper = new HoldingKeeper(viewer);
  return {
    imageShown: () => keeper.begin(),
    recovered: () => void keeper.ask('stay'),
    commands: [
      {
        id: 'holding',
        label: 'Claim or release this study',
        group: 'Study',
        keys: ['F8'],
        run: () => keeper.turn(),
      },
      {
        id: 'claim-next',
        label: 'Claim and open the most urgent study',
        group: 'Study',
        keys: ['F7'],
        run: () => claimNext(viewer),
      },
    ],
  };
}

class HoldingKeeper {
  private readonly sign = new HoldingSign((deed) => void this.do(deed));
  private current: Holding | undefined;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly viewer: Viewer) {
    viewer.page.top.addTools(this.sign.tag);
    viewer.page.addLayer(this.sign.warning);
  }

  begin(): void {
    const isSecond = new URLSearchParams(location.search).has(pairParameter);
    void this.ask(isSecond ? 'stay' : 'open');
    this.timer ??= setInterval(() => {
      if (this.viewer.server.current.kind === 'up') void this.ask('stay');
    }, askEveryMs);
  }

  /** Claims what is free, releases what is the reader's own; what is another's asks to be taken over plainly. */
  turn(): void {
    const deed = this.current && holdingInWords(this.current, clock).tag?.deed?.deed;
    if (deed && deed !== 'take_over') void this.do(deed);
  }

  async ask(wish: 'open' | 'stay'): Promise<void> {
    try {
      this.show((await this.exchange(wish)) as Holding);
    } catch (error) {
      this.viewer.noteSession(error);
    }
  }

  private async do(deed: HoldingDeed): Promise<void> {
    try {
      this.show((await this.exchange(deed)) as Holding);
    } catch (error) {
      this.viewer.noteSession(error);
      this.viewer.page.status.announce(troubleOf(error));
      if (error instanceof HttpError) await this.ask('stay');
    }
  }

  private exchange(wish: string): Promise<unknown> {
    return this.viewer.requests.json('POST', this.viewer.settings.holdingUrl, { do: wish });
  }

  private show(current: Holding): void {
    this.current = current;
    this.sign.show(holdingInWords(current, clock));
  }
}

function clock(iso: string): string {
  return new Date(iso).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}

/** The server answers with the study, or with the worklist where nothing waits. */
function claimNext({ settings, page }: Viewer): void {
  const token = { type: 'hidden', name: 'csrfmiddlewaretoken', value: settings.csrfToken };
  const form = element('form', { method: 'post', action: settings.claimNextUrl }, element('input', token));
  page.addLayer(form);
  form.submit();
}
