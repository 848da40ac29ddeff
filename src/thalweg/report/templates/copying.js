// Copies what a button stands for; where a page may not write to the clipboard there are no such buttons.
(() => {
  const MILLISECONDS = 1500;

  for (const button of document.querySelectorAll("button[data-copies]")) {
    if (!navigator.clipboard) {
      button.remove();
      continue;
    }
    const before = button.textContent;
    button.addEventListener("click", async () => {
      const done = await navigator.clipboard.writeText(button.dataset.copies).then(() => true, () => false);
      button.textContent = done ? "copied" : "not copied";
      setTimeout(() => { button.textContent = before; }, MILLISECONDS);
    });
  }
})();
