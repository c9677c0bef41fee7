// A file dropped anywhere in the room. dropped: called with its name and its content as a data
// address.
(function (room, dropped) {
  if (room.drops) return;
  room.drops = true;
  room.addEventListener("dragover", (event) => event.preventDefault());
  room.addEventListener("drop", (event) => {
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    const reader = new FileReader();
    reader.onload = () => dropped(encodeURIComponent(file.name), reader.result);
    reader.readAsDataURL(file);
  });
})
