/** Whether there is WebGL whose work is done by a processor; asked for when it matters, as the answer takes a context. */

let answer: boolean | undefined;

export function drawsInSoftware(): boolean {
  answer ??= /swiftshader|llvmpipe|softpipe|basic render|software/i.test(rendererName());
  return answer;
}

function rendererName(): string {
  const context = document.createElement('canvas').getContext('webgl2');
  const names = context?.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = context && names ? context.getParameter(names.UNMASKED_RENDERER_WEBGL) : '';
  context?.getExtension('WEBGL_lose_context')?.loseContext();
  return String(name);
}
