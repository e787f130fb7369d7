import { describe, expect, test } from 'vitest';
import { Tag } from '../dicomweb/tags';
import { edgeLetters, lettersOf, opposite } from './orientation';
import { frame, value } from './testing';

describe('orientation letters', () => {
  test.each([
    [[1, 0, 0], 'L'],
    [[-1, 0, 0], 'R'],
    [[0, 1, 0], 'P'],
    [[0, -1, 0], 'A'],
    [[0, 0, 1], 'H'],
    [[0, 0, -1], 'F'],
    [[0.99, 0.1, 0.1], 'L'],
    [[0.6, -0.8, 0], 'AL'],
    [[-0.5, 0.6, 0.62], 'HPR'],
  ] as const)('of %j are %s', (direction, letters) => {
    expect(lettersOf(direction)).toBe(letters);
  });

  test('of the other side are the opposite ones', () => {
    expect(opposite('HPR')).toBe('FAL');
  });

  test('of an axial slice as it lies in the file', () => {
    expect(edgeLetters(frame(), [1, 0], [0, 1])).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
  });

  test('of a coronal slice', () => {
    const coronal = frame({ [Tag.ImageOrientationPatient]: value(1, 0, 0, 0, 0, -1) });
    expect(edgeLetters(coronal, [1, 0], [0, 1])).toEqual({ left: 'R', right: 'L', top: 'H', bottom: 'F' });
  });

  test('turn with the image', () => {
    // Turned right by 90 degrees, the screen's right is against the columns and its bottom along the rows.
    expect(edgeLetters(frame(), [0, -1], [1, 0])).toEqual({ left: 'P', right: 'A', top: 'R', bottom: 'L' });
  });

  test('swap with a flip', () => {
    expect(edgeLetters(frame(), [-1, 0], [0, 1])).toEqual({ left: 'L', right: 'R', top: 'A', bottom: 'P' });
  });

  test('come from the patient orientation where there is no plane', () => {
    const chest = frame({ [Tag.ImagePositionPatient]: undefined, [Tag.PatientOrientation]: value('L', 'F') });
    expect(edgeLetters(chest, [-1, 0], [0, 1])).toEqual({ left: 'L', right: 'R', top: 'H', bottom: 'F' });
    expect(edgeLetters(chest, [0, -1], [1, 0])).toEqual({ left: 'F', right: 'H', top: 'R', bottom: 'L' });
  });

  test('are left out where nothing is known', () => {
    expect(edgeLetters(frame({ [Tag.ImagePositionPatient]: undefined }), [1, 0], [0, 1])).toBeUndefined();
  });
});
