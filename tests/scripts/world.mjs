// The scripts of the site without a browser: what touches no page runs here, on data of a built site where there is one.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const ASSETS = fileURLToPath(new URL("../../site/docs/assets/", import.meta.url));

/** Scripts in the order in which they run, in the language of a page; `site` is the folder of a built site. */
export function world(names, { language = "en", site = "", words = undefined } = {}) {
  const element = (name) => {
    const listeners = {};
    return { name, addEventListener: (event, act) => (listeners[event] = act), remove() {}, listeners };
  };
  const document = {
    documentElement: { lang: language },
    querySelector: () => null,
    querySelectorAll: () => [],
    addEventListener() {},
    createElement: element,
    head: {
      append(script) {
        try {
          vm.runInContext(readFileSync(`${site}/${script.src}`, "utf8"), context);
          script.listeners.load?.();
        } catch (error) {
          script.listeners.error?.(error);
        }
      },
    },
  };
  const context = vm.createContext({ document, URLSearchParams, console, setTimeout, crypto: globalThis.crypto, itsmWords: words });
  for (const name of ["lib", ...names]) vm.runInContext(readFileSync(`${ASSETS}${name}.js`, "utf8"), context, { filename: `${name}.js` });
  return context.itsm;
}

/** A value without the world it comes from, so that it can be compared. */
export const plain = (value) => JSON.parse(JSON.stringify(value, (_, inner) => (inner instanceof Object && Symbol.iterator in inner && !Array.isArray(inner) ? [...inner] : inner)));
