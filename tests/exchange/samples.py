"""A small log and its mapping."""

from __future__ import annotations

# One incident in the shape of a ServiceNow audit log, and a second with one row.
EVENTS = """\
number,state,who,when,opened,by,caller,group,impact,urgency,priority,problem,oddity
INC1,New,Ann,1/3/2024 08:05,1/3/2024 08:00,Opener,Caller 7,Group 56,2 - Medium,2 - Medium,3 - Moderate,?,a
INC1,Active,Ann,1/3/2024 09:00,1/3/2024 08:00,Opener,Caller 7,Group 56,2 - Medium,2 - Medium,3 - Moderate,?,b
INC1,-100,Ben,1/3/2024 10:00,1/3/2024 08:00,Opener,Caller 7,Group 9,2 - Medium,2 - Medium,3 - Moderate,?,c
INC1,Awaiting Vendor,Ben,1/3/2024 11:00,1/3/2024 08:00,Opener,Caller 7,Group 9,2 - Medium,2 - Medium,3 - Moderate,?,d
INC1,Awaiting Caller,Ben,1/3/2024 12:00,1/3/2024 08:00,Opener,Caller 7,Group 9,2 - Medium,2 - Medium,3 - Moderate,?,e
INC1,Closed,Ann,2/3/2024 08:00,1/3/2024 08:00,Opener,Caller 7,Group 9,2 - Medium,2 - Medium,2 - High,PRB1,f
INC2,New,Ann,1/3/2024 08:10,1/3/2024 08:10,?,?,?,1 - High,? ,?,?,g
"""

MAPPING = """\
kind: incident
key: number
system: servicenow
actor: importer
missing: ["?", ""]
times: {format: "%d/%m/%Y %H:%M", time_zone: Europe/Lisbon}
columns:
  title: {template: "Problem of {caller|an unknown caller}"}
  reported_by: {column: caller, slug: true, default: nobody}
  service: {value: it}
  category: {value: imported}
  impact: {column: impact, map: {"1 - High": high, "2 - Medium": medium}}
  urgency: {column: urgency, map: {"2 - Medium": medium}, default: low}
  priority: {column: priority, map: {"2 - High": P2, "3 - Moderate": P3}}
  assigned_team: {column: group, slug: true, ensure: team}
  resolution_code: {value: other, states: [closed]}
  on_hold_reason: {column: state, states: [on_hold], map: {Awaiting Vendor: awaiting_vendor, Awaiting Caller: awaiting_caller}}
  x.old.group: group
links:
  - {column: problem, type: caused_by}
timeline:
  opened: {at: opened, by: {column: by, slug: true}}
  state:
    column: state
    map: {New: new, Active: in_progress, Awaiting Vendor: on_hold, Awaiting Caller: on_hold, Closed: closed}
  events:
    at: when
    by: {column: who, slug: true}
    track:
      - {column: group, label: Team}
create:
  - {class: team, id: importers, name: Importers}
  - {class: service, id: it, name: IT, description: All of it., owner: importers, lifecycle: production, category: IT}
items:
  team: {description: "Was {value}, is {id}."}
"""
