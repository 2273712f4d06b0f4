// Adds a row to the plan without asking the server; without this module the same button asks it.

export function editPlan(form) {
  const rows = form.querySelector("[data-rows]");
  const empty = form.querySelector("[data-empty-row]");
  const total = form.querySelector("[name=rows-TOTAL_FORMS]");

  form.querySelector("[data-add]").addEventListener("click", (event) => {
    event.preventDefault();
    const number = Number(total.value);
    const added = document.createElement("template");
    added.innerHTML = empty.innerHTML.replaceAll("__prefix__", String(number));
    const row = added.content.querySelector("[data-row]");
    row.setAttribute("aria-label", `Row ${number + 1}`);
    beginWherePreviousEnds(rows, row);
    rows.append(row);
    total.value = String(number + 1);
    row.querySelector("select, input").focus();
  });
}

function beginWherePreviousEnds(rows, row) {
  const ends = [...rows.querySelectorAll("[name$='-end']")].map((field) => field.value).filter(Boolean);
  if (ends.length) row.querySelector("[name$='-start']").value = ends.at(-1);
}

for (const form of document.querySelectorAll("form[data-plan-editor]")) editPlan(form);
