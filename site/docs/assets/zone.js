// Days and times in the time zone of the site, which is not that of its reader.
(() => {
  "use strict";

  const DAY = 86400;

  /** Times of a zone; of UTC where this browser does not know the zone. @param {string} zone @returns {Clock} */
  function zoned(zone) {
    /** @type {Intl.DateTimeFormatOptions} */
    const about = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    /** @param {string} language @param {Intl.DateTimeFormatOptions} options */
    const format = (language, options) => {
      try {
        return new Intl.DateTimeFormat(language, { ...options, timeZone: zone });
      } catch {
        return new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" });
      }
    };
    const english = format("en-US", about);
    const own = format(globalThis.itsm.language, { ...about, second: undefined });
    /** @param {Intl.DateTimeFormat} by @param {number} seconds */
    const parts = (by, seconds) => Object.fromEntries(by.formatToParts(seconds * 1000).map((p) => [p.type, p.value]));
    /** @param {number} seconds */
    const offset = (seconds) => {
      const p = parts(english, seconds);
      return Date.parse(`${p.day} ${p.month} ${p.year} ${p.hour}:${p.minute}:${p.second} UTC`) / 1000 - seconds;
    };
    /** A moment as a text has it; nothing in one year. @param {string} text @param {number} seconds @param {string} [without] that year */
    const said = (text, seconds, without = "") => {
      const p = parts(own, seconds);
      const day = p.day === "1" && globalThis.itsm.language.startsWith("fr") ? "1er" : p.day;
      return p.year === without ? "" : globalThis.itsm.t(text, { day, month: p.month, year: p.year, time: `${p.hour}:${p.minute}` });
    };
    const thisYear = parts(own, Date.now() / 1000).year;
    return {
      shown: (seconds) => said("{day} {month} {year}, {time}", seconds),
      brief: (seconds) => said("{day} {month} {year}", seconds, thisYear) || said("{day} {month}, {time}", seconds),
      // The second in which clocks of the zone show a time (2026-11-22T09:30); NaN where they skip it.
      at(local) {
        const utc = Date.parse(`${local}Z`) / 1000;
        const found = utc - offset(utc - offset(utc));
        return found + offset(found) === utc ? found : NaN;
      },
      // The second in which a day (2026-11-22) begins; a day `later` where asked for.
      midnight(day, later = 0) {
        const utc = Date.parse(`${day}T00:00:00Z`) / 1000 + later * DAY;
        const guess = utc - offset(utc);
        return utc - offset(guess);
      },
    };
  }

  globalThis.itsm.zoned = zoned;
})();
