// Streamlit calls this at first sight, and again with the same element whenever data or theme change.

const labs = new WeakMap();

export default function convolutionLab({ data, parentElement, setTriggerValue }) {
  let lab = labs.get(parentElement);
  if (!lab) {
    lab = new Lab(parentElement.querySelector(".lab"), parentElement.host);
    labs.set(parentElement, lab);
  }
  lab.show(data, (weights) => setTriggerValue("weights", weights));
  return () => {
    if (parentElement.isConnected) return; // the cleanup of a call that a newer one has overtaken
    labs.get(parentElement)?.close();
    labs.delete(parentElement);
  };
}
