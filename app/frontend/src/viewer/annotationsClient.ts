/** Exchange of annotations with the server. */

import { ConnectionError, HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import type { Annotation, SavedAnnotation } from '../study/annotation';

/** Somebody else changed or removed it meanwhile. */
export class ConflictError extends Error {
  constructor(readonly current: SavedAnnotation | undefined) {
    super('the annotation was changed elsewhere');
  }
}

export class AnnotationsClient {
  constructor(
    private readonly url: string,
    private readonly csrfToken: string,
  ) {}

  async list(): Promise<readonly SavedAnnotation[]> {
    const response = await this.exchange(this.url, 'GET');
    return ((await response.json()) as { annotations: readonly SavedAnnotation[] }).annotations;
  }

  /** Keeps a new annotation (version 0), or the change of one; raises ConflictError. */
  async save(annotation: Annotation, version: number): Promise<SavedAnnotation> {
    const response = await this.exchange(`${this.url}/${annotation.uid}`, 'PUT', { ...annotation, version });
    return (await response.json()) as SavedAnnotation;
  }

  async remove(uid: string, version: number): Promise<void> {
    await this.exchange(`${this.url}/${uid}`, 'DELETE', { version });
  }

  private async exchange(url: string, method: string, body?: object): Promise<Response> {
    const response = await fetch(url, {
      method,
      credentials: 'same-origin',
      headers: {
        Accept: 'application/json',
        'X-Requested-With': 'XMLHttpRequest',
        ...(body ? { 'Content-Type': 'application/json', 'X-CSRFToken': this.csrfToken } : {}),
      },
      ...(body ? { body: JSON.stringify(body), keepalive: true } : {}),
    }).catch((cause: unknown) => {
      throw new ConnectionError({ cause });
    });
    if (response.status === 401 || response.redirected) throw new SignedOutError();
    if (response.status === 404) throw new NotFoundError();
    if (response.status === 409) {
      const { current } = (await response.json()) as { current?: SavedAnnotation };
      throw new ConflictError(current);
    }
    if (!response.ok) throw new HttpError(response.status, undefined);
    return response;
  }
}
