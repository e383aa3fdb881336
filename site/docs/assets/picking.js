// Whose work is what: finds somebody by name or handle, and what is theirs among the open records.
(() => {
  "use strict";

  const { fold } = globalThis.itsm;

  /** How people and teams are called in the list of names, by handle. @param {OwnWork} work */
  const names = (work) =>
    new Map([
      ...Object.entries(work.people).map(([id, [name]]) => /** @type {[string, string]} */ ([id, name])),
      ...Object.entries(work.teams),
    ]);

  /** Who is meant by a handle or a name that only one has. @param {OwnWork} work @param {string} text @returns {Somebody | null} */
  function somebody(work, text) {
    const wanted = fold(text.trim());
    const known = names(work);
    const fits = [...known].filter(([id, name]) => fold(id) === wanted || fold(name) === wanted);
    const begun = fits.length ? fits : [...known].filter(([, name]) => fold(name).includes(wanted));
    if (!wanted || (begun.length !== 1 && !known.has(text.trim()))) return null;
    const id = known.has(text.trim()) ? text.trim() : begun[0][0];
    const isTeam = !Object.hasOwn(work.people, id);
    const members = Object.entries(work.people).filter(([, [, teams]]) => teams.includes(id)).map(([person]) => person);
    return {
      id,
      name: known.get(id) ?? id,
      isTeam,
      people: new Set(isTeam ? members : [id]),
      teams: new Set(isTeam ? [id] : work.people[id][1]),
    };
  }

  /**
   * What is theirs, each the most urgent first: by priority, then by the end of its clock, then the oldest.
   * @param {OwnWork} work @param {Somebody} who @param {Records} records @returns {TheirWork}
   */
  function theirs(work, who, records) {
    const order = [...records.order("opened")].filter((row) => records.open[row]);
    const places = records.places("priority");
    const rank = (/** @type {number} */ row) => places[records.coded.priority.cells[row]] ?? places.length;
    const left = (/** @type {number} */ row) => {
      const [, look, at] = work.when[records.id[row]] ?? [];
      return look === "bad" ? 0 : at || Number.MAX_VALUE;
    };
    order.sort((a, b) => rank(a) - rank(b) || left(a) - left(b));
    const isOne = (/** @type {string} */ name) => name === who.id || (!who.isTeam && who.people.has(name));
    const ofTeam = (/** @type {number} */ row) => records.coded.team.of(row).some((team) => who.teams.has(team));
    const assigned = (/** @type {number} */ row) => work.assigned[records.id[row]] ?? [];
    /** @param {Record<string, string[]>} part @param {(name: string) => boolean} fits */
    const having = (part, fits) => order.filter((row) => part[records.id[row]]?.some(fits));
    const own = who.isTeam ? order.filter(ofTeam) : order.filter((row) => assigned(row).includes(who.id));
    return {
      approve: having(work.approve, (name) => who.people.has(name) || name === who.id),
      assigned: own,
      // What nobody of the team has taken yet.
      queue: who.isTeam ? [] : order.filter((row) => ofTeam(row) && !assigned(row).some((name) => Object.hasOwn(work.people, name))),
      watched: having(work.watched, isOne),
      due: work.due.filter(([, , , , person, team]) => isOne(person) || (who.isTeam ? who.people.has(person) || team === who.id : who.teams.has(person) || (!person && who.teams.has(team)))),
    };
  }

  globalThis.itsm.picking = { names, somebody, theirs };
})();
