/** Exchange of annotations with the server: each belongs to the study of its image. */

import { ConnectionError, HttpError, NotFoundError, SignedOutError } from '../dicomweb/errors';
import type { Annotation, SavedAnnotation } from '../study/annotation';

/** Somebody else changed or removed it meanwhile. */
export class ConflictError extends Error {
  constructor(readonly current: SavedAnnotation | undefined) {
    super('the annotation was changed elsewhere');
  }
}

/** What a change needs to be the reader's own. */
export interface Credentials {
  /** Of the session as it is now. */
  csrfToken: () => string;
  /** Asks for the token of a new session; false where the reader is not signed in, or is somebody else. */
  renew: () => Promise<boolean>;
}

const forbidden = 403;
/** Browsers send no more than 64 KiB for a page that is being left. */
const mostAfterLeaving = 60_000;

export class AnnotationsClient {
  constructor(
    private readonly urlOf: (studyUid: string) => string,
    private readonly credentials: Credentials,
  ) {}

  async list(studyUid: string): Promise<readonly SavedAnnotation[]> {
    const response = await this.exchange(studyUid, '', 'GET');
    const { annotations } = (await response.json()) as { annotations: readonly SavedAnnotation[] };
    return annotations.map((annotation) => ({ ...annotation, studyUid }));
  }

  /** Keeps a new annotation (version 0), or the change of one; raises ConflictError. */
  async save(annotation: Annotation, version: number): Promise<SavedAnnotation> {
    const { studyUid, uid } = annotation;
    const response = await this.change(studyUid, uid, 'PUT', { ...annotation, version });
    return { ...((await response.json()) as SavedAnnotation), studyUid };
  }

  async remove(studyUid: string, uid: string, version: number): Promise<void> {
    await this.change(studyUid, uid, 'DELETE', { version });
  }

  /** A new session has a new token: the old one is refused like somebody without the right. */
  private async change(studyUid: string, uid: string, method: string, body: object): Promise<Response> {
    try {
      return await this.exchange(studyUid, uid, method, body);
    } catch (error) {
      if (!(error instanceof HttpError && error.status === forbidden)) throw error;
      if (!(await this.credentials.renew())) throw new SignedOutError();
      return this.exchange(studyUid, uid, method, body);
    }
  }

  private async exchange(studyUid: string, uid: string, method: string, body?: object): Promise<Response> {
    const written = body && JSON.stringify(body);
    const response = await fetch(this.urlOf(studyUid) + (uid && `/${uid}`), {
      method,
      credentials: 'same-origin',
      headers: {
        Accept: 'application/json',
        'X-Requested-With': 'XMLHttpRequest',
        ...(written
          ? { 'Content-Type': 'application/json', 'X-CSRFToken': this.credentials.csrfToken() }
          : {}),
      },
      ...(written ? { body: written, keepalive: written.length < mostAfterLeaving } : {}),
    }).catch((cause: unknown) => {
      throw new ConnectionError({ cause });
    });
    await refuseUnlessGood(response, studyUid);
    return response;
  }
}

async function refuseUnlessGood(response: Response, studyUid: string): Promise<void> {
  if (response.status === 401 || response.redirected) throw new SignedOutError();
  if (response.status === 404) throw new NotFoundError();
  if (response.status === 409) {
    const { current } = (await response.json()) as { current?: SavedAnnotation };
    throw new ConflictError(current && { ...current, studyUid });
  }
  if (!response.ok) throw new HttpError(response.status, undefined);
}
