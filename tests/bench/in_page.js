// Runs in every page before its own scripts: notes when an image is first seen, and when each frame has arrived.
(() => {
  performance.setResourceTimingBufferSize(20000);
  const seen = { firstImage: undefined, frames: 0, lastFrame: undefined };
  const frames = new Set();
  // Every viewer names the study in its address; what it fetches of others does not count.
  const [study] = /[0-9]+(\.[0-9]+)+/.exec(location.pathname + location.search) ?? [''];
  Object.defineProperty(window, '__bench', { value: seen });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.name.includes(`/studies/${study}/`) || !entry.name.includes('/frames/') || frames.has(entry.name)) continue;
      frames.add(entry.name);
      seen.frames = frames.size;
      seen.lastFrame = entry.responseEnd;
    }
  }).observe({ type: 'resource', buffered: true });

  const probe = new OffscreenCanvas(24, 24).getContext('2d', { willReadFrequently: true });
  // An image is there when the largest canvas shows more than one grey: no viewer's empty canvas does.
  const showsImage = () => {
    const canvases = [...document.querySelectorAll('canvas')].filter(({ width, height }) => width > 200 && height > 200);
    return canvases.some((canvas) => {
      probe.clearRect(0, 0, 24, 24);
      probe.drawImage(canvas, 0, 0, 24, 24);
      const { data } = probe.getImageData(0, 0, 24, 24);
      const greys = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0) greys.add(data[at] >> 3);
      return greys.size > 4;
    });
  };
  // Reading a canvas costs the page time, so it is not read after every frame of the browser.
  const look = () => {
    if (showsImage()) seen.firstImage = performance.now();
    else setTimeout(() => requestAnimationFrame(look), 40);
  };
  requestAnimationFrame(look);
})();
