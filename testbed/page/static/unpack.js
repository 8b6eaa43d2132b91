// Columns of whole numbers, as testbed/page/packed.py writes them.

async function inflated(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Planes of bytes, the lowest first, to signed numbers; differences are summed up.
function column(bytes, from, count, width, isDifferences) {
  const numbers = new Int32Array(count), unused = 32 - 8 * width;
  for (let plane = 0; plane < width; plane++) {
    const begin = from + plane * count;
    for (let i = 0; i < count; i++) numbers[i] |= bytes[begin + i] << (8 * plane);
  }
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const value = (numbers[i] << unused) >> unused;
    numbers[i] = sum = isDifferences ? sum + value : value;
  }
  return numbers;
}

async function unpacked(packed) {
  const bytes = await inflated(packed.deflate), columns = {};
  let from = 0;
  for (const [name, count, width, isDifferences] of packed.columns) {
    columns[name] = column(bytes, from, count, width, isDifferences);
    from += count * width;
  }
  return columns;
}
