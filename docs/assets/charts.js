// Reads a chart out where the pointer is: the row of the chart's own table that lies nearest. Knows no chart.

function readOut(event) {
  const picture = event.target.closest && event.target.closest(".calculator-chart svg");
  if (!picture) return;
  const figure = picture.closest(".calculator-chart");
  const table = figure.querySelector("table");
  if (!picture.dataset.at) return;
  const places = picture.dataset.at.split(" ").map(Number);
  const box = picture.getBoundingClientRect();
  const x = (event.clientX - box.left) / box.width * picture.viewBox.baseVal.width;
  const near = places.reduce((best, place, i) => Math.abs(place - x) < Math.abs(places[best] - x) ? i : best, 0);
  say(figure, table.tHead.rows[0].cells, table.tBodies[0].rows[near].cells);
  point(picture, places[near]);
}

function say(figure, headings, cells) {
  let place = figure.querySelector(".chart-readout");
  if (!place) {
    place = document.createElement("p");
    place.className = "chart-readout";
    place.setAttribute("aria-hidden", "true"); // the table says the same to who cannot point
    figure.querySelector(".picture").after(place);
  }
  const values = [...cells].slice(1).map((cell, i) => cell.textContent && `${headings[i + 1].textContent}: ${cell.textContent}`);
  place.textContent = [cells[0].textContent, ...values.filter(Boolean)].join("; ");
}

function point(picture, x) {
  let line = picture.querySelector(".pointer");
  if (!line) {
    line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", "pointer");
    picture.append(line);
  }
  line.setAttribute("d", `M${x} 0V${picture.viewBox.baseVal.height}`);
}

addEventListener("pointermove", readOut);
addEventListener("pointerdown", readOut);
