// Words: how a text becomes the words of the index, and what counts as the same word.
import assert from "node:assert/strict";
import test from "node:test";
import { plain, world } from "./world.mjs";

const itsm = world(["words", "search"]);

test("a text is folded: case, accents, ligatures, letters that keyboards lack", () => {
  assert.equal(itsm.fold("Übermäßig Œuvre Łódź naïve İstanbul"), "ubermassig oeuvre lodz naive istanbul");
});

test("words are runs of letters and digits, of what is written without blanks pairs of letters", () => {
  assert.deepEqual(plain(itsm.tokens("VPN-Gateway, 2 Räume")), ["vpn", "gateway", "2", "raume"]);
  assert.deepEqual(plain(itsm.tokens("邮件系统v2")), ["邮件", "件系", "系统", "统", "v2"]);
  assert.deepEqual(plain(itsm.tokens("x".repeat(50))), ["x".repeat(32)]);
  assert.deepEqual(plain(itsm.tokens("… — !")), []);
});

test("a query has at most eight words", () => {
  assert.equal(itsm.words("a b c d e f g h i j").length, 8);
});

test("words of one stem", () => {
  const same = [["printers", "printer"], ["outages", "outage"], ["scanning", "scan"], ["Störungen", "Störung"], ["Drucker", "Druckern"], ["serveurs", "serveur"], ["requests", "request"]];
  for (const [one, other] of same) {
    const stems = [one, other].map((word) => itsm.stem(itsm.words(word)[0]));
    assert.ok(stems[0].startsWith(stems[1]) || stems[1].startsWith(stems[0]), `${one} ${other}: ${stems}`);
  }
  assert.equal(itsm.stem("inc2611"), "inc2611");
  assert.ok(itsm.stem("sso").length === 3);
});

test("one slip of the fingers is nearly the same word, two are not", () => {
  for (const [one, other] of [["payments", "paymnets"], ["gateway", "gatway"], ["scanning", "scaning"], ["vpn", "vpm"], ["a", "ab"]]) {
    assert.ok(itsm.nearly(one, other) && itsm.nearly(other, one), `${one} ${other}`);
  }
  for (const [one, other] of [["payments", "pyamnets"], ["mail", "nail2"], ["abc", "cab"], ["mail", "email2"]]) {
    assert.ok(!itsm.nearly(one, other), `${one} ${other}`);
  }
});

test("phrases that mean the same are one word of a query, and words around it are put aside", () => {
  const about = { synonyms: [[["sso"], ["single", "sign", "on"]]] };
  const { terms, beside } = plain(itsm.parse(about, "my single sign on does not work"));
  assert.deepEqual(terms.map((term) => term.words), [["single", "sign", "on"]]);
  assert.deepEqual(terms[0].synonyms, [["sso"]]);
  assert.deepEqual(beside.flatMap((term) => term.words), ["my", "does", "not", "work"]);
  assert.deepEqual(plain(itsm.parse(about, "not working").terms).flatMap((term) => term.words), ["not", "working"]);
});

test("the numbers of documents are read as the index writes them", () => {
  assert.deepEqual(plain(itsm.numbersOf("")), []);
  assert.deepEqual(plain(itsm.numbersOf("!#n")), [0, 1, 76]);
  assert.deepEqual(plain(itsm.numbersOf("p!q~n")), [76, 76 + 3647]);
});
