// Draws the figures. Their colours are CSS variables, resolved here, so that light, dark and paper each fit.
(() => {
  const figures = [...document.querySelectorAll(".plot")].map((node) => ({
    node,
    spec: JSON.parse(document.querySelector(`script[data-for="${node.id}"]`).textContent),
  }));
  const buttons = [...document.querySelectorAll(".legend button")];
  const dark = matchMedia("screen and (prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 640px)");
  const hidden = new Set();
  const opened = new Set(); // folds that were opened for paper
  const PAPER_WIDTH = 670;

  function dressed(value, style) {
    if (typeof value === "string") {
      const variable = /^var\((--[\w-]+)\)$/.exec(value);
      return variable ? style.getPropertyValue(variable[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => dressed(item, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dressed(item, style)]));
  }

  function axis(own) {
    return {
      gridcolor: "var(--rule)", linecolor: "var(--rule)", zeroline: false, automargin: true,
      ticks: "outside", ticklen: 4, tickcolor: "var(--rule)", minor: { ticks: "" },
      ...own,
      title: { ...own.title, standoff: 10 },
    };
  }

  function layout(own) {
    const rows = own.yaxis2 && { ...own.yaxis2, ...(narrow.matches ? { showticklabels: false } : {}), ticks: "" };
    const family = getComputedStyle(document.body).fontFamily;
    return {
      ...own,
      xaxis: axis({ ...own.xaxis, ...(narrow.matches ? { nticks: 5 } : {}) }),
      yaxis: axis(own.yaxis),
      ...(rows ? { yaxis2: axis(rows) } : {}),
      font: { family, size: narrow.matches ? 12 : 13, color: "var(--ink)" },
      paper_bgcolor: "var(--page)", plot_bgcolor: "var(--page)",
      hoverlabel: { bgcolor: "var(--page)", bordercolor: "var(--rule)", font: { family, color: "var(--ink)" }, align: "left" },
      hovermode: "closest", showlegend: false, dragmode: narrow.matches ? false : "zoom", uirevision: "kept",
      margin: { l: 50, r: 12, t: 12, b: 44, ...own.margin },
    };
  }

  function draw(size = {}) {
    const style = getComputedStyle(document.documentElement);
    for (const { node, spec } of figures) {
      if (!node.checkVisibility()) continue; // it has no width until it is unfolded
      const data = spec.data.map((trace) => ({ ...trace, visible: hidden.has(trace.name) ? "legendonly" : true }));
      const full = dressed({ data, layout: { ...layout(spec.layout), ...size } }, style);
      Plotly.react(node, full.data, full.layout, { responsive: true, displaylogo: false, displayModeBar: false });
    }
    for (const button of buttons) button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.line)));
  }

  function toggle(name) {
    if (!hidden.delete(name)) hidden.add(name);
    draw();
  }

  function isolate(name) {
    const others = buttons.map((button) => button.dataset.line).filter((other) => other !== name);
    const alone = others.every((other) => hidden.has(other)) && !hidden.has(name);
    hidden.clear();
    if (!alone) others.forEach((other) => hidden.add(other));
    draw();
  }

  for (const button of buttons) {
    button.addEventListener("click", () => toggle(button.dataset.line));
    button.addEventListener("dblclick", () => isolate(button.dataset.line));
  }
  for (const query of [dark, narrow]) query.addEventListener("change", () => draw());
  addEventListener("toggle", () => draw(), true);
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.folded:not([open])").forEach((fold) => { fold.open = true; opened.add(fold); });
    draw({ width: PAPER_WIDTH });
  });
  addEventListener("afterprint", () => {
    opened.forEach((fold) => { fold.open = false; });
    opened.clear();
    draw();
  });
  draw();
})();
