// Looks queries up in a search index: SITE is the folder that has it, each line of the input a query; each line of the
// output the address and title of the first three hits as JSON.
import { readFileSync } from "node:fs";
import { world } from "./world.mjs";

const itsm = world(["words", "search"], { site: process.env.SITE });
for (const query of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const { hits, partial, guessed } = await itsm.find(query, 3);
  console.log(JSON.stringify({ query, partial, guessed, hits: hits.map(({ url, title }) => [url, title]) }));
}
