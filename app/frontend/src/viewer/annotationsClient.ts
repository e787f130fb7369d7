/** Exchange of annotations with the server: each belongs to the study of its image. */

import type { Annotation, SavedAnnotation } from '../study/annotation';
import type { OwnRequests } from './ownRequests';

/** Somebody else changed or removed it meanwhile. */
export class ConflictError extends Error {
  constructor(readonly current: SavedAnnotation | undefined) {
    super('the annotation was changed elsewhere');
  }
}

const conflict = 409;

export class AnnotationsClient {
  constructor(
    private readonly requests: OwnRequests,
    private readonly urlOf: (studyUid: string) => string,
  ) {}

  async list(studyUid: string): Promise<readonly SavedAnnotation[]> {
    const response = await this.requests.send('GET', this.urlOf(studyUid));
    const { annotations } = (await response.json()) as { annotations: readonly SavedAnnotation[] };
    return annotations.map((annotation) => asKept(annotation, studyUid));
  }

  /** Keeps a new annotation (version 0), or the change of one; raises ConflictError. */
  async save(annotation: Annotation, version: number): Promise<SavedAnnotation> {
    const { studyUid, uid } = annotation;
    const response = await this.change('PUT', studyUid, uid, { ...annotation, version });
    return asKept((await response.json()) as SavedAnnotation, studyUid);
  }

  async remove(studyUid: string, uid: string, version: number): Promise<void> {
    await this.change('DELETE', studyUid, uid, { version });
  }

  private async change(method: string, studyUid: string, uid: string, body: object): Promise<Response> {
    const response = await this.requests.send(method, `${this.urlOf(studyUid)}/${uid}`, body);
    if (response.status !== conflict) return response;
    const { current } = (await response.json()) as { current?: SavedAnnotation };
    throw new ConflictError(current && asKept(current, studyUid));
  }
}

/** What is not there comes as null: words that nobody moved must not seem moved to somewhere. */
function asKept(sent: SavedAnnotation, studyUid: string): SavedAnnotation {
  return {
    ...sent,
    studyUid,
    textAt: sent.textAt ?? undefined,
    frameOfReferenceUid: sent.frameOfReferenceUid ?? undefined,
  };
}
