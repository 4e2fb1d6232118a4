/**
 * What a platform does for a block that is a custom element. Inputs become attributes, events become outputs.
 *
 * The values of outputs are copies, plain enough for a platform that stores them or sends them on.
 */
export async function mount(place, { script, element, inputs, outputs }, emit) {
  await import(script);
  const block = document.createElement(element);
  const set = (name, value) => {
    if (typeof value === 'boolean') block.toggleAttribute(name, value);
    else block.setAttribute(name, value);
  };
  for (const [name, value] of Object.entries(inputs)) set(name, value);
  for (const [output, event] of Object.entries(outputs)) {
    block.addEventListener(event, ({ detail }) => {
      const { source, ...value } = { ...detail, json: detail.json };
      emit(output, value);
    });
  }
  place.append(block);
  return { set, remove: () => block.remove() };
}
