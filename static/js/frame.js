// Starts what any page may carry: the menu that closes itself, and parts that refresh while somebody looks.
import { closeOutside } from "portal/disclosure";
import { keepFresh } from "portal/refresh";

for (const menu of document.querySelectorAll("details[data-menu]")) closeOutside(menu);
keepFresh(document);
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.triggeringEvent?.type === "portal:refresh") detail.headers["X-Renewed"] = "1";
});
