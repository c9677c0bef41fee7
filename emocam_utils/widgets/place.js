// Dragging on a picture of class emocam-place: its room, which outlives its being drawn again,
// listens once. place: called with the pointer's place in shares of the picture.
(function (room, place) {
  if (room.places) return;
  room.places = true;
  let dragging = false;
  const at = (event) => {
    const box = room.querySelector(".emocam-place").getBoundingClientRect();
    place(((event.clientX - box.left) / box.width).toFixed(3),
      ((event.clientY - box.top) / box.height).toFixed(3));
  };
  room.addEventListener("pointerdown", (event) => {
    if (!event.target.closest(".emocam-place")) return;
    dragging = true;
    event.preventDefault();
    at(event);
  });
  room.addEventListener("pointermove", (event) => { if (dragging) at(event); });
  window.addEventListener("pointerup", () => { dragging = false; });
})
