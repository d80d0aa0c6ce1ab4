// Puts the drawing of a network in its place. Pointing at a volume, or going to it with the tab key, tells
// what it is made of; where volumes can be picked, a press or the enter key does.
export default function ({ parentElement, data, setTriggerValue }) {
  const place = parentElement.querySelector(".network");
  const told = place.querySelector(".told")?.dataset.volume;
  place.innerHTML = data.svg + '<div class="told" role="status" hidden></div>';
  const words = place.querySelector(".told");

  function tell(volume, index) {
    words.textContent = volume.dataset.words;
    words.dataset.volume = index;
    words.hidden = false;
    const frame = place.getBoundingClientRect();
    const box = volume.getBoundingClientRect();
    const room = frame.width - words.offsetWidth;
    const middle = box.left + box.width / 2 - frame.left - words.offsetWidth / 2;
    words.style.left = `${Math.max(0, Math.min(middle, room)) + place.scrollLeft}px`;
    const below = box.bottom - frame.top + 4;
    const above = Math.max(0, box.top - frame.top - words.offsetHeight - 4);
    words.style.top = `${below + words.offsetHeight <= frame.height ? below : above}px`;
  }
  function beSilent() {
    words.hidden = true;
    delete words.dataset.volume;
  }

  const volumes = [...place.querySelectorAll("g[data-words]")];
  volumes.forEach((volume, index) => {
    volume.addEventListener("pointerenter", () => tell(volume, index));
    volume.addEventListener("pointerleave", beSilent);
    volume.addEventListener("focus", () => tell(volume, index));
    volume.addEventListener("blur", beSilent);
    volume.classList.toggle("chosen", index === data.chosen);
    volume.classList.toggle("pale", data.pale.includes(index));
    if (data.pickable && index > 0) {
      volume.classList.add("pickable");
      volume.setAttribute("role", "button");
      volume.addEventListener("click", () => setTriggerValue("picked", index));
      volume.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          setTriggerValue("picked", index);
        }
      });
    }
  });
  if (volumes[told]) tell(volumes[told], told);
}
