/** The slider along the image: one position for each image of the stack. */

import { element, setAttribute } from './dom';

export class ImageSlider {
  readonly element = element('div', { class: 'viewer-slider' });
  private readonly input = element('input', {
    type: 'range',
    min: 1,
    max: 1,
    value: 1,
    step: 1,
    'aria-label': 'Image',
    'aria-orientation': 'vertical',
  });

  constructor(goTo: (index: number) => void) {
    this.input.addEventListener('input', () => {
      goTo(this.input.valueAsNumber - 1);
    });
    this.element.append(this.input);
  }

  show(index: number, count: number): void {
    this.element.hidden = count < 2;
    setAttribute(this.input, 'max', Math.max(1, count));
    if (this.input.valueAsNumber !== index + 1) this.input.value = String(index + 1);
    setAttribute(this.input, 'aria-valuetext', `Image ${index + 1} of ${count}`);
  }
}
