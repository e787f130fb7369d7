/** The few vector operations that image geometry needs; millimetres in the patient's coordinate system. */

export type Vector = readonly [number, number, number];

export function toVector(values: readonly number[], offset = 0): Vector | undefined {
  const [x, y, z] = values.slice(offset, offset + 3);
  return x === undefined || y === undefined || z === undefined ? undefined : [x, y, z];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function negate(a: Vector): Vector {
  return [-a[0], -a[1], -a[2]];
}

export function length(a: Vector): number {
  return Math.hypot(a[0], a[1], a[2]);
}
