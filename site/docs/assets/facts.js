// What is known of an item of the map, in values and in words.
(() => {
  "use strict";

  const { t, counted, digits } = globalThis.itsm;

  /** What is known of one row, by name. @param {Network} net @param {number} row @returns {ItemFacts} */
  function of(net, row) {
    const { data } = net;
    const [id, title, kind, number, state, owner] = data.items[row];
    const [look, lookName, sign] = data.looks[number];
    const [, className, , folder] = data.classes[kind];
    const [reason, causes] = data.reasons[row] ?? ["", []];
    return {
      id, title: title || id, className, look, lookName, sign, state: data.states[state], reason,
      url: `${folder}/${id === "index" ? "index_" : id}.html`,
      owner: owner < 0 ? null : data.others[owner],
      causes: causes.map((c) => data.others[c]),
      groups: net.groups.get(row) ?? [],
    };
  }

  /** How many of a group are up; as impact is reckoned, what is degraded still is. @param {Network} net @param {Group} group */
  const up = (net, group) => group.members.filter((m) => !["outage", ""].includes(of(net, m).look)).length;

  /** @param {Side} side @param {number} number */
  const moreOf = (side, number) =>
    side === "needs" ? t("{count} more it needs", { count: digits(number) }) : counted(number, "{count} more that needs it", "{count} more that need it");

  /** How many of a group must be up, and how many are. @param {Network} net @param {Group} group */
  const mustBeUp = (net, group) =>
    t("{name}: {least} of {all} must be up, {up} are", { name: group.name, least: group.least, all: group.members.length, up: up(net, group) });

  globalThis.itsm.facts = { of, moreOf, mustBeUp };
})();
