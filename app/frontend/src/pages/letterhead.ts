/** The sample report beside a facility's letterhead: the server makes it anew a moment after each change. */

const pauseMs = 350;

interface Place {
  readonly state: HTMLElement;
  readonly pages: HTMLElement;
}

export function startLetterhead(form: HTMLFormElement): void {
  const state = document.querySelector<HTMLElement>('[data-letterhead-state]');
  const pages = document.querySelector<HTMLElement>('[data-letterhead-pages]');
  if (!state || !pages) return;
  const place = { state, pages };
  let timer = 0;
  let running = new AbortController();
  const begin = (): void => {
    running.abort();
    running = new AbortController();
    void renew(form, place, running.signal);
  };
  form.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(begin, pauseMs);
  });
  begin();
}

async function renew(form: HTMLFormElement, place: Place, signal: AbortSignal): Promise<void> {
  place.state.textContent = 'Making the preview …';
  try {
    const file = await made(form, signal);
    const drawn = await draw(file, place.pages.clientWidth);
    if (signal.aborted) return;
    place.pages.replaceChildren(...drawn);
    place.state.textContent = 'A sample report with this letterhead. “Save” keeps it.';
  } catch (error) {
    if (signal.aborted) return;
    place.state.textContent = error instanceof Error ? error.message : String(error);
  }
}

async function made(form: HTMLFormElement, signal: AbortSignal): Promise<Uint8Array> {
  const headers = { 'X-Requested-With': 'XMLHttpRequest' };
  const body = new FormData(form);
  const response = await fetch(form.dataset.letterhead ?? '', { method: 'POST', body, headers, signal });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Error(problem.detail ?? 'The preview could not be made. Reload the page and try again.');
}

async function draw(file: Uint8Array, width: number): Promise<HTMLElement[]> {
  const { openPdf } = await import('../documents/pdf');
  const document = await openPdf(file);
  try {
    const drawn: HTMLElement[] = [];
    for (let number = 1; number <= document.count; number += 1) {
      const size = await document.size(number);
      const [page] = await document.draw(number, width / size.width);
      if (!page) continue;
      page.setAttribute('role', 'img');
      page.setAttribute('aria-label', `Page ${String(number)} of the sample report`);
      drawn.push(page);
    }
    return drawn;
  } finally {
    document.close();
  }
}
