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

export function add(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function scale(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

export function unit(a: Vector): Vector {
  return scale(a, 1 / (length(a) || 1));
}

/** Turns a vector about a unit axis, counter-clockwise for whoever the axis points at (Rodrigues' formula). */
export function turned(a: Vector, axis: Vector, radians: number): Vector {
  const along = scale(axis, dot(axis, a) * (1 - Math.cos(radians)));
  return add(add(scale(a, Math.cos(radians)), scale(cross(axis, a), Math.sin(radians))), along);
}
