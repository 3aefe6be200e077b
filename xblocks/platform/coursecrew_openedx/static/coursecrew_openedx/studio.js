/* The editor in Studio: its one button closes the modal, and lets Studio draw the block afresh.
   The form inside the element saves by itself. Studio hands over a jQuery object here, the
   workbench a DOM node. */
function CoursecrewStudio(runtime, element) {
  const root = element.jquery ? element[0] : element;
  const activity = root.querySelector("coursecrew-activity");
  let warned = false;

  function close() {
    if (activity.unsaved && !warned) {
      warned = true;
      activity.say("unsaved");
      return;
    }
    if (!runtime.notify) return; // the workbench has no modal to close
    runtime.notify("save", { state: "start" });
    runtime.notify("save", { state: "end" });
  }

  activity.addEventListener("input", () => { warned = false; });
  root.querySelector(".coursecrew-close").addEventListener("click", (event) => {
    event.preventDefault();
    close();
  });
}
