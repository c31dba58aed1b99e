// Load the model, then hand over to inputs.js.

import { view } from "./answer.js";
import { start } from "./inputs.js";
import { load } from "./model.js";

const status = document.getElementById("status");
try {
  const [contract, page] = await Promise.all(["model/contract.json", "page.json"].map(json));
  const model = await load(contract, bytes);
  document.getElementById("quality").textContent = page.quality;
  start(model, page, view(contract));
  document.querySelector("main").hidden = false;
  status.remove();
} catch (error) {
  status.className = "bad";
  status.textContent = `The model could not be loaded: ${error.message}`;
}

async function get(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

async function bytes(name) {
  return new Uint8Array(await (await get(`model/${name}`)).arrayBuffer());
}

async function json(name) {
  return (await get(name)).json();
}
