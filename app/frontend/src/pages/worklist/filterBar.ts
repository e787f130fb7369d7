/** Quick date ranges, and the filters folded away on a phone. */

export function startFilterBar(form: HTMLFormElement): void {
  form.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const range = event.target.closest<HTMLElement>('[data-from]');
    if (range) chooseRange(form, range);
    const toggle = event.target.closest('[data-filter-toggle]');
    if (toggle) toggle.setAttribute('aria-expanded', String(toggle.getAttribute('aria-expanded') !== 'true'));
  });
  form.addEventListener('change', () => {
    markRange(form);
  });
  markRange(form);
}

function dates(form: HTMLFormElement): [HTMLInputElement, HTMLInputElement] | undefined {
  const from = form.elements.namedItem('from_date');
  const to = form.elements.namedItem('to_date');
  return from instanceof HTMLInputElement && to instanceof HTMLInputElement ? [from, to] : undefined;
}

/** Sets a range; choosing the one that is set takes it away. */
function chooseRange(form: HTMLFormElement, range: HTMLElement): void {
  const fields = dates(form);
  if (!fields) return;
  const [from, to] = fields;
  const isSet = range.getAttribute('aria-pressed') === 'true';
  from.value = isSet ? '' : (range.dataset.from ?? '');
  to.value = isSet ? '' : (range.dataset.to ?? '');
  to.dispatchEvent(new Event('change', { bubbles: true }));
}

function markRange(form: HTMLFormElement): void {
  const fields = dates(form);
  for (const range of form.querySelectorAll<HTMLElement>('[data-from]')) {
    const isSet = fields?.[0].value === range.dataset.from && fields?.[1].value === range.dataset.to;
    range.setAttribute('aria-pressed', String(isSet));
  }
}
