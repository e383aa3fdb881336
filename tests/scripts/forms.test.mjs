// Forms without their page: what is wrong with an answer, and what becomes of all of them.
import assert from "node:assert/strict";
import test from "node:test";
import { plain, world } from "./world.mjs";

const { answers, filing } = world(["words", "search", "answers", "filing"]);

test("what nobody sees is left out, joiners stay where a script needs them", () => {
  assert.equal(answers.clean("a\u200bb\r\nc\u202e"), "ab\nc");
  assert.equal(answers.clean("می\u200cخواهم"), "می\u200cخواهم");
  assert.equal(answers.clean("👩\u200d🔧"), "👩\u200d🔧");
  assert.equal(answers.clean("a\u200db"), "ab");
  assert.equal(answers.clean("ខ្ញុំ\u200bមិន"), "ខ្ញុំ\u200bមិន");
  assert.equal(answers.clean("ᠭᠠᠯ\u180eᠠ"), "ᠭᠠᠯ\u180eᠠ");
  assert.equal(answers.clean("a\u180eb ខ\u200b x"), "ab ខ x");
});

test("faults are said in words, never as a pattern", () => {
  const fault = (value, rules, known = null) => answers.faultOfValue(value, rules, known);
  assert.equal(fault("ab", { minLength: 3 }), "Write at least 3 characters; there are 2.");
  assert.equal(fault("x", { pattern: "^[0-9]+$" }), "This is not in the expected format.");
  assert.equal(fault("x", { pattern: "^[0-9]+$", asked: "Enter digits only." }), "Enter digits only.");
  assert.equal(fault("x", { format: "email" }), "Enter an e-mail address, like name@example.org.");
  assert.equal(fault(1.5, { type: "integer" }), "Enter a whole number.");
  assert.equal(fault(0, { minimum: 1 }), "Enter 1 or more.");
  assert.equal(fault(["a", "a"], { unique: true }), "The same answer is given twice.");
  assert.match(fault("zoe", {}, new Map([["ada", "Ada"]])), /not in the list/);
  assert.equal(fault("fine", { minLength: 2, maxLength: 9 }), "");
});

test("a record is YAML that means what was typed", () => {
  const made = { id: "INC-1", title: "yes", description: "One\n\ntwo: three", tags: ["a b", "#x"], answers: { days: 7, why: "" } };
  assert.equal(filing.yaml(made), 'id: INC-1\ntitle: "yes"\ndescription: |-\n  One\n\n  two: three\ntags:\n- a b\n- "#x"\nanswers:\n  days: 7\n  why: ""\n');
});

test("answers become a record with its keys in order", () => {
  const about = { kind: "request", prefix: "REQ", folder: "records/requests", fixed: { offering: "laptop" }, by: "requested_by", state: "submitted", keys: ["id", "kind", "offering", "requested_by", "answers", "state", "timeline"] };
  const made = plain(filing.record(about, [["answers.model", "strong"], ["requested_by", "ada"]], "2026-11-22T12:00:00Z"));
  assert.match(made.id, /^REQ-261122-[0-9A-HJKMNP-TV-Z]{5}$/);
  assert.deepEqual(Object.keys(made), about.keys);
  assert.deepEqual(made.answers, { model: "strong" });
  assert.deepEqual(made.timeline, [{ at: "2026-11-22T12:00:00Z", by: "ada", state: "submitted" }]);
  assert.match(filing.command(about, made), /^itsm new request \\\n {2}--offering=laptop/);
});

test("a record that does not fit into a link is copied", () => {
  const forge = { forge: "github", url: "https://forge.example/a/b", branch: "main" };
  assert.deepEqual(plain(filing.newFile(forge, "a.yaml", "x: 1\n")), { href: "https://forge.example/a/b/new/main?filename=a.yaml&value=x%3A%201%0A", full: true });
  assert.equal(filing.newFile(forge, "a.yaml", "x".repeat(9000)).full, false);
  const { href } = filing.newIssue(forge, "a.yaml", { id: "INC-1" }, "t: ```` x\n");
  assert.ok(new URL(href).searchParams.get("body").includes("`````yaml"));
});
